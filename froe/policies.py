"""What each function may do: infra/policies/FUNCTION.json, an IAM policy with Fn::Sub names of infra/data.json.

Promise: one source for every way to deploy: names become ARNs for Chalice (`write`), stay Fn::Sub for
CloudFormation (`as_subs`) or become references for Terraform (`as_terraform`). An unknown name is an error.
Permissions to read the input bucket extend to the further input buckets (`Others`). Limits: if a stage
has no key of its own, its policies have no statement for it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from chalicelib.aws.athena import Catalog
from chalicelib.core.plan.afterwards import Action
from chalicelib.core.plan.lanes import DEFAULT, lane_of, queue_of, worker_of
from froe.errors import FroeError
from froe.resources import FUNCTIONS, ROOT, snake_case

KEY: Final = "Key.Arn"
_NAME: Final = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")
_TERRAFORM_PSEUDO: Final[Mapping[str, str]] = {
    "AWS::Partition": "data.aws_partition.current.partition",
    "AWS::Region": "data.aws_region.current.name",
    "AWS::AccountId": "data.aws_caller_identity.current.account_id",
    "Stage": "var.stage",
    "Database": "local.database",
}
_DATABASE: Final = {"Fn::Join": ["_", {"Fn::Split": ["-", {"Fn::Sub": "froe-${Stage}"}]}]}
"""Of the sink's table in the catalog, which a stage without a sink lacks."""
_TERRAFORM_TYPES: Final[Mapping[str, str]] = {
    "AWS::S3::Bucket": "aws_s3_bucket",
    "AWS::SQS::Queue": "aws_sqs_queue",
    "AWS::DynamoDB::Table": "aws_dynamodb_table",
    "AWS::SNS::Topic": "aws_sns_topic",
    "AWS::KMS::Key": "aws_kms_key",
}


_INPUT: Final = "${InputBucket.Arn}"
_BATCHES: Final = "${BatchQueue.Arn}"
_READING: Final = ("s3:Get", "s3:List")
_TAGGING: Final = (
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:GetObjectVersionTagging",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
)
_SETTLED: Final[Mapping[Action, Mapping[str, tuple[str, ...]]]] = {
    Action.TAG: {"TagSettledObjects": _TAGGING},
    Action.MOVE: {
        "TagSettledObjects": _TAGGING,
        "MoveSettledObjects": ("s3:DeleteObject", "s3:GetObjectVersion", "s3:PutObject"),
    },
}
"""No action deletes a version."""


class Others(NamedTuple):
    """Input buckets beside the stage's own, by name; the ARNs of keys with which objects of any of them are encrypted; what
    becomes of objects whose files are settled; lanes beside the default one."""

    buckets: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    afterwards: Action = Action.LEAVE
    lanes: tuple[str, ...] = ()


NO_OTHERS: Final = Others()


def read(function: str, root: Path = ROOT) -> dict[str, Any]:
    """The policy as it is written, names and all; of a lane's worker that of the worker. FroeError where there is none."""
    named = worker_of(DEFAULT) if lane_of(function) is not None else function
    path = root / "infra" / "policies" / f"{named}.json"
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FroeError(f"infra/policies/{named}.json cannot be read: {error}.") from error
    return document


def values_of(stage: str, settings: Mapping[str, str]) -> dict[str, str]:
    """What the names stand for in a stage, by the settings that its stack gives (KEY_ARN where it has a key)."""
    topic = settings["NOTICES_TOPIC_ARN"]
    _, partition, _, region, account, _ = topic.split(":", 5)

    def arn(service: str, name: str) -> str:
        return f"arn:{partition}:{service}:{region}:{account}:{name}"

    values = {
        "Stage": stage,
        "Database": Catalog(stage).database,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::AccountId": account,
        "InputBucket.Arn": f"arn:{partition}:s3:::{settings['INPUT_BUCKET']}",
        "QuarantineBucket.Arn": f"arn:{partition}:s3:::{settings['QUARANTINE_BUCKET']}",
        "ResultsBucket.Arn": f"arn:{partition}:s3:::{settings['RESULTS_BUCKET']}",
        "SplitQueue.Arn": arn("sqs", settings["SPLIT_QUEUE"].rsplit("/", 1)[-1]),
        "BatchQueue.Arn": arn("sqs", settings["BATCH_QUEUE"].rsplit("/", 1)[-1]),
        "DeadLetterQueue.Arn": arn("sqs", settings["DEAD_LETTER_QUEUE"].rsplit("/", 1)[-1]),
        "RecordsTable.Arn": arn("dynamodb", f"table/{settings['RECORDS_TABLE']}"),
        "LedgerTable.Arn": arn("dynamodb", f"table/{settings['LEDGER_TABLE']}"),
        "LedgerTable.StreamArn": settings["LEDGER_STREAM_ARN"],
        "NoticesTopic": topic,
    }
    return values | ({KEY: settings["KEY_ARN"]} if settings.get("KEY_ARN") else {})


def _widened(function: str, root: Path, others: Others) -> dict[str, Any]:
    """As it is written, with what is granted beside the input bucket."""
    document = read(function, root)
    statements: list[dict[str, Any]] = []
    reads = False
    for statement in document["Statement"]:
        resources = _of_lanes(function, statement["Resource"], others.lanes)
        if all(action.startswith(_READING) for action in statement["Action"]) and _INPUT in str(resources):
            reads = True
            resources = [
                *resources,
                *(
                    resource.replace(_INPUT, f"arn:${{AWS::Partition}}:s3:::{bucket}")
                    for bucket in others.buckets
                    for resource in resources
                    if _INPUT in resource
                ),
            ]
        statements.append({**statement, "Resource": resources})
    if reads and others.keys:
        statements.append(
            {
                "Sid": "ReadWithOtherKeys",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": list(others.keys),
                "Condition": {"StringLike": {"kms:ViaService": ["s3.*.amazonaws.com"]}},
            }
        )
    if function in ("notifier", "sweeper") and others.afterwards is not Action.LEAVE:
        statements += _of_settled(others)
    return {**document, "Statement": statements}


def _of_lanes(function: str, resources: list[str], lanes: tuple[str, ...]) -> list[str]:
    """The worker of a lane works on its queue alone and writes a log of its own; who deals with the default queue
    deals with those of the lanes, too."""
    lane = lane_of(function)
    if lane is not None and lane != DEFAULT:
        log = f":log-group:/aws/lambda/froe-${{Stage}}-{worker_of(DEFAULT)}:"
        own = log.replace(worker_of(DEFAULT), function)
        return [each.replace(log, own).replace(_BATCHES, _queue_arn(lane)) for each in resources]
    if lane is None and _BATCHES in resources:
        return [*resources, *map(_queue_arn, lanes)]
    return resources


def _queue_arn(lane: str) -> str:
    queue = queue_of(lane, "froe-${Stage}-batch")
    return f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{queue}"


def _of_settled(others: Others) -> Iterator[dict[str, Any]]:
    objects = [f"{_INPUT}/*", *(f"arn:${{AWS::Partition}}:s3:::{bucket}/*" for bucket in others.buckets)]
    for sid, actions in _SETTLED[others.afterwards].items():
        yield {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": objects}
    yield {
        "Sid": "CopyWithKeys",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": [f"${{{KEY}}}", *others.keys],
        "Condition": {"StringLike": {"kms:ViaService": ["s3.*.amazonaws.com"]}},
    }


def render(
    function: str, values: Mapping[str, str], root: Path = ROOT, others: Others = NO_OTHERS
) -> dict[str, Any]:
    """The policy with the value of every name in its place. Raises FroeError for a name without one."""

    def value_of(name: str) -> str:
        if name not in values:
            raise FroeError(
                f"infra/policies/{function}.json names ${{{name}}}, which the resources of the stage do not "
                "have: correct the name, or deploy the data stack first."
            )
        return values[name]

    document = _widened(function, root, others)
    if KEY not in values:
        document["Statement"] = [each for each in document["Statement"] if f"${{{KEY}}}" not in str(each)]
    return {**document, "Statement": [_replaced(each, value_of) for each in document["Statement"]]}


def write(stage: str, values: Mapping[str, str], root: Path = ROOT, others: Others = NO_OTHERS) -> list[Path]:
    """Write the rendered policies into .chalice of the checkout at `root`, where Chalice's configuration
    names them; the files, in the order of FUNCTIONS, then of the lanes."""
    if lacks_key(values, root):
        raise FroeError(
            f"The stage {stage} lacks KEY_ARN, the ARN of its key, so that no function could read what it "
            "encrypts: deploy the data stack again."
        )
    written = []
    for function in (*FUNCTIONS, *map(worker_of, others.lanes)):
        path = root / ".chalice" / file_name(stage, function)
        text = json.dumps(render(function, values, root, others), indent=2) + "\n"
        temporary = path.with_suffix(".new")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
        written.append(path)
    return written


def lacks_key(values: Mapping[str, str], root: Path = ROOT) -> bool:
    """Whether the stage's resources have a key of their own that the values do not name."""
    return "Key" in _template(root)["Resources"] and KEY not in values


def absent(stage: str, root: Path = ROOT, others: Others = NO_OTHERS) -> list[str]:
    """The files of a stage that `write` has not written yet."""
    functions = (*FUNCTIONS, *map(worker_of, others.lanes))
    names = [file_name(stage, function) for function in functions]
    return [name for name in names if not (root / ".chalice" / name).exists()]


def file_name(stage: str, function: str) -> str:
    """Where .chalice/config.json looks for the policy of a function."""
    return f"policy-{stage}-{function.replace('_', '-')}.json"


def as_subs(function: str, root: Path = ROOT, others: Others = NO_OTHERS) -> dict[str, Any]:
    """The policy for a CloudFormation template that holds the resources: each string with a name as Fn::Sub.

    The input bucket may be brought: its name is what the template's output says."""
    bucket = _template(root)["Outputs"]["InputBucket"]["Value"]

    def sub(value: Any) -> Any:
        if isinstance(value, str) and "${InputBucket.Arn}" in value:
            named = value.replace("${InputBucket.Arn}", "arn:${AWS::Partition}:s3:::${Bucket}")
            return {"Fn::Sub": [named, {"Bucket": bucket}]}
        if isinstance(value, str) and "${Database}" in value:
            return {"Fn::Sub": [value, {"Database": _DATABASE}]}
        if isinstance(value, str):
            return {"Fn::Sub": value} if _NAME.search(value) else value
        if isinstance(value, dict):
            return {name: sub(each) for name, each in value.items()}
        return [sub(each) for each in value] if isinstance(value, list) else value

    document = _widened(function, root, others)
    return {**document, "Statement": sub(document["Statement"])}


def as_terraform(function: str, root: Path = ROOT, others: Others = NO_OTHERS) -> dict[str, Any]:
    """The policy for a Terraform JSON configuration beside infra/terraform: names as references to it."""
    resources = _template(root)["Resources"]

    def reference(name: str) -> str:
        if name in _TERRAFORM_PSEUDO:
            return f"${{{_TERRAFORM_PSEUDO[name]}}}"
        if name == "InputBucket.Arn":  # it may be brought
            return "arn:${data.aws_partition.current.partition}:s3:::${local.input_bucket}"
        logical_id, _, attribute = name.partition(".")
        kind = "AWS::KMS::Key" if name == KEY else resources.get(logical_id, {}).get("Type", "")
        if kind not in _TERRAFORM_TYPES:
            raise FroeError(
                f"infra/policies/{function}.json names ${{{name}}}, which infra/data.json does not make: "
                "correct the name."
            )
        return f"${{{_TERRAFORM_TYPES[kind]}.{snake_case(logical_id)}.{snake_case(attribute or 'Arn')}}}"

    document = _widened(function, root, others)
    return {**document, "Statement": [_replaced(each, reference) for each in document["Statement"]]}


def _template(root: Path) -> dict[str, Any]:
    template: dict[str, Any] = json.loads((root / "infra" / "data.json").read_text(encoding="utf-8"))
    return template


def _replaced(value: Any, value_of: Callable[[str], str]) -> Any:
    """The same JSON value with every `${name}` in its strings replaced."""
    if isinstance(value, str):
        return _NAME.sub(lambda match: value_of(match[1]), value)
    if isinstance(value, dict):
        return {name: _replaced(each, value_of) for name, each in value.items()}
    return [_replaced(each, value_of) for each in value] if isinstance(value, list) else value
