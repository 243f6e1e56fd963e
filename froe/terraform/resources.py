"""The templates as equivalent Terraform resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from froe.resources import snake_case
from froe.terraform import backfill, buckets, catalog, data, observability, processes
from froe.terraform.hcl import WHEN, Block, Expr
from froe.terraform.values import OF_LANE, RESOURCES
from froe.terraform.watched import Watched

BUILDERS = {
    "AWS::S3::Bucket": buckets.bucket,
    "AWS::StepFunctions::StateMachine": backfill.state_machine,
    **catalog.BUILDERS,
    **data.BUILDERS,
    **observability.BUILDERS,
    **processes.BUILDERS,
}
RETAINED = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
# What a resource says beside its properties: Metadata is for scanners, DependsOn is in the builders.
BESIDE = {"Type", "Properties", "Condition", "DependsOn", "Metadata", *RETAINED}


def resources() -> dict[str, Block]:
    """Address → body, of everything that the templates make."""
    return {where: body for name in RESOURCES for where, body in blocks_of(name)}


def blocks_of(name: str) -> Iterator[tuple[str, Block]]:
    """What the resource `name` of a template is in Terraform; an error where something of it is not compared."""
    resource = RESOURCES[name]
    assert set(resource) <= BESIDE, f"{name} says what is not compared: {set(resource) - BESIDE}"
    properties = Watched(resource["Properties"])
    for where, body in BUILDERS[resource["Type"]](snake_case(name), properties):
        yield where, _framed(name, where, body)
    assert not properties.unread(), f"{name} has properties that are not compared: {properties.unread()}"


def _framed(name: str, where: str, body: Block) -> Block:
    """`body` with its count, where it is there under conditions, and protected where the template retains it."""
    resource = RESOURCES[name]
    conditions = [snake_case(resource["Condition"])] if "Condition" in resource else []
    if WHEN in body:
        conditions.append(body.pop(WHEN))
    if name.endswith(OF_LANE):
        body["for_each"] = Expr("var.lanes")
    elif conditions:
        body["count"] = Expr(" && ".join(f"local.{each}" for each in conditions) + " ? 1 : 0")
    if _is_retained(resource) and where.startswith(("aws_kms_key.", "aws_s3_bucket.", "aws_dynamodb_table.")):
        body["lifecycle"] = [Block(prevent_destroy=True)]
    return body


def _is_retained(resource: dict[str, Any]) -> bool:
    policies = {each: resource[each] for each in RETAINED if each in resource}
    assert policies in ({}, RETAINED), policies
    return bool(policies)
