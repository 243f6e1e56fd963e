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
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.systems.priorities import PRIORITIES
from chalicelib.core.records import Record

ROOT = Path(__file__).resolve().parents[3]
LINES = Path(os.environ.get("FROE_EXAMPLES", ROOT / ".." / "shared" / "examples")) / "lines.jsonl"
WHEN = datetime(2026, 12, 31, tzinfo=UTC)
CONTEXT = ParseContext(WHEN, explain=Explainer(WHEN))
FORMATS = {
    "apache_common": ("access_common",),
    "apache_combined": ("access_combined",),
    "nginx_access": ("access_combined", "nginx_proxy_manager", "access_vhost", "access_other"),
    "nginx_vhost_access": ("access_vhost",),
    "nginx_ingress": ("nginx_ingress",),
    "nginx_proxy_manager": ("nginx_proxy_manager", "access_combined"),
    "bunkerweb": ("access_vhost",),
    "litespeed": ("access_combined",),
    "caddy_json": ("caddy",),
    "caddy_coraza": ("caddy",),
    "squid": ("squid",),
    "traefik": ("traefik_json",),
    "zoraxy": ("zoraxy",),
    "coredns": ("coredns",),
    "tcpudp_flood_traefik": ("traefik_connections",),
    "syslog_rfc5424": ("syslog_rfc5424",),
    "syslog_rfc3164": ("syslog_rfc3164",),
    "syslog_rfc3164_nopri": ("syslog_rfc3164",),
    "syslog_isotime": ("syslog_rfc3164",),
    "syslog_other": ("syslog_rfc5424", "syslog_rfc3164"),
    "log4j_hdfs": ("timestamped",),
    "log4j_cassandra": ("cassandra",),
    "postgres": ("postgresql",),
    "vpostgres": ("postgresql",),
    "supabase_docker_pgsql": ("postgresql",),
    "mysql_error": ("mysql_error", "mysql_general"),
    "mongodb_text": ("mongodb_text",),
    "mongodb": ("mongodb_json",),
    "couchdb": ("couchdb",),
    "couchdb_log_node": ("couchdb",),
    "mssql_text": ("mssql",),
    "sqlserver_error": ("mssql",),
    "ibm_db2": ("db2diag",),
    "marklogic": ("marklogic_access", "marklogic"),
    "confluent_platform": ("kafka",),
    "clickhouse": ("clickhouse",),
    "pgbouncer": ("pgbouncer",),
    "proxysql": ("proxysql",),
    "twemproxy": ("twemproxy",),
    "riak": ("riak",),
    "rethinkdb": ("rethinkdb",),
    "arangodb": ("arangodb",),
    "voltdb": ("voltdb",),
    "singlestore": ("singlestore",),
    "hivemq": ("hivemq",),
    "ceph": ("ceph",),
    "nagios": ("nagios",),
    "etcd": ("etcd",),
    "memcached": ("memcached",),
    "kyototycoon": ("kyototycoon",),
    "gunicorn": ("timestamped",),
    "home_assistant": ("timestamped",),
    "paperless_ngx": ("timestamped",),
    "flink": ("timestamped",),
    "hudi": ("timestamped",),
    "spdlog": ("timestamped",),
    "openappsec": ("openappsec",),
    "klog": ("klog",),
    "mesos": ("klog",),
    "impala": ("klog",),
    "glog": ("glog",),
    "k8s_cri": ("k8s_cri",),
    "logfmt": ("logfmt", "key_value"),
    "argocd": ("logfmt", "k8s_trace"),
    "etcd": ("capnslog",),
    "calico": ("calico",),
    "docker_daemon_logfmt": ("datadog_agent",),
    "zap_console": ("zap_console",),
    "otlp_python": ("otel_python_text",),
    "sidekiq": ("sidekiq",),
    "vaultwarden": ("vaultwarden",),
    "grafana": ("logfmt",),
    "miniflux": ("docker_compose",),
    "pterodactyl_wings": ("apex_log",),
    "authentik": ("authentik",),
    "teleport": ("teleport_audit",),
    "harbor": ("harbor",),
    "temporal": ("json",),
    "karpenter": ("json",),
}
"""Row format → ours, where it is one we know now."""
ATTRIBUTES = {
    "client_ip": "client.address",
    "client_port": "client.port",
    "target_host": "server.address",
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
        return value in (record.body, got.get("log.record.original"))
    if name == "protocol":
        return f"{got['network.protocol.name']}/{got['network.protocol.version']}".upper() == value
    if name == "path":
        path = got.get("url.path", record.body)
        return (f"{path}?{got['url.query']}" if "url.query" in got else path) == value
    if name == "thread" and "thread.id" in got:
        return got["thread.id"] == int(value)
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
