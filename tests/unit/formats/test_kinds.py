"""Typed values: numbers, ports, addresses and process ids are read by one rule, whatever the format."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.formats import ParseContext, kinds
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.kinds import (
    INTEGERS,
    PORT_MAX,
    PORTS,
    TEXTS,
    add_client,
    add_endpoint,
    add_integer,
    decimal,
    endpoint,
    figure,
    flag,
    integer,
    is_ip,
    number,
    numbers,
    port,
    put,
    texts,
    whole,
)
from chalicelib.core.formats.registry import NAMES, by_name
from chalicelib.core.records import Record
from tests.lines_of_formats import GOLDEN, WHEN, entries_of, record_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.records import Value

INFERRED: dict[str, Value] = {
    "17": 17, "0": 0, "-5": -5, "1.50": 1.5, "-0.25": -0.25, "1e-05": 1e-05, "1.5e+06": 1.5e06, "0.000": 0.0,
    "007": "007", "000": "000", "-0": "-0", "+5": "+5", "1e5": "1e5", "1.": "1.", ".5": ".5", "٣": "٣", "00.5": "00.5",
    "9" * 19: "9" * 19, "0.123456789012345678": "0.123456789012345678", "0x1f": "0x1f", "1_000": "1_000",
}  # fmt: skip


DECLARED: dict[Callable[[str], Value], dict[str, Value]] = {
    whole: {
        "17": 17, "0": 0, "007": 7, "9" * 18: int("9" * 18),
        "9" * 19: None, "-5": None, "+5": None, "1,234": None, "1.0": None, "": None, "-": None, "٣": None, "0x1f": None,
    },
    integer: {
        "17": 17, "007": 7, "-5": -5, "+5": 5, "-007": -7, "1,234": 1234, "-1,234,567": -1234567,
        "12,34": None, "1,234.5": None, "1.0": None, "1e5": None, "--5": None, "": None, "-": None, "1_000": None, " 5": None,
        "9" * 19: None, "0x1f": None,
    },
    decimal: {
        "1": 1.0, "1.50": 1.5, "-0.25": -0.25, "+1.5": 1.5, ".5": 0.5, "1.": 1.0, "007": 7.0, "1e5": 100000.0, "1.5E-07": 1.5e-07,
        "1,234": None, "1e999": None, "inf": None, "nan": None, "": None, "-": None, ".": None, "1_000": None, "12ms": None,
    },
    figure: {
        "17": 17, "007": 7, "1,234": 1234, "1.50": 1.5, "1e5": 100000.0, "-5": -5,
        "12ms": "12ms", "": "", "-": "-", "9" * 20: "9" * 20,
    },
    port: {"0": 0, "443": 443, "00443": 443, "65535": 65535, "65536": None, "-1": None, "+1": None, "http": None, "": None, "-": None},
    flag: {"true": True, "Yes": True, "ON": True, "1": True, "y": True, "false": False, "No": False, "off": False, "0": False,
           "maybe": None, "": None, "-": None, "2": None},
    numbers: {
        "17": 17, "0.5": 0.5, "-": "-", "0.5, 1.0": [0.5, 1.0], "0, -": [0, None], "502 : 200": [502, 200], "-, 0.001": [None, 0.001],
        "7, slow": [7, "slow"],
    },
    texts: {"a:80": "a:80", "a:80, b:80": ["a:80", "b:80"], "a : -": ["a", None]},
}  # fmt: skip
"""Kind → text → value; None is no value: the text is none of the kind."""


PAGE = Path(__file__).parents[3] / "docs" / "formats.md"
IN_THE_PAGE: dict[str, Callable[[str], object]] = {
    "inferred number": lambda text: None if type(value := number(text)) is str else value,
    "count or id": whole, "integer": integer, "fraction": decimal, "port": port, "flag": flag, "list of numbers": numbers,
    "endpoint": lambda text: list(endpoint(text)),
}  # fmt: skip
ROWS = re.findall(
    r"^\| ([a-z ]+) \| [^|\n]+ \| (`[^|\n]+) \|([^|\n]*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
)


def test_the_page_says_of_every_kind_what_it_is() -> None:
    assert {kind for kind, _, _ in ROWS} >= IN_THE_PAGE.keys()


@pytest.mark.parametrize(
    ("kind", "pairs", "none"), [pytest.param(*row, id=row[0]) for row in ROWS if row[0] in IN_THE_PAGE]
)
def test_the_examples_of_the_page_are_true(kind: str, pairs: str, none: str) -> None:
    typed = IN_THE_PAGE[kind]
    examples = re.findall(r"`([^`]+)` → (.+?)(?=, `|$)", pairs)
    assert len(examples) == pairs.count("→") > 1
    for text, value in examples:
        assert json.dumps(typed(text)) == value, text
    for text in re.findall(r"`([^`]+)`", none):
        assert typed(text) is None, text


def same(value: Value, other: Value) -> bool:
    return (type(value), value) == (type(other), other)


@pytest.mark.parametrize(("text", "value"), INFERRED.items())
def test_a_number_is_inferred_where_no_digit_is_lost(text: str, value: Value) -> None:
    assert same(number(text), value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(kind, text, value) for kind, examples in DECLARED.items() for text, value in examples.items()],
)
def test_a_declared_kind_has_the_values_of_its_examples(
    kind: Callable[[str], Value], text: str, value: Value
) -> None:
    assert same(kind(text), value)


FREE_VALUES = {
    "fortinet": ('date=2024-03-14 time=09:26:53 devid="F" logid="1" type="traffic" level="notice" free={}', "fortinet.free"),
    "logfmt": ("time=2024-03-14T09:26:53Z level=info msg=a free={}", "free"),
    "cef": ("CEF:0|Example|Gate|1.0|100|login|5|free={}", "cef.free"),
    "leef": ("LEEF:1.0|Example|Gate|1.0|login|free={}", "leef.free"),
    "csv": ("time,level,free\n2024-03-14T09:26:53Z,INFO,{}", "free"),
    "access_combined": ('192.0.2.1 - - [14/Mar/2024:09:26:53 +0100] "GET / HTTP/1.1" 200 1 "-" "-" free={}', "extra.free"),
}  # fmt: skip


@pytest.mark.parametrize("name", FREE_VALUES)
@pytest.mark.parametrize("text", ["17", "-5", "1.50", "007", "-0.25", "1e5"])
def test_a_free_value_is_the_same_in_every_format(name: str, text: str) -> None:
    line, attribute = FREE_VALUES[name]
    value = record_of(name, line.format(text)).attributes[attribute]
    assert same(value, INFERRED.get(text, text))


ENDPOINTS = {
    "192.0.2.7:443": ("192.0.2.7", 443),
    "192.0.2.7": ("192.0.2.7", None),
    "[2001:db8::7]:443": ("2001:db8::7", 443),
    "[2001:db8::7]": ("2001:db8::7", None),
    "2001:db8::7": ("2001:db8::7", None),
    "host:443": ("host", 443),
    "host:99999": ("host:99999", None),
    "host:65536": ("host:65536", None),
    "host:http": ("host:http", None),
    "unix:/run/a.sock": ("unix:/run/a.sock", None),
    ":443": (":443", None),
}


@pytest.mark.parametrize(("text", "parts"), ENDPOINTS.items())
def test_an_endpoint_is_an_address_and_a_port_that_exists(text: str, parts: tuple[str, int | None]) -> None:
    assert endpoint(text) == parts
    assert endpoint(text, always_port=True) == parts


def test_a_source_that_always_writes_a_port_writes_it_behind_ipv6_as_well() -> None:
    assert endpoint("2001:db8::1:443", always_port=True) == ("2001:db8::1", 443)
    assert endpoint("::ffff:192.0.2.7:443", always_port=True) == ("::ffff:192.0.2.7", 443)
    assert endpoint("2001:db8::1:443") == ("2001:db8::1:443", None)


WITH_ENDPOINTS = {
    "haproxy": '{} [14/Mar/2024:09:26:53.123] www~ shop/web-1 0/0/1/21/22 200 938 - - ---- 4/4/3/3/0 0/0 "GET / HTTP/1.1"',
    "apache_error": "[Thu Mar 14 09:26:53.123456 2024] [core:error] [pid 4711:tid 7] [client {}] AH00037: no",
    "nginx_error": '2024/03/14 09:26:53 [error] 31#31: *17 no, client: {}, server: example.org, request: "GET / HTTP/1.1"',
    "aws_alb": 'http 2024-03-14T09:26:53.137000Z app/a/1 {} 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366'
    ' "GET http://www.example.org:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:x "Root=1-58337262" "-" "-" 0'
    ' 2024-03-14T09:26:53.100000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"',
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_ENDPOINTS)
@pytest.mark.parametrize(
    ("text", "address", "port"),
    [("192.0.2.7:443", "192.0.2.7", 443), ("2001:db8::7", "2001:db8::7", None), ("192.0.2.7:99999", None, None)],
)  # fmt: skip
def test_a_client_with_a_port_is_the_same_in_every_format(
    name: str, text: str, address: str | None, port: int | None
) -> None:
    attributes = record_of(name, WITH_ENDPOINTS[name].format(text)).attributes
    assert (attributes.get("client.address"), attributes.get("client.port")) == (address, port)
    assert attributes.get("client.address.text", text) == text


@pytest.mark.parametrize("text", ["192.0.2.7", "2001:db8::7", "::1", "::ffff:192.0.2.7", "fe80::1%eth0"])
def test_an_address_is_one_that_parses(text: str) -> None:
    assert is_ip(text)


@pytest.mark.parametrize(
    "text",
    ["08:00:00", "de:ad:be:ef:00:01", "1.2.3", "192.0.2.256", "10.0.0.1.5", "2001:db8:", "a", "", "12:30"],
)
def test_a_clock_a_mac_address_and_a_version_are_no_addresses(text: str) -> None:
    assert not is_ip(text)


def test_what_is_absent_is_left_out_and_what_is_no_number_is_kept_under_its_own_name() -> None:
    fields: dict[str, Value] = {}
    for text in ("-", ""):
        add_integer(fields, "process.pid", text)
        add_endpoint(fields, "client", text)
    assert fields == {}
    add_integer(fields, "process.pid", "main")
    add_integer(fields, "client.port", "443")
    assert fields == {"process.pid.text": "main", "client.port": 443}


NOTHING = ["-", "unknown", "N/A", "Not Available", "(null)"]
CEF = "CEF:0|Example|Gate|1.0|100|login failed|5|{}"
LEEF = "LEEF:1.0|Example|Gate|1.0|login|{}"
FORTINET = 'date=2024-03-14 time=09:26:53 devid="F" logid="1" type="traffic" level="notice" {}'
OF_TYPED = {
    ("cef", CEF): {
        "src": "source.address", "dst": "destination.address", "spt": "source.port", "dpt": "destination.port", "proto": "network.transport",
        "suser": "user.name", "dvc": "host.ip", "cn1": "cef.cn1", "in": "cef.in", "destinationTranslatedAddress": "cef.destinationTranslatedAddress",
    },
    ("leef", LEEF): {
        "src": "source.address", "dst": "destination.address", "srcPort": "source.port", "dstPort": "destination.port", "usrName": "user.name",
        "srcPreNAT": "leef.srcPreNAT", "srcBytes": "leef.srcBytes",
    },
    ("fortinet", FORTINET): {"srcip": "source.address", "dstip": "destination.address", "srcport": "source.port", "dstport": "destination.port"},
}  # fmt: skip


@pytest.mark.parametrize(("name", "line"), OF_TYPED)
@pytest.mark.parametrize("nothing", NOTHING)
def test_what_says_that_there_is_nothing_is_no_value_of_a_typed_attribute(
    name: str, line: str, nothing: str
) -> None:
    for own, attribute in OF_TYPED[name, line].items():
        value = f'"{nothing}"' if name == "fortinet" else nothing
        attributes = record_of(name, line.format(f"{own}={value}")).attributes
        if attribute != "user.name" or nothing != "unknown":
            assert [known for known in attributes if known.startswith(attribute)] == []


@pytest.mark.parametrize(("name", "line"), OF_TYPED)
@pytest.mark.parametrize("text", ["65536", "99999", "-1", "http", "0x1bb"])
def test_a_port_that_is_none_is_text_under_a_name_of_its_own(name: str, line: str, text: str) -> None:
    for own, attribute in OF_TYPED[name, line].items():
        if attribute.endswith(".port"):
            attributes = record_of(name, line.format(f"{own}={text}")).attributes
            assert attribute not in attributes
            assert attributes[f"{attribute}.text"] == text
            assert record_of(name, line.format(f"{own}=0")).attributes[attribute] == 0


ALWAYS_GIVEN = {
    "aws_vpc_flow", "aws_cloudwatch", "aws_alb", "aws_alb_connection", "aws_elb_classic", "aws_s3_access", "apache_ssl_request", "envoy", "influxdb",
    "marklogic_access", "mssql", "mysql_error", "mysql_general", "nginx_proxy_manager", "nginx_stream", "pf_filterlog", "proxysql", "tcpdump",
    "weave_npc", "zoraxy",
}  # fmt: skip
"""Programs that write what the system told them of a connection: nobody else puts anything in these places."""


@pytest.mark.parametrize("text", ["-", "unknown", "99999"])
def test_no_format_types_an_address_or_a_port_that_is_none(text: str) -> None:
    wrong = []
    for name in NAMES:
        if (
            name in ALWAYS_GIVEN
            or not (GOLDEN / f"{name}.log").exists()
            or by_name(name).framing.header_first
        ):
            continue
        parse = by_name(name).make_parser(ParseContext(WHEN, "", Explainer(WHEN), decided=True))
        for entry, record in list(entries_of(name))[:12]:
            for attribute, value in record.attributes.items():
                if attribute not in (
                    "client.address",
                    "client.port",
                    "source.address",
                    "source.port",
                    "destination.port",
                    "process.pid",
                ):
                    continue
                changed = re.sub(rf"(?<![0-9A-Za-z.]){re.escape(str(value))}(?![0-9A-Za-z.])", text, entry)
                result = parse(changed)
                actual = result.attributes.get(attribute) if isinstance(result, Record) else None
                if changed != entry and (
                    (
                        attribute.endswith(".port")
                        and not (actual is None or (type(actual) is int and actual <= 65535))
                    )
                    or (attribute.endswith(".address") and actual == text and text != "99999")
                    or (attribute == "process.pid" and type(actual) not in (int, type(None)))
                ):
                    wrong.append((name, attribute, actual, changed))
    assert wrong == []


@pytest.mark.parametrize("forwarded", ["unknown", "unknown, 192.0.2.17", "-"])
def test_a_proxy_that_hides_its_client_names_none(forwarded: str) -> None:
    fields: dict[str, Value] = {}
    add_client(fields, forwarded)
    assert "client.address" not in fields


@pytest.mark.parametrize("nothing", ["N/A", "Not Available", "", "<null>", "unknown"])
def test_what_a_cloud_audit_does_not_know_is_absent(nothing: str) -> None:
    line = '{"CreationTime":"2024-03-14T09:26:53","Id":"1","Operation":"FileAccessed","RecordType":6,"UserId":"ada@example.org","ClientIP":"%s"}'
    attributes = record_of("microsoft_365", line % nothing).attributes
    assert [name for name in attributes if name.startswith("client.")] == []
    attributes = record_of(
        "microsoft_365", (line % "192.0.2.17").replace("ada@example.org", "Not Available")
    ).attributes
    assert "user.name" not in attributes
    assert attributes["client.address"] == "192.0.2.17"


PIDS = {
    "nginx_error": "2024/03/14 09:26:53 [error] {}#{}: *17 no luck",
    "apache_error": "[Thu Mar 14 09:26:53.123456 2024] [core:error] [pid {}:tid 7] AH00037: no",
    "syslog_rfc3164": "Mar 14 09:26:53 web-1 shop[{}]: no",
    "syslog_rfc5424": "<34>1 2024-03-14T08:26:54Z web-1 shop {} ID47 - no",
}


@pytest.mark.parametrize("name", PIDS)
@pytest.mark.parametrize(("text", "pid"), [("4711", 4711), ("-", None), ("main", None)])
def test_a_process_id_is_a_number_or_not_there(name: str, text: str, pid: int | None) -> None:
    record = record_of(name, PIDS[name].replace("{}", text))
    assert record.attributes.get("process.pid") == pid
    assert (record.body or "").endswith(("no", "no luck"))
    assert ("main" in record.attributes.values()) == (text == "main")


TYPES: dict[str, type] = {
    **dict.fromkeys(INTEGERS, int),
    **dict.fromkeys(TEXTS, str),
    **dict.fromkeys(
        ("service.name", "http.request.method", "url.path", "url.query", "url.full", "url.scheme", "url.domain", "url.original", "user_agent.original",
         "http.request.header.referer", "http.request.header.x_forwarded_for", "http.request.header.host", "http.request.id",
         "http.response.header.content_type", "network.protocol.name", "network.protocol.version", "network.transport",
         "network.type", "tls.protocol.version", "tls.cipher", "log.logger", "log.level", "log.record.format", "log.record.original",
         "log.record.timestamp", "thread.name", "code.file.path", "code.function.name", "exception.type", "exception.message",
         "trace_id", "span_id", "session.id", "process.executable.name", "process.executable.path", "process.command_line",
         "host.id", "cloud.account.id", "cloud.region", "cloud.availability_zone", "db.namespace", "db.query.text",
         "db.operation.name", "db.collection.name", "db.response.status_code", "dns.question.name", "dns.question.type",
         "dns.question.class", "error.type", "error.message", "event.name", "k8s.namespace.name", "k8s.pod.name",
         "k8s.container.name", "container.name", "container.id", "syslog.msgid", "syslog.procid", "syslog.timestamp",
         "syslog.facility.name", "time_of_day", "extra", "faas.invocation_id", "faas.version", "source.mac", "destination.mac"), str,
    ),
    **dict.fromkeys(
        ("syslog.sequence", "smtp.response.status_code", "process.exit.code", "icmp.type", "icmp.code", "nginx.connection",
         "mysql.connection_id", "postgresql.session_line", "audit.serial", "modsecurity.line", "aws.vpc.packets", "aws.vpc.bytes"), int,
    ),
    **dict.fromkeys(("duration_s", "aws.cloudfront.time_taken", "postgresql.duration_ms", "rails.duration_ms"), float),
}  # fmt: skip
"""Attribute → the one type that it has in every format."""


@pytest.mark.parametrize("name", NAMES)
def test_an_attribute_has_one_type_in_every_golden_record(name: str) -> None:
    """An attribute that comes again (``#2``) has the type of the first, and a list the type of its members; null is of any."""
    wrong = []
    for line in (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")[1:-1]:
        for attribute, value in json.loads(line).get("attributes", {}).items():
            expected = TYPES.get(attribute.partition("#")[0])
            values = value if type(value) is list else [value]
            if expected is not None and any(
                type(each) is not expected and each is not None for each in values
            ):
                wrong.append((attribute, value))
            if attribute in PORTS and not 0 <= value <= PORT_MAX:
                wrong.append((attribute, value))
    assert wrong == []


MEANINGS = {
    "logfmt": "time=2024-03-14T09:26:53Z level=info msg=a method=GET path=/ status={status} remote_addr={client}",
    "access_combined": '{address} - - [14/Mar/2024:09:26:53 +0100] "GET / HTTP/1.1" {status} {size} "-" "-"',
    "access_other": '[14/Mar/2024:09:26:53 +0100] shop.example.org {client} 0.811 "GET / HTTP/1.1" {status} {size} 282 "-" "curl/8.5.0"',
    "squid": "1710404813.123    400 {address} TCP_MISS/{status} 513 GET http://example.org/ - HIER_DIRECT/203.0.113.7 -",
    "haproxy": '{client} [14/Mar/2024:09:26:53.123] www shop/web-1 0/0/1/21/22 {status} 938 - - ---- 4/4/3/3/0 0/0 "GET / HTTP/1.1"',
    "nginx_json": '{{"time_iso8601":"2024-03-14T09:26:53+01:00","remote_addr":"{address}","remote_port":"{port}","request":"GET / HTTP/1.1",'
    '"status":"{status}","body_bytes_sent":"{size}"}}',
    "caddy": '{{"level":"info","ts":1710404813.5,"logger":"http.log.access","msg":"handled request","request":{{"remote_ip":"{address}",'
    '"remote_port":"{port}","method":"GET","uri":"/","host":"a"}},"status":{status},"size":{size}}}',
    "coredns": '[INFO] {client} - 29008 "A IN example.org. udp 41 false 4096" NOERROR qr,rd,ra,ad 68 0.037990251s',
    "aws_alb": 'http 2024-03-14T09:26:53.137000Z app/a/1 {client} 10.0.0.1:80 0.000 0.001 0.000 {status} 200 34 366'
    ' "GET http://www.example.org:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:x "Root=1-58337262" "-" "-" 0'
    ' 2024-03-14T09:26:53.100000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"',
    "apache_error": "[Thu Mar 14 09:26:53.123456 2024] [core:error] [pid {pid}:tid 7] [client {client}] AH00037: no",
    "nginx_error": "2024/03/14 09:26:53 [error] {pid}#31: *17 no, client: {address}, server: example.org",
    "syslog_rfc3164": "Mar 14 09:26:53 web-1 sshd[{pid}]: Failed password for ada from {address} port {port} ssh2",
    "syslog_rfc5424": "<34>1 2024-03-14T08:26:54Z web-1 sshd {pid} - - Failed password for ada from {address} port {port} ssh2",
    "postgresql": "2024-03-14 09:26:53.123 UTC [{pid}] LOG:  connection received: host={address} port={port}",
    "cef": "CEF:0|Example|Gate|1.0|100|login|5|src={address} spt={port}",
    "leef": "LEEF:1.0|Example|Gate|1.0|login|src={address}\tsrcPort={port}",
    "fortinet": 'date=2024-03-14 time=09:26:53 devid="F" logid="1" type="traffic" level="notice" srcip={address} srcport={port}',
    "meraki": "<134>1 1710404814.949155659 AP urls src={client} dst=198.51.100.9:443 mac=02:00:00:00:00:01 request: GET https://example.org/",
}  # fmt: skip
TEXT_OF = {
    "address": "192.0.2.17",
    "port": "50022",
    "client": "192.0.2.17:50022",
    "status": "404",
    "size": "512",
    "pid": "4711",
}
ATTRIBUTES = {
    "{address}": ("client.address", "source.address"), "{client}": ("client.address", "source.address"),
    "{port}": ("client.port", "source.port"), "{status}": ("http.response.status_code",), "{size}": ("http.response.body.size",),
    "{pid}": ("process.pid",),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANINGS)
def test_one_meaning_is_one_value_in_every_format(name: str) -> None:
    line = MEANINGS[name]
    attributes = record_of(name, line.format(**TEXT_OF)).attributes
    for place, names in ATTRIBUTES.items():
        if place in line:
            text = TEXT_OF["address" if place == "{client}" else place.strip("{}")]
            value: Value = text if "address" in names[0] else int(text)
            actual = [attributes[each] for each in names if each in attributes]
            assert actual, (place, attributes)
            assert all(same(each, value) for each in actual)
    if "{client}" in line:
        assert same(attributes.get("client.port", attributes.get("source.port")), 50022)


def test_a_text_is_typed_as_its_attribute_says_and_else_inferred() -> None:
    fields: dict[str, Value] = {}
    for name, text in {
        "process.pid": "007", "thread.id": "0x1f", "client.port": "99999", "http.response.body.size": "-1", "user.id": "0",
        "user.name": "(null)", "client.address": "unknown", "shop.till": "007", "shop.amount": "12.50", "server.port": "-",
    }.items():  # fmt: skip
        put(fields, name, text)
    assert fields == {
        "process.pid": 7, "thread.id.text": "0x1f", "client.port.text": "99999", "http.response.body.size": -1, "user.id": "0",
        "shop.till": "007", "shop.amount": 12.5,
    }  # fmt: skip


FORMATS = Path(kinds.__file__).parent
QUICK = {"aws/alb.py", "aws/vpc_flow.py", "web/access.py", "systems/syslog_rfc5424.py"}
"""Those that read the usual line of their format without a regular expression, and type it on the way."""


def typed_by_itself(path: Path) -> list[str]:
    """Where a module makes numbers of texts, or parts an endpoint, with its own hands."""
    calls = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    return [
        ast.unparse(call)
        for call in calls
        if (isinstance(call.func, ast.Name) and call.func.id in ("int", "float") and len(call.args) == 1)
        or (
            isinstance(call.func, ast.Attribute)
            and call.func.attr == "rpartition"
            and ast.unparse(call.args[0]) == "':'"
        )
        or ast.unparse(call) == "Reject('invalid-timestamp')"
    ]


def test_no_family_has_a_reader_of_numbers_endpoints_or_times_of_its_own() -> None:
    own = {str(path.relative_to(FORMATS)): typed_by_itself(path) for path in FORMATS.glob("*/**/*.py")}
    assert {name: calls for name, calls in own.items() if calls and name not in QUICK} == {}
    assert all(own[name] for name in QUICK)
