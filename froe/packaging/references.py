"""Settings as references, where the resources are in the same template, instead of names of deployed resources.

Chalice reads names when it loads app.py; while it makes a template these are placeholders, which become references.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chalicelib.core.custom.spec import KEY_SETTING
from chalicelib.core.plan.lanes import worker_of
from chalicelib.settings import INGEST_WAYS, LAYOUTS, SINKS
from froe.deployment.stage_files import read_stage
from froe.deployment.stages import CONFIG, DIRECT, Stage
from froe.errors import FroeError
from froe.function_options import FunctionOptions, read_options
from froe.lanes import Seconds, widened
from froe.policies import file_name
from froe.resources import TOKEN_SETTING, read_template, setting_name, snake_case

TOKEN_PARAMETER: Final = "ApiTokenSha256"  # noqa: S105 - the name of a parameter, not a secret
KEY_PARAMETER: Final = "RedactionKey"
TOKEN_PATTERN: Final = "[0-9a-f]{64}"  # noqa: S105 - what a digest looks like
SECRETS: Final[Mapping[str, str]] = {TOKEN_SETTING: TOKEN_PARAMETER, KEY_SETTING: KEY_PARAMETER}
"""Settings that a template asks for: setting → parameter."""
_CHECKED: Final[Mapping[str, str]] = {"RECORDS_LAYOUT": LAYOUTS[0], "SINK": SINKS[0]}
"""Settings that name one of a few things, which is checked as app.py is loaded."""
_ATTRIBUTES: Final[Mapping[str, tuple[str, str]]] = {
    "AWS::S3::Bucket": ("aws_s3_bucket", "id"),
    "AWS::SQS::Queue": ("aws_sqs_queue", "url"),
    "AWS::DynamoDB::Table": ("aws_dynamodb_table", "name"),
    "AWS::SNS::Topic": ("aws_sns_topic", "arn"),
    "AWS::KMS::Key": ("aws_kms_key", "key_id"),
}
"""Type of a resource → that of Terraform, and the attribute that is CloudFormation's Ref."""


def mark(settings: Iterable[str]) -> dict[str, str]:
    """Give each setting, for app.py as it is loaded, a value that no resource can have; Chalice takes it for a name."""
    marks = {name: _CHECKED.get(name, f"packaged-{name.lower().replace('_', '-')}") for name in settings}
    os.environ.update(marks)
    return marks


@dataclass(frozen=True, slots=True)
class Ground:
    """What a template is made from besides Chalice's own: the checkout at `root`, its infra/data.json, the stage, the
    options of each function by the name that Lambda knows, the settings that every function needs, and the lanes beside
    the default one."""

    root: Path
    data: Mapping[str, Any]
    stage: Stage
    options: Mapping[str, FunctionOptions]
    needed: frozenset[str]
    lanes: Mapping[str, Seconds]


def read_ground(stage_name: str, root: Path) -> Ground:
    """Raises FroeError where the stage is not in the configuration."""
    stage = read_stage(stage_name, root)
    if stage is None:
        raise FroeError(
            f"The stage {stage_name} is not in .chalice/config.json: copy the stage dev there, with {stage_name} for dev."
        )
    if lacking := stage.lanes_without_function:
        worker = worker_of(lacking[0])
        policy = file_name(stage_name, worker)
        raise FroeError(
            f'The stage {stage_name} has no function for the lane {lacking[0]}: put "{worker}": {{"iam_policy_file": "{policy}"}} '
            f"into its lambda_functions in {CONFIG}, or let `froe deploy --stage {stage_name}` do it."
        )
    data = json.loads((root / "infra" / "data.json").read_text(encoding="utf-8"))
    return Ground(
        root=root,
        data=widened(data, stage.lanes),
        stage=stage,
        options=read_options(stage),
        lanes=stage.lane_seconds(stage.parameters),
        needed=frozenset(read_template(root).required_settings),
    )


def cloudformation_settings(data: Mapping[str, Any]) -> dict[str, Any]:
    """Setting → its value in a template that holds the resources of `data`."""
    outputs = {setting_name(name): output["Value"] for name, output in data["Outputs"].items()}
    return outputs | {setting: {"Ref": parameter} for setting, parameter in SECRETS.items()}


def terraform_settings(data: Mapping[str, Any]) -> dict[str, str]:
    """Setting → its value in a configuration beside infra/terraform."""
    reference = terraform_reference(data)
    outputs = {setting_name(name): reference(output["Value"]) for name, output in data["Outputs"].items()}
    return outputs | {setting: f"${{var.{snake_case(parameter)}}}" for setting, parameter in SECRETS.items()}


def terraform_reference(data: Mapping[str, Any]) -> Callable[[Any], str]:
    """What turns an output's value in `data` into a reference to infra/terraform; the input bucket, which may be
    brought, has a name there."""

    def reference(value: Any) -> str:
        if "Fn::If" in value:
            return f"${{local.{snake_case(value['Fn::If'][1]['Ref'])}}}"
        logical_id, attribute = value.get("Fn::GetAtt") or (value["Ref"], "")
        if logical_id in data["Parameters"]:
            return f"${{var.{snake_case(logical_id)}}}"
        kind, name = _ATTRIBUTES[data["Resources"][logical_id]["Type"]]
        return f"${{{kind}.{snake_case(logical_id)}.{snake_case(attribute) or name}}}"

    return reference


def environment(
    variables: Mapping[str, str], values: Mapping[str, Any], needed: frozenset[str]
) -> dict[str, Any]:
    """A function's variables with references in place of values: those that it `needed`, and of the others those that
    it has; a value that is known to no template stays."""
    referred = {name: value for name, value in values.items() if name in needed or name in variables}
    return {**variables, **referred}


def ways_of(stage: Stage) -> list[str]:
    """The ways in that the stage's functions serve: with the splitter where S3 calls it, else without."""
    return [DIRECT] if stage.ingest == DIRECT else [way for way in INGEST_WAYS if way != DIRECT]
