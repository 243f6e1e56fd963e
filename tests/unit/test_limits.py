"""Local runs obey the limits of Lambda and API Gateway: what is too large, too long or too hungry ends as on AWS."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("chalice", reason="needs chalice: make setup")

from chalice import Chalice
from chalice.config import Config
from chalice.local import ForbiddenError, LocalGateway

from froe.local import gateway, limits

TOKEN = "Bearer secret-token"
HUNGRY = "import time; held = bytearray(b'x' * (300 << 20)); time.sleep(60)"


class Emulator:
    """The parts of ministack that the limits are put around."""

    def __init__(self, answer: Any = None, messages: list[dict[str, Any]] | None = None) -> None:
        self.answer, self.stored = answer, messages or []
        self.lambda_svc = SimpleNamespace(
            _invoke=self._invoke,
            _execute_function_warm=lambda func, event, request_id: dict(self.answer),
            error_response_json=lambda code, message, status: (status, code, message),
        )
        self.sqs = SimpleNamespace(_receive_messages_for_esm=lambda url, most: self.stored[:most])
        self.runtime = SimpleNamespace(Worker=Worker)
        limits.obey(self.lambda_svc, self.sqs, self.runtime)

    async def _invoke(self, name: str, event: Any, headers: Any, *rest: Any) -> Any:
        return 200, "", ""

    def invoke(self, event: Any, kind: str) -> Any:
        return asyncio.run(self.lambda_svc._invoke("f", event, {"x-amz-invocation-type": kind}, None, None))


class Worker:
    """Runs a process for as long as it lives, as ministack's does for an invocation."""

    def __init__(self, script: str, megabytes: int) -> None:
        self.config = {"MemorySize": megabytes}
        self._proc = subprocess.Popen([sys.executable, "-c", script])

    def invoke(self, event: Any, request_id: str, **options: Any) -> dict[str, Any]:
        self._proc.wait(30)
        return {"status": "ok", "result": None}


@pytest.mark.parametrize(
    ("kind", "size", "status"),
    [
        ("RequestResponse", limits.EVENT_MAX_BYTES, 200),
        ("RequestResponse", limits.EVENT_MAX_BYTES + 1, 413),
        ("Event", limits.ASYNC_EVENT_MAX_BYTES, 200),
        ("Event", limits.ASYNC_EVENT_MAX_BYTES + 1, 413),
    ],
)
def test_an_event_that_is_too_large_is_refused(kind: str, size: int, status: int) -> None:
    answer = Emulator().invoke("x" * (size - 2), kind)
    assert answer[0] == status
    assert status == 200 or answer[1] == "RequestTooLargeException"


@pytest.mark.parametrize(
    ("size", "fails"), [(limits.ANSWER_MAX_BYTES, False), (limits.ANSWER_MAX_BYTES + 1, True)]
)
def test_an_answer_that_is_too_large_is_an_error_of_the_function(size: int, fails: bool) -> None:
    emulator = Emulator({"body": "x" * (size - 2), "log": "said"})
    result = emulator.lambda_svc._execute_function_warm({}, {}, "r")
    assert bool(result.get("error")) is fails
    if fails:
        assert result["body"]["errorType"] == "Function.ResponseSizeTooLarge"
        assert result["log"].startswith("said\n")


def test_a_poller_gathers_no_more_messages_than_an_event_holds() -> None:
    messages = [
        {"body": '"' * 1_000_000, "visible_at": 9, "receive_count": 3, "receipt_handle": f"r{number}"}
        for number in range(4)
    ]
    received = Emulator(messages=messages).sqs._receive_messages_for_esm("queue", 4)
    assert [message["receipt_handle"] for message in received] == ["r0", "r1", "r2"]
    assert messages[3] == {
        "body": messages[3]["body"],
        "visible_at": 0,
        "receive_count": 2,
        "receipt_handle": None,
    }
    assert limits.fitting(["x" * 7_000_000]) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is seen on Linux only")
@pytest.mark.parametrize(("megabytes", "status"), [(128, "error"), (1024, "ok")])
def test_a_function_that_takes_more_memory_than_it_has_is_killed(megabytes: int, status: str) -> None:
    emulator = Emulator()
    script = HUNGRY if status == "error" else "pass"
    result = emulator.runtime.Worker(script, megabytes).invoke({}, "r")
    assert result["status"] == status
    if status == "error":
        emulator.answer = {"error": True, "body": {"errorMessage": result["error"]}}
        answer = emulator.lambda_svc._execute_function_warm({}, {}, "r")
        assert answer["body"]["errorType"] == "Runtime.ExitError"


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, replacement in gateway.patches(seconds=0.5).items():
        monkeypatch.setattr(LocalGateway, name, replacement)
    app = Chalice(app_name="served")

    @app.route("/large/{size}")
    def large(size: str) -> dict[str, str]:
        return {"body": "x" * int(size)}

    @app.route("/slow")
    def slow() -> dict[str, str]:
        time.sleep(1)
        return {}

    @app.route("/taken", methods=["POST"])
    def taken() -> dict[str, int]:
        assert app.current_request
        return {"bytes": len(app.current_request.raw_body)}

    local = LocalGateway(app, Config())

    def send(method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        answer = local.handle_request(method, path, {"Content-Type": "application/json", **headers}, body)
        return answer["statusCode"], json.loads(answer["body"])

    return send


def test_an_http_answer_that_lambda_cannot_give_is_502(ask: Any) -> None:
    assert ask("GET", "/large/6000000")[0] == 200
    assert ask("GET", "/large/6291556") == (502, {"message": "Internal server error"})


def test_an_http_request_that_lambda_cannot_take_is_413(ask: Any) -> None:
    assert ask("POST", "/taken", b"x" * 1_000_000) == (200, {"bytes": 1_000_000})
    assert ask("POST", "/taken", b"x" * 7_000_000) == (413, {"message": "Request Too Long"})


def test_an_http_answer_that_takes_too_long_is_504(ask: Any) -> None:
    assert ask("GET", "/slow") == (504, {"message": "Endpoint request timed out"})


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("token", [TOKEN, "Bearer é", "x", ""])
def test_an_unknown_route_does_not_repeat_the_token(ask: Any, name: str, token: str) -> None:
    with pytest.raises(ForbiddenError) as refused:
        ask("GET", "/nowhere", **{name: token})
    assert not token or token.encode() not in (refused.value.body or b"").replace(
        b"Authentication Token", b""
    )
    assert json.loads(refused.value.body or b"")["message"]
