"""Named tokens on the running stack: what each may do, until it is revoked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from chalicelib.access import Role
from tests.integration.support import call_api, services_of

if TYPE_CHECKING:
    from froe.local import LocalStack


def decision(stack: LocalStack, token: str) -> tuple[str, bool]:
    """What the deployed authorizer says of a token: whose it is, and whether it may call anything."""
    event = {
        "type": "TOKEN",
        "authorizationToken": f"Bearer {token}",
        "methodArn": "arn:aws:execute-api:eu-central-1:111122223333:abc/api/GET/files",
    }
    reply = stack.client("lambda").invoke(
        FunctionName="froe-local-authorizer", Payload=json.dumps(event).encode()
    )
    answer = json.load(reply["Payload"])
    return answer["principalId"], bool(answer["policyDocument"]["Statement"][0]["Resource"])


def test_a_token_may_do_what_its_role_says_until_it_is_revoked_and_its_deeds_are_kept(
    stack: LocalStack,
) -> None:
    tokens = services_of(stack).tokens
    reader, operator = (
        tokens.create("reader", Role.READ, "ann"),
        tokens.create("operator", Role.OPERATE, "ann"),
    )
    assert call_api(stack, "/me", token=reader).body == {"name": "reader", "role": "read", "queries": False}
    everything = {"all": True, "reason": "no dead letter died of this"}
    nothing = {"reason": "no dead letter died of this"}
    assert call_api(stack, "/dead-letters/redrive", method="POST", token=reader, body=nothing).status == 403
    assert (
        call_api(stack, "/dead-letters/redrive", method="POST", token=operator, body=everything).status == 400
    )
    assert call_api(stack, "/dead-letters/redrive", method="POST", token=operator, body=nothing).status == 200
    assert call_api(stack, "/audit", token=operator).status == 403
    trail = call_api(stack, "/audit").body["items"]
    assert ("operator", "redrive") in {(each["who"], each["action"]) for each in trail}
    assert "reader" not in {each["who"] for each in trail}
    assert decision(stack, operator) == ("operator", True)
    tokens.revoke("operator")
    assert call_api(stack, "/files", token=operator).status == 403
    assert call_api(stack, "/files", token=reader).status == 200
    assert decision(stack, operator) == ("nobody", False)
    tokens.revoke("reader")
