"""Who deploys or destroys may do what CloudFormation and froe/deployment do in their name, type by type, call by call."""

from __future__ import annotations

import ast
import json
from itertools import pairwise
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

pytest.importorskip("click", reason="needs click: make setup")

from froe import policies
from tests.provider_actions import HANDLERS
from tests.templates import ROOT, read

RESOURCES = [
    each
    for name in ("data", "observability", "backfill", "processes")
    for each in read(name)["Resources"].values()
]
TYPES = sorted({resource["Type"] for resource in RESOURCES})
MODULES = sorted((ROOT / "froe" / "deployment").rglob("*.py"))
TAKING_DOWN = [
    ROOT / "froe" / "deployment" / f"{name}.py"
    for name in ("cloud", "destroy", "emptying", "existing_resources", "notifications", "record", "stacks")
]
POLICIES = sorted(path.stem for path in (ROOT / "infra" / "policies" / "people").glob("*.json"))
ONLY_MAKING = {"cloudformation:CreateStack", "cloudformation:UpdateStack"}
SERVICES = (
    *("cloudformation", "cloudwatch", "dynamodb", "events", "iam", "kms"),
    *("lambda", "logs", "s3", "sns", "sqs", "sts"),
)
ACTIONS = {
    "s3:DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "s3:GetBucketEncryption": {"s3:GetEncryptionConfiguration"},
    "s3:GetBucketLifecycleConfiguration": {"s3:GetLifecycleConfiguration"},
    "s3:GetBucketNotificationConfiguration": {"s3:GetBucketNotification"},
    "s3:GetPublicAccessBlock": {"s3:GetBucketPublicAccessBlock"},
    "s3:HeadBucket": {"s3:ListBucket"},
    "s3:ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "s3:PutBucketNotificationConfiguration": {"s3:PutBucketNotification"},
}
"""Where IAM's action is not called as the operation is:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"""


def granted(name: str) -> set[str]:
    """What the policies for a task allow, on whatever: `deploy` has several."""
    parts = [part for part in POLICIES if part == name or part.startswith(f"{name}-")]
    statements = [each for part in parts for each in policies.read(f"people/{part}")["Statement"]]
    return {action for each in statements for action in each["Action"]}


def operations(service: str) -> dict[str, str]:
    """Method and waiter of a boto3 client → operation."""
    session = botocore.session.get_session()
    model = session.get_service_model(service)
    methods = {xform_name(name): name for name in model.operation_names}
    try:
        waiters = session.get_waiter_model(service)
    except botocore.exceptions.UnknownServiceError:
        return methods
    waits = {xform_name(name): waiters.get_waiter(name).operation for name in waiters.waiter_names}
    return {**waits, **methods}


KNOWN = {service: operations(service) for service in SERVICES}


def asked(module: Path) -> set[str]:
    """The IAM actions of what a module calls: `client("sns").publish(…)`, or the two as texts, `"sns", "publish"`."""
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    pairs = {pair for node in nodes if isinstance(node, ast.Call) for pair in pairwise(map(_text, node.args))}
    paired = {method for service, method in pairs if service in SERVICES}
    names = texts | {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    calls = {
        f"{service}:{operation}"
        for service in texts & set(SERVICES)
        for method, operation in KNOWN[service].items()
        if method in names and (method not in paired or (service, method) in pairs)
    }
    return {action for call in calls for action in ACTIONS.get(call, {call})}


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_type_of_resource_is_in_the_table_and_every_row_is_used() -> None:
    assert set(HANDLERS) == set(TYPES)


@pytest.mark.parametrize("kind", TYPES)
def test_who_deploys_may_do_what_cloudformation_does(kind: str) -> None:
    """Deleting too: an update deletes what it replaces or leaves out, a rollback what it made."""
    handlers = HANDLERS[kind]
    assert (handlers.making() | handlers.deleting()) - granted("deploy") == set()


@pytest.mark.parametrize("kind", TYPES)
def test_who_destroys_may_delete_what_the_templates_make(kind: str) -> None:
    assert HANDLERS[kind].deleting() - granted("destroy") == set()


def test_who_deploys_may_not_delete_data() -> None:
    """A first deploy that fails takes back what it made; S3 deletes empty buckets only, DynamoDB no protected table."""
    data = {"s3:DeleteObject", "s3:DeleteObjectVersion", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
    assert not data & granted("deploy")
    kept = {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket"}
    policies = {each.get("DeletionPolicy") for each in RESOURCES if each["Type"] in kept}
    assert policies == {"RetainExceptOnCreate"}


@pytest.mark.parametrize(
    "module",
    [module for module in MODULES if module.stem not in {"destroy", "emptying"}],
    ids=lambda module: module.stem,
)
def test_who_deploys_may_do_what_deploying_and_the_doctor_call(module: Path) -> None:
    assert asked(module) - granted("deploy") == set()


@pytest.mark.parametrize("module", TAKING_DOWN, ids=lambda module: module.stem)
def test_who_destroys_may_do_what_taking_down_calls(module: Path) -> None:
    assert asked(module) - ONLY_MAKING - granted("destroy") == set()


def test_the_calls_are_found() -> None:
    """Else the tests above would pass over nothing."""
    actions = {action for module in MODULES for action in asked(module)}
    assert actions >= {
        *("cloudformation:CreateStack", "cloudformation:DeleteStack", "cloudformation:DescribeEvents"),
        *("iam:ListAttachedRolePolicies", "s3:ListBucketVersions", "s3:PutBucketNotification"),
        *("lambda:ListEventSourceMappings", "kms:DescribeKey", "sts:GetCallerIdentity"),
    }


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_fits_a_managed_one_whatever_the_stage_is_called_and_has_room_to_grow(name: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: 6,144 characters, spaces aside."""
    text = json.dumps(policies.read(f"people/{name}"), separators=(",", ":"))
    longest = {"Partition": "aws-us-gov", "Region": "ap-southeast-2", "AccountId": "1" * 12}
    for pseudo, value in longest.items():
        text = text.replace(f"${{AWS::{pseudo}}}", value)
    text = text.replace("${Stage}", "s" * 16).replace("${Database}", f"froe_{'s' * 16}")
    assert len(text) <= 6_144 * 0.97


def test_every_policy_of_people_is_of_a_task_and_so_on_the_page() -> None:
    from froe.permissions import PEOPLE

    assert sorted(name for names in PEOPLE.values() for name in names) == POLICIES
    assert len(PEOPLE["froe deploy"]) <= 10, "a role takes ten managed policies"
