"""Functions: they exist, are active, and have the configuration, policies and package of the checkout."""

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from chalicelib.core.custom.spec import KEY_SETTING
from froe import policies
from froe.chalice_cli import TUNING_SETTINGS
from froe.deployment.checks.examined import Examined
from froe.deployment.findings import Finding, compared, fault, ok
from froe.deployment.stages import Stage
from froe.function_options import read_options
from froe.resources import LOCAL_STAGE

AREA: Final = "functions"
POLICIES: Final = "policies"
_MEMORY_MB: Final = 128
"""Chalice's (chalice.constants)."""


def check_functions(examined: Examined) -> Iterator[Finding]:
    """Each function that the stage should have, and that it has no splitter where a queue announces objects."""
    for function in examined.stage.functions:
        name = examined.stage.function_name(function)
        configuration = examined.ask("lambda", "get_function_configuration", FunctionName=name)
        if configuration is None:
            yield fault(AREA, f"the function {name} does not exist", f"{examined.deploy} makes it")
            continue
        if (
            configuration.get("State", "Active") != "Active"
            or configuration.get("LastUpdateStatus") == "Failed"
        ):
            reason = (
                configuration.get("StateReason")
                or configuration.get("LastUpdateStatusReason")
                or "AWS gives no reason"
            )
            state = f"{configuration.get('State')}, its last update {configuration.get('LastUpdateStatus')}"
            yield fault(AREA, f"{name} is {state} ({reason})", f"fix that, then {examined.deploy}")
            continue
        yield from _configuration(examined, function, name, configuration)
        yield _policy(examined, function)
    if "splitter" not in examined.stage.functions:
        spare = examined.stage.function_name("splitter")
        if examined.ask("lambda", "get_function_configuration", FunctionName=spare):
            yield fault(
                AREA,
                f"the function {spare} is left although INGEST is {examined.stage.ingest}",
                f"{examined.deploy} removes it",
            )


def expected_configuration(examined: Examined, function: str) -> dict[str, Any]:
    """What Lambda should say of a function, by the names it says it under."""
    stage = examined.stage
    own = read_options(stage)[stage.function_name(function)]
    architecture = (
        ("arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64")
        if stage.name == LOCAL_STAGE
        else stage.option(function, "lambda_architecture") or "x86_64"
    )
    return {
        "MemorySize": stage.option(function, "lambda_memory_size") or _MEMORY_MB,
        "Timeout": stage.timeout_seconds(function),
        "TracingConfig": {"Mode": "Active" if stage.option(function, "xray") else "PassThrough"},
        "Architectures": [architecture],
        "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "EphemeralStorage": {"Size": own.ephemeral_mb},
    }


def expected_environment(stage: Stage, function: str) -> dict[str, str]:
    """The environment variables that Chalice gives a function, by .chalice/config.json."""
    own = stage.config["stages"][stage.name].get("lambda_functions", {}).get(function, {})
    return {**stage.settings, **own.get("environment_variables", {})}


def _from_the_deployer(examined: Examined, variables: Mapping[str, str]) -> set[str]:
    """The names that a deploy takes from its own environment (froe/chalice_cli.py)."""
    if examined.stage.name != LOCAL_STAGE:
        return {KEY_SETTING}
    return {name for name in TUNING_SETTINGS if variables.get(name) == os.environ.get(name)}


def _configuration(
    examined: Examined, function: str, name: str, configuration: Mapping[str, Any]
) -> Iterator[Finding]:
    wrong = False
    for option, value in expected_configuration(examined, function).items():
        if configuration.get(option) != value:
            wrong = True
            yield compared(
                AREA,
                f"{option} of {name}",
                _short(configuration.get(option)),
                _short(value),
                f"{examined.deploy} sets it",
            )
    variables = configuration.get("Environment", {}).get("Variables", {})
    settings = expected_environment(examined.stage, function)
    other = sorted(key for key, value in settings.items() if variables.get(key) != value)
    spare = sorted(set(variables) - set(settings) - _from_the_deployer(examined, variables))
    if spare:
        wrong = True
        yield fault(
            AREA,
            f"{name} has settings that .chalice/config.json does not give it ({', '.join(spare)})",
            f"{examined.deploy} takes them away; write them there to keep them",
        )
    if other:
        wrong = True
        yield fault(
            AREA,
            f"{name} does not have the settings of .chalice/config.json ({', '.join(other)})",
            f"{examined.deploy} sets them",
        )
    limit = examined.stage.option(function, "reserved_concurrency")
    reserved = examined.ask("lambda", "get_function_concurrency", FunctionName=name) or {}
    if reserved.get("ReservedConcurrentExecutions") != limit:
        wrong = True
        yield compared(
            AREA,
            f"the reserved concurrency of {name}",
            reserved.get("ReservedConcurrentExecutions"),
            limit,
            f"{examined.deploy} sets it",
        )
    if not wrong:
        yield ok(AREA, f"{name} is active, with the memory, timeout, tracing and settings of the checkout")


def _policy(examined: Examined, function: str) -> Finding:
    role = examined.stage.role_name(function)
    source = f"infra/policies/{function}.json"
    values = policies.values_of(examined.stage.name, examined.stage.settings)
    expected = policies.render(function, values, examined.root, examined.stage.others)
    reply = examined.ask("iam", "get_role_policy", RoleName=role, PolicyName=role)
    if reply is None:
        return fault(POLICIES, f"the role {role} has no policy {role}", f"{examined.deploy} attaches it")
    document = reply["PolicyDocument"]
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    if policy != expected:
        return fault(
            POLICIES, f"the policy of {role} is not that of {source}", f"{examined.deploy} attaches it"
        )
    attached = (examined.ask("iam", "list_attached_role_policies", RoleName=role) or {}).get(
        "AttachedPolicies", ()
    )
    inline = (examined.ask("iam", "list_role_policies", RoleName=role) or {}).get("PolicyNames", ())
    spare = sorted([each["PolicyName"] for each in attached] + [each for each in inline if each != role])
    if spare:
        return fault(
            POLICIES,
            f"the role {role} has more than its own policy ({', '.join(spare)})",
            "detach it, or add what it grants to the function's policy",
        )
    return ok(POLICIES, f"{role} has the policy of {source} and no other")


def _short(value: Any) -> Any:
    """`{"Mode": "Active"}` → `Active`."""
    if isinstance(value, dict) and len(value) == 1:
        return next(iter(value.values()))
    return value
