"""Databases and brokers: the variants of their logs, and what is none of theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.core.formats import Format, ParseContext
from chalicelib.core.formats.detection import detect
from chalicelib.core.formats.kinds import add_peer
from chalicelib.core.formats.registry import all_formats, by_name, family_of
from chalicelib.core.formats.sieves import sieve_of
from chalicelib.core.records import Record

Explain = Callable[[str, str], Record]
Reason = Callable[[str, str], str]

DATABASES = [known for known in all_formats() if family_of(known.name) == "databases"]
each_format = pytest.mark.parametrize("known", DATABASES, ids=lambda known: known.name)


@each_format
def test_the_sieve_lets_every_sample_through(known: Format) -> None:
    assert all(sieve_of(known)(sample) for sample in known.samples)


@each_format
def test_no_other_format_of_a_database_explains_its_samples(known: Format, context: ParseContext) -> None:
    for other in DATABASES:
        if other is not known:
            parse = other.make_parser(context)
            seen = [
                sample
                for sample in known.samples
                if sieve_of(other)(sample) and isinstance(parse(sample), Record)
            ]
            assert (other.name, seen) == (other.name, [])


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"info"}',
        "<34>1 2024-03-14T09:26:53Z web-1 shop - - - ready",
        "2024-03-14 09:26:53,123 INFO org.example.Shop: ready",
        "E0314 09:26:53.123456       1 pay.go:42] declined",
    ],
)
@pytest.mark.parametrize(
    "name", ["nginx_error", "klog", "mysql_error", "couchdb", "rabbitmq", "elasticsearch"]
)
def test_an_entry_ends_where_another_log_begins(name: str, line: str) -> None:
    assert re.match(by_name(name).framing.entry_start or "", line)


@each_format
def test_an_entry_start_is_seen_in_every_first_line(known: Format) -> None:
    start = known.framing.entry_start
    if start is not None:
        assert all(re.match(start, sample.split("\n")[0]) for sample in known.samples)


@each_format
def test_prefixes_of_samples_are_rejects_or_records_and_never_raise(
    known: Format, context: ParseContext
) -> None:
    parse = known.make_parser(context)
    for sample in known.samples:
        for end in range(len(sample)):
            parse(sample[:end])


@pytest.mark.parametrize(
    ("prefix", "attributes"),
    [
        ("2024-03-14 09:26:53.123 UTC [4711] ", {"process.pid": 4711}),
        ("2024-03-14 09:26:53.123 UTC [4711] ada@shop ", {"process.pid": 4711, "user.name": "ada", "db.namespace": "shop"}),
        ("2024-03-14 09:26:53 UTC [4711]: [3-1] user=ada,db=shop,app=my-app,client=192.0.2.17 ",
         {"process.pid": 4711, "postgresql.session_line": 3, "user.name": "ada", "db.namespace": "shop",
          "postgresql.application_name": "my-app", "client.address": "192.0.2.17"}),
        ("2024-03-14 09:26:53 UTC:192.0.2.17(51022):ada@shop:[4711]:",
         {"process.pid": 4711, "client.address": "192.0.2.17", "client.port": 51022, "user.name": "ada", "db.namespace": "shop"}),
        ("2024-03-14 09:26:53 UTC::@:[4711]:", {"process.pid": 4711}),
        ("192.0.2.17 2024-03-14 09:26:53 UTC [4711] ada@shop ",
         {"process.pid": 4711, "client.address": "192.0.2.17", "user.name": "ada", "db.namespace": "shop"}),
        ("2024-03-14 09:26:53 UTC-65f2c1ad.1267-", {"postgresql.session_id": "65f2c1ad.1267"}),
        ("1710408413.123 [4711] ", {"process.pid": 4711}),
        ("2024-03-14 09:26:53.123 UTC [4711] [unknown]@[unknown] ", {"process.pid": 4711}),
        ("2024-03-14 09:26:53 UTC [4711]: [3-1] user=,db=,app=,client= ", {"process.pid": 4711, "postgresql.session_line": 3}),
        ("[2024-03-14 09:26:53 UTC] 4711 3/17 shop ", {"process.pid": 4711, "postgresql.virtual_transaction_id": "3/17", "postgresql.prefix": "shop"}),
        ("[4711] ", {"process.pid": 4711}),
        ("2024-03-14 09:26:53.123 UTC [4711] shop my app ada 192.0.2.17 5bc48c44.3039 ",
         {"process.pid": 4711, "db.namespace": "shop", "postgresql.application_name": "my app", "user.name": "ada",
          "client.address": "192.0.2.17", "postgresql.session_id": "5bc48c44.3039"}),
        ("2024-03-14 09:26:53 UTC 64bf2ff1.21 0 [unknown] [unknown] 192.0.2.17(51022) 4711 2",
         {"process.pid": 4711, "postgresql.session_id": "64bf2ff1.21", "postgresql.transaction_id": 0,
          "client.address": "192.0.2.17", "client.port": 51022, "postgresql.session_line": 2}),
    ],
)  # fmt: skip
def test_any_prefix_of_postgresql_is_read_by_its_look(
    record: Explain, prefix: str, attributes: dict[str, Any]
) -> None:
    parsed = record("postgresql", f"{prefix}LOG:  ready")
    assert (parsed.severity_text, parsed.severity_number, parsed.body) == ("LOG", 9, "ready")
    assert parsed.attributes == attributes
    assert (parsed.timestamp or "2024-03-14T09:26:53").startswith("2024-03-14T09:26:53")


@pytest.mark.parametrize(
    "line",
    ["ERROR:  no prefix", "2024-03-14 09:26:53 ERROR:  of any program", "some words that say LOG:  something",
     "2024-03-14 09:26:53 UTC [1] LOG: one space", "\tLOG:  continued", "2024-03-14 09:26:53 a b c d e f g h i j [1] LOG:  prose",
     "Mar 14 09:26:53 db-1 postgres[4711]: [3-1] LOG:  of syslog", "<14>Mar 14 09:26:53 [1] LOG:  x"],
)  # fmt: skip
def test_other_lines_with_a_level_are_not_postgresql(reason: Reason, line: str) -> None:
    assert reason("postgresql", line) == "other-shape"


@pytest.mark.parametrize("columns", [22, 23, 24, 26])
def test_the_columns_of_every_version_are_read(record: Explain, columns: int) -> None:
    values = ["2024-03-14 09:26:53.123 UTC", '"ada"', '"shop"', "4711", '"192.0.2.17:51022"', "65f2.1", "3", '"SELECT"',
              "2024-03-14 09:20:00 UTC", "3/17", "0", "ERROR", "42P01", '"a ""b"", c"', "", "", "", "", "", "", "", "",
              '"psql"', '"client backend"', "4712", "-17"]  # fmt: skip
    parsed = record("postgresql_csv", ",".join(values[:columns]))
    assert parsed.body == 'a "b", c'
    assert parsed.attributes.get("postgresql.application_name") == ("psql" if columns > 22 else None)
    assert parsed.attributes.get("postgresql.query_id") == (-17 if columns == 26 else None)


def test_a_csv_line_of_another_width_is_a_reject(reason: Reason) -> None:
    line = "2024-03-14 09:26:53.123 UTC,,,1,,a,1,,,,0,LOG,00000,x"
    assert reason("postgresql_csv", line) == "other-shape"
    assert reason("postgresql_csv", line + "," * 30) == "other-shape"
    assert reason("postgresql_csv", '"open') == "other-shape"


@pytest.mark.parametrize(
    ("message", "attributes"),
    [
        ("duration: 12.5 ms  statement: SELECT 1", {"postgresql.duration_ms": 12.5, "db.query.text": "SELECT 1"}),
        ("duration: 3 ms", {"postgresql.duration_ms": 3}),
        ("duration: 0.1 ms  bind S_1: SELECT $1",
         {"postgresql.duration_ms": 0.1, "postgresql.step": "bind", "db.query.text": "SELECT $1"}),
        ("statement: SELECT\n\t1", {"db.query.text": "SELECT\n\t1"}),
        ("connection received: host=[local]", {"network.transport": "unix"}),
        ('no pg_hba.conf entry for host "192.0.2.17", user "eve", database "shop", no encryption',
         {"user.name": "eve", "client.address": "192.0.2.17", "db.namespace": "shop"}),
        ('role "eve" does not exist', {"user.name": "eve"}),
    ],
)  # fmt: skip
def test_messages_of_postgresql_are_typed(record: Explain, message: str, attributes: dict[str, Any]) -> None:
    parsed = record("postgresql", f"2024-03-14 09:26:53 UTC [1] LOG:  {message}")
    assert parsed.attributes == {"process.pid": 1} | attributes


@pytest.mark.parametrize(
    ("when", "stamp"),
    [
        ("2024-03-14T09:26:53.123456Z", "2024-03-14T09:26:53.123456Z"),
        ("2024-03-14T09:26:53.123456+01:00", "2024-03-14T08:26:53.123456Z"),
        ("2024-03-14  9:26:53", "2024-03-14T09:26:53Z"),
        ("240314  9:26:53", "2024-03-14T09:26:53Z"),
    ],
)
def test_mysql_has_written_time_in_many_ways(record: Explain, when: str, stamp: str) -> None:
    assert record("mysql_error", f"{when} 7 [Note] ready").timestamp == stamp
    assert record("mysql_general", f"{when}\t    7 Quit").timestamp == stamp
    assert record("mysql_slow", f"# Time: {when}\n# Query_time: 1 Lock_time: 0\nSELECT 1;").timestamp == stamp


def test_a_slow_query_without_a_time_has_that_of_its_statement(record: Explain) -> None:
    parsed = record(
        "mysql_slow", "# User@Host: ada[ada] @  []\n# Query_time: 2\nSET timestamp=1710408413;\nSELECT 1;"
    )
    assert (parsed.timestamp, parsed.body) == ("2024-03-14T09:26:53Z", "SELECT 1;")
    assert parsed.attributes == {"user.name": "ada", "mysql.query_time": 2, "db.query.text": "SELECT 1;"}


def test_a_slow_query_that_a_collector_put_on_one_line_is_read(record: Explain) -> None:
    parsed = record(
        "mysql_slow",
        "# Time: 240314  9:26:53 # User@Host: ada[ada] @ localhost []  Id:    42 # Schema: shop  Killed: 0"
        " # Query_time: 7.7  Lock_time: 0.1 SET timestamp=1710408413; SELECT id FROM title;",
    )
    assert (parsed.timestamp, parsed.body) == ("2024-03-14T09:26:53Z", "SELECT id FROM title;")
    assert (parsed.attributes["user.name"], parsed.attributes["db.namespace"]) == ("ada", "shop")
    assert (parsed.attributes["mysql.connection_id"], parsed.attributes["mysql.query_time"]) == (42, 7.7)


def test_what_a_comment_line_of_a_slow_query_holds_besides_figures_is_kept(record: Explain) -> None:
    parsed = record("mysql_slow", "# Query_time: 2\n# explain: id\tselect_type\nSELECT 1;")
    assert parsed.attributes["extra"] == "# explain: id\tselect_type"


@pytest.mark.parametrize(
    ("entry", "operation", "query", "milliseconds"),
    [
        ('[c] query shop.a query: { a: "}" } ntoreturn:0 7ms', "query", '{ a: "}" }', 7),
        (
            "[c] command shop.a command: find { find: { b: {} } } docsExamined:1 17ms",
            "find",
            "{ find: { b: {} } }",
            17,
        ),
        ("[c] command shop.a command: find { find: 17ms", "find", "{ find: 17ms", 17),
    ],
)
def test_the_query_of_a_slow_operation_ends_at_its_brace(
    record: Explain, entry: str, operation: str, query: str, milliseconds: int
) -> None:
    parsed = record("mongodb_text", f"2024-03-14T09:26:53.123+0000 I COMMAND  {entry}")
    assert parsed.attributes["db.operation.name"] == operation
    assert parsed.attributes["db.query.text"] == query
    assert parsed.attributes.get("mongodb.duration_ms") == milliseconds
    assert (parsed.attributes["db.namespace"], parsed.attributes["db.collection.name"]) == ("shop", "a")


def test_repeated_members_of_a_structured_line_are_all_kept(record: Explain) -> None:
    line = '{"t":{"$date":"2024-03-14T09:26:53.000Z"},"s":"I","c":"A","id":1,"ctx":"c","msg":"m","attr":{"a":1,"a":2}}'
    parsed = record("mongodb_json", line)
    assert (parsed.attributes["mongodb.attr.a"], parsed.attributes["mongodb.attr.a#2"]) == (1, 2)


@pytest.mark.parametrize(
    ("sign", "word", "rank"),
    [(".", "debug", 5), ("-", "verbose", 6), ("*", "notice", 10), ("#", "warning", 13)],
)
def test_the_signs_of_redis_are_severities(record: Explain, sign: str, word: str, rank: int) -> None:
    parsed = record("redis", f"4711:M 14 Mar 2024 09:26:53.123 {sign} ready")
    assert (parsed.severity_text, parsed.severity_number) == (word, rank)


def test_a_dash_before_a_word_is_no_field_of_an_index(record: Explain) -> None:
    head = "[2024-03-14T09:26:53,123][INFO ][o.e.x] [node-1] "
    assert record("elasticsearch", f"{head}[gc][7] overhead").body == "[gc][7] overhead"
    parsed = record("elasticsearch", f"{head}[orders/0123456789abcdefghijkl][3] failed")
    assert (parsed.attributes["elasticsearch.index"], parsed.attributes["elasticsearch.shard"]) == (
        "orders",
        3,
    )
    assert parsed.body == "failed"


@pytest.mark.parametrize(
    "line",
    [
        '{"timestamp":"2024-03-14T09:26:53Z","cluster":{"name":"a"},"message":"of some other service"}',
        '{"type":"server","timestamp":"2024-03-14T09:26:53Z","message":"x"}',
        '{"@timestamp":"2024-03-14T09:26:53Z","note":"elasticsearch is down"}',
        '{"cluster.name":"a","node.name":"b"}',
    ],
)
def test_json_of_others_is_not_elasticsearch(reason: Reason, line: str) -> None:
    assert reason("elasticsearch_json", line) == "another-object"


def test_the_offset_of_db2_is_in_minutes(record: Explain) -> None:
    entry = "2024-03-14-09.26.53.000001-090 I1E1           LEVEL: Odd\nPID     : 7\nNODE : 000"
    parsed = record("db2diag", entry)
    assert parsed.timestamp == "2024-03-14T10:56:53.000001Z"
    assert parsed.attributes == {
        "db2.record_id": "I1E1",
        "process.pid": 7,
        "db2.node": "000",
    }


def test_a_word_that_is_no_severity_makes_a_reject(reason: Reason) -> None:
    assert reason("couchdb", "[gossip] 2024-03-14T09:26:53Z a@b <0.1.0> -------- x") == "other-shape"


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("192.0.2.17:51022", {"client.address": "192.0.2.17", "client.port": 51022}),
        ("[2001:db8::7]:51022", {"client.address": "2001:db8::7", "client.port": 51022}),
        ("2001:db8::7", {"client.address": "2001:db8::7"}),
        ("db.example.org", {"client.address": "db.example.org"}),
        ("/192.0.2.17:9092", {"client.address": "192.0.2.17", "client.port": 9092}),
        ("[local]", {"network.transport": "unix"}),
        ("a:b", {"client.address": "a:b"}),
    ],
)
def test_an_address_may_have_a_port(text: str, attributes: dict[str, Any]) -> None:
    fields: dict[str, Any] = {}
    add_peer(fields, "client", text)
    assert fields == attributes


@pytest.mark.parametrize(
    "line",
    ["2024-03-14 09:26:53 [INFO] Received", "2024-03-14 09:26:53 [ERROR] of any program", "[1710408413] INFO: of any program",
     "2024-03-14 09:26:53,123 INFO  - of any program", "[2024-03-14 09:26:53,123] INFO of any program",
     "2024-03-14 09:26:53.123 [info] of any program", "1710408413: of any program", "[1] 2024/03/14 of any program"],
)  # fmt: skip
def test_the_shapes_of_any_program_are_not_taken_for_those_of_a_database(line: str) -> None:
    detected = detect(line.encode(), datetime(2030, 1, 1, tzinfo=UTC), complete=True).format
    assert family_of(detected.name) == "general"


@each_format
def test_one_line_by_itself_is_told_in_a_file_with_a_year_to_come(known: Format) -> None:
    when = datetime(2030, 1, 1, tzinfo=UTC)
    for sample in known.samples:
        assert detect(sample.encode(), when, complete=True).format is known


def test_a_level_of_db2_that_is_no_word_is_no_severity(record: Explain) -> None:
    made = record("db2diag", "2024-03-14-09.26.53.899662+060 I214165E540 LEVEL: 0\nMESSAGE : x")
    assert (made.severity_text, made.severity_number) == (None, None)
    assert made.attributes["db2.level"] == "0"
