"""AWS lines that are not ours: each field that another project's tests assert is in our record.

`FROE_EXAMPLES` names the directory with `lines.jsonl`; without it the test is skipped.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.detection import detect
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record
from tests.unit.formats.test_examples import CONTEXT, LINES

NAMES: Final = {
    "type": ("aws.elb.type", "aws.vpc.type"),
    "elb": ("aws.elb.name",),
    "client_ip": ("client.address",),
    "client_port": ("client.port",),
    "clientport": ("client.port",),
    "target_ip": ("aws.elb.target.address",),
    "target_port": ("aws.elb.target.port",),
    "backendip": ("aws.elb.backend.address",),
    "backendport": ("aws.elb.backend.port",),
    "backend_response": ("aws.elb.backend_status_code",),
    "target_status_code": ("aws.elb.target_status_code",),
    "status": ("http.response.status_code",),
    "bytes": ("http.response.size", "aws.vpc.bytes", "http.response.body.size"),
    "received_bytes": ("http.request.size",),
    "method": ("http.request.method",),
    "url": ("url.full",),
    "url_path": ("url.full",),
    "path": ("url.path", "url.full"),
    "port": ("url.port",),
    "proto": ("url.scheme",),
    "http_version": ("network.protocol.version",),
    "user_agent": ("user_agent.original",),
    "original": ("user_agent.original",),
    "ssl_cipher": ("tls.cipher",),
    "ssl_protocol": ("tls.protocol.version",),
    "domain_name": ("tls.client.server_name",),
    "traceability_id": ("aws.elb.conn_trace_id",),
    "protocol": ("aws.vpc.protocol", "protocol"),
    "account_id": ("cloud.account.id",),
    "instance_id": ("host.id",),
    "srcaddr": ("source.address",),
    "dstaddr": ("destination.address",),
    "srcport": ("source.port",),
    "dstport": ("destination.port",),
    "timestamp_end": ("aws.vpc.end",),
    "ip": ("client.address",),
    "request_id": ("aws.request_id",),
    "request_time_ms": ("aws.s3.total_time",),
}
"""Neutral name → ours, where it is not one of ours with another prefix."""
PREFIXES: Final = ("aws.elb.", "aws.vpc.", "aws.s3.")
_TIMES: Final = Times(CONTEXT.last_modified)


def found(record: Record, name: str) -> Any:
    """What a record says under a neutral name, None where it says nothing."""
    fields: dict[str, Any] = dict(record.attributes)
    if "network.protocol.version" in fields:
        fields["protocol"] = f"HTTP/{fields['network.protocol.version']}"
    if name in ("timestamp", "timestamp_text"):
        return record.timestamp
    if name == "urihost":
        return f"{fields['url.domain']}:{fields['url.port']}"
    if name == "path" and "url.query" in fields:
        return f"{fields['url.path']}?{fields['url.query']}"
    names = NAMES.get(name, tuple(f"{prefix}{name}" for prefix in PREFIXES))
    return [fields[own] for own in names if own in fields]


def agrees(got: Any, value: Any) -> bool:
    if value == []:
        return got in ([], None)
    if isinstance(got, list) and not isinstance(value, list):
        return any(agrees(each, value) for each in got)
    if isinstance(value, list):
        return [str(each) for each in got[0]] == [str(each) for each in value]
    texts = {str(got), str(value)}
    if len(texts) == 1:
        return True
    stamps = {_stamp(text) for text in texts}
    return len(stamps) == 1 and None not in stamps


def _stamp(text: str) -> str | None:
    found_stamp = _TIMES.of_text(text) or _TIMES.of_number(text)
    return found_stamp[0].removesuffix("Z").rstrip("0").rstrip(".") if found_stamp else None


@pytest.mark.skipif(not LINES.is_file(), reason="optional: no lines.jsonl in FROE_EXAMPLES")
def test_every_asserted_field_of_an_aws_line_is_in_the_record() -> None:
    missed = []
    for row in map(json.loads, LINES.read_text(encoding="utf-8").splitlines()):
        if row["family"] != "aws":
            continue
        header = next(
            (flag.partition(":")[2] for flag in row["flags"] if flag.startswith("needs_header")), ""
        )
        text = f"{header}\n{row['line']}" if header else row["line"]
        known = detect(text.encode(), CONTEXT.last_modified, complete=True).format
        assert known.name == row["format"]
        record = known.make_parser(ParseContext(CONTEXT.last_modified, header))(row["line"])
        assert isinstance(record, Record), row
        missed += [
            (row["format"], name, value)
            for name, value in row["expected"].items()
            if not agrees(found(record, name), value)
        ]
    assert missed == []
