"""AWS logs in columns: what golden files do not say of headers, caches, odd quotes and nasty input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.aws.columns import tokens_of, tokens_one_by_one
from chalicelib.core.formats.detection import detect
from chalicelib.core.formats.registry import by_name
from chalicelib.core.records import Record
from tests.lines_of_formats import records
from tests.unit.formats.conftest import LAST_MODIFIED

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse

ALB = by_name("aws_alb").samples[0]
FLOW = "2 111122223333 eni-0a1b2c3d4e5f60718 192.0.2.17 198.51.100.4 49152 443 6 20 4249 1710404813 1710404873 ACCEPT OK"
CUSTOM = "interface-id srcaddr dstaddr srcport packets start action"


def parser(name: str, header: str = "") -> Parse:
    return by_name(name).make_parser(ParseContext(LAST_MODIFIED, header))


@st.composite
def edited(draw: st.DrawFn) -> str:
    """A balancer's line with a stretch of it replaced by another stretch of it, or by what is odd."""
    start = draw(st.integers(0, len(ALB)))
    end = draw(st.integers(start, min(len(ALB), start + 30)))
    other = draw(st.integers(0, len(ALB)))
    pieces = [
        "",
        "-",
        '"',
        '" "',
        " ",
        "\\",
        "é",
        "0",
        "Z",
        "[",
        ":",
        "TID_1",
        "http",
        "2024-02-30T",
        ALB[other : other + 9],
    ]
    return ALB[:start] + draw(st.sampled_from(pieces)) + ALB[end:]


@settings(max_examples=400)
@given(st.lists(edited(), min_size=1, max_size=3))
def test_a_balancers_line_reads_the_same_whatever_lines_were_before(lines: list[str]) -> None:
    warm = parser("aws_alb")
    warm(ALB)
    for line in lines:
        assert warm(line) == parser("aws_alb")(line)
        assert warm(line) == parser("aws_alb")(line)


def test_a_known_line_shares_nothing_that_the_next_one_could_lose() -> None:
    parse = parser("aws_alb")
    first, second = parse(ALB), parse(ALB.replace("192.0.2.17", "192.0.2.99").replace("?item=7", ""))
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert (first.attributes["client.address"], second.attributes["client.address"]) == (
        "192.0.2.17",
        "192.0.2.99",
    )
    assert first.attributes["url.query"] == "item=7"
    assert "url.query" not in second.attributes
    third = parse(ALB)
    assert third == first


@pytest.mark.parametrize("cut", range(12, 17))
def test_a_balancers_line_without_its_end_is_none(cut: int, reason: Callable[[str, str], str]) -> None:
    assert reason("aws_alb", " ".join(ALB.split(" ")[:cut])) == "other-shape"


@pytest.mark.parametrize(
    ("header", "line", "explained"),
    [
        (CUSTOM, "eni-0a1b2c3d 192.0.2.1 192.0.2.2 443 7 1710404813 ACCEPT", True),
        (CUSTOM.replace("-", "_"), "eni-0a1b2c3d 192.0.2.1 192.0.2.2 443 7 1710404813 ACCEPT", True),
        (CUSTOM, "eni-0a1b2c3d 192.0.2.1 192.0.2.2 - 7 1710404813 -", True),
        (CUSTOM, "eni-0a1b2c3d 192.0.2.1 192.0.2.2 443 seven 1710404813 ACCEPT", False),
        (CUSTOM, "eni-0a1b2c3d 192.0.2.1 192.0.2.2 443 7 1710404813", False),
        (CUSTOM, FLOW, False),
        ("", "eni-0a1b2c3d 192.0.2.1 192.0.2.2 443 7 1710404813 ACCEPT", False),
        ("", FLOW, True),
        ("", FLOW.replace("eni-", "if-"), False),
        ("", "2 - - - - - - - - - - - - -", False),
        ("", FLOW.replace("4249", "\uff14\uff12"), False),
        ("", FLOW.replace(" 6 ", " 6  "), False),
    ],
)  # fmt: skip
def test_a_flow_is_read_by_the_header_in_force(header: str, line: str, explained: bool) -> None:
    assert isinstance(parser("aws_vpc_flow", header)(line), Record) is explained


def test_a_flow_with_the_default_header_reads_as_without_one() -> None:
    header = by_name("aws_vpc_flow").samples[0].split("\n")[0]
    for line in (FLOW, FLOW.replace("443", "-"), FLOW.replace("2 1", "3 1", 1), FLOW.replace(" 6 ", " 254 ")):
        assert parser("aws_vpc_flow", header)(line) == parser("aws_vpc_flow")(line)


def test_a_flow_is_told_without_a_header() -> None:
    assert detect(FLOW.encode(), LAST_MODIFIED, complete=True).format.name == "aws_vpc_flow"


def test_an_extended_format_of_someone_else_is_not_cloudfronts() -> None:
    header = "#Version: 1.0\n#Fields: date time cs-method cs-uri-stem sc-status"
    assert not isinstance(parser("aws_cloudfront", header)("2024-03-14\t09:26:53\tGET\t/\t200"), Record)


def test_cloudfront_is_told_without_its_header(record: Callable[[str, str], Record]) -> None:
    line = by_name("aws_cloudfront").samples[0].split("\n")[2]
    assert detect(line.encode(), LAST_MODIFIED, complete=True).format.name == "aws_cloudfront"
    assert record("aws_cloudfront", line).attributes["http.response.body.size"] == 5061


def test_a_user_agent_may_hold_quotes_that_nobody_escaped(record: Callable[[str, str], Record]) -> None:
    line = by_name("aws_s3_access").samples[1]
    assert record("aws_s3_access", line).attributes["user_agent.original"] == 'an "odd" agent'
    escaped = line.replace('an "odd" agent', 'an \\"odd\\" agent')
    assert record("aws_s3_access", escaped) == record("aws_s3_access", line)


@pytest.mark.parametrize(
    ("key", "request_line", "referer", "agent"),
    [
        ('b/a"q', 'PUT /b/a"q HTTP/1.1', "-", "agent"),
        ('b/a"', 'PUT /b/a" HTTP/1.1', "-", "agent"),
        ('"q', 'PUT /b/"q?a="b" HTTP/1.1', 'https://example.org/"a', 'an "odd" agent'),
        ("-", "-", "-", 'an "odd" agent'),
        ('a"b', "PUT /b/a%22b HTTP/1.1", "-", '"'),
    ],
)
def test_keys_requests_and_referers_may_hold_quotes_that_nobody_escaped(
    record: Callable[[str, str], Record], key: str, request_line: str, referer: str, agent: str
) -> None:
    line = (
        f"79a5 shop [14/Mar/2024:09:26:54 +0000] 192.0.2.17 - 7ACC REST.PUT.OBJECT {key}"
        f' "{request_line}" 404 - 113 - 7 - "{referer}" "{agent}" v1 x= SigV4'
    )
    parsed = record("aws_s3_access", line)
    names = ("aws.s3.key", "http.request.header.referer", "user_agent.original")
    assert [parsed.attributes.get(name, "-") for name in names] == [key, referer, agent]
    assert parsed.body == ("REST.PUT.OBJECT" if request_line == "-" else request_line)
    assert parsed.attributes["http.response.status_code"] == 404
    assert parsed.attributes["aws.s3.signature_version"] == "SigV4"


def test_a_request_that_a_balancer_could_not_read_names_its_host_and_port(
    record: Callable[[str, str], Record],
) -> None:
    attributes = record("aws_alb", by_name("aws_alb").samples[1]).attributes
    assert (attributes["url.full"], attributes["url.domain"], attributes["url.port"]) == (
        "http://shop.example.org:80",
        "shop.example.org",
        80,
    )
    assert "url.path" not in attributes


def test_columns_that_are_yet_to_come_are_kept(record: Callable[[str, str], Record]) -> None:
    for name in ("aws_elb_classic", "aws_alb_connection"):
        sample = by_name(name).samples[0]
        line = sample + " - more" if name == "aws_elb_classic" else sample + " kex more"
        assert str(record(name, line).attributes["extra"]).endswith("more")


S3_LINE = (
    "79a5 shop-media [14/Sep/2026:08:00:00 +0000] 198.51.100.7 {requester} 0123456789ABCDEF REST.GET.OBJECT {key}"
    ' "GET /img/c0.png HTTP/1.1" 200 - 5120 5120 12 11 "{referer}" "{agent}" - hostId= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader'
    " shop-media.s3.eu-central-1.amazonaws.com TLSv1.3 - -"
)


@pytest.mark.parametrize(
    "requester",
    ["arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEXYZ", "arn:aws:sts::111122223333:assumed-role/My Role/ada lovelace",
     "svc:cloudfront.amazonaws.com", "arn:aws:iam::111122223333:user/ada"],
)  # fmt: skip
@pytest.mark.parametrize("agent", ["Amazon CloudFront", 'an "odd" agent', "aws-cli/2.0"])
@pytest.mark.parametrize("key", ["img/c0.png", "my file (1).png"])
def test_the_columns_of_s3_are_counted_from_both_ends_where_one_holds_blanks(
    requester: str, agent: str, key: str
) -> None:
    text = S3_LINE.format(requester=requester, referer="-", agent=agent, key=key)
    parsed = records(text + "\n" + text)
    assert parsed[0] == parsed[1]
    attributes = parsed[0].attributes
    names = ("user.id", "aws.request_id", "aws.s3.operation", "aws.s3.key", "http.response.status_code", "user_agent.original",
             "aws.s3.signature_version", "tls.protocol.version", "client.address")  # fmt: skip
    assert [attributes[name] for name in names] == [
        requester, "0123456789ABCDEF", "REST.GET.OBJECT", key, 200, agent, "SigV4", "TLSv1.3", "198.51.100.7",
    ]  # fmt: skip
    assert "extra" not in attributes


TOKENS = st.sampled_from(
    [
        '"',
        " ",
        "a",
        "b c",
        "[",
        "] ",
        "]",
        "- ",
        '"x y" ',
        "[1 2] ",
        "\\",
        '"" ',
        '"-" ',
        "  ",
        "\n",
        '[a "b" c] ',
        "[] ",
    ]
)


@given(st.lists(TOKENS, max_size=12).map("".join))
def test_columns_that_are_split_are_those_that_are_found_one_by_one(line: str) -> None:
    def columns(find: Callable[[str], list[str]]) -> list[str] | None:
        try:
            return find(line)
        except ValueError:
            return None

    assert columns(tokens_of) == columns(tokens_one_by_one)
