"""Versions of a configuration in the ledger's table and the quarantine bucket, on moto."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from chalicelib.aws import versions_store
from chalicelib.aws.versions_store import StoredVersions
from chalicelib.configuration_versions import Version

PUT = Version(1, "d" * 64, "5" * 64, "put", "ann", datetime(2026, 12, 1, tzinfo=UTC), froe="1.0")
DEPLOYED = Version(2, "", "", "rollback", "bob", datetime(2026, 12, 2, tzinfo=UTC), froe="1.0")


def test_a_number_is_registered_once_and_objects_are_read_by_name(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="quarantine")
    store = StoredVersions(dynamodb, "ledger", s3, "quarantine")
    assert (store.newest(), list(store.versions())) == (None, [])
    assert store.register(PUT)
    assert not store.register(PUT._replace(by="bob"))
    assert store.register(DEPLOYED)
    assert store.newest() == DEPLOYED
    assert list(store.versions()) == [DEPLOYED, PUT]
    store.put("x.json", b"{}")
    assert (store.read("x.json"), store.read("y.json")) == (b"{}", None)
    monkeypatch.setattr(versions_store, "_MAX_BYTES", 1)
    assert store.read("x.json") == b"", "what is too long is not read"
