"""`chalice package --pkg-format terraform`: the functions, beside the resources of infra/terraform.

Promise: Terraform 1.5 and provider 5 accept it with no other provider; the bucket's notifications have one owner. Limits:
it is for one stage and one value of INGEST, which its variables must name; the user's own bucket keeps its notifications.
"""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.core.plan.lanes import DEFAULT, lane_of, worker_of
from froe import mappings, policies
from froe.deployment.stages import DIRECT, QUEUES
from froe.errors import FroeError
from froe.function_options import EPHEMERAL_MB
from froe.packaging.references import (
    KEY_PARAMETER,
    TOKEN_PARAMETER,
    TOKEN_PATTERN,
    Ground,
    environment,
    terraform_settings,
    ways_of,
)
from froe.resources import TOKEN_SETTING, snake_case

BESIDE: Final = Path("infra", "terraform")
VALUES: Final = "froe.auto.tfvars.json"
_API: Final = "rest_api"
_OUTSIDE: Final = re.compile(r"\$\{path\.module\}/\.\./([\w.-]+)")
"""A file of infra that a file of infra/terraform reads: it comes along."""
_BUCKET_ARN: Final = "arn:${data.aws_partition.chalice.partition}:s3:::${local.input_bucket}"


def whole(packaged: Mapping[str, Any], ground: Ground) -> dict[str, Any]:
    """Chalice's configuration, for infra/terraform to lie beside it."""
    resources = {kind: dict(named) for kind, named in packaged["resource"].items()}
    resources.pop("aws_cloudwatch_log_group", None)  # infra/terraform makes them
    resources.pop("aws_s3_bucket_notification", None)
    traced = any("tracing_config" in each for each in resources["aws_lambda_function"].values())
    resources["aws_lambda_function"] = {
        name: _function(name, function, ground) for name, function in resources["aws_lambda_function"].items()
    }
    resources["aws_iam_role_policy"] = {
        name: {
            **policy,
            "policy": json.dumps(
                policies.as_terraform(name.removesuffix("_role"), ground.root, ground.stage.others)
            ),
        }
        for name, policy in resources["aws_iam_role_policy"].items()
    }
    resources["aws_lambda_event_source_mapping"] = {
        name: _mapping(mapping, ground)
        for name, mapping in resources["aws_lambda_event_source_mapping"].items()
    }
    resources["aws_cloudwatch_event_rule"] = {
        name: {**rule, "name": f"froe-{ground.stage.name}-{rule['name']}"}
        for name, rule in resources["aws_cloudwatch_event_rule"].items()
    }
    resources["terraform_data"] = {"packaged": _precondition(ground)}
    resources |= _stage_of_api(resources, traced=traced) | _uploads(resources, ground)
    data = {kind: named for kind, named in packaged["data"].items() if kind != "null_data_source"}
    return {
        "locals": packaged["locals"],
        "data": data,
        "variable": _variables(ground, resources),
        "resource": resources,
        "output": {
            **packaged["output"],
            "EndpointURL": {"value": f"${{aws_api_gateway_stage.{_API}.invoke_url}}/"},
        },
    }


def put_resources_beside(ground: Ground, folder: Path) -> None:
    """Copy infra/terraform to where Chalice wrote, with the values of the stage. FroeError where it is not there."""
    source = ground.root / BESIDE
    files = sorted(source.glob("*.tf"))
    if not files:
        raise FroeError(f"{BESIDE} has no *.tf, without which the functions have no resources: restore it.")
    if source.resolve() != folder.resolve():
        for path in files:
            text = path.read_text(encoding="utf-8")
            (folder / path.name).write_text(_OUTSIDE.sub(r"${path.module}/\1", text), encoding="utf-8")
            for name in _OUTSIDE.findall(text):
                shutil.copy2(source.parent / name, folder / name)
    keys = ground.stage.input_keys
    patterns = {"keys_taken": keys.taken_expression, "keys_left_out": keys.left_out_expression}
    given = {
        "stage": ground.stage.name,
        "ingest": ground.stage.ingest,
        **(ground.stage.beside if ground.stage.others.buckets else {}),
        **(patterns if keys.text else {}),
        **_lanes(ground),
        **ground.stage.timeouts,
        **ground.stage.parameters,
    }
    values = {snake_case(name): value for name, value in given.items()}
    (folder / VALUES).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _lanes(ground: Ground) -> dict[str, Any]:
    lanes = {
        lane: {"timeout_seconds": seconds.timeout, "visibility_seconds": seconds.visibility}
        for lane, seconds in ground.lanes.items()
    }
    return {"Lanes": lanes} if lanes else {}


def _function(name: str, function: Mapping[str, Any], ground: Ground) -> dict[str, Any]:
    """A function with references for settings; its log group and its rights are there before it is."""
    values = terraform_settings(ground.data)
    own = ground.options[function["function_name"]]
    given = function.get("environment", {}).get("variables", {})
    return {
        **function,
        "environment": {"variables": environment(given, values, ground.needed)},
        **({"ephemeral_storage": {"size": own.ephemeral_mb}} if own.ephemeral_mb != EPHEMERAL_MB[0] else {}),
        **({} if own.timeout_seconds is None else {"timeout": own.timeout_seconds}),
        "depends_on": [
            f"aws_iam_role_policy.{_key(name, ground)}_role",
            f"aws_cloudwatch_log_group.{_logs(_key(name, ground))}",
        ],
    }


def _key(resource_name: str, ground: Ground) -> str:
    """The function of one of Chalice's resources: `worker-sqs-event-source` → `worker`."""
    functions = sorted(ground.stage.functions, key=len, reverse=True)
    return next(each for each in functions if resource_name.startswith(each))


def _logs(function: str) -> str:
    """What infra/terraform calls a function's log group."""
    lane = lane_of(function)
    return f"{function}_logs" if lane in {None, DEFAULT} else "worker_logs_of_lane"


def _mapping(mapping: Mapping[str, Any], ground: Ground) -> dict[str, Any]:
    """An event source with what Chalice leaves out, of the queue or the stream of infra/terraform."""
    values = terraform_settings(ground.data)
    function = mapping["function_name"].split(".")[1]
    completed = {**mapping, "depends_on": [f"aws_iam_role_policy.{function}_role"]}
    if function in ground.stage.queues or lane_of(function):
        queue = _queue_of(function, values)
        completed |= {"event_source_arn": queue} | _demanded("sqs")
        own = ground.options[ground.stage.function_name(function)]
        limit = own.maximum_concurrency
        completed |= {} if own.batch_size is None else {"batch_size": own.batch_size}
        completed |= {} if own.mapping_enabled else {"enabled": False}
        return completed | ({} if limit is None else {"scaling_config": {"maximum_concurrency": limit}})
    return completed | {"event_source_arn": values["LEDGER_STREAM_ARN"]} | _demanded("dynamodb")


def _queue_of(function: str, values: Mapping[str, str]) -> str:
    """A reference to the ARN of the queue that a function is fed from."""
    lane = lane_of(function)
    url = values[QUEUES[function if lane is None else worker_of(DEFAULT)]]
    if lane in {None, DEFAULT}:
        return url.replace(".url}", ".arn}")
    return url.replace(".url}", f'_of_lane["{lane}"].arn}}')


def _demanded(service: str) -> dict[str, Any]:
    """What froe/mappings.py demands, as the provider says it."""
    demanded = {snake_case(name): value for name, value in mappings.demanded(f"arn:aws:{service}").items()}
    if "filter_criteria" in demanded:
        filters = demanded["filter_criteria"]["Filters"]
        demanded["filter_criteria"] = {"filter": [{"pattern": each["Pattern"]} for each in filters]}
    return demanded


def _stage_of_api(resources: Mapping[str, Any], *, traced: bool) -> dict[str, Any]:
    """A stage of its own: the one that a deployment makes by the way can be neither traced nor kept."""
    (deployment,) = resources["aws_api_gateway_deployment"].values()
    kept = {key: value for key, value in deployment.items() if not key.startswith("stage_")}
    trigger = {"triggers": {"api": deployment["stage_description"]}}
    stage = {
        "stage_name": deployment["stage_name"],
        "rest_api_id": deployment["rest_api_id"],
        "deployment_id": f"${{aws_api_gateway_deployment.{_API}.id}}",
        "xray_tracing_enabled": traced,
    }
    return {
        "aws_api_gateway_deployment": {_API: {**kept, **trigger}},
        "aws_api_gateway_stage": {_API: stage},
    }


def _uploads(resources: Mapping[str, Any], ground: Ground) -> dict[str, Any]:
    """The one owner of the bucket's notifications where S3 calls the splitter; elsewhere infra/terraform is."""
    if ground.stage.ingest != DIRECT:
        return {}
    permissions = resources["aws_lambda_permission"]
    (name,) = [each for each, permission in permissions.items() if "packaged-input-bucket" in str(permission)]
    return {
        "aws_lambda_permission": {**permissions, name: {**permissions[name], "source_arn": _BUCKET_ARN}},
        "aws_s3_bucket_notification": {
            "splitter": {
                "count": "${local.creates_input_bucket ? 1 : 0}",
                "bucket": "${aws_s3_bucket.input_bucket[0].id}",
                "lambda_function": [
                    {
                        "id": f"froe-{ground.stage.name}",
                        "lambda_function_arn": permissions[name]["function_name"],
                        "events": ["s3:ObjectCreated:*"],
                    }
                ],
                "depends_on": [f"aws_lambda_permission.{name}"],
            }
        },
    }


def _precondition(ground: Ground) -> dict[str, Any]:
    stage, ways = ground.stage.name, ways_of(ground.stage)
    return {
        "lifecycle": {
            "precondition": {
                "condition": f'${{var.stage == "{stage}" && contains({json.dumps(ways)}, var.ingest)}}',
                "error_message": f"chalice.tf.json is of the stage {stage} with ingest = {' or '.join(ways)}: keep {VALUES} "
                "beside it, or run chalice package --pkg-format terraform for the other one.",
            }
        }
    }


def _variables(ground: Ground, resources: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are in no file."""
    name = snake_case(TOKEN_PARAMETER)
    token = ground.stage.settings.get(TOKEN_SETTING)
    variables: dict[str, Any] = {
        name: {
            "type": "string",
            "description": "SHA-256 of the token that the status API asks for, in hexadecimal",
            "validation": {
                "condition": f'${{can(regex("^{TOKEN_PATTERN}$", var.{name}))}}',
                "error_message": f"{name} must be 64 hexadecimal digits: printf %s TOKEN | sha256sum.",
            },
            **({"default": token} if token else {}),
        }
    }
    if f"var.{snake_case(KEY_PARAMETER)}" in str(resources):
        variables[snake_case(KEY_PARAMETER)] = {
            "type": "string",
            "sensitive": True,
            "description": "The secret with which the configuration file's redaction replaces values",
        }
    return variables
