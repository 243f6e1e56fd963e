"""Templates: typed fields in a regular expression, and where an entry begins."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.notation import expand, start_of
from chalicelib.core.formats.patterned import shaped
from chalicelib.core.formats.registry import by_name
from chalicelib.core.records import Record, Reject

SHOP = shaped(
    "shop",
    "Shop",
    "",
    samples=(),
    templates=(
        r"{time} \[{level=[a-z]{4}}\] {pid}(?: {endpoint:client})? {body={word:shop.verb} {int:shop.items}(?: \{{text=[^}]*:shop.note}\})?.*}",
        r"{time} --- {body}",
    ),
    finds=(r"paid {number:shop.total} by {user}",),
    specificity=0.9,
)


def record(entry: str) -> Record | Reject:
    return SHOP.make_parser(ParseContext(datetime(2026, 1, 1, tzinfo=UTC)))(entry)


def test_fields_are_typed_by_their_kinds_and_a_body_may_hold_some() -> None:
    made = record("2024-03-14T09:26:53Z [info] 17 [2001:db8::7]:443 sold 3 {a b}, paid 4.50 by ada\nand more")
    assert isinstance(made, Record)
    assert (made.timestamp, made.severity_text, made.body) == (
        "2024-03-14T09:26:53Z",
        "info",
        "sold 3 {a b}, paid 4.50 by ada\nand more",
    )
    assert made.attributes == {
        "process.pid": 17, "client.address": "2001:db8::7", "client.port": 443, "shop.verb": "sold", "shop.items": 3,
        "shop.note": "a b", "shop.total": 4.5, "user.name": "ada",
    }  # fmt: skip


def test_a_field_that_says_nothing_is_left_out_and_another_shape_is_a_reject() -> None:
    made = record("2024-03-14T09:26:53Z [info] 17 - - 3")
    assert isinstance(made, Record)
    assert made.attributes == {"process.pid": 17, "shop.items": 3}
    assert record("2024-03-14T09:26:53Z [info] x") == Reject("other-shape")
    assert record("2024-13-14T09:26:53Z --- x") == Reject("invalid-timestamp")


def test_an_entry_begins_as_its_templates_do_up_to_what_may_be_left_out() -> None:
    assert SHOP.sieve is not None
    assert re.match(SHOP.sieve, "2024-03-14T09:26:53Z [info] 17")
    assert re.match(SHOP.sieve, "2024-03-14T09:26:53Z --- ")
    assert not re.match(SHOP.sieve, "2024-03-14T09:26:53Z [info] x")
    assert (
        start_of(r"(?:<[0-9]>)? ?[a-z(]{2}\((?P<x>\)|b)\) c?(?P<body>.*)")
        == r"(?:<[0-9]>)? ?[a-z(]{2}\((?:\)|b)\) "
    )
    assert start_of(r"a[\]b]+ (?P<x>c) (?P<body>.*)") == r"a[\]b]+ (?:c) "


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{wrod:a}", "no kind: 'wrod'"),
        ("{int=[0-9]{1,3}:a", "no end"),
        ("{body", "no end"),
        ("{int more}", "no kind"),
        ("{int:A}", "names no attribute"),
    ],
)
def test_a_wrong_field_is_refused_with_what_is_wrong(template: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        expand(template)


def test_braces_of_the_expression_stay() -> None:
    assert expand(r"\{x\}[0-9]{1,3}{int=[0-9]{2}:a.b}").pattern == r"\{x\}[0-9]{1,3}(?P<a__b>[0-9]{2})"


def test_an_entry_begins_with_a_level_that_nobody_knows_too() -> None:
    scylla = by_name("scylladb")
    assert scylla.framing.entry_start is not None
    begins = re.compile(scylla.framing.entry_start.encode()).match
    assert begins(b"INFO  2024-03-14 09:26:53,123 [shard 0] compaction - done")
    assert begins(b"LOUD  2024-03-14 09:26:53,123 [shard 0] compaction - done")
    assert not begins(b"at org.example.Shop.pay(Shop.java:42)")
