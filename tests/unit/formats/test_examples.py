"""Agreement with what other projects' tests assert, on lines that are not ours.

`FROE_EXAMPLES` names the directory with `lines.jsonl`; without it the test is skipped. The rows have
neutral names; a field that the row asserts and the format types must agree.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.systems.priorities import PRIORITIES
from chalicelib.core.records import Record

ROOT = Path(__file__).resolve().parents[3]
LINES = Path(os.environ.get("FROE_EXAMPLES", ROOT / ".." / "shared" / "examples")) / "lines.jsonl"
CONTEXT = ParseContext(datetime(2026, 12, 31, tzinfo=UTC))
FORMATS = {
    "apache_common": ("access_common",),
    "apache_combined": ("access_combined",),
    "nginx_access": ("access_combined",),
    "syslog_rfc5424": ("syslog_rfc5424",),
    "syslog_rfc3164": ("syslog_rfc3164",),
    "syslog_rfc3164_nopri": ("syslog_rfc3164",),
    "syslog_isotime": ("syslog_rfc3164",),
    "syslog_other": ("syslog_rfc5424", "syslog_rfc3164"),
    "log4j_hdfs": ("hadoop",),
    "log4j_cassandra": ("timestamped",),
    "gunicorn": ("timestamped",),
    "home_assistant": ("home_assistant",),
    "paperless_ngx": ("timestamped",),
    "flink": ("log4j",),
    "hudi": ("log4j",),
    "spdlog": ("timestamped",),
    "activemq": ("activemq",),
    "airflow": ("airflow",),
    "ambari": ("ambari_alerts",),
    "bacula": ("bacula",),
    "baserow": ("bracketed_requests",),
    "bookstack": ("timestamped",),
    "druid": ("log4j",),
    "exchange_smtp": ("exchange_smtp",),
    "filebrowser": ("go_log",),
    "fireflyiii": ("monolog",),
    "gitea": ("go_log",),
    "hive": ("hadoop",),
    "immich": ("nestjs",),
    "java": ("log4j", "hadoop", "spark", "python_logging"),
    "jellyseerr": ("timestamped",),
    "joplin_server": ("bracketed_requests",),
    "katello": ("puppet_kafo",),
    "laravel": ("monolog",),
    "litellm": ("uvicorn",),
    "magento_extension": ("monolog",),
    "mapreduce": ("hadoop",),
    "mcollective": ("ruby_logger",),
    "otlp_python": ("python_logging",),
    "overseerr": ("timestamped",),
    "presto": ("presto_http",),
    "proxifier": ("proxifier",),
    "qbittorrent": ("timestamped",),
    "radarr": ("nlog",),
    "sabnzbd": ("sabnzbd",),
    "statsd": ("statsd",),
    "stirling_pdf": ("log4j",),
    "thehive": ("thehive",),
    "tomcat": ("log4j", "timestamped"),
    "torchserve": ("torchserve",),
    "weave-npc": ("weave_npc", "timestamped"),
    "weblogic": ("weblogic",),
    "zoneminder": ("zoneminder",),
    "openappsec": ("json",),
    "temporal": ("json",),
    "karpenter": ("json",),
}
"""Row format → ours, where it is one we know now."""
ATTRIBUTES = {
    "client_ip": "client.address",
    "ident": "ident",
    "user": "user.name",
    "method": "http.request.method",
    "url_path": "url.path",
    "status": "http.response.status_code",
    "bytes": "http.response.body.size",
    "referrer": "http.request.header.referer",
    "user_agent": "user_agent.original",
    "http_version": "network.protocol.version",
    "host": "host.name",
    "program": "service.name",
    "pid": "process.pid",
    "facility_code": "syslog.facility.code",
    "severity_code": "syslog.severity.code",
    "msgid": "syslog.msgid",
    "version": "syslog.version",
    "thread": "thread.name",
    "client_port": "client.port",
}
IN_THE_MESSAGE = {
    "client_ip",
    "user",
    "method",
    "status",
    "bytes",
    "path",
    "http_version",
    "user_agent",
    "url_path",
}
"""Neutral names that a peer finds inside the message of a line that is not an access line."""


def _time(text: str) -> str:
    text = text.rstrip("Z")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _agrees(record: Record, name: str, value: str) -> bool | None:
    """Whether a field agrees; None where ours has no such field by design."""
    got = record.attributes
    if name in ("timestamp", "timestamp_local"):
        return record.timestamp is not None and _time(record.timestamp).startswith(_time(value))
    if name == "timestamp_noyear":
        return record.timestamp is not None and _time(record.timestamp)[5:] == value
    if name == "level":
        return (record.severity_text or "").lower() == value.lower()
    if name == "severity" and "syslog.severity.code" in got:
        return record.severity_text == value
    if name in ("message", "request"):
        return record.body == value
    if name == "protocol":
        return f"{got['network.protocol.name']}/{got['network.protocol.version']}".upper() == value
    if name == "path":
        path = got.get("url.path", record.body)
        return (f"{path}?{got['url.query']}" if "url.query" in got else path) == value
    if name in ATTRIBUTES:
        return str(got.get(ATTRIBUTES[name])) == str(value)
    return None


@pytest.mark.skipif(not LINES.is_file(), reason="optional: no lines.jsonl in FROE_EXAMPLES")
def test_97_of_100_asserted_fields_agree() -> None:
    agreed: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    missed: list[tuple[str, str, Any, str]] = []
    for row in map(json.loads, LINES.read_text(encoding="utf-8").splitlines()):
        if row["format"] not in FORMATS or row["strength"] not in ("asserted", "derived"):
            continue
        if row["format"] == "nginx_access" and row["line"].startswith("["):
            continue  # a log_format of someone's own, with the time first
        candidates = (by_name(name).make_parser(CONTEXT)(row["line"]) for name in FORMATS[row["format"]])
        record = next((parsed for parsed in candidates if isinstance(parsed, Record)), None)
        access = row["family"] == "web"
        for name, value in row["expected"].items():
            if not access and name in IN_THE_MESSAGE:
                continue
            agrees = False if record is None else _agrees(record, name, value)
            if agrees is not None:
                asked[row["format"]] += 1
                agreed[row["format"]] += agrees
                if not agrees:
                    missed.append((row["format"], name, value, row["line"][:100]))
    assert agreed.total() >= 0.97 * asked.total(), missed
    for known in (
        "apache_common",
        "syslog_rfc5424",
        "syslog_rfc3164",
        "syslog_rfc3164_nopri",
        "syslog_isotime",
    ):
        assert agreed[known] == asked[known] > 0, [miss for miss in missed if miss[0] == known]


@pytest.mark.skipif(not LINES.is_file(), reason="optional: no lines.jsonl in FROE_EXAMPLES")
def test_lines_that_a_peer_refuses_are_rejects_of_the_same_format() -> None:
    for row in map(json.loads, LINES.read_text(encoding="utf-8").splitlines()):
        if row["format"] in FORMATS and row["strength"] == "reject":
            for line in row["line"].split("\n"):
                for name in FORMATS[row["format"]]:
                    assert not isinstance(by_name(name).make_parser(CONTEXT)(line), Record), line


def test_there_are_192_priorities() -> None:
    assert len(PRIORITIES) == 192
