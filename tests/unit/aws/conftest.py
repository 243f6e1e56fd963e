"""Both tables as `infra/data.json` describes them, on moto (single-threaded: it loses concurrent writes)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.model import StructureShape
from moto import mock_aws
from moto.core.serialize import BaseJSONSerializer

TEMPLATE = Path(__file__).parents[3] / "infra" / "data.json"

_serialize_structure = BaseJSONSerializer._serialize_type_structure


def _serialize_members(
    self: BaseJSONSerializer, serialized: dict[str, Any], value: Any, shape: StructureShape, key: str
) -> None:
    """A typed value of DynamoDB has one member. moto asks for all ten by each of their possible names: half of its time."""
    if shape.name != "AttributeValue" or type(value) is not dict:
        _serialize_structure(self, serialized, value, shape, key)
        return
    members: dict[str, Any] = {}
    for name, member in value.items():
        self._serialize(members, member, shape.members[name], name)
    serialized[key] = members


BaseJSONSerializer._serialize_type_structure = _serialize_members


def table_description(logical_id: str) -> dict[str, Any]:
    properties = json.loads(TEMPLATE.read_text())["Resources"][logical_id]["Properties"]
    members = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return {name: properties[name] for name in members if name in properties}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client(
            "dynamodb",
            region_name="us-east-1",
            config=Config(parameter_validation=False, retries={"max_attempts": 1}),
        )
        client.create_table(TableName="ledger", **table_description("LedgerTable"))
        client.create_table(TableName="records", **table_description("RecordsTable"))
        yield client
