"""Container logs: parts are joined, the line inside is read by its own format, nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing import Run
from chalicelib.core.framing.entries import entries_in, entries_of
from chalicelib.core.records import Record, Value

Reason = Callable[[str, str], str]
WHEN = datetime(2024, 6, 1, tzinfo=UTC)


def carried(name: str, entry: str) -> Record:
    parsed = by_name(name).make_parser(ParseContext(WHEN, explain=Explainer(WHEN)))(entry)
    assert isinstance(parsed, Record), parsed
    return parsed


def entries(name: str, text: str) -> list[int]:
    """How many lines each entry of a text has."""
    data = text.encode()
    for piece in entries_in([data], by_name(name).framing, 0, 1 << 20, aligned=True):
        assert isinstance(piece, Run)
    actual = entries_of(data, by_name(name).framing, 0, len(data), data.count(b"\n"))
    return [(entry.text or entry.raw).count(b"\n") for entry in actual]


def docker(log: str, stream: str = "stdout", second: int = 0) -> str:
    return json.dumps(
        {"log": log, "stream": stream, "time": f"2024-03-14T09:26:{second:02d}.1Z"}, separators=(",", ":")
    )


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ([docker("a "), docker("b\n", second=1)], [2]),
        ([docker("a "), docker("b "), docker("c\n")], [3]),
        ([docker("a "), docker("b\n", "stderr")], [1, 1]),
        ([docker("a\n"), docker("b\n")], [1, 1]),
        ([docker("a\\n"), docker("b\n")], [2]),
        ([docker('"\\"'), docker("\n")], [2]),
        ([docker("x" * 16384, second=1), docker("y" * 16384, second=2), docker("z\n", second=3)], [3]),
        ([docker("no line end", second=1), docker("none here", second=2)], [1, 1]),
        ([docker("a "), "{broken", docker("b\n")], [1, 1, 1]),
    ],
)
def test_parts_of_one_stream_that_follow_one_another_are_one_entry(
    lines: list[str], joined: list[int]
) -> None:
    assert entries("docker_json", "\n".join(lines) + "\n") == joined


def test_the_parts_of_a_docker_line_are_one_body() -> None:
    parsed = carried("docker_json", docker("level=warn msg=") + "\n" + docker("slow\r\n", second=1))
    assert (parsed.timestamp, parsed.severity_text, parsed.body) == ("2024-03-14T09:26:00.1Z", "warn", "slow")
    assert parsed.attributes["log.record.original"] == "level=warn msg=slow"
    assert "log.iostream.partial" not in parsed.attributes


def test_an_adversarial_docker_line_is_joined_in_linear_time() -> None:
    line = docker("a ")[:-1] + ',"stream":"a"' * 20_000
    assert entries("docker_json", f"{line}\n{line}\n") == [2]


@pytest.mark.parametrize(
    ("tags", "joined"),
    [
        (["stdout P", "stdout F"], [2]),
        (["stdout P", "stdout P", "stdout F", "stdout F"], [3, 1]),
        (["stdout P", "stderr F", "stdout F"], [2, 1]),
        (["stdout P", "stderr P", "stdout F", "stderr F"], [2, 2]),
        (["stdout P", "stderr F", "stderr F", "stdout P", "stdout F", "stdout F"], [3, 1, 1, 1]),
        (["stdout P", *["stderr F"] * 127, "stdout F"], [2, *[1] * 127]),
        (["stdout P", *["stderr F"] * 128, "stdout F"], [1, *[1] * 128, 1]),
        (["stdout P:x", "stdout F:y"], [2]),
        (["stdout Past", "stdout F"], [1, 1]),
    ],
)
def test_parts_of_a_cri_line_are_joined_whatever_stands_between_them(
    tags: list[str], joined: list[int]
) -> None:
    assert entries("k8s_cri", "".join(f"2024-03-14T09:26:53.1Z {tag} a b\n" for tag in tags)) == joined


def test_the_inner_line_keeps_its_clashing_attributes_and_its_time() -> None:
    inner = '{"@timestamp":"2024-03-14T08:00:00Z","@version":"1","message":"m","log.iostream":"mine"}'
    parsed = carried("k8s_cri", f"2024-03-14T09:26:53.1Z stderr F {inner}")
    assert (parsed.timestamp, parsed.body) == ("2024-03-14T09:26:53.1Z", "m")
    assert parsed.attributes == {
        "log.iostream": "stderr",
        "log.iostream#2": "mine",
        "@version": "1",
        "log.record.format": "logstash",
        "log.record.timestamp": "2024-03-14T08:00:00Z",
        "log.record.original": inner,
    }


def test_repeated_names_are_looked_for_twice_each_however_many_there_are() -> None:
    looked_for = 0

    class Counting(dict[str, Value]):
        def __contains__(self, name: object) -> bool:
            nonlocal looked_for
            looked_for += 1
            return super().__contains__(name)

    fields, repeats = Counting(), dict[str, int]()
    for number in range(2000):
        add(fields, repeats, "a", number)
    assert len(fields) == 2000
    assert looked_for < 2 * 2000


def test_carriers_in_carriers_end() -> None:
    line = "2024-03-14T09:26:53.1Z stdout F " * 50 + "x"
    assert carried("k8s_cri", line).body is not None


@pytest.mark.parametrize(
    ("name", "entry", "why"),
    [
        ("docker_json", "[]", "another-object"),
        ("docker_json", '{"log":"a\\n","stream":"stdout"}', "another-object"),
        ("docker_json", '{"log":1,"stream":"stdout","time":"2024-03-14T09:26:53Z"}', "another-object"),
        ("docker_json", '{"log":"a","stream":"stdout","time":"x"}', "invalid-timestamp"),
        ("k8s_cri", "2024-03-14T09:26:53.1Z stdin F x", "other-shape"),
        ("klog", "I0314 09:26:53.123456 1 a.go] x", "other-shape"),
        ("klog", "I1314 09:26:53.123456 1 a.go:1] x", "invalid-timestamp"),
        ("glog", "I0314 09:26:53.123456 1 a.go:1] x", "other-shape"),
        ("docker_compose", "prose", "other-shape"),
        ("container_times", "2024-03-14T09:26:53.123Z words", "nothing-carried"),
        ("svlogd", "[2024-03-14 09:26:53] prose", "nothing-carried"),
    ],
)
def test_what_is_not_of_the_format_is_a_reject(reason: Reason, name: str, entry: str, why: str) -> None:
    assert reason(name, entry) == why


def test_a_structured_klog_entry_gives_its_pairs() -> None:
    parsed = carried(
        "klog",
        'I0314 09:26:53.1 1 a.go:7] "said \\"no\\"" pod="shop/web" n=3 err="x" data=<\n\tone\n\ttwo\n >',
    )
    assert parsed.body == 'said "no"'
    assert parsed.attributes["n"] == 3
    assert parsed.attributes["error.message"] == "x"
    assert parsed.attributes["data"] == "one\ntwo"
