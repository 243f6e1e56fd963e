"""The description of the API and the API are the same: routes, parameters, and what they refuse."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chalice", reason="needs chalice: make setup")

from chalice.app import BadRequestError, Request

from chalicelib import reprocess_routes, routes, upload_routes
from chalicelib.dead_letters import routes as dead_letter_routes
from chalicelib.openapi import PATHS, SCHEMAS, description
from chalicelib.status_json import BATCH_STATES

ROOT = Path(__file__).parents[2]
SHOW = """
import json
from app import app
print(json.dumps({path: sorted(methods) for path, methods in app.routes.items()}))
"""
QUESTIONS = {
    "/files": lambda request: routes.files(refuse, request),
    "/files/{file_id}/batches": lambda request: routes.batches(refuse, request, "id"),
    "/files/{file_id}/records": lambda request: routes.records(refuse, request, "id"),
    "/files/{file_id}/rejects": lambda request: routes.rejects(refuse, request, "id"),
    "/files/{file_id}/histogram": lambda request: routes.histogram(refuse, request, "id"),
    "/files/{file_id}/rejects/reasons": lambda request: routes.reasons(refuse, request, "id"),
    "/files/{file_id}/trace": lambda request: routes.trace(refuse, request, "id"),
    "/audit": lambda request: routes.audit(refuse, request),
    "/statistics": lambda request: routes.statistics(refuse, request),
    "/attention": lambda request: routes.attention(refuse, request),
    "/dead-letters": lambda request: dead_letter_routes.dead_letters(refuse, request),
    "/dead-letters/{dead_letter_id}": lambda request: dead_letter_routes.dead_letter(refuse, request, "id"),
}
BODIES = {
    "/files/{file_id}/reprocess": lambda request: reprocess_routes.reprocess(refuse, request, "id"),
    "/uploads": lambda request: upload_routes.begin(refuse, request),
    "/uploads/complete": lambda request: upload_routes.complete(refuse, request),
    "/uploads/abort": lambda request: upload_routes.abort(refuse, request),
    "/dead-letters/redrive": lambda request: dead_letter_routes.redrive_many(refuse, request),
    "/dead-letters/discard": lambda request: dead_letter_routes.discard_many(refuse, request),
    "/dead-letters/{dead_letter_id}/discard": lambda request: dead_letter_routes.discard(
        refuse, request, "id"
    ),
}


def refuse() -> Any:
    raise AssertionError("an unknown parameter is refused before anything is asked")


def request_of(*, query: dict[str, str] | None = None, body: dict[str, Any] | None = None) -> Request:
    raw = json.dumps(body).encode() if body is not None else b""
    event = {
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "headers": {"content-type": "application/json"},
        "pathParameters": None,
        "body": raw.decode(),
        "isBase64Encoded": False,
        "stageVariables": None,
        "requestContext": {"httpMethod": "POST", "resourcePath": "/"},
    }
    return Request(event, None)


def test_every_route_is_described_and_nothing_else() -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SHOW],
        env=kept,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    served = json.loads(done.stdout)
    served.pop("/")
    assert {path: sorted(each.upper() for each in methods) for path, methods in PATHS.items()} == served


@pytest.mark.parametrize("path", QUESTIONS)
def test_the_parameters_that_are_described_are_those_that_are_known(path: str) -> None:
    with pytest.raises(BadRequestError) as refusal:
        QUESTIONS[path](request_of(query={"nonsense": "1"}))
    known = re.search(r"known are (.*)$", str(refusal.value))
    described = [each["name"] for each in PATHS[path]["get"]["parameters"] if each["in"] == "query"]
    assert known
    assert set(known[1].split(", ")) == set(described)


@pytest.mark.parametrize("path", BODIES)
def test_the_fields_that_are_described_are_those_that_are_known(path: str) -> None:
    with pytest.raises(BadRequestError) as refusal:
        BODIES[path](request_of(body={"nonsense": 1}))
    known = re.search(r"known are (.*)$", str(refusal.value))
    schema = PATHS[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert known
    assert set(known[1].split(", ")) == set(schema["properties"])


def test_every_schema_that_is_referred_to_is_there() -> None:
    referred = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(description())))
    assert referred == set(SCHEMAS)


def test_all_but_the_health_check_want_the_token() -> None:
    document = description()
    assert document["security"] == [{"token": []}]
    open_to_all = [path for path, each in PATHS.items() for one in each.values() if one.get("security") == []]
    assert open_to_all == ["/health"]


def test_the_states_of_batches_are_those_of_marks() -> None:
    assert SCHEMAS["Batch"]["properties"]["state"]["enum"] == list(BATCH_STATES)
