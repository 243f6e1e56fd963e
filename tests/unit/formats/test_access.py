"""Access logs: what servers really write, garbage requests and escapes included."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.web.access import COMBINED, COMMON
from chalicelib.core.formats.web.access_any import AnyLine
from chalicelib.core.formats.web.tails import add_tail
from chalicelib.core.records import Record
from tests.lines_of_formats import read, records

Explain = Callable[[str, str], Record]
Reason = Callable[[str, str], str]

WHEN = "[14/Mar/2024:09:26:53 +0100]"


def test_every_field_of_a_combined_line_is_typed(record: Explain) -> None:
    parsed = record(
        "access_combined",
        f'192.0.2.17 id-7 ada {WHEN} "GET /a/b?c=d&e=f HTTP/1.1" 200 5316 "https://example.org/?q=1" "agent/1.0"',
    )
    assert parsed == Record(
        "2024-03-14T08:26:53Z",
        None,
        None,
        None,
        "GET /a/b?c=d&e=f HTTP/1.1",
        {
            "client.address": "192.0.2.17",
            "ident": "id-7",
            "user.name": "ada",
            "http.request.method": "GET",
            "url.path": "/a/b",
            "url.query": "c=d&e=f",
            "network.protocol.name": "http",
            "network.protocol.version": "1.1",
            "http.response.status_code": 200,
            "http.response.body.size": 5316,
            "http.request.header.referer": "https://example.org/?q=1",
            "user_agent.original": "agent/1.0",
        },
    )


def test_absent_fields_are_left_out(record: Explain) -> None:
    parsed = record("access_combined", f'- - - {WHEN} "-" - - "-" "-"')
    assert parsed.attributes == {}
    assert parsed.body is None


def test_empty_quotes_are_absent_fields(record: Explain) -> None:
    parsed = record("access_combined", f'192.0.2.17 - - {WHEN} "GET / HTTP/2.0" 200 0 "" ""')
    assert "user_agent.original" not in parsed.attributes
    assert parsed.attributes["http.response.body.size"] == 0


def test_a_quote_escaped_in_the_agent_does_not_end_it(record: Explain) -> None:
    parsed = record("access_combined", rf'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1 "-" "a \"b\" c" extra')
    assert parsed.attributes["user_agent.original"] == 'a "b" c'
    assert parsed.attributes["extra"] == "extra"


def test_a_backslash_escaped_before_the_quote_ends_the_agent(record: Explain) -> None:
    parsed = record("access_combined", rf'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1 "-" "ends in \\"')
    assert parsed.attributes["user_agent.original"] == "ends in \\"


def test_a_quote_escaped_in_the_request_stays_as_logged_in_the_body(record: Explain) -> None:
    parsed = record("access_common", rf'192.0.2.17 - - {WHEN} "GET /\"x\" HTTP/1.1" 404 9')
    assert parsed.body == r"GET /\"x\" HTTP/1.1"
    assert parsed.attributes["url.path"] == '/"x"'


@pytest.mark.parametrize(
    "request_line", [r"\x16\x03\x01\x02", r"]&\xDF\xBD;\x10", "HELP", "lv|'|'|x|'|'|", "quit now please", ""]
)
def test_a_garbage_request_is_kept_whole_and_types_no_method(record: Explain, request_line: str) -> None:
    parsed = record("access_combined", f'192.0.2.17 - - {WHEN} "{request_line}" 400 150 "-" "-"')
    assert parsed.body == (request_line or None)
    assert "http.request.method" not in parsed.attributes
    assert parsed.attributes["http.response.status_code"] == 400


@pytest.mark.parametrize("client", ["2001:db8::5", "::1", "host-7.example.org", "fe80::1%eth0", "192.0.2.17"])
def test_a_client_may_be_any_address_or_name(record: Explain, client: str) -> None:
    line = f'{client} - - {WHEN} "GET / HTTP/1.1" 200 1'
    assert record("access_common", line).attributes["client.address"] == client


def test_an_absolute_target_gives_its_full_url_and_its_parts(record: Explain) -> None:
    parsed = record(
        "access_common", f'192.0.2.17 - - {WHEN} "GET http://Example.org:81/a?b=c HTTP/1.1" 200 1'
    )
    assert parsed.attributes["url.full"] == "http://Example.org:81/a?b=c"
    assert parsed.attributes["url.scheme"] == "http"
    assert parsed.attributes["url.path"] == "/a"
    assert parsed.attributes["url.query"] == "b=c"


@pytest.mark.parametrize(
    ("request_line", "path", "version"),
    [
        ("GET /", "/", None),
        ("GET /a b", "/a b", None),
        ("GET /a b HTTP/1.0", "/a b", "1.0"),
        ("GET /a  HTTP/2.0", "/a ", "2.0"),
        ("OPTIONS * HTTP/1.1", "*", "1.1"),
        ("CONNECT example.org:443 HTTP/1.1", "example.org:443", "1.1"),
        ("PROPFIND /dav/ HTTP/1.1", "/dav/", "1.1"),
        ("GET http://example.org HTTP/1.1", "/", "1.1"),
    ],
)
def test_unusual_request_lines_give_path_and_version(
    record: Explain, request_line: str, path: str, version: str | None
) -> None:
    attributes = record("access_common", f'192.0.2.17 - - {WHEN} "{request_line}" 200 1').attributes
    assert attributes["url.path"] == path
    assert attributes.get("network.protocol.version") == version


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (" - -", {}),
        (" 0.042", {"request_time": 0.042}),
        ("  293", {"request_time": 293}),
        (' 12 "x"', {"extra": '12 "x"'}),
        (" 0.042 - 0.001", {"request_time": 0.042, "upstream_connect_time": 0.001}),
        (' rt=0.042 ua=- uct="0.001"', {"request_time": 0.042, "upstream_connect_time": 0.001}),
        (" 0.042 7 a", {"request_time": 0.042, "extra": "7 a"}),
    ],
)
def test_what_follows_is_typed_or_kept_as_extra(
    record: Explain, end: str, expected: dict[str, object]
) -> None:
    common = record("access_common", f'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1{end}')
    combined = record("access_combined", f'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1 "-" "-"{end}')
    assert list(common.attributes.items())[-len(expected) :] == list(expected.items()) or not expected
    assert combined.attributes == common.attributes


@pytest.mark.parametrize(
    "addresses", ["203.0.113.4", "203.0.113.4, 2001:db8::7", "unknown, 203.0.113.4:4711"]
)
def test_the_forwarded_addresses_of_nginx_main_are_typed(record: Explain, addresses: str) -> None:
    parsed = record(
        "access_combined", f'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1 "-" "x" "{addresses}" "0.012"'
    )
    assert parsed.attributes["http.request.header.x_forwarded_for"] == addresses
    assert parsed.attributes["request_time"] == 0.012
    assert parsed.attributes["client.address"] == "192.0.2.17"


def test_combined_explains_a_common_line_but_not_the_reverse(record: Explain, reason: Reason) -> None:
    line = f'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1'
    assert record("access_combined", line) == record("access_common", line)
    assert reason("access_common", line + ' "-" "x"') == "other-shape"


def test_a_user_may_hold_spaces(record: Explain) -> None:
    parsed = record("access_common", f'192.0.2.17 - Ada King Byron {WHEN} "GET / HTTP/1.1" 200 1')
    assert parsed.attributes["user.name"] == "Ada King Byron"


@pytest.mark.parametrize(
    "line",
    [
        f'www.example.org:80 192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1',
        f'Mar 14 09:26:53 web proxy[7]: 192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1',
        f'{WHEN} 192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1',
        f'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 1 "-" "cut o',
        f'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" abc 1',
        "not an access line",
    ],
)
def test_a_line_of_another_kind_is_a_reject(reason: Reason, line: str) -> None:
    assert reason("access_combined", line) == "other-shape"


def test_a_date_that_does_not_exist_is_a_reject(reason: Reason) -> None:
    line = '192.0.2.17 - - [30/Feb/2024:09:26:53 +0100] "GET / HTTP/1.1" 200 1'
    assert reason("access_common", line) == "invalid-timestamp"


def test_iso_time_in_the_brackets_is_read(record: Explain) -> None:
    parsed = record("access_common", '- - - [2024-03-14T09:26:53+01:00] "-" - -')
    assert parsed.timestamp == "2024-03-14T08:26:53Z"


def test_a_size_no_counter_reaches_stays_text(record: Explain) -> None:
    parsed = record("access_common", f'192.0.2.17 - - {WHEN} "GET / HTTP/1.1" 200 {"9" * 40}')
    assert parsed.attributes["http.response.body.size.text"] == "9" * 40


def test_the_quick_way_and_the_general_way_agree(context: ParseContext) -> None:
    lines = [
        f'{client} - {user} {WHEN} "{method} {target} {protocol}" {status} {size} "{referer}" "agent"'
        for client in ("192.0.2.17", "-", "2001:db8::5", "192.0.2.17:80", "::ffff:192.0.2.17")
        for user in ("-", "ada", '""')
        for method in ("GET", "get", "M-SEARCH")
        for target in ("/", "/a?b", "/a?", "*", "http://h/p")
        for protocol in ("HTTP/1.1", "XDBC/1.0", "junk")
        for status in ("200", "-", "099")
        for size in ("0", "-", "17")
        for referer in ("-", "", "/r")
    ]
    quick = COMBINED.make_parser(context)
    general = AnyLine(context, add_tail, common=False)
    for line in lines:
        assert quick(line) == general.parse(line)
        assert quick(f"{line} 0.7 x") == general.parse(f"{line} 0.7 x")
        common = line.rsplit(' "', 2)[0]
        assert COMMON.make_parser(context)(common) == general.parse(common)


@pytest.mark.parametrize(
    ("request_line", "referer", "agent"),
    [
        ('GET /a"b HTTP/1.1', "-", "x"),
        ("GET / HTTP/1.1", "/r", 'an "odd" agent'),
        ('GET /"x" HTTP/1.1', "-", '"'),
    ],
)
def test_quotes_that_nobody_escaped_do_not_lose_the_line(
    record: Explain, request_line: str, referer: str, agent: str
) -> None:
    parsed = record("access_combined", f'192.0.2.17 - - {WHEN} "{request_line}" 200 1 "{referer}" "{agent}"')
    assert parsed.body == request_line
    assert parsed.attributes["user_agent.original"] == agent
    assert parsed.attributes.get("http.request.header.referer", "-") == referer


HEAD = '192.0.2.1 - ada [03/Feb/2026:10:11:00 +0000] "GET /shop?q=1 HTTP/1.1" 200 3397'
SEEN = {
    "user_agent.original": "Mozilla/5.0 (X11) Firefox/120",
    "http.request.header.referer": "https://shop.example/",
}
PLACES = {
    ' 0.202 "{}" "{}"': {"request_time": 0.202},
    ' 1200 "{}" "{}"': {"request_time": 1200},
    ' 0/1200 "{}" "{}"': {"apache.duration_s": 0, "apache.duration_us": 1200},
    ' 0.202 0.200 "{}" "{}"': {"request_time": 0.202, "upstream_response_time": 0.2},
    ' 0.202 - "{}" "{}"': {"request_time": 0.202},
    ' shop.example.org "{}" "{}"': {"server.address": "shop.example.org"},
    ' 0.202 "{}" "{}" "203.0.113.7, 10.0.0.1"': {"request_time": 0.202, "http.request.header.x_forwarded_for": "203.0.113.7, 10.0.0.1"},
    ' "{}" "{}" 0.202 0.200': {"request_time": 0.202, "upstream_response_time": 0.2},
    ' "{}" "{}" rt=0.202 uct="0.001" uht="0.1" urt="0.1, 0.2"': {
        "request_time": 0.202, "upstream_connect_time": 0.001, "upstream_header_time": 0.1, "upstream_response_time": [0.1, 0.2]},
    ' "{}" "{}" rid=0123456789abcdef0123456789abcdef': {"http.request.id": "0123456789abcdef0123456789abcdef"},
    ' "{}" "{}" "203.0.113.7" "shop.example.org" TLSv1.3 TLS_AES_128_GCM_SHA256': {
        "http.request.header.x_forwarded_for": "203.0.113.7", "server.address": "shop.example.org", "tls.protocol.version": "TLSv1.3",
        "tls.cipher": "TLS_AES_128_GCM_SHA256"},
    ' "{}" "{}" xff="203.0.113.7" vhost=shop.example.org tls_version=TLSv1.2': {
        "http.request.header.x_forwarded_for": "203.0.113.7", "server.address": "shop.example.org", "tls.protocol.version": "TLSv1.2"},
    ' "{}" "{}" 0123456789abcdef0123456789abcdef': {"http.request.id": "0123456789abcdef0123456789abcdef"},
    ' "0.202" "{}" "{}"': {"request_time": 0.202},
    ' "0.202" "0.1" "{}" "{}"': {"request_time": 0.202, "upstream_response_time": 0.1},
    ' 0.202 "0.100" "{}" "{}"': {"request_time": 0.202, "upstream_response_time": 0.1},
    ' "0.202" 0.100 "{}" "{}"': {"request_time": 0.202, "upstream_response_time": 0.1},
    ' rt=0.202 urt="0.2" "{}" "{}"': {"request_time": 0.202, "upstream_response_time": 0.2},
    ' urt="0.1, 0.2" "{}" "{}" "203.0.113.7"': {
        "upstream_response_time": [0.1, 0.2], "http.request.header.x_forwarded_for": "203.0.113.7"},
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("referer", ["https://shop.example/", "-"])
def test_what_stands_around_referer_and_agent_is_typed_and_they_are_right(place: str, referer: str) -> None:
    line = HEAD + place.format(referer, SEEN["user_agent.original"])
    name, outcomes = read("\n".join([line] * 4).encode())
    assert name == "access_combined"
    for outcome in outcomes:
        assert isinstance(outcome.result, Record)
        attributes = outcome.result.attributes
        assert attributes["user_agent.original"] == SEEN["user_agent.original"]
        assert attributes.get("http.request.header.referer", "-") == referer
        assert {key: attributes.get(key) for key in PLACES[place]} == PLACES[place]
        assert not [key for key in attributes if key.startswith("extra")]


def test_a_number_in_quotes_is_no_referer_and_what_looks_like_a_host_is_one() -> None:
    for values, referer, agent, time in (
        ('"0.202" "-" "https://a.example/" "curl/8"', "https://a.example/", "curl/8", 0.202),
        ('"0.202" "-" "curl/8"', None, "curl/8", 0.202),
        ('"0.202" "" "curl/8"', None, "curl/8", 0.202),
        ('"0.202" "curl/8"', None, "curl/8", 0.202),
        ('"192.0.2.7" "curl/8" 0.202', "192.0.2.7", "curl/8", 0.202),
        ('"7.example.org" "curl/8" 0.202', "7.example.org", "curl/8", 0.202),
    ):
        (record,) = records(f"{HEAD} {values}")
        assert record.attributes.get("http.request.header.referer") == referer
        assert record.attributes["user_agent.original"] == agent
        assert record.attributes["request_time"] == time
        assert "extra" not in record.attributes


@pytest.mark.parametrize(
    ("ident", "user", "name"),
    [('"-"', '"-"', None), ("-", '"-"', None), ("-", '"ada"', "ada"), ("-", '"j doe"', "j doe")],
)
def test_a_quoted_hyphen_is_no_user(ident: str, user: str, name: str | None) -> None:
    for end in ("404 -", '404 7 "-" "curl/8"'):
        (record,) = records(
            f'192.0.2.1 {ident} {user} [03/Feb/2026:10:11:00 +0000] "GET /shop/0 HTTP/1.1" {end}'
        )
        assert record.attributes.get("user.name") == name
        assert "ident" not in record.attributes
