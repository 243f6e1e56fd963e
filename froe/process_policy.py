"""What the tasks of infra/processes.json may do: what the functions may whose messages they take, and stay at their work.

python -m froe.process_policy writes it into the template.

Promise: the policies of the functions are the one source. Limits: the batches of one lane; of the input buckets the stage's
own alone.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from froe.errors import FroeError
from froe.policies import read
from froe.resources import ROOT

FUNCTIONS: Final = ("queued_splitter", "worker", "dead_letter_consumer")
TEMPLATE: Final = Path("infra", "processes.json")
ROLE: Final = "ProcessesRole"
_OF_FUNCTIONS: Final = frozenset({"WriteOwnLog", "SendTraces"})
"""Statements that a task needs not: ECS writes its log, and it sends no traces."""
_NAME: Final = re.compile(r"\$\{([A-Za-z]+)(?:\.Arn)?\}")
_HERE: Final = "${AWS::Region}:${AWS::AccountId}"
_ARNS: Final = {
    "SplitQueue": f"arn:${{AWS::Partition}}:sqs:{_HERE}:froe-${{Stage}}-split",
    "BatchQueue": f"arn:${{AWS::Partition}}:sqs:{_HERE}:froe-${{Stage}}-batch",
    "DeadLetterQueue": f"arn:${{AWS::Partition}}:sqs:{_HERE}:froe-${{Stage}}-dead-letter",
    "RecordsTable": f"arn:${{AWS::Partition}}:dynamodb:{_HERE}:table/froe-${{Stage}}-records",
    "LedgerTable": f"arn:${{AWS::Partition}}:dynamodb:{_HERE}:table/froe-${{Stage}}-ledger",
    "ResultsBucket": "arn:${AWS::Partition}:s3:::froe-${Stage}-results-${AWS::AccountId}-${AWS::Region}",
    "QuarantineBucket": "arn:${AWS::Partition}:s3:::froe-${Stage}-quarantine-${AWS::AccountId}-${AWS::Region}",
    "NoticesTopic": f"arn:${{AWS::Partition}}:sns:{_HERE}:froe-${{Stage}}-notices",
}
"""Resource of infra/data.json → its ARN by its name, for a stack beside it."""
_KEY: Final = {"Fn::ImportValue": {"Fn::Sub": "froe-${Stage}-key"}}
_SENDS_TO_ALL: Final = "SendSplitsAndBatches"


_OF_TASKS: Final = {
    "Sid": "StayAtWork",
    "Effect": "Allow",
    "Action": ["ecs:UpdateTaskProtection"],
    "Resource": [{"Fn::Sub": f"arn:${{AWS::Partition}}:ecs:{_HERE}:task/froe-${{Stage}}/*"}],
}
"""What no function needs: that ECS does not stop a task at its work."""


def policy(root: Path = ROOT) -> dict[str, Any]:
    """The policy document of the tasks' role."""
    statements: dict[str, dict[str, Any]] = {}
    for function in FUNCTIONS:
        for statement in read(function, root)["Statement"]:
            sid = statement["Sid"]
            if sid not in _OF_FUNCTIONS:
                statements[sid] = _wider(statements.get(sid, statement), statement)
    return {"Version": "2012-10-17", "Statement": [*map(_placed, statements.values()), _OF_TASKS]}


def _wider(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What allows what two statements of a name do. FroeError where their actions differ."""
    if one["Action"] != other["Action"]:
        raise FroeError(
            f"infra/policies have two statements {one['Sid']} that differ: give one another name."
        )
    conditions = [each["Condition"] for each in (one, other) if "Condition" in each]
    return {
        **one,
        "Resource": list(dict.fromkeys([*one["Resource"], *other["Resource"]])),
        **({"Condition": max(conditions, key=lambda each: len(json.dumps(each)))} if conditions else {}),
    }


def _placed(statement: dict[str, Any]) -> dict[str, Any]:
    resources = [
        placed
        for resource in statement["Resource"]
        for placed in _resources(resource, to_all=statement["Sid"] == _SENDS_TO_ALL)
    ]
    return {name: resources if name == "Resource" else _values(each) for name, each in statement.items()}


def _values(value: Any) -> Any:
    """With names in conditions as Fn::Sub."""
    if isinstance(value, str):
        return {"Fn::Sub": value} if "${" in value else value
    if isinstance(value, dict):
        return {name: _values(each) for name, each in value.items()}
    return [_values(each) for each in value]


def _resources(resource: str, *, to_all: bool) -> list[Any]:
    named = _NAME.match(resource)
    if named is None:
        return [resource]
    name, rest = named[1], resource[named.end() :]
    if name == "Key":
        return [_KEY]
    if name == "InputBucket":
        own = "froe-${Stage}-input-${AWS::AccountId}-${AWS::Region}"
        return [
            {
                "Fn::If": [
                    "OwnInputBucket",
                    {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{own}{rest}"},
                    {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::${{ExistingInputBucket}}{rest}"},
                ]
            }
        ]
    default = {"Fn::Sub": f"{_ARNS[name]}{rest}"}
    if name != "BatchQueue":
        return [default]
    if to_all:
        return [default, {"Fn::Sub": f"{_ARNS[name]}-*"}]
    return [{"Fn::If": ["OfDefaultLane", default, {"Fn::Sub": f"{_ARNS[name]}-${{ProcessesLane}}"}]}]


def write(root: Path = ROOT) -> None:
    """Put the policy into the template."""
    path = root / TEMPLATE
    template = json.loads(path.read_text(encoding="utf-8"))
    (own,) = template["Resources"][ROLE]["Properties"]["Policies"]
    own["PolicyDocument"] = policy(root)
    path.write_text(json.dumps(template, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
