"""`froe infer`: a proposal types what lines have in common, and explains the next day's file as well."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.custom.loading import load
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record, Reject
from froe.inferring import propose
from froe.json_proposal import propose_mapping
from tests.fakes import opener

LEVELS = ("debug", "info", "warn", "error")
NUMBERS = {"debug": 5, "info": 9, "warn": 13, "error": 17}


def day(made: Callable[[int, datetime, random.Random, str], str], number: int, seed: int) -> list[str]:
    dice = random.Random(seed)
    start = datetime(2026, 9, 9 + seed, 8, 0, tzinfo=UTC)
    return [
        made(
            count + seed * 1000,
            start + timedelta(seconds=7 * count, milliseconds=11 * count),
            dice,
            dice.choice(LEVELS),
        )
        for count in range(number)
    ]


def results(toml: str, lines: list[str]) -> list[Record | Reject]:
    raw = ("\n".join(lines) + "\n").encode()
    head = ObjectHead(
        ObjectVersion("logs", "a.log", "v1", "e"), len(raw), "", datetime(2026, 11, 1, tzinfo=UTC)
    )
    reading = Reading(head, opener(raw, 5000), config=load(toml, "froe.toml"), format_name="own")
    return [
        Reject("another-format") if outcome.format else outcome.result
        for outcome in reading
        if isinstance(outcome.result, Record | Reject)
    ]


def orders(n: int, at: datetime, dice: random.Random, level: str) -> str:
    return (
        f"#A{n} {at:%d-%b-%y %H:%M:%S}.{at.microsecond // 1000:03} <{level[0].upper()}> shard={dice.randint(0, 9)}"
        f" {{{dice.choice(['checkout/pay', 'stock/reserve'])}}} user '{dice.choice(['ada', 'bob'])}'"
        f" paid {dice.choice(['EUR', 'EUR', 'USD'])} {dice.random() * 90:.2f} via {dice.choice(['visa', 'mc'])} in {dice.randint(1, 2000)}ms"
    )


def bars(_n: int, at: datetime, dice: random.Random, level: str) -> str:
    return f"{level.upper()}|{at:%Y%m%d %H:%M:%S},{dice.randint(100, 999)}|pump-{dice.randint(1, 9)}|{dice.random() * 9:.3f}bar|ok"


def american(_n: int, at: datetime, dice: random.Random, level: str) -> str:
    return f"[{level[0].upper()}] [{at:%b} {at.day}, {at:%Y %I:%M:%S %p}] (core/{dice.randint(1, 4)}) queue={dice.randint(0, 99)} mem={dice.randint(1, 900)}MB load={dice.randint(1, 99)}%"


def epochs(_n: int, at: datetime, dice: random.Random, level: str) -> str:
    return f"::{at.timestamp():.3f};{level};peer 192.0.2.{dice.randint(1, 254)} sent {dice.randint(1, 9000)}B in {dice.random():.3f}s"


def quoted(n: int, at: datetime, dice: random.Random, level: str) -> str:
    return f'job "night-{n}" at {at:%d.%m.%Y %H:%M:%S} lvl={level} took={dice.randint(1, 99)}ms rc={dice.randint(0, 3)}'


def unknown_levels(_n: int, at: datetime, dice: random.Random, level: str) -> str:
    return f"({at:%Y-%m-%dT%H:%M:%S%z}) {level.upper() if dice.random() < 0.8 else 'AUDIT'} ~ door={dice.randint(1, 9)} badge={dice.randint(1000, 9999)} ~"


KINDS: dict[Callable[..., str], set[str]] = {
    orders: {"shard", "user.name", "currency", "via", "duration_ms"},
    bars: {"word1"},
    american: {"queue", "mem_mb", "load_percent"},
    epochs: {"client.address", "size_b", "duration_s"},
    quoted: {"text1", "took_ms", "rc"},
    unknown_levels: {"door", "badge"},
}


@pytest.mark.parametrize(("made", "fields"), KINDS.items(), ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.parametrize("several", [False, True])
def test_a_proposal_explains_the_file_and_that_of_the_next_day(
    made: Any, fields: set[str], several: bool
) -> None:
    today, tomorrow = day(made, 60, 1), day(made, 60, 2)
    behind = ["    caused by: gateway timeout", "    retry 3"]
    lines = [
        line
        for number, each in enumerate(today)
        for line in (each, *(behind if several and number % 5 == 2 else ()))
    ]
    proposal = propose(lines)
    assert proposal is not None
    toml = proposal.toml("own")
    (table,) = tomllib.loads(toml)["format"]
    assert "2026" not in table["template"]
    assert "Sep" not in table["template"]
    for text in (lines, tomorrow):
        outcomes = results(toml, text)
        assert len(outcomes) == 60
        assert all(isinstance(each, Record) and each.timestamp for each in outcomes)
    for each, line in zip(results(toml, tomorrow), tomorrow, strict=True):
        assert isinstance(each, Record)
        assert (each.timestamp or "")[:10] == "2026-09-11", line
        assert fields <= each.attributes.keys()
        if made is not unknown_levels:
            assert each.severity_number in NUMBERS.values()


def test_a_clock_is_no_address_and_a_date_no_word_of_the_form() -> None:
    proposal = propose(
        [f"run {number} at 08:00:{number % 60:02} of 2026-09-14 ok={number % 2}" for number in range(40)]
    )
    assert proposal is not None
    assert "client.address" not in proposal.template
    assert "2026" not in proposal.template
    assert ":time_of_day}" in proposal.template


def test_json_with_names_of_its_own_is_mapped_by_what_its_values_look_like() -> None:
    objects = [
        f'{{"stand": "2026-09-14T08:00:{number % 60:02}Z", "ampel": "{"EIWD"[number % 4]}", "was": "order {number} is late", "svc": "pay", "z": {number}}}'
        for number in range(30)
    ]
    proposal = propose_mapping(objects, "rows[]")
    assert proposal is not None
    assert (proposal.time, proposal.severity, proposal.body) == ("stand", "ampel", "was")
    assert proposal.renames == {"svc": "service.name"}
    toml = proposal.toml("own")
    assert tomllib.loads(toml)["collection"] == [{"field": "rows[]"}]
    outcomes = results(toml, objects)
    assert all(
        isinstance(each, Record) and each.severity_number and each.body and each.timestamp
        for each in outcomes
    )


@pytest.mark.parametrize("objects", [[], ["{"], ['{"a": 1}'], ["[1]"]])
def test_nothing_is_mapped_where_nothing_is_known(objects: list[str]) -> None:
    assert propose_mapping(objects, None) is None


def test_a_proposal_holds_nothing_that_a_terminal_may_obey() -> None:
    controls = "\x9b\u202e\u2066\u200f\u2028\x7f\ufeff"
    objects = [f'{{"time":"2026-09-14T08:00:0{number}Z","msg":"a {controls} b"}}' for number in range(5)]
    mapping = propose_mapping(objects, None)
    assert mapping is not None
    pattern = propose([f"2026-09-14T08:00:0{number}Z INFO a {controls} b{number}" for number in range(5)])
    assert pattern is not None
    for table in (mapping.toml("shop"), pattern.toml("shop")):
        assert not any(each in table for each in controls)
    assert tomllib.loads(mapping.toml("shop"))["format"][0]["samples"] == list(mapping.samples)
    assert tomllib.loads(pattern.toml("shop"))["format"][0]["samples"] == list(pattern.samples)


CONSTANT = [
    ("{t} {level} {host} [{user}] order {n} paid in {n}ms", ("word1", "word2")),
    ("{t} {host} {level} job {n} done", ("word1",)),
    ("{host} {t} {level} job {n} done", ("word1",)),
    ("{t}|{level}|{host}|{user}|payment {n} failed", ("word1", "word2")),
    ("{t};{level};{host};{user};{n}", ("word1", "word2")),
    ("{t} <{level}> user {user} logged in from 192.0.2.{n}", ("user.name",)),
    ("{t} {level} connection from {host} closed after {n}ms", ()),
    ("{t} stufe={level} benutzer={user} betrag={n}.50", ("benutzer",)),
    ("{t} {host}.example.org {user}: order {n} paid", ("word1", "word2")),
]


@pytest.mark.parametrize(("line", "fields"), CONSTANT)
@pytest.mark.parametrize("levels", [("INFO", "ERROR"), ("I", "E"), ("WARNUNG", "FEHLER")])
def test_a_value_that_the_sample_has_only_once_is_no_part_of_the_form(
    line: str, fields: tuple[str, ...], levels: tuple[str, str]
) -> None:
    def lines(level: str, host: str, user: str) -> list[str]:
        times = (f"2026-03-01 10:00:{n:02}" for n in range(12))
        return [line.format(t=when, level=level, host=host, user=user, n=n) for n, when in enumerate(times)]

    proposal = propose(lines(levels[0], "gateway", "ada"))
    assert proposal is not None
    for record in results(proposal.toml("own"), lines(levels[1], "webserver", "bob")):
        assert isinstance(record, Record), (proposal.template, record)
        assert set(fields) <= set(record.attributes)
        if "{level}" in line:
            assert (record.severity_text, record.severity_number) == (levels[1], 17)
