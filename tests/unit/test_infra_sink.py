"""The catalog in infra/data.json says what the sink writes, and its workgroup bounds, encrypts and forgets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.aws.athena import Catalog
from chalicelib.core.records import columns, parquet
from froe.deployment.template_resolver import Resolver
from froe.terraform.values import substituted
from tests import declared
from tests.templates import choices, read

TEMPLATE = read("data")
RESOURCES = TEMPLATE["Resources"]
DECLARED = json.loads(declared.TARGET.read_text(encoding="utf-8"))
EXPECTED = declared.columns_of_the_table(DECLARED)
WORKGROUPS = {"SinkWorkGroup": False, "SinkApiWorkGroup": True}
SINK = ("SinkDatabase", "SinkTable", *WORKGROUPS)
DEFAULTS = {name: each.get("Default") for name, each in TEMPLATE["Parameters"].items()}


def resolved(name: str, **values: str) -> dict[str, Any]:
    """The properties of a resource of the stage `eu-prod`."""
    given = {each: declaration["Default"] for each, declaration in TEMPLATE["Parameters"].items()}
    attributes = {
        "ResultsBucket": {"Ref": "results"},
        "SinkDatabase": {"Ref": "froe_eu_prod"},
        "Key": {"Arn": "key"},
    }
    pseudo = {"AWS::AccountId": "111122223333"}
    resolver = Resolver(
        TEMPLATE["Conditions"],
        given | pseudo | {"Stage": "eu-prod", "Sink": "parquet"} | values,
        attributes,
        {},
    )
    assert resolver.holds(RESOURCES[name]["Condition"]) == (values.get("Sink") != "none")
    return resolver.properties(RESOURCES[name])


TABLE = resolved("SinkTable")["TableInput"]
KEYS = [each["Name"] for each in TABLE["PartitionKeys"]]


def test_the_table_has_the_columns_that_at_least_five_formats_declare() -> None:
    assert {each["Name"]: each["Type"] for each in TABLE["StorageDescriptor"]["Columns"]} == EXPECTED
    assert declared.TEMPLATE.read_text(encoding="utf-8") == declared.template_with(EXPECTED), (
        "run `make golden`"
    )
    assert list(EXPECTED)[: len(columns.STORED)] == list(columns.STORED)
    assert (EXPECTED["client_address"], EXPECTED["attributes"]) == ("string", "string")
    assert not {"nginx_request_id", *KEYS} & set(EXPECTED)


@pytest.mark.parametrize("format_name", DECLARED["formats"])
def test_a_column_of_the_table_is_the_one_that_the_objects_of_a_format_have(format_name: str) -> None:
    """By name, with its type; and none is called as a partition key is."""
    types = {**columns.STORED, **columns.Declared(parquet.declared_by(format_name)).types}
    of_athena = {name: declared.OF_ATHENA[kind] for name, kind in types.items()}
    assert {name: EXPECTED[name] for name in of_athena if name in EXPECTED} == {
        name: kind for name, kind in of_athena.items() if name in EXPECTED
    }
    assert not set(KEYS) & set(types)


def test_partitions_are_projected_onto_the_keys_that_the_sink_writes() -> None:
    parameters = TABLE["Parameters"]
    folder = parquet.RECORDS + parquet.partition_of("${file_format}", datetime(2026, 3, 1, tzinfo=UTC))
    template = parameters["storage.location.template"]
    assert f"{template}/" == f"s3://results/{folder}".replace("2026-03-01", "${date}")
    assert template.startswith(TABLE["StorageDescriptor"]["Location"])
    assert KEYS == ["file_format", "date"]
    assert {name: value for name, value in parameters.items() if name.startswith("projection.")} == {
        "projection.enabled": "true",
        "projection.file_format.type": "injected",
        "projection.date.type": "date",
        "projection.date.format": "yyyy-MM-dd",
        "projection.date.range": "2020-01-01,NOW",
    }


def test_the_names_are_those_of_the_stage_and_a_database_has_no_hyphen() -> None:
    assert resolved("SinkDatabase")["DatabaseInput"]["Name"] == "froe_eu_prod"
    for name, by_api in WORKGROUPS.items():
        catalog = Catalog("eu-prod", by_api=by_api)
        assert resolved(name)["Name"] == catalog.workgroup
        assert catalog.database == "froe_eu_prod"
        assert (
            resolved(name)["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"] == DEFAULTS[catalog.bound]
        )


@pytest.mark.parametrize("name", SINK)
def test_without_a_sink_there_is_no_catalog(name: str) -> None:
    assert resolved(name, Sink="none")


@pytest.mark.parametrize("name", WORKGROUPS)
def test_queries_are_bounded_and_their_answers_are_encrypted_and_go_after_a_day(name: str) -> None:
    configuration = resolved(name)["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert int(configuration["BytesScannedCutoffPerQuery"]) in {10**10, 10**11}
    results = configuration["ResultConfiguration"]
    assert results["EncryptionConfiguration"] == {"EncryptionOption": "SSE_KMS", "KmsKey": "key"}
    (rule,) = (
        rule
        for choice in RESOURCES["ResultsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        for rule in choices(choice)
        if rule["Id"] == "answers"
    )
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 1)
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert results["OutputLocation"].startswith(f"s3://results/{rule['Prefix']}")
    assert not {parquet.RECORDS, parquet.BATCHES} & {rule["Prefix"]}


def test_what_is_literal_in_a_template_is_literal_in_terraform() -> None:
    assert substituted("a/${Stage}/${!date}") == "a/${var.stage}/$${date}"
