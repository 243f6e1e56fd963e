"""Runs inside a deployed function, around its handler: notes every effect on the outside, and kills the process.

An effect is a request that changes something: it goes out through botocore's one HTTP session or our own connections, whatever
client, thread or retry sends it. `DEADLY_FOLDER` holds a plan a file, `{file_id}.json`; what is done for a file is noted
in `{file_id}.log`, a line before and a line after each effect, and a kill in `{file_id}.killed`. Files without a
plan are left alone. It is packaged with nothing: `tests/integration/kills.py` puts it in the way of a function.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import botocore.httpsession

from chalicelib.aws.connections import Connections

FOLDER = Path(os.environ["DEADLY_FOLDER"])
FUNCTION = os.environ["AWS_LAMBDA_FUNCTION_NAME"].rsplit("-", 1)[-1]
EFFECTS = re.compile(r"(Put|Post|Update|Delete|BatchWrite|TransactWrite|Send|Change|Publish|Start)\w*")
FILE_ID = re.compile(r"(?<![a-z2-7])[a-z2-7]{26}(?![a-z2-7])")
HOLD_SECONDS = 120
LOOK_SECONDS = 1
"""Whoever had the last of the effects looks around after it: what it finds must not depend on a race either."""

_send, _ask = botocore.httpsession.URLLib3Session.send, Connections.ask


def send(session: Any, request: Any) -> Any:
    """Send a request as botocore does, and live or die before or after it."""
    body = _text_of(request.body)
    operation = operation_of(request.method, request.url, request.headers, body)
    return _done(operation, request.url, body, partial(_send, session, request))


def ask(connections: Connections, head: bytes, body: bytes) -> Any:
    """The same for a hot call, which is sent without botocore."""
    target = re.search(rb"(?i)\r\nx-amz-target: (\S+)", head)
    assert target
    operation = target[1].decode().rsplit(".", 1)[-1]
    return _done(operation, "", body.decode(), partial(_ask, connections, head, body))


def _done(operation: str, url: str, body: str, request: Callable[[], Any]) -> Any:
    if not EFFECTS.fullmatch(operation):
        return request()
    planned = list(_plans_in(unquote_plus(f"{url} {body}")))
    names = [f"{operation} {detail_of(operation, url, body, file_id)}" for file_id, _ in planned]
    for (file_id, plan), name in zip(planned, names, strict=True):
        _hold(file_id, plan["holds"].get(name, ()))
        _note(file_id, "begun", name)
        _perhaps_die(file_id, plan["kill"], name, "before")
    answer = request()
    for (file_id, plan), name in zip(planned, names, strict=True):
        _note(file_id, "done", name)
        _perhaps_die(file_id, plan["kill"], name, "after")
    return answer


def operation_of(method: str, url: str, headers: Any, body: str) -> str:
    """The API's operation, as requests to DynamoDB and SQS (a header), SNS (a form) and S3 (the method) show it."""
    target = headers.get("X-Amz-Target")
    if target:
        return str(target.decode() if isinstance(target, bytes) else target).rsplit(".", 1)[-1]
    form = parse_qs(body) if "form-urlencoded" in str(headers.get("Content-Type")) else {}
    return form["Action"][0] if "Action" in form else f"{method.title()}Object"


def detail_of(operation: str, url: str, body: str, file_id: str) -> str:
    """What an effect does to a file, in words that are the same for every file of the same bytes."""
    if operation.startswith("Publish"):
        return "notice"
    if operation.endswith("Object"):
        return urlsplit(url).path.split("/")[1]
    asked = json.loads(body)
    if operation.endswith("Item") and ("Item" in asked or "Key" in asked):
        return _item_detail(asked)
    if operation == "BatchWriteItem":
        (requests,) = asked["RequestItems"].values()
        first = requests[0]["PutRequest"]["Item"]
        offset, mark, part = first["sk"]["S"].partition("#")
        return f"{_tail(first['batch_id']['S'], file_id)} from {int(offset)}{mark}{part}"
    bodies = [entry["MessageBody"] for entry in asked.get("Entries", [asked]) if "MessageBody" in entry]
    message = next((json.loads(each) for each in bodies if file_id in each), {})
    if message.get("kind") == "split":
        return f"split {message['split']}"
    return _tail(str(message.get("batch_id", "")), file_id)


def _item_detail(asked: dict[str, Any]) -> str:
    """`file`, `split#000000 sealed`, `leaf#000000#000000 3`, `file state`, `file state COMPLETE`, `dead`, `statistics`."""
    words = [(asked.get("Item") or asked["Key"])["sk"]["S"]]
    if words[0].startswith("dead#"):
        words = ["dead"]
    elif FILE_ID.fullmatch(words[0]):
        words = ["statistics"]
    first = asked.get("ExpressionAttributeNames", {}).get("#0")
    if first:
        words.append(first)
    if first == "state":
        state = asked["ExpressionAttributeValues"][":0"]["S"].partition("#")[0]
        words += [state] if state not in {"SPLITTING", "PROCESSING"} else []
    return " ".join(words)


def _tail(batch_id: str, file_id: str) -> str:
    return batch_id.removeprefix(f"{file_id}-")


def _text_of(body: Any) -> str:
    if hasattr(body, "read"):
        body, stream = body.read(), body
        stream.seek(0)
    return body.decode("utf-8", "replace") if isinstance(body, bytes | bytearray) else body or ""


def _plans_in(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for file_id in dict.fromkeys(FILE_ID.findall(text)):
        path = FOLDER / f"{file_id}.json"
        if path.exists():
            yield file_id, json.loads(path.read_text())


def _hold(file_id: str, until: Any) -> None:
    """Wait until all these effects are done for the file."""
    awaited = set(until)
    give_up_at = time.monotonic() + HOLD_SECONDS
    while awaited and time.monotonic() < give_up_at:
        lines = (json.loads(line) for line in (FOLDER / f"{file_id}.log").read_text().splitlines())
        if awaited <= {line["effect"] for line in lines if line["phase"] == "done"}:
            time.sleep(LOOK_SECONDS)
            return
        time.sleep(0.02)


def _note(file_id: str, phase: str, name: str) -> None:
    line = json.dumps({"function": FUNCTION, "phase": phase, "effect": name}) + "\n"
    log = os.open(FOLDER / f"{file_id}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, line.encode())
    os.close(log)


def _perhaps_die(file_id: str, kill: dict[str, Any] | None, name: str, when: str) -> None:
    if kill is None or (kill["function"], kill["effect"], kill["when"]) != (FUNCTION, name, when):
        return
    try:
        os.close(os.open(FOLDER / f"{file_id}.killed", os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


botocore.httpsession.URLLib3Session.send = send
Connections.ask = ask  # type: ignore[assignment, method-assign]
_module, _name = os.environ["DEADLY_HANDLER"].rsplit(".", 1)
handler = getattr(importlib.import_module(_module), _name)
