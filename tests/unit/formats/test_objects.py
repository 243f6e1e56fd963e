"""The engine for objects: what a declaration says is what becomes of the members."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.objects import USUAL, Objects, graded, joined, without
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_OBJECT
from chalicelib.core.records import Record, Reject

CONTEXT = ParseContext(last_modified=datetime(2026, 6, 1, tzinfo=UTC))
NOON = "2026-03-14T12:00:00Z"
TILL = Objects(
    required=("when|date", "kind"), time=("when", "date clock"), level=("grade",), body=("words",), names={"pid": "process.pid"}
)  # fmt: skip
OF_TILL = replace(TILL, prefix="till")


def made(objects: Objects, **members: Any) -> Record | Reject:
    return objects.parser(CONTEXT)(orjson.dumps(members).decode())


def test_time_severity_and_body_leave_the_attributes_and_the_others_are_named() -> None:
    assert made(TILL, when=NOON, grade="warn", words="sold", kind="sale", pid=7) == Record(
        NOON, None, "warn", 13, "sold", {"kind": "sale", "process.pid": 7}
    )


def test_what_is_required_or_foreign_decides_by_names_alone() -> None:
    assert made(TILL, kind="sale") == OTHER_OBJECT
    assert made(replace(TILL, foreign=("other",)), when=NOON, kind="sale", other=1) == OTHER_OBJECT
    assert (
        made(replace(TILL, confirms=lambda members: members["kind"] == "sale"), when=NOON, kind="a")
        == OTHER_OBJECT
    )


def test_a_day_and_a_clock_are_a_time_together() -> None:
    assert made(TILL, date="2026-03-14", clock="12:00:00", kind="a") == Record(
        NOON, "zone", None, None, None, {"kind": "a"}
    )
    assert made(replace(TILL, utc=True), date="2026-03-14", clock="12:00:00", kind="a") == Record(
        NOON, None, None, None, None, {"kind": "a"}
    )


def test_a_time_that_is_none_is_what_the_format_says() -> None:
    assert made(TILL, when="noon", kind="a") == OTHER_OBJECT
    assert made(replace(TILL, timeless=BAD_TIME), when="noon", kind="a") == BAD_TIME
    assert made(replace(TILL, timeless=None), when="noon", kind="a") == Record(
        None, None, None, None, None, {"when": "noon", "kind": "a"}
    )


def test_a_member_that_was_no_severity_gets_its_attribute() -> None:
    named = replace(TILL, names={"grade": "till.grade"})
    assert made(named, when=NOON, grade=[1], kind="a") == Record(
        NOON, None, None, None, None, {"kind": "a", "till.grade": [1]}
    )


def test_grades_of_the_products_own_and_kept_members() -> None:
    own = replace(TILL, levels=graded({1: 17}), kept=frozenset(("grade",)), names={"grade": "till.grade"})
    assert made(own, when=NOON, grade=1, kind="a") == Record(
        NOON, None, "1", 17, None, {"till.grade": 1, "kind": "a"}
    )
    assert made(own, when=NOON, grade="info", kind="a") == Record(
        NOON, None, "info", 9, None, {"till.grade": "info", "kind": "a"}
    )


def test_kinds_read_texts_as_templates_do() -> None:
    named = replace(
        TILL, names={"peer": "endpoint:client", "url": "url:url.path", "ways": "numbers:till.ways"}
    )
    record = made(named, when=NOON, kind="a", peer="[2001:db8::7]:443", url="/a?b=c", ways="1, -")
    assert isinstance(record, Record)
    assert record.attributes == {
        "kind": "a", "client.address": "2001:db8::7", "client.port": 443, "url.path": "/a", "url.query": "b=c",
        "till.ways": [1, None],
    }  # fmt: skip


def test_a_prefix_leaves_out_what_says_nothing_and_what_is_there_twice() -> None:
    named = replace(OF_TILL, names={"a": "till.same", "b": "till.same", "c": "till.same"})
    assert made(
        named, when=NOON, kind="-", stillOpen=False, left=0, a=1, b=1, c=2, none=None, empty=[]
    ) == Record(
        NOON,
        None,
        None,
        None,
        None,
        {"till.still_open": False, "till.left": 0, "till.same": 1, "till.same#2": 2},
    )


def test_headers_are_written_in_many_ways_and_have_one_name() -> None:
    headers = replace(OF_TILL, prefixes={"headers.": "http.request.header."})
    record = made(
        headers, when=NOON, kind="a", headers={"X-Till": ["7"], "User-Agent": ["curl"], "Via": ["a", "b"]}
    )
    assert isinstance(record, Record)
    assert record.attributes == {
        "till.kind": "a", "http.request.header.x_till": "7", "user_agent.original": "curl",
        "http.request.header.via": ["a", "b"],
    }  # fmt: skip


def test_an_envelope_is_taken_off_and_a_heading_is_the_body_of_a_record_without_one() -> None:
    wrapped = replace(OF_TILL, inner=without("event."), heading=joined("till.kind", "till.none|till.item"))
    assert made(wrapped, event={"when": NOON, "kind": "sale", "item": 7}, till=3) == Record(
        NOON, None, None, None, "sale 7", {"till.till": 3, "till.kind": "sale", "till.item": 7}
    )


def test_usual_names_count_behind_those_of_the_format_and_never_those_it_maps() -> None:
    usual = Objects(usual=USUAL, time=("when",), names={"msg": "till.msg"}, timeless=None)
    assert made(usual, timestamp="2026-03-14T11:00:00Z", when=NOON, level="info", msg="a") == Record(
        NOON, None, "info", 9, None, {"timestamp": "2026-03-14T11:00:00Z", "till.msg": "a"}
    )


def test_what_a_parser_met_before_changes_nothing() -> None:
    parse = OF_TILL.parser(CONTEXT)
    texts = [orjson.dumps({"when": NOON, "kind": "a", f"n{place}": place}).decode() for place in range(3_000)]
    first = [parse(text) for text in texts]
    assert [parse(text) for text in reversed(texts)] == first[::-1]
