"""Logs of web servers and proxies: what the golden files do not say."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.detection import detect
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.web.w3c import W3C
from chalicelib.core.records import Record, Reject
from tests.lines_of_formats import read

Explain = Callable[[str, str], Record]
Reason = Callable[[str, str], str]
LAST_MODIFIED = datetime(2024, 6, 1, tzinfo=UTC)
WHEN = "[14/Mar/2024:09:26:53 +0100]"
REST = f'{WHEN} "GET / HTTP/1.1" 200 1 "-" "curl/8.5.0"'


def format_of(text: str) -> str:
    return detect(text.encode(), LAST_MODIFIED, complete=True).format.name


@pytest.mark.parametrize(
    ("who", "name", "client", "server"),
    [
        ("192.0.2.17 - -", "access_combined", "192.0.2.17", None),
        ("192.0.2.17 www.example.org -", "access_combined", "192.0.2.17", "www.example.org"),
        ("198.51.100.1 192.0.2.17 -", "access_vhost", "192.0.2.17", "198.51.100.1"),
        ("www.example.org 192.0.2.17 - -", "access_vhost", "192.0.2.17", "www.example.org"),
        ("www.example.org:80 host-7 - -", "access_vhost", "host-7", "www.example.org"),
        ("*:80 192.0.2.17 - -", "access_vhost", "192.0.2.17", None),
        ("www.example.org 192.0.2.17 - Ada Byron", "access_vhost", "192.0.2.17", "www.example.org"),
        ("203.0.113.4 192.0.2.17 - -", "access_forwarded", "192.0.2.17", None),
        ("203.0.113.4, 198.51.100.1 192.0.2.17 - ada", "access_forwarded", "192.0.2.17", None),
        ("203.0.113.4, 198.51.100.1 - -", "access_forwarded", "203.0.113.4", None),
    ],
)
def test_what_stands_before_the_client_is_told_by_its_looks(
    record: Explain, who: str, name: str, client: str, server: str | None
) -> None:
    assert format_of(f"{who} {REST}") == name
    attributes = record(name, f"{who} {REST}").attributes
    assert (attributes["client.address"], attributes.get("server.address")) == (client, server)
    assert attributes["user_agent.original"] == "curl/8.5.0"


@pytest.mark.parametrize(
    "name", ["access_vhost", "access_forwarded", "nginx_ingress", "traefik", "access_other"]
)
@pytest.mark.parametrize(
    "line",
    [
        "www.example.org",
        "a b c [",
        f"192.0.2.17 - - {WHEN}",
        f'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1 "-" "cut',
    ],
)
def test_what_is_cut_is_a_reject(reason: Reason, name: str, line: str) -> None:
    assert reason(name, line) == "other-shape"


@pytest.mark.parametrize("name", ["nginx_ingress", "traefik"])
def test_a_plain_combined_line_is_none_of_the_richer_formats(reason: Reason, name: str) -> None:
    assert reason(name, f"192.0.2.17 - - {REST}") == "other-shape"


@pytest.mark.parametrize(
    "line",
    [
        'Jun  4 13:12:09 web-1 proxy[7]: 192.0.2.17 "GET / HTTP/1.1" 200 1',
        '2024-03-14 09:26:53 [INFO] 192.0.2.17 "GET / HTTP/1.1" 200 1',
        '192.0.2.17 "GET / HTTP/1.1" 200 1',
        f'{WHEN} 192.0.2.17 "GET / HTTP/1.1" done',
        f'{WHEN} "garbage" 400 1',
    ],
)
def test_a_log_that_only_mentions_a_request_is_no_access_log(reason: Reason, line: str) -> None:
    assert reason("access_other", line) == "other-shape"


def test_an_nginx_error_keeps_fields_that_come_twice(record: Explain) -> None:
    line = '2024/03/14 09:26:53 [error] 1#1: *2 a, client: 192.0.2.17, server: b, host: "c", host: "d", host: "e"'
    parsed = record("nginx_error", line)
    assert parsed.body == "a"
    assert parsed.attributes["http.request.header.host"] == "c"
    assert parsed.attributes["extra"] == 'host: "d", host: "e"'


@pytest.mark.parametrize(
    "line",
    [
        "2024/03/14 09:26:53 [error] no process",
        "2024/03/14 09:26:53 [loud] 1#1: a",
        "2024-03-14 09:26:53 [error] 1#1: a",
        "2024/03/14 09:26:53 error 1#1: a",
    ],
)
def test_what_is_no_nginx_error_is_a_reject(reason: Reason, line: str) -> None:
    assert reason("nginx_error", line) == "other-shape"


@pytest.mark.parametrize(
    ("head", "address", "port"),
    [
        ("[pid 1:tid 2] [client 192.0.2.17:80]", "192.0.2.17", 80),
        ("[pid 1] [client ::1:37752]", "::1", 37752),
        ("[pid 1] [client 2001:db8:0:0:0:0:0:5:443]", "2001:db8:0:0:0:0:0:5", 443),
        ("[client 2001:db8::5]", "2001:db8::5", None),
        ("[client 192.0.2.17]", "192.0.2.17", None),
    ],
)
def test_the_client_of_an_apache_error(record: Explain, head: str, address: str, port: int | None) -> None:
    parsed = record("apache_error", f"[Thu Mar 14 09:26:53 2024] [error] {head} [client x] said")
    assert (parsed.attributes["client.address"], parsed.attributes.get("client.port")) == (address, port)
    assert parsed.body == "[client x] said"


def test_brackets_of_a_message_stay_in_it(record: Explain) -> None:
    parsed = record("apache_error", "[Thu Mar 14 09:26:53 2024] [error] [17] (x) a(1): b")
    assert parsed.body == "[17] (x) a(1): b"


@pytest.mark.parametrize(
    ("line", "reason_code"),
    [
        ("Mar 14 09:26:53 web-1 sshd[7]: 192.0.2.17:1 said", "other-shape"),
        ("192.0.2.17:1 [14/Mar/2024:09:26:53.123] a b", "other-shape"),
        ("192.0.2.17:1 [31/Feb/2024:09:26:53.123] a b/c 1/1/1 1 -- 1/1/1/1/1 0/0", "invalid-timestamp"),
        ("<999>haproxy[1]: a", "other-shape"),
    ],
)
def test_what_is_no_line_of_haproxy_is_a_reject(reason: Reason, line: str, reason_code: str) -> None:
    assert reason("haproxy", line) == reason_code


def w3c(header: str, line: str) -> Record | Reject:
    return W3C.make_parser(ParseContext(LAST_MODIFIED, header))(line)


def test_the_last_fields_are_in_force_and_repeated_ones_are_numbered() -> None:
    parsed = w3c(
        "#Fields: date time c-ip cs(X-Forwarded-For) X-Forwarded-For", "2024-03-14 09:26:53 192.0.2.17 a b"
    )
    assert isinstance(parsed, Record)
    assert parsed.attributes == {
        "client.address": "192.0.2.17",
        "http.request.header.x_forwarded_for": "a",
        "http.request.header.x_forwarded_for#2": "b",
    }


@pytest.mark.parametrize(
    ("header", "line", "code"),
    [
        ("#Fields: date time c-ip", "2024-03-14 09:26:53", "field-count"),
        ("#Fields: date time c-ip", "2024-02-30 09:26:53 192.0.2.17", "invalid-timestamp"),
        ("#Fields: date-time,client-ip", "2024-03-14T09:26:53Z,192.0.2.17", "field-count"),
        ("#Version: 1.0", "2024-03-14 09:26:53 192.0.2.17", "no-header"),
        ("", "GET / HTTP/1.1", "no-header"),
    ],
)
def test_what_the_fields_do_not_fit_is_a_reject(header: str, line: str, code: str) -> None:
    assert w3c(header, line) == Reject(code)


@pytest.mark.parametrize("name", ["caddy", "traefik_json", "envoy_json", "fastly", "nginx_json"])
def test_json_of_another_kind_is_a_reject(reason: Reason, name: str) -> None:
    assert reason(name, '{"level":"info","msg":"a","logger":"shop"}') == "another-object"
    assert reason(name, "no JSON") == "invalid-json"


def test_members_that_become_the_same_attribute_are_all_kept(record: Explain) -> None:
    line = {
        "remote_addr": "192.0.2.17",
        "status": 200,
        "request_uri": "/a",
        "uri": "/b",
        "http_host": "c",
        "host": "d",
    }
    attributes = record("nginx_json", json.dumps(line)).attributes
    assert (attributes["url.path"], attributes["url.path#2"]) == ("/a", "/b")
    assert (attributes["server.address"], attributes["server.address#2"]) == ("c", "d")


def test_headers_that_differ_in_case_alone_are_all_kept(record: Explain) -> None:
    headers = {
        "".join(c.upper() if number >> at & 1 else c for at, c in enumerate("abcdefghijklm")): [str(number)]
        for number in range(8000)
    }
    line = {"request": {"remote_ip": "192.0.2.17", "method": "GET", "uri": "/", "headers": headers}}
    assert len(record("caddy", json.dumps(line)).attributes) > 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nginx_error", "2024/03/14 09:26:53 [error] 1#1: *2 ModSecurity: a "),
        ("apache_error", "[Thu Mar 14 09:26:53 2024] [error] ModSecurity: a "),
    ],
)
def test_twenty_thousand_tags_are_all_kept(record: Explain, name: str, value: str) -> None:
    parsed = record(name, value + "".join(f'[tag "{number}"]' for number in range(20_000)))
    tags: Any = parsed.attributes["modsecurity.tags"]
    assert len(tags) == 20_000


def test_the_last_number_of_a_tls_request_is_its_size(record: Explain) -> None:
    line = '[14/Mar/2024:09:26:53 +0000] 192.0.2.17 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET / HTTP/1.1" 199'
    known = detect(f"{line}\n".encode(), datetime(2024, 6, 1, tzinfo=UTC), complete=True)
    assert known.format.name == "apache_ssl_request"
    attributes = record("apache_ssl_request", line).attributes
    assert (attributes["http.response.body.size"], "http.response.status_code" in attributes) == (199, False)
    assert (attributes["tls.protocol.version"], attributes["tls.cipher"]) == (
        "TLSv1.3",
        "TLS_AES_256_GCM_SHA384",
    )


@pytest.mark.parametrize(
    ("head", "when", "host", "facility"),
    [
        ("Mar 14 09:26:54 lb haproxy[4711]: ", "Mar 14 09:26:54", "lb", None),
        ("<134>Mar 14 09:26:54 lb haproxy[4711]: ", "Mar 14 09:26:54", "lb", 16),
        ("2024-03-14T09:26:54.1Z lb haproxy[4711]: ", "2024-03-14T09:26:54.1Z", "lb", None),
        ("<134>2024-03-14T09:26:54+00:00 lb haproxy[4711]: ", "2024-03-14T09:26:54+00:00", "lb", 16),
        ("<134>1 2024-03-14T09:26:54.1Z lb haproxy 4711 - - ", "2024-03-14T09:26:54.1Z", "lb", 16),
        ("<134>haproxy[4711]: ", None, None, 16),
    ],
)
def test_requests_of_haproxy_in_the_clf_are_typed_behind_a_head_of_syslog(
    head: str, when: str | None, host: str | None, facility: int | None
) -> None:
    lines = by_name("haproxy_clf").samples * 3
    name, outcomes = read("\n".join(head + line for line in lines).encode())
    _, alone = read("\n".join(lines).encode())
    assert name == "haproxy"
    for outcome, plain in zip(outcomes, alone, strict=True):
        assert isinstance(outcome.result, Record)
        assert isinstance(plain.result, Record)
        assert (outcome.result[:2], outcome.result.body) == (plain.result[:2], plain.result.body)
        attributes = outcome.result.attributes
        assert attributes.items() >= plain.result.attributes.items()
        assert (attributes["service.name"], attributes["process.pid"]) == ("haproxy", 4711)
        assert (attributes.get("syslog.timestamp"), attributes.get("host.name")) == (when, host)
        assert attributes.get("syslog.facility.code") == facility
