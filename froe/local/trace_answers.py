"""Answers requests for traces in place of X-Ray, from the collector of a local stack.

Limits: loopback; the only filter is `annotation.file_id`; everything is in one answer.
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import orjson

from froe.local.collector import collected

_FILE: Final = re.compile(r'annotation\.file_id = "([a-z0-9~]+)"')


class TraceAnswers:
    """path: where the collector writes. It ends with the process, or is stopped."""

    def __init__(self, path: Path) -> None:
        answers: Mapping[str, Callable[[Any], dict[str, Any]]] = {
            "/TraceSummaries": lambda asked: _summaries(path, asked),
            "/Traces": lambda asked: _traces(path, asked),
        }

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = answers.get(self.path)
                body_out = orjson.dumps(
                    answer(orjson.loads(body)) if answer else {"message": "not answered here"}
                )
                self.send_response(200 if answer else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body_out)))
                self.end_headers()
                self.wfile.write(body_out)

            def log_message(self, *_: Any) -> None:
                """Nothing: it answers its own stack."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, name="trace-answers", daemon=True).start()

    @property
    def url(self) -> str:
        """As AWS_ENDPOINT_URL_XRAY wants it."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _summaries(path: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    sought = _FILE.fullmatch(asked.get("FilterExpression", ""))
    documents = collected(path, sought[1]) if sought else ()
    ids = dict.fromkeys(each["trace_id"] for each in documents)
    return {"TraceSummaries": [{"Id": each} for each in ids]}


def _traces(path: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    by_trace: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for trace_id in asked["TraceIds"]:
        for each in collected(path, trace_id):
            if each["trace_id"] == trace_id:
                by_trace[trace_id].append({"Id": each["id"], "Document": orjson.dumps(each).decode()})
    return {"Traces": [{"Id": name, "Segments": segments} for name, segments in by_trace.items()]}
