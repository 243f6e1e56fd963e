"""What a record becomes that DynamoDB would refuse, and that one entry never costs its batch."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections import UserDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats import Format, registry
from chalicelib.core.formats.flatten import Pairs, load_exact
from chalicelib.core.formats.registry import all_formats
from chalicelib.core.framing import Kind
from chalicelib.core.framing.cutting import Cutter, Limits
from chalicelib.core.plan import Plan
from chalicelib.core.records import Outcome, Record, Reject
from chalicelib.core.records.parsing import stored_of
from chalicelib.core.records.storable import DROPPED, ItemEncoder, TooLargeError, is_stored_as_it_is
from chalicelib.core.wire.messages import BatchMessage, batch_message
from tests.dynamo import assert_storable
from tests.faults.reading import head_of, read

EXAMPLES = (
    Path(os.environ.get("FROE_EXAMPLES") or Path(__file__).parents[4] / "shared" / "examples") / "found"
)
ENCODE = ItemEncoder(file_id="a" * 26, batch_id="b", format_name="json", shards=1, expires_at=None)
LONE = "\\ud83d"

EXACT_MEMBERS = (
    '"x" : [{"a" : 1}]',
    '"x":[{"a":1,"a":2},{"a":[{"b" : 1}]}]',
    '"x":[{"a":{"b" : "c"}}], "x":[{"d":1}]',
    '"x":{"y":[{"a" : {"z":[{"q" : []}]}}]}',
    '"x":"\\\\\\"", "y":[{"a":"said \\"n\\" : y"}]',
    '"x":[{"n":NaN},{"n":-Infinity},{"n":Infinity}],"n":NaN',
    '"x":[{"n":123456789012345678901234567890}],"n":18446744073709551616',
    f'"x":[{{"n":{"9" * 60}}}],"n":{"9" * 5000}',
    '"x":[{"n":1e999},{"n":1e-999},{"n":-1e126},{"n":1e-131}],"n":1e300',
    '"x":[{"n":0.1234567890123456789012345678901234567890123456789}]',
    f'"x":[{{"s":"{LONE}","{LONE}":1}}],"s":"{LONE}{LONE}","{LONE}k":"\\udc00"',
    '"":1,"x":[{"":1,"":2}]',
    f'"x":{"[" * 60}{{"a" : 1}}{"]" * 60}',
    f'"x":{"[" * 27}{{"a" : 1}}{"]" * 27},"y":{"[" * 28}{"]" * 28},"z":{"[" * 29}{"]" * 29}',
    f'"x":[{{"a":{"[" * 150}"b"{"]" * 150}}}]',
    '"x":[{"' + "k" * 70_000 + '" : 1}]',
    '"x":"\\u0000","y":[{"\\u0000" : "\\u0085\\u2028"}]',
)


def batch_of(known: Format, text: bytes) -> BatchMessage:
    """A text of a format as one batch."""
    plan = Plan(head_of(text), known.name, 1.0, framing=known.framing)
    cutter = Cutter(iter([text]), known.framing, Limits(), 0, aligned=True)
    (batch,) = list(itertools.islice(cutter.cut(0), 2))
    return batch_message(plan, batch)


def stored(known: Format, text: str) -> Iterator[Outcome]:
    failures: list[Exception] = []
    for outcome, item in stored_of(
        batch_of(known, text.encode()), report=lambda _, error: failures.append(error)
    ):
        if isinstance(outcome.result, Record | Reject):
            assert_storable(item)
            yield outcome
        else:
            assert not item
    assert not failures


each_format = pytest.mark.parametrize("known", all_formats(), ids=lambda known: known.name)
OF_JSON = [known for known in all_formats() if any("{" in sample for sample in known.samples)]


@pytest.mark.parametrize("known", OF_JSON, ids=lambda known: known.name)
def test_records_over_exact_json_become_items(known: Format) -> None:
    for member in EXACT_MEMBERS:
        records = 0
        for sample in known.samples:
            last = sample.rfind("}")
            changed = [f"{sample[:last]},{member}{sample[last:]}", sample.replace('":', '" :')]
            if (first := sample.find('{"')) >= 0:
                changed.append(f"{sample[: first + 1]}{member},{sample[first + 1 :]}")
            for text in changed if last > 0 else ():
                records += sum(isinstance(outcome.result, Record) for outcome in stored(known, text + "\n"))
        assert records or "}" not in "".join(known.samples)


ODD_VALUES = (
    "9" * 50, "-" + "9" * 39, "0." + "1" * 60, "1e999", "-1e-200", "NaN", "Infinity", LONE, f'"{LONE}"', "\\uDFFF", "\\U0000d83d",
    "\\xed\\xa0\\xbd", "\\355\\240\\275", "#ud83d", "&#xD83D;", "&#55357;", "%ed%a0%bd", '{"a" : [{"b" : 1}]}', '[{"a" : NaN}]', "\x00", "é\u2028", "-", '""',
)  # fmt: skip
_PLACES = re.compile(r'[0-9.]+|"[^"\n]*"|(?<==)[^\s=]+|(?<=: )\S+$')


@each_format
def test_records_with_odd_values_become_items(known: Format) -> None:
    texts = []
    for sample in known.samples[:3]:
        entry = sample.rpartition("\n")[2]
        head = sample[: len(sample) - len(entry)]
        places = [place.span() for place in _PLACES.finditer(entry)]
        for number, value in enumerate(ODD_VALUES):
            for begin, end in places[number % 4 :: 4][:2]:
                texts.append(f"{head}{entry[:begin]}{value}{entry[end:]}\n")
    framing = known.framing
    if framing.kind is Kind.LINES and framing.entry_start is framing.joins is None and not framing.has_header:
        texts = [
            "".join(texts)
        ]  # each line is an entry: to begin a text takes longer than to read a line of it
    for text in texts:
        list(stored(known, text))


@pytest.mark.parametrize(
    "name",
    [
        "colon_in_string.jsonl",
        "one_nan.jsonl",
        "surrogate.jsonl",
        "cloudtrail_policy.json",
        "waf.jsonl",
        "odd.jsonl",
    ],
)
def test_files_of_exact_json_are_read_whole(name: str) -> None:
    path = EXAMPLES / name
    if not path.is_file():
        pytest.skip(f"optional: {path} is not there")
    seen = read(path.read_bytes())
    assert seen.records
    assert "internal-error" not in seen.rejects


values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters()), st.binary(max_size=4),
        st.integers().map(lambda number: number * 10**40), st.just(6000).map(lambda zeros: 10**zeros), st.dates(),
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(st.text(st.characters(), max_size=3), inner).map(Pairs),
        st.lists(inner).map(tuple), st.dictionaries(st.integers(), inner), st.just(UserDict({"a": 1})),
    ),
)  # fmt: skip


@given(
    attributes=st.dictionaries(st.text(st.characters(), max_size=3), values), body=st.text(st.characters())
)
def test_whatever_a_parser_gives_becomes_an_item(attributes: dict[str, Any], body: str) -> None:
    record = Record("2026-03-01T12:00:00Z", None, body, 9, body, attributes)
    result = Outcome(0, 1, 1, b"x", record, replaced=False)
    outcome, item = ENCODE(result)
    assert outcome is result or not is_stored_as_it_is(result)
    assert_storable(item)
    json.dumps(outcome.result).encode()
    assert ENCODE(outcome) == (outcome, item)


@given(
    st.dictionaries(
        st.text("ab\ud800é", max_size=2),
        st.text("xé\ud800\0")
        | st.integers(-(10**40), 10**40)
        | st.booleans()
        | st.floats()
        | st.just("x" * 40_000)
        | st.lists(st.text("aé\ud800") | st.integers(), max_size=3),
        max_size=3,
    )
)
def test_what_is_said_to_be_stored_as_it_is_is_encoded_so(attributes: dict[str, Any]) -> None:
    outcome = Outcome(0, 1, 1, b"x", Record(None, None, None, None, None, attributes), replaced=False)
    assert ENCODE(outcome)[0] is outcome or not is_stored_as_it_is(outcome)
    assert is_stored_as_it_is(
        outcome._replace(result=Record(None, None, None, None, "é", {"a": "b", "n": 7, "t": True}))
    )


@pytest.mark.parametrize("levels", [27, 28, 29, 40, 500])
def test_what_nests_too_deep_is_json_text_from_there_on(levels: int) -> None:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    outcome, item = ENCODE(
        Outcome(0, 1, 1, b"x", Record(None, None, None, None, None, {"a": value}), replaced=False)
    )
    assert_storable(item)
    assert isinstance(outcome.result, Record)
    assert (outcome.result.attributes == {"a": value}) is (levels <= 28)


def test_an_object_read_the_exact_way_holds_plain_objects() -> None:
    loaded = load_exact('{"a":[{"b":{"c":1}},[{"d":1}]],"e":{"f":[{"g":1}]}}')
    assert loaded
    assert type(loaded["a"][0]) is type(loaded["a"][0]["b"]) is type(loaded["a"][1][0]) is dict
    assert type(loaded["e"]) is type(loaded["e"]["f"][0]) is dict


def fitted(record: Record) -> Record:
    outcome, item = ENCODE(Outcome(0, 1, 1, b"x", record, replaced=False))
    assert_storable(item)
    assert isinstance(outcome.result, Record)
    return outcome.result


def test_a_record_that_is_too_large_keeps_its_objects_as_json_text() -> None:
    prefix = "config." + "p" * 240
    attributes: dict[str, Any] = {f"{prefix}.{number:04}": number for number in range(3000)}
    record = fitted(Record("2026-03-01T12:00:00Z", None, None, None, "b", attributes | {"user.name": "ada"}))
    assert (record.timestamp, record.body) == ("2026-03-01T12:00:00Z", "b")
    assert record.attributes["user.name"] == "ada"
    text = record.attributes[prefix]
    assert isinstance(text, str)
    assert json.loads(text) == {f"{number:04}": number for number in range(3000)}
    assert DROPPED not in record.attributes


def test_names_that_stand_in_one_anothers_way_are_all_kept_in_the_text() -> None:
    filler = {f"a.fill.{'n' * 200}{number}": "x" * 60 for number in range(2000)}
    record = fitted(
        Record(None, None, None, None, None, {"a": 1, "a.b": 2, "a.b.c": {}, "a.b.c.d": 3, "a..": 4} | filler)
    )
    assert record.attributes["a"] == 1
    everything = json.dumps(record.attributes)
    assert all(f"{number}" in everything for number in (1, 2, 3, 4))


def test_a_text_that_stands_in_a_record_three_times_stands_there_once() -> None:
    text = "at shop.Pay.card(Pay.java:42) é\n" * 7000
    attributes = {"exception.stacktrace": text, "log.record.original": text, "log.logger": "shop"}
    record = fitted(Record(None, None, "ERROR", 17, text, attributes))
    assert record.body == text
    assert record.attributes == {"log.logger": "shop", DROPPED: 2}


def test_a_body_that_fits_in_no_item_is_a_reject_with_its_bytes() -> None:
    with pytest.raises(TooLargeError):
        ENCODE(Outcome(0, 1, 1, b"x", Record(None, None, None, None, "\ufffd" * 200_000, {}), replaced=True))
    raw = b'{"msg":"%s"}\n' % (b"\xff" * 200_000)
    (outcome,) = (each for each, _ in stored_of(batch_of(registry.by_name("json"), raw)))
    assert (outcome.result, outcome.raw) == (Reject("too-large"), raw)


@pytest.mark.parametrize("tail", ["", '"list":[{"a":"b"},{}],'])
def test_flattening_never_costs_a_record_that_was_read(tail: str) -> None:
    nested = "".join(f'"{"n" * 60}{number}":{{' for number in range(4))
    members = ",".join(f'"k{number}":{number}' for number in range(9000))
    text = f'{{"msg":"m","level":"info",{nested}{members}}}}}}}}}}}\n'
    if tail:
        text = f'{{{tail}"big":{{{",".join(f"{json.dumps(str(n))}:[{n}]" for n in range(14000))}}}}}\n'
    (outcome,) = stored(registry.by_name("json"), text)
    assert isinstance(outcome.result, Record)
    assert DROPPED not in outcome.result.attributes
