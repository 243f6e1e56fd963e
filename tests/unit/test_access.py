"""Who may do what: tokens by name and role, and the trail of what was done by whom."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("chalice", reason="needs chalice: make setup")

from chalice.app import ForbiddenError, Request
from chalice.local import ARNMatcher
from click.testing import CliRunner

from chalicelib import routes
from chalicelib.access import Person, Role, Tokens
from chalicelib.audit import Audit
from chalicelib.aws.access_table import DynamoAudit, DynamoTokens
from chalicelib.core.errors import TransientError
from chalicelib.core.plan.layouts import Sink
from chalicelib.pages import BadQueryError
from chalicelib.settings import SettingsError
from froe import cli, inquiry, target
from froe.commands import deploy
from tests.fakes import WHEN
from tests.soak.dynamodb import DynamoDB
from tests.soak.world import World

SECRET = "the first administrator's"
FIRST = hashlib.sha256(SECRET.encode()).hexdigest()
ARN = "arn:aws:execute-api:eu-central-1:1:abc/api/{}"


class Clock:
    def __init__(self) -> None:
        self.now = WHEN

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def client() -> DynamoDB:
    return DynamoDB(World("calm"), lambda *_: None)


@pytest.fixture
def tokens(client: DynamoDB) -> Tokens:
    return Tokens(DynamoTokens(client, "ledger"), Clock())


@pytest.fixture
def audit(client: DynamoDB) -> Audit:
    return Audit(DynamoAudit(client, "ledger"), Clock(), "froe")


def test_a_token_holds_until_it_is_revoked_and_only_its_digest_is_kept(
    client: DynamoDB, tokens: Tokens
) -> None:
    secret, other = tokens.create("ci", Role.OPERATE, "ann"), tokens.create("page", Role.READ, "ann")
    assert tokens.person(f"Bearer {secret}") == Person("ci", Role.OPERATE)
    assert tokens.person(f"bearer  {other}") == Person("page", Role.READ)
    for wrong in (f"Basic {secret}", secret, f"Bearer {secret}x", f"Bearer {secret[:-1]}x", "Bearer ", ""):
        assert tokens.person(wrong) is None
    assert secret not in json.dumps([each for _, each in client.table("ledger").items.items()])
    tokens.revoke("ci")
    assert tokens.person(f"Bearer {secret}") is None
    assert tokens.person(f"Bearer {other}") == Person("page", Role.READ)
    again = tokens.create("ci", Role.READ, "bob")
    assert tokens.person(f"Bearer {again}") == Person("ci", Role.READ)
    assert [(each.name, each.by, each.revoked_at is None) for each in tokens.listed()] == [
        ("ci", "ann", False),
        ("ci", "bob", True),
        ("page", "ann", True),
    ]


def test_names_are_those_of_one_token_each(tokens: Tokens) -> None:
    tokens.create("ci", Role.READ, "ann")
    for name in ("ci", "administrator", "", "a b", "x" * 65, "\ud800"):
        with pytest.raises(BadQueryError):
            tokens.create(name, Role.READ, "ann")
    with pytest.raises(BadQueryError, match="no token named 'page': there are ci"):
        tokens.revoke("page")


def test_what_cannot_be_a_named_token_is_not_looked_up() -> None:
    def unasked() -> Tokens:
        raise AssertionError("no client is made for it")

    def unset() -> Tokens:
        raise SettingsError(["LEDGER_TABLE"])

    assert routes.person_of(f"Bearer {SECRET}", FIRST, unset) == Person("administrator", Role.ADMINISTER)
    for wrong in ("Bearer x", f"Basic {SECRET}", "Bearer froe_short", ""):
        assert routes.person_of(wrong, FIRST, unasked) is None
    assert routes.person_of("Bearer x", "", unset) is None


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [("administer", True, True), ("operate", True, True), ("read", True, False), ("", False, False)],
)
def test_the_gateway_lets_a_role_call_its_methods(
    monkeypatch: pytest.MonkeyPatch, tokens: Tokens, role: str, reads: bool, writes: bool
) -> None:
    logger = logging.getLogger("froe")
    before = list(logger.handlers), logger.level, logger.propagate
    import app

    logger.handlers, logger.level, logger.propagate = before
    monkeypatch.setenv("API_TOKEN_SHA256", FIRST)
    monkeypatch.setattr(app, "services", lambda: SimpleNamespace(tokens=tokens))
    secret = tokens.create("who", Role(role), "ann") if role else "nobody's"
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {secret}", "methodArn": ARN.format("GET/files")}
    answer = app.authorizer(event, None)
    (statement,) = answer["policyDocument"]["Statement"]

    def may(call: str) -> bool:
        return bool(ARNMatcher(ARN.format(call)).does_any_resource_match(statement["Resource"]))

    assert may("GET/files") is may("GET/dead-letters/m") is reads
    assert may("POST/files") is may("POST/dead-letters/redrive") is writes
    if role:
        assert (answer["principalId"], answer["context"]["role"]) == ("who", role)


def request_of(role: str | None) -> Request:
    context: dict[str, Any] = {"httpMethod": "GET", "resourcePath": "/audit"}
    if role:
        context["authorizer"] = {"principalId": "ann", "role": role}
    event = {
        "multiValueQueryStringParameters": None,
        "headers": {},
        "pathParameters": None,
        "body": None,
        "isBase64Encoded": False,
        "stageVariables": None,
        "requestContext": context,
    }
    return Request(event, None)


def test_only_who_administers_sees_the_trail(audit: Audit) -> None:
    services: Any = SimpleNamespace(audit=audit)
    for role in ("read", "operate", None):
        with pytest.raises(ForbiddenError, match="role administer"):
            routes.audit(lambda: services, request_of(role))
    assert routes.audit(lambda: services, request_of("administer")) == {"items": [], "cursor": None}
    settled: Any = SimpleNamespace(settings=SimpleNamespace(sink=Sink.PARQUET))
    me = routes.me(lambda: settled, request_of("operate"))
    assert me == {"name": "ann", "role": "operate", "queries": True}


def test_what_is_done_is_written_down_before_and_with_its_result(audit: Audit) -> None:
    with audit.noted("ann", "redrive", {"ids": [f"m{n}" for n in range(50)], "file_id": None}) as note:
        (begun,) = audit.page()["items"]
        note["redriven"] = 50
    assert (begun["who"], begun["way"], begun["action"], begun["result"]) == ("ann", "froe", "redrive", None)
    assert begun["subject"] == {"ids": [f"m{n}" for n in range(20)], "count": 50}
    with pytest.raises(TransientError), audit.noted("bob", "forget", {"file_id": "x"}):
        raise TransientError("the table is busy")
    failed, done = audit.page()["items"]
    assert (failed["who"], failed["result"]) == ("bob", {"error": "the table is busy"})
    assert done == begun | {"result": {"redriven": 50}}


def test_what_cannot_be_written_down_is_not_done() -> None:
    class Full:
        def put(self, _: Any) -> None:
            raise TransientError("the table is busy")

    with pytest.raises(TransientError), Audit(Full(), Clock()).noted("ann", "redrive", {}):  # type: ignore[arg-type]
        raise AssertionError("it was done")


def test_the_trail_is_shown_newest_first_over_months_and_in_pages(client: DynamoDB) -> None:
    clock = Clock()
    audit = Audit(DynamoAudit(client, "ledger"), clock)
    for number in range(12):
        with audit.noted("ann", "redrive", {"number": number}):
            clock.now += timedelta(days=20)

    def numbers(**asked: Any) -> list[int]:
        deeds, cursor = [], None
        while True:
            page = audit.page(limit=5, cursor=cursor, **asked)
            deeds += [item["subject"]["number"] for item in page["items"]]
            cursor = page["cursor"]
            if cursor is None:
                return deeds

    assert numbers() == list(range(11, -1, -1))
    assert numbers(begin=WHEN + timedelta(days=50), end=WHEN + timedelta(days=110)) == [5, 4, 3]
    assert numbers(begin=WHEN, end=WHEN - timedelta(days=1)) == []
    for years in (2, 1900):
        assert numbers(end=WHEN + timedelta(days=366 * years)) == list(range(11, -1, -1)), "until now"
    assert numbers(end=WHEN + timedelta(days=50)) == [2, 1, 0], "the year before the end"
    for wrong in ({"cursor": "x"}, {"begin": WHEN - timedelta(days=4000)}):
        with pytest.raises(BadQueryError):
            audit.page(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cursor",
    [
        "9999-12-31T23:59:59.999999-23:59",
        "9999-12-31T23:59:59.999999+00:00",
        "2026-03-03T12:00:00.000000+00:00#0123abcd",
        "2026-03-02T11:00:00.000000",
        "2026-03-02T12:00:00.000000+01:00",
    ],
)
def test_a_cursor_behind_the_time_asked_for_is_refused_without_a_look(cursor: str) -> None:
    audit = Audit(None, lambda: WHEN + timedelta(days=9))  # type: ignore[arg-type]
    with pytest.raises(BadQueryError, match="cursor"):
        audit.page(begin=WHEN, end=WHEN + timedelta(days=1), cursor=cursor)


def test_nothing_follows_a_cursor_that_the_beginning_has_passed_meanwhile() -> None:
    audit = Audit(None, lambda: WHEN + timedelta(days=9))  # type: ignore[arg-type]
    page = audit.page(begin=WHEN, cursor="2026-02-27T12:00:00.000000+00:00#0123abcd")
    assert page == {"items": [], "cursor": None}


def test_the_commands_make_list_and_revoke_tokens_and_leave_a_trail(
    monkeypatch: pytest.MonkeyPatch, tokens: Tokens, audit: Audit
) -> None:
    services = SimpleNamespace(tokens=tokens, audit=audit)
    monkeypatch.setattr(target, "find_target", lambda stage: stage)
    monkeypatch.setattr(inquiry, "services_of", lambda _: services)

    def froe(*words: str) -> Any:
        result = CliRunner().invoke(cli.main, words)
        assert result.exit_code == 0, result.output
        return result

    made = froe("token", "create", "ci", "--role", "read")
    assert tokens.person(f"Bearer {made.stdout.strip()}") == Person("ci", Role.READ)
    assert "ci" in froe("token", "list").stdout
    (listed,) = map(json.loads, froe("token", "list", "--json").stdout.splitlines())
    assert (listed["name"], listed["revoked_at"]) == ("ci", None)
    froe("token", "revoke", "ci")
    assert tokens.person(f"Bearer {made.stdout.strip()}") is None
    deeds = [json.loads(line) for line in froe("audit", "--json").stdout.splitlines()]
    assert [(each["action"], each["subject"]["name"]) for each in deeds] == [
        ("token-revoke", "ci"),
        ("token-create", "ci"),
    ]
    with audit.noted("ann", "query", {"characters": 1200}) as note:
        note["query_id"] = "0c4f"
    trail = froe("audit").stdout
    for words in ("token-revoke", "name ci", "SQL of 1,200 characters", "query 0c4f"):
        assert words in trail, trail
    assert CliRunner().invoke(cli.main, ["token"]).exit_code == 2


def test_token_alone_with_a_stage_makes_another_first_token_and_deploys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(deploy, "deploy_stage", lambda stage, **how: asked.append((stage, how)))
    assert CliRunner().invoke(cli.main, ["token", "--stage", "prod"]).exit_code == 0
    assert asked == [("prod", {"new_token": True})]
    for words in (["token", "--stage", "prod", "list"], ["token", "create", "ci"]):
        assert CliRunner().invoke(cli.main, words).exit_code == 2
    assert len(asked) == 1
