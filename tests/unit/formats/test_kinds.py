"""Typed values: numbers, ports, addresses and process ids are read by one rule, whatever the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.core.formats.kinds import add_endpoint, add_whole, endpoint, is_ip, number
from tests.lines_of_formats import record_of

if TYPE_CHECKING:
    from chalicelib.core.records import Value

NUMBERS: dict[str, Value] = {
    "17": 17, "0": 0, "-5": -5, "1.50": 1.5, "-0.25": -0.25, "1e-05": 1e-05, "1.5e+06": 1.5e06, "0.000": 0.0,
    "007": "007", "000": "000", "-0": "-0", "+5": "+5", "1e5": "1e5", "1.": "1.", ".5": ".5", "٣": "٣", "00.5": "00.5",
    "9" * 19: "9" * 19, "0.123456789012345678": "0.123456789012345678", "0x1f": "0x1f", "1_000": "1_000",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_a_number_is_typed_where_no_digit_is_lost(text: str, value: Value) -> None:
    assert number(text) == value
    assert type(number(text)) is type(value)


FREE_VALUES = {
    "fortinet": ('date=2024-03-14 time=09:26:53 devid="F" logid="1" type="traffic" level="notice" free={}', "fortinet.free"),
    "logfmt": ("time=2024-03-14T09:26:53Z level=info msg=a free={}", "free"),
    "cef": ("CEF:0|Example|Gate|1.0|100|login|5|free={}", "cef.free"),
    "leef": ("LEEF:1.0|Example|Gate|1.0|login|free={}", "leef.free"),
    "csv": ("time,level,free\n2024-03-14T09:26:53Z,INFO,{}", "free"),
    "access_combined": ('192.0.2.1 - - [14/Mar/2024:09:26:53 +0100] "GET / HTTP/1.1" 200 1 "-" "-" free={}', "extra.free"),
}  # fmt: skip


@pytest.mark.parametrize("name", FREE_VALUES)
@pytest.mark.parametrize("text", ["17", "-5", "1.50", "007", "0.25", "1e5"])
def test_a_free_value_is_the_same_in_every_format(name: str, text: str) -> None:
    line, attribute = FREE_VALUES[name]
    value = record_of(name, line.format(text)).attributes[attribute]
    assert (type(value), value) == (type(NUMBERS.get(text, number(text))), number(text))


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
    [("192.0.2.7:443", "192.0.2.7", 443), ("2001:db8::7", "2001:db8::7", None), ("192.0.2.7:99999", "192.0.2.7:99999", None)],
)  # fmt: skip
def test_a_client_with_a_port_is_the_same_in_every_format(
    name: str, text: str, address: str, port: int | None
) -> None:
    attributes = record_of(name, WITH_ENDPOINTS[name].format(text)).attributes
    assert (attributes["client.address"], attributes.get("client.port")) == (address, port)


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
        add_whole(fields, "process.pid", text)
        add_endpoint(fields, "client", text)
    assert fields == {}
    add_whole(fields, "process.pid", "main")
    add_whole(fields, "client.port", "443")
    assert fields == {"process.pid.text": "main", "client.port": 443}


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
