"""What is recorded of a function's requests, and how it is compared with policies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("click", reason="needs click: make setup")

from froe.local import calls, recording
from froe.local.calls import Access

BATCHES = Access("worker", "sqs:SendMessage", "${BatchQueue.Arn}")


class Actions:
    """Reads requests as ministack's iam_actions does; paths say which action and resource."""

    def extract_iam_action(self, service: str, method: str, path: str, *_: Any) -> str:
        return f"{service}:{method}"

    def extract_resource_arn(self, service: str, method: str, path: str, *_: Any) -> str:
        return path

    def dynamodb_resource_arns(self, body: bytes, region: str, account: str) -> list[str]:
        return [f"arn:aws:dynamodb:{region}:{account}:table/{name}" for name in json.loads(body)]


class App:
    """ministack's app: every request is answered with 200."""

    async def _dispatch_service_request(self, *request: Any) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, b"answer"

    def _routing_params(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Any:
        return query

    def detect_service(self, method: str, path: str, headers: Mapping[str, str], query: Any) -> str:
        return headers["service"]


def recorded(path: Path, *requests: tuple[Mapping[str, str], str, str, bytes]) -> list[dict[str, Any]]:
    """The lines that requests (headers, method, path, body) leave."""
    app: Any = App()
    runtime = SimpleNamespace(execution_credentials=lambda config: {"AWS_ACCESS_KEY_ID": "1"})
    context = SimpleNamespace(get_region=lambda: "r", get_account_id=lambda: "1")
    recording.record(app, runtime, recording.Recorder(path, Actions(), context))
    for headers, method, target, body in requests:
        answer = asyncio.run(app._dispatch_service_request(method, target, headers, body, {}, "id"))
        assert answer == (200, {}, b"answer")
    given = runtime.execution_credentials({"FunctionName": "froe-dev-worker"})
    assert given == {"AWS_ACCESS_KEY_ID": "1", **recording.credentials("froe-dev-worker")}
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def by(function: str, service: str) -> dict[str, str]:
    return {
        "x-amz-security-token": recording.credentials(function)["AWS_SESSION_TOKEN"],
        "service": service,
    }


def test_each_different_call_of_a_function_is_recorded_once(tmp_path: Path) -> None:
    sent = (by("froe-dev-worker", "sqs"), "SendMessage", "arn:aws:sqs:r:1:froe-dev-batch", b"{}")
    assert recorded(tmp_path / "calls.jsonl", sent, sent) == [
        {
            "function": "froe-dev-worker",
            "action": "sqs:SendMessage",
            "resource": "arn:aws:sqs:r:1:froe-dev-batch",
            "status": 200,
        }
    ]


def test_a_request_to_several_tables_is_a_call_on_each(tmp_path: Path) -> None:
    request = (by("froe-dev-worker", "dynamodb"), "BatchWriteItem", "/", b'["a", "b"]')
    lines = recorded(tmp_path / "calls.jsonl", request)
    assert [line["resource"].rsplit("/", 1)[1] for line in lines] == ["a", "b"]


def test_calls_of_people_are_not_recorded(tmp_path: Path) -> None:
    anonymous = ({"service": "sqs"}, "SendMessage", "arn:aws:sqs:r:1:q", b"")
    other = (
        {"service": "sqs", "x-amz-security-token": "FQoGZXIvYXdzE"},
        "SendMessage",
        "arn:aws:sqs:r:1:q",
        b"",
    )
    assert recorded(tmp_path / "calls.jsonl", anonymous, other) == []


def test_a_stack_that_ends_leaves_its_calls_where_they_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, kept = tmp_path / "froe-1234-x", tmp_path / "kept"
    work.mkdir()
    kept.mkdir()
    (work / "calls.jsonl").write_bytes(b"{}\n")
    monkeypatch.delenv(recording.KEEP_SETTING, raising=False)
    recording.keep(work / "calls.jsonl")
    monkeypatch.setenv(recording.KEEP_SETTING, str(kept))
    recording.keep(work / "calls.jsonl")
    recording.keep(work / "none.jsonl")
    assert [path.name for path in kept.iterdir()] == ["froe-1234-x.jsonl"]


@pytest.mark.parametrize(
    ("function", "action", "resource", "status", "needs"),
    [
        ("froe-dev-worker", "sqs:SendMessageBatch", "arn:aws:sqs:r:1:froe-dev-batch", 200, {BATCHES}),
        (
            "froe-my-dev-queued_splitter",
            "dynamodb:Query",
            "arn:aws:dynamodb:r:1:table/froe-my-dev-ledger/index/by_state",
            200,
            {Access("queued_splitter", "dynamodb:Query", "${LedgerTable.Arn}/index/by_state")},
        ),
        (
            "froe-dev",
            "s3:GetObject",
            "arn:aws:s3:::froe-dev-quarantine-1-r/dead-letters/a/b.json",
            404,
            {
                Access("api_handler", "s3:GetObject", "${QuarantineBucket.Arn}/dead-letters/a/b.json"),
                Access("api_handler", "s3:ListBucket", "${QuarantineBucket.Arn}"),
            },
        ),
        (
            "froe-dev-splitter",
            "s3:GetObjectVersion",
            "arn:aws:s3:::our-logs/x",
            200,
            {Access("splitter", "s3:GetObjectVersion", "${InputBucket.Arn}/x")},
        ),
        (
            "froe-dev-notifier",
            "sns:Publish",
            "arn:aws:sns:r:1:froe-dev-notices",
            200,
            {Access("notifier", "sns:Publish", "${NoticesTopic}")},
        ),
        (
            "froe-dev-notifier",
            "events:PutEvents",
            "arn:aws:events:r:1:event-bus/default",
            200,
            {
                Access(
                    "notifier",
                    "events:PutEvents",
                    "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default",
                )
            },
        ),
        (
            "froe-dev-worker",
            "sqs:SendMessage",
            "arn:aws:sqs:r:1:froe-prod-batch",
            200,
            {Access("worker", "sqs:SendMessage", "arn:aws:sqs:r:1:froe-prod-batch")},
        ),
    ],
    ids=["batch-form", "index", "absent-object", "brought-bucket", "topic", "bus", "other-stage"],
)
def test_calls_are_told_by_the_names_of_the_template(
    tmp_path: Path, function: str, action: str, resource: str, status: int, needs: set[Access]
) -> None:
    line = {"function": function, "action": action, "resource": resource, "status": status}
    (tmp_path / "calls.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert calls.needs_in(tmp_path / "calls.jsonl") == needs


def test_an_action_that_is_taken_from_a_policy_is_lacking() -> None:
    document = {"Statement": [{"Action": ["sqs:SendMessage"], "Resource": ["${BatchQueue.Arn}"]}]}
    granted = calls.grants_of("worker", document)
    assert calls.lacking([BATCHES], granted) == []
    assert calls.lacking([BATCHES], calls.grants_of("splitter", document)) == [BATCHES]
    assert calls.lacking([BATCHES], []) == [BATCHES]


def test_an_action_that_is_added_to_a_policy_is_idle() -> None:
    added = Access("worker", "sqs:SendMessage", "${SplitQueue.Arn}")
    assert calls.idle([BATCHES], [BATCHES, added]) == [added]


def test_a_star_covers_every_key_and_nothing_else_is_a_pattern() -> None:
    grant = Access("splitter", "s3:GetObject", "${InputBucket.Arn}/*")
    assert calls.lacking([Access("splitter", "s3:GetObject", "${InputBucket.Arn}/a/b\n?c")], [grant]) == []
    assert calls.lacking([Access("splitter", "s3:GetObject", "${InputBucketXArn}/a")], [grant])


def test_the_worker_of_a_lane_is_judged_as_the_worker_and_its_queue_as_the_batch_queue(
    tmp_path: Path,
) -> None:
    line = {
        "function": "froe-dev-worker_bulk",
        "action": "sqs:SendMessageBatch",
        "resource": "arn:aws:sqs:us-east-1:1:froe-dev-batch-bulk",
        "status": 200,
    }
    file = tmp_path / "calls.jsonl"
    file.write_text(json.dumps(line) + "\n")
    assert calls.needs_in(file) == {BATCHES}
