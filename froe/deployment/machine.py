"""Checks this machine: what the commands need to run, to start a local AWS, and to reach AWS.

Promise: changes nothing, and waits for AWS a few seconds at most. What only stages on AWS need is no fault.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.configuration import PACKAGED, read_config
from chalicelib.core.custom.config_errors import ConfigError
from froe.cli import DISTRIBUTION
from froe.deployment.findings import Finding, fault, ok, warning
from froe.local.info import live_stacks, stacks_elsewhere
from froe.project import project_of
from froe.resources import ROOT
from froe.running import program_name
from froe.terminal import sized

PYTHON_MIN: Final = (3, 11)
_ROOM_BYTES: Final = 1_000_000_000
"""A local AWS, its functions and what they write."""
_ANSWER_SECONDS: Final = 3
_PIN: Final = re.compile(r"([A-Za-z0-9._-]+)\s*==\s*([^\s;]+)")


@dataclass(frozen=True, slots=True)
class Machine:
    """What is looked at. session: of boto3."""

    environ: Mapping[str, str]
    folder: Path
    session: Any


def examine_machine(machine: Machine | None = None) -> list[Finding]:
    """All there is to say; nothing is raised."""
    here = machine or Machine(os.environ, Path.cwd(), boto3.session.Session())
    return [finding for check in CHECKS for finding in check(here)]


def check_python(_machine: Machine) -> Iterator[Finding]:
    version, required = platform.python_version(), ".".join(map(str, PYTHON_MIN))
    if sys.version_info < PYTHON_MIN:
        yield fault(
            "python", f"it is {version}, older than {required}", "make PYTHON=/path/to/a/newer/python setup"
        )
    else:
        yield ok("python", f"it is {version}, at {sys.executable}")


def check_packages(_machine: Machine) -> Iterator[Finding]:
    remedy = "`make setup` installs it, or `pip install --upgrade` of the package that installed froe"
    try:
        pins = [
            match
            for requirement in metadata.requires(DISTRIBUTION) or ()
            if (match := _PIN.match(requirement))
        ]
        yield ok("versions", f"froe is {metadata.version(DISTRIBUTION)}, run as {program_name()}")
    except metadata.PackageNotFoundError:
        yield fault("versions", "froe is not installed", "`make setup` does it")
        return
    wrong = False
    for name, required in (pin.groups() for pin in pins):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong = True
            yield fault("versions", f"{name} is missing", remedy)
            continue
        if version != required:
            wrong = True
            yield fault("versions", f"{name} is {version}, not {required}", remedy)
    if not wrong:
        yield ok(
            "versions", f"the {len(pins)} packages that it needs are as pinned, chalice {_version('chalice')}"
        )


def check_disk(machine: Machine) -> Iterator[Finding]:
    for name, place in (("this folder", machine.folder), ("temporary files", Path(tempfile.gettempdir()))):
        try:
            free = shutil.disk_usage(place).free
        except OSError as error:
            yield fault(
                "disk",
                f"{place} cannot be looked at ({error.strerror})",
                "run froe in a folder that exists",
            )
            continue
        if not os.access(place, os.W_OK):
            yield fault(
                "disk", f"{place} may not be written", "run froe in a folder of your own, or set TMPDIR"
            )
        elif free < _ROOM_BYTES:
            yield warning(
                "disk",
                f"{sized(free)} are free for {name} in {place}",
                f"`froe up` wants about {sized(_ROOM_BYTES)}: make room",
            )
        else:
            yield ok("disk", f"{sized(free)} are free for {name} in {place}")


def check_ports(_machine: Machine) -> Iterator[Finding]:
    try:
        with socket.create_server(("127.0.0.1", 0)):
            yield ok("ports", "a local AWS can listen on 127.0.0.1")
    except OSError as error:
        yield fault(
            "ports",
            f"nothing can listen on 127.0.0.1 ({error.strerror})",
            "`froe up` needs the loopback interface",
        )
    stacks = live_stacks(ROOT)
    for stack in stacks:
        yield ok("ports", f"a local AWS is up at {stack.info.endpoint}, its status API at {stack.info.api}")
    for place in stacks_elsewhere(ROOT) if not stacks else ():
        yield ok("ports", f"a local AWS runs, or starts, in {place}")


def check_configuration(machine: Machine) -> Iterator[Finding]:
    project = project_of(machine.folder, machine.environ)
    path = project / "froe.toml" if project else PACKAGED
    named = f"the project {project}" if project else f"the application {ROOT}"
    try:
        config = read_config(None, packaged=path)
    except (ConfigError, OSError) as error:
        yield fault(
            "configuration", f"{path} cannot be used: {error}", "fix it; docs/custom-formats.md has the keys"
        )
        return
    yield ok("configuration", f"commands act on {named}; formats of yours: {len(config.rules.formats)}")


def check_environment(machine: Machine) -> Iterator[Finding]:
    endpoint = machine.environ.get("AWS_ENDPOINT_URL")
    if endpoint and not _answers(endpoint):
        yield fault(
            "endpoint",
            f"nothing answers at AWS_ENDPOINT_URL={endpoint}",
            "unset it, or start `froe up` again",
        )
    elif endpoint:
        yield ok("endpoint", f"AWS_ENDPOINT_URL leads to {endpoint}, which answers")
    else:
        yield ok("endpoint", "AWS_ENDPOINT_URL is not set: --stage means AWS")
    if bucket := machine.environ.get("INPUT_BUCKET"):
        yield warning(
            "endpoint",
            f"the environment names the stage of {bucket}, and every command without --stage acts on it",
            "unset INPUT_BUCKET where that is not meant",
        )


def check_credentials(machine: Machine) -> Iterator[Finding]:
    region = machine.session.region_name
    if region:
        yield ok("region", f"it is {region}")
    else:
        yield warning("region", "none is set", "stages on AWS need one: set AWS_REGION, or `aws configure`")
    try:
        credentials = machine.session.get_credentials()
    except BotoCoreError as error:
        yield fault(
            "credentials", f"they cannot be read: {error}", "fix the profile in ~/.aws, or AWS_PROFILE"
        )
        return
    if credentials is None:
        yield warning(
            "credentials", "there are none", "stages on AWS need some: sign in as for the AWS command line"
        )
        return
    yield _identity(machine, region or "us-east-1", credentials.method)


def _identity(machine: Machine, region: str, method: str) -> Finding:
    patience = BotoConfig(
        connect_timeout=_ANSWER_SECONDS, read_timeout=_ANSWER_SECONDS, retries={"total_max_attempts": 1}
    )
    try:
        answer = machine.session.client("sts", region_name=region, config=patience).get_caller_identity()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        return fault("credentials", f"AWS refuses those from {method} ({code})", "sign in to AWS again")
    except BotoCoreError as error:
        return warning(
            "credentials",
            f"AWS could not be asked about those from {method} ({type(error).__name__})",
            "check the network, HTTPS_PROXY and AWS_ENDPOINT_URL if you mean a stage on AWS",
        )
    return ok("credentials", f"those from {method} are of {answer['Arn']}")


def _answers(endpoint: str) -> bool:
    parts = re.fullmatch(r"(https?)://(\[[^\]]+\]|[^:/]+)(?::(\d+))?(?:/.*)?", endpoint)
    if not parts:
        return False
    port = int(parts[3] or (443 if parts[1] == "https" else 80))
    try:
        with socket.create_connection((parts[2].strip("[]"), port), timeout=_ANSWER_SECONDS):
            return True
    except OSError:
        return False


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


CHECKS: Final[tuple[Callable[[Machine], Iterator[Finding]], ...]] = (
    check_python,
    check_packages,
    check_configuration,
    check_disk,
    check_ports,
    check_environment,
    check_credentials,
)
