"""A level that nobody knows costs a line its severity number, and nothing else: one rule for all formats."""

from __future__ import annotations

import re

import pytest

from chalicelib.core.formats.registry import NAMES, by_name
from chalicelib.core.records import Record
from tests.lines_of_formats import entries_of, read, record_of

_NO_WORD_FOR_A_LEVEL = {
    # Coded by letters or numbers, or by the member of a dialect that is told by its levels.
    "syslog", "mongodb_text", "mongodb_json", "winston", "zerolog", "logrus_json", "slog", "aws_guardduty", "aws_securityhub", "otel_console", "otlp_json",
    # The level is also what the line is told by, or a word of prose in small letters.
    "dovecot", "bind", "vmware", "rethinkdb", "marklogic", "mssql", "dotnet_console", "windows_cbs", "macos_unified",
    "traefik_connections", "k8s_trace", "statsd", "bacula", "bgl", "nagios", "stack_trace", "timestamped", "zoneminder",
    "couchdb", "thehive", "aws_cloudwatch_events", "time_of_day", "aws_lambda", "heroku", "azure_records", "svlogd", "python_logging", "serilog_text", "mysql_error",
    "syslog_rfc3164", "asterisk", "logfmt", "json", "postgresql", "docker_compose", "aws_cloudwatch",
    "mikrotik", "windows_event_xml", "container_times", "docker_json", "k8s_cri", "kubectl_prefix", "stern", "json_rows", "loki",
}  # fmt: skip
"""Formats some lines of which are left to others when the level is unknown; in syslog the priority's severity counts then."""


def _unknown(word: str) -> str:
    return "ADVISORY" if word.isupper() else "advisory" if word.islower() else "Advisory"


def _changed(name: str) -> list[tuple[Record, Record | None, str]]:
    """Record, the record of the same entry with an unknown level, and the level."""
    pairs = []
    for entry, record in entries_of(name):
        word = record.severity_text
        if word is None or len(word) < 2 or by_name(name).framing.header_first:
            continue
        pattern = rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])"
        changed, count = re.subn(pattern, _unknown(word), entry, count=1)
        if count:
            try:
                pairs.append((record, record_of(name, changed), _unknown(word)))
            except AssertionError:
                pairs.append((record, None, _unknown(word)))
    return pairs


@pytest.mark.parametrize("name", sorted(set(NAMES) - _NO_WORD_FOR_A_LEVEL))
def test_a_line_of_an_unknown_level_keeps_its_word_and_its_fields(name: str) -> None:
    for record, changed, word in _changed(name):
        assert changed is not None
        assert (changed.severity_text, changed.severity_number) == (word, None)
        assert changed.timestamp == record.timestamp
        assert str(changed.body).replace(word, "") == str(record.body).replace(record.severity_text or "", "")
        assert changed.attributes.keys() == record.attributes.keys()


def test_most_formats_with_levels_keep_a_line_of_an_unknown_one() -> None:
    kept = [
        name
        for name in NAMES
        if (pairs := _changed(name))
        and all(changed is not None and changed.severity_text == word for _, changed, word in pairs)
    ]
    assert len(kept) > 70, kept


CLICKHOUSE = "2024.03.14 09:26:53.00000{} [ 7 ] {{}} <{}> shop.orders (Queue): Loaded queue"


def test_lines_of_an_unknown_level_stay_with_the_format_of_their_file() -> None:
    lines = [CLICKHOUSE.format(i, "Advisory" if i % 5 == 4 else "Debug") for i in range(10)]
    name, outcomes = read("\n".join(lines).encode())
    assert (name, {outcome.format for outcome in outcomes}) == ("clickhouse", {None})
    parsed = [outcome.result for outcome in outcomes if isinstance(outcome.result, Record)]
    assert [(each.severity_text, each.severity_number) for each in parsed[3:5]] == [
        ("Debug", 5),
        ("Advisory", None),
    ]
    assert parsed[4].attributes == parsed[3].attributes


BROKEN = {
    "haproxy": (
        '192.0.2.17:50886 [14/Mar/2024:09:26:53.123] www shop/web-1 0/0/1/21/22 200 938 - - ---- 4/4/3/3/0 0/0 "GET / HTTP/1.1"',
        "192.0.2.17:50886 [14/Mar/2024:09:26:53.123] www~ shop/web-1 0/0/1/21/22 2x0 938",
    ),
    "nginx_error": (
        '2024/03/14 09:26:53 [error] 4711#4711: *17 open() "/srv/a" failed, client: 192.0.2.17, server: a, host: "a"',
        "2024/03/14 09:26:54 [error] 4711: broken here",
    ),
    "clickhouse": (CLICKHOUSE.format(0, "Debug"), CLICKHOUSE.format(0, "Advisory")),
    "log4j": ("2024-03-14 09:26:53,123 [main] INFO  org.example.Shop - order", "2024-03-14 09:26:53,123 [main] broken"),
    "kafka": ("[2024-03-14 09:26:53,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)", "[2024-03-14 09:26:53,123] broken"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("count", [3, 4, 12])
@pytest.mark.parametrize("first", [True, False])
def test_a_broken_line_never_turns_the_others_to_another_format(name: str, count: int, first: bool) -> None:
    good, bad = BROKEN[name]
    lines = [bad, *[good] * count] if first else [*[good] * (count - 1), bad, good]
    actual, outcomes = read("\n".join(lines).encode())
    assert actual == name
    assert [outcome.format for outcome in outcomes].count(None) >= count
