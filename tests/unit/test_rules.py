"""What may not be given together is refused before anything is touched, in the sentence of the template."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("click", reason="needs click: make setup")

from froe.deployment import deploy
from froe.deployment.cloud import Cloud
from froe.deployment.rules import broken, check_rules
from froe.deployment.stages import Stage
from froe.deployment.templates import DATA, constraint_broken, load
from froe.errors import FroeError
from froe.resources import ROOT

TEMPLATE = load(DATA, ROOT, local=False)
assert TEMPLATE is not None
REPLICA = "arn:aws:s3:::company-replica"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"SplitMaxReceives": "4"}, "SplitMaxReceives must be 5 or more"),
        ({"BatchMaxReceives": "1"}, "BatchMaxReceives must be 5 or more"),
        ({"ReplicaBucketArn": REPLICA}, "ReplicaBucketArn needs ReplicaKeyArn"),
        (
            {"ExistingInputBucket": "mine", "ReplicaBucketArn": REPLICA, "ReplicaKeyArn": KEY},
            "ReplicaBucketArn is for the bucket that Froe makes",
        ),
        ({"ExistingInputBucket": "mine", "AccessLogsBucket": "mine"}, "must not be the input bucket"),
        ({"InputExpiryDays": "10"}, "InputExpiryDays must be longer than ArchiveAfterDays"),
        ({"ArchiveAfterDays": "9", "InputExpiryDays": "9"}, "InputExpiryDays must be longer"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_sentence(given: dict[str, str], refused: str) -> None:
    with pytest.raises(FroeError, match=refused) as caught:
        check_rules(TEMPLATE, given, {}, "infra/parameters/dev.json")
    assert caught.value.message.startswith("infra/parameters/dev.json: ")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Stage": "local", "SplitMaxReceives": "3"},
        {"SplitMaxReceives": "5", "BatchMaxReceives": "1000"},
        {"ReplicaBucketArn": REPLICA, "ReplicaKeyArn": KEY},
        {"ArchiveAfterDays": "0", "InputExpiryDays": "10"},
        {"ArchiveAfterDays": "30", "InputExpiryDays": "100"},
        {"ArchiveAfterDays": "30", "InputExpiryDays": "0"},
    ],
)
def test_what_goes_together_is_taken(given: dict[str, str]) -> None:
    check_rules(TEMPLATE, given, {}, "infra/parameters/dev.json")


def test_what_the_stack_keeps_counts_and_what_is_given_comes_first() -> None:
    check_rules(TEMPLATE, {"ReplicaBucketArn": REPLICA}, {"ReplicaKeyArn": KEY}, "here")
    check_rules(TEMPLATE, {"InputExpiryDays": "90"}, {"InputExpiryDays": "10", "Gone": "1"}, "here")
    with pytest.raises(FroeError, match="InputExpiryDays must be longer"):
        check_rules(TEMPLATE, {"ArchiveAfterDays": "40"}, {"InputExpiryDays": "35"}, "here")


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"Fn::And": [{"Fn::Equals": ["a", "a"]}, {"Fn::Equals": [{"Ref": "P"}, "b"]}]}, True),
        ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Contains": [["b"], {"Ref": "P"}]}]}, True),
        ({"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, "b"]}]}, False),
    ],
)
def test_a_rule_applies_where_its_condition_is_met(condition: dict[str, Any], met: bool) -> None:
    never = {"Assert": {"Fn::Equals": ["1", "2"]}, "AssertDescription": "no"}
    rules = {"Rules": {"One": {"RuleCondition": condition, "Assertions": [never]}}}
    assert broken(rules, {"P": "b"}) == ("no" if met else None)


def test_a_function_that_is_not_known_is_an_error() -> None:
    with pytest.raises(FroeError, match="Fn::ValueOf, which is not supported here"):
        broken({"Rules": {"One": {"RuleCondition": {"Fn::ValueOf": []}, "Assertions": []}}}, {})


class KeptStack:
    """CloudFormation with one stack that keeps a parameter."""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        kept = (
            [{"ParameterKey": "ArchiveAfterDays", "ParameterValue": "60"}] if StackName == "froe-dev" else []
        )
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Parameters": kept}]}


def test_a_deploy_asks_the_stack_what_it_keeps() -> None:
    cloud = Cloud({"cloudformation": KeptStack()}.__getitem__, "1", "eu-west-1")
    stage = Stage("dev", {"stages": {"dev": {}}}, {"InputExpiryDays": "50"})
    with pytest.raises(FroeError, match=r"dev\.json: InputExpiryDays must be longer"):
        deploy.refuse_together(cloud, stage, {}, ROOT, with_backfill=False)
    deploy.refuse_together(cloud, stage, {"InputExpiryDays": "61"}, ROOT, with_backfill=True)


@pytest.mark.parametrize("name", ["RecordsWarmWriteUnits", "LedgerWarmWriteUnits"])
def test_a_table_is_not_warmed_to_less_than_a_new_one_has(name: str) -> None:
    definition = TEMPLATE.parameters[name]
    for taken in ("0", "4000", "9999", "10000", "999999", "1000000", "3999999", "4000000"):
        assert constraint_broken(definition, taken) is None
    for refused in ("1", "3999", "04000", "4000001", "10000000", "", "-1", "4e3"):
        assert str(constraint_broken(definition, refused)).startswith("0, or 4000 to 4000000")
