"""Lambda's own limits, which the local AWS does not know: what breaks them there breaks them here.

Payloads and answers by their size, and memory by what the function's process takes on Linux; time-outs are ministack's.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

EVENT_MAX_BYTES: Final = 6 * 1024 * 1024
ASYNC_EVENT_MAX_BYTES: Final = 1024 * 1024
ANSWER_MAX_BYTES: Final = 6_291_556
_RECORD_BYTES: Final = 1024
"""What a message of an SQS event has beside its body, about."""

_LOOK_SECONDS: Final = 0.05
_KILLED: Final = "Runtime exited with error: signal: killed"


def size_of(payload: Any) -> int:
    """Bytes of JSON, as the runtime writes it."""
    return len(json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def obey(lambda_svc: Any, sqs: Any, runtime: Any) -> None:
    """Have `ministack.services.lambda_svc` and `sqs` keep to Lambda's limits (the version is pinned).

    runtime: `ministack.core.lambda_runtime`."""
    invoke, execute = lambda_svc._invoke, lambda_svc._execute_function_warm  # noqa: SLF001 - the version is pinned
    receive, run = sqs._receive_messages_for_esm, runtime.Worker.invoke  # noqa: SLF001 - as above

    async def invoke_within_limits(name: str, event: Any, headers: Mapping[str, str], *rest: Any) -> Any:
        kind = headers.get("x-amz-invocation-type") or headers.get("X-Amz-Invocation-Type") or ""
        most = ASYNC_EVENT_MAX_BYTES if kind == "Event" else EVENT_MAX_BYTES
        size = size_of(event)
        if size > most:
            text = f"{size} byte payload is too large for the {kind or 'RequestResponse'} invocation type (limit {most} bytes)"
            return lambda_svc.error_response_json("RequestTooLargeException", text, 413)
        return await invoke(name, event, headers, *rest)

    def execute_within_limits(func: Any, event: Any, request_id: str) -> dict[str, Any]:
        result: dict[str, Any] = execute(func, event, request_id)
        if result.get("error"):
            body = result.get("body")
            if isinstance(body, dict) and str(body.get("errorMessage", "")).endswith(_KILLED):
                body["errorType"] = "Runtime.ExitError"
        elif size_of(result.get("body")) > ANSWER_MAX_BYTES:
            text = f"Response payload size exceeded maximum allowed payload size ({ANSWER_MAX_BYTES} bytes)."
            body = {"errorMessage": text, "errorType": "Function.ResponseSizeTooLarge"}
            return {"body": body, "error": True, "log": "\n".join(filter(None, (result.get("log"), text)))}
        return result

    def receive_within_limits(queue_url: str, max_number: int) -> list[dict[str, Any]]:
        """A poller gathers no more than an event holds; the others are as if they had not been received."""
        received: list[dict[str, Any]] = receive(queue_url, max_number)
        count = fitting([message["body"] for message in received])
        for message in received[count:]:
            message |= {
                "visible_at": 0,
                "receive_count": message["receive_count"] - 1,
                "receipt_handle": None,
            }
        return received[:count]

    def run_within_memory(self: Any, event: Any, request_id: str, **options: Any) -> dict[str, Any]:
        with _MemoryGuard(self) as guard:
            result: dict[str, Any] = run(self, event, request_id, **options)
        if guard.has_killed:
            return {**result, "status": "error", "error": f"RequestId: {request_id} Error: {_KILLED}"}
        return result

    lambda_svc._invoke = invoke_within_limits  # noqa: SLF001 - as above
    lambda_svc._execute_function_warm = execute_within_limits  # noqa: SLF001 - as above
    sqs._receive_messages_for_esm = receive_within_limits  # noqa: SLF001 - as above
    runtime.Worker.invoke = run_within_memory


def fitting(bodies: Sequence[str]) -> int:
    """How many messages of a queue fit one event, one at least."""
    room = EVENT_MAX_BYTES
    for number, body in enumerate(bodies):
        room -= size_of(body) + _RECORD_BYTES
        if room < 0:
            return max(number, 1)
    return len(bodies)


class _MemoryGuard:
    """Kills the process of an invocation that takes more memory than its function has."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._most_bytes = int(worker.config.get("MemorySize", 128)) * 1024 * 1024
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self.has_killed = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_LOOK_SECONDS):
            process = self._worker._proc  # noqa: SLF001 - the version is pinned
            if process is None or process.poll() is not None:
                continue
            if resident_bytes(process.pid) > self._most_bytes:
                self.has_killed = True
                os.kill(process.pid, signal.SIGKILL)
                return


def resident_bytes(pid: int) -> int:
    """What a process holds in memory; 0 where the system does not say it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
