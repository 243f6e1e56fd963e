"""X-Ray's traces of a file, as separate documents, however they are nested.

Limits: only the six hours after the file was opened, and a bounded number of requests; what was not sampled is missing
(https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from chalicelib.aws.errors import translated
from chalicelib.trace_status import Recorded
from chalicelib.waterfalls import Document

_LONGEST: Final = timedelta(hours=6)
_MARGIN: Final = timedelta(minutes=5)
"""Clocks differ, and marks come behind the settling."""
_TRACES_A_REQUEST: Final = 5
"""https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html"""
_LISTS_MAX: Final = 4
_REQUESTS_MAX: Final = 20


class XRayTraces:
    """client: a low-level client of X-Ray."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def recorded(self, file_id: str, opened_at: datetime, settled_at: datetime) -> Recorded:
        """What the functions did for a file. settled_at: or now."""
        begin = opened_at - _MARGIN
        end = min(settled_at + _MARGIN, begin + _LONGEST)
        ids, is_whole = self._ids(file_id, begin, end)
        documents: list[Document] = []
        requests, waiting = 0, ids
        while waiting and requests < _REQUESTS_MAX:
            asked, waiting = waiting[:_TRACES_A_REQUEST], waiting[_TRACES_A_REQUEST:]
            request: dict[str, Any] = {"TraceIds": asked}
            while requests < _REQUESTS_MAX:
                requests += 1
                with translated(f"reading the traces of {file_id}"):
                    answer = self._client.batch_get_traces(**request)
                documents += (each for trace in answer["Traces"] for each in _documents_in(trace))
                if not answer.get("NextToken"):
                    break
                request["NextToken"] = answer["NextToken"]
            else:
                is_whole = False
        return Recorded(documents, is_whole and not waiting and end >= settled_at)

    def _ids(self, file_id: str, begin: datetime, end: datetime) -> tuple[list[str], bool]:
        request: dict[str, Any] = {
            "StartTime": begin,
            "EndTime": end,
            "Sampling": False,
            "FilterExpression": f'annotation.file_id = "{file_id}"',
        }
        ids: dict[str, None] = {}
        for _ in range(_LISTS_MAX):
            with translated(f"listing the traces of {file_id}"):
                answer = self._client.get_trace_summaries(**request)
            ids |= dict.fromkeys(each["Id"] for each in answer["TraceSummaries"])
            if not answer.get("NextToken"):
                return list(ids), True
            request["NextToken"] = answer["NextToken"]
        return list(ids), False


def _documents_in(trace: dict[str, Any]) -> Iterator[Document]:
    for segment in trace["Segments"]:
        yield from _flat(orjson.loads(segment["Document"]), trace["Id"])


def _flat(document: dict[str, Any], trace_id: str) -> Iterator[Document]:
    """A document, and those in it as they are when they are sent by themselves."""
    inside = document.pop("subsegments", ())
    yield {"trace_id": trace_id, **document}
    for each in inside:
        yield from _flat({"parent_id": document["id"], **each}, trace_id)
