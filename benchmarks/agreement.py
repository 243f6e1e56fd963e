"""How far Froe agrees with what other projects' tests assert about lines that are not its own.

    python -m benchmarks.agreement [--examples DIRECTORY] [--misses] [--only FORMAT]

The lines of one row format are put into one file and read without any hint. A row names its fields
neutrally; `OURS` says which of our names hold them. Rows that a peer rejects only ask that their bytes
are kept. A row of several lines that its format does not join is judged by what its lines say together.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from benchmarks.neutral_names import FACILITIES, NAMED, NOT_FIELDS, OURS
from chalicelib.core.formats import severity
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record

ROOT: Final = Path(__file__).resolve().parents[1]
EXAMPLES: Final = Path(os.environ.get("FROE_EXAMPLES", ROOT.parent / "shared" / "examples"))
_READ: Final = datetime(2026, 12, 31, tzinfo=UTC)

_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:")
_LEVELS: Final = ("level", "severity", "lnav_level", "event_level")


@dataclass(slots=True)
class Verdict:
    """Of one row format. fields: asserted, and how many agree; bytes: of its lines, and how many came back."""

    family: str
    told_as: str = ""
    asked: int = 0
    agreed: int = 0
    total_bytes: int = 0
    kept_bytes: int = 0
    misses: list[str] = field(default_factory=list)


def rows(examples: Path = EXAMPLES) -> list[dict[str, Any]]:
    text = (examples / "lines.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def judged(files: Sequence[Mapping[str, Any]]) -> dict[str, Verdict]:
    """Row format → verdict."""
    verdicts = {}
    in_order = sorted(files, key=lambda row: str(row["format"]))
    for name, group in groupby(in_order, key=lambda row: str(row["format"])):
        verdicts[name] = _verdict(list(group))
    return verdicts


def _verdict(group: Sequence[Mapping[str, Any]]) -> Verdict:
    verdict = Verdict(str(group[0]["family"]))
    text, places = _file(group)
    reading = Reading(
        ObjectHead(ObjectVersion("examples", "file", "v1", ""), len(text), "", _READ),
        lambda at: iter([text[at:]]),
    )
    outcomes = list(reading)
    verdict.told_as = reading.plan.format
    verdict.total_bytes = len(text)
    verdict.kept_bytes = sum(outcome.length for outcome in outcomes)
    family = reading.plan.format.split("_")
    for row, (begin, end) in zip(group, places, strict=True):
        if row["strength"] not in ("asserted", "derived"):
            continue
        records = list(_records(outcomes, begin, end))
        for neutral, value in row["expected"].items():
            if neutral in NOT_FIELDS:
                continue
            verdict.asked += 1
            lacking = value == [] and records and not any(_held_at_all(record, neutral) for record in records)
            if (
                lacking
                or any(agrees(record, neutral, value) for record in records)
                or (neutral == "program" and value in family)
            ):
                verdict.agreed += 1
            else:
                verdict.misses.append(f"{neutral} = {value!r} of {row['line'][:200]!r}")
    return verdict


def _file(group: Iterable[Mapping[str, Any]]) -> tuple[bytes, list[tuple[int, int]]]:
    """One file of the rows' lines, each under the header that it needs, and where each row stands."""
    text = b""
    places = []
    for row in group:
        needed = next((flag for flag in row["flags"] if flag.startswith("needs_header:")), None)
        if needed:
            text += needed.partition(":")[2].encode() + b"\n"
        line = row["line"].encode("utf-8", "surrogatepass") + b"\n"
        places.append((len(text), len(text) + len(line)))
        text += line
    return text, places


def _records(outcomes: Iterable[Outcome], begin: int, end: int) -> Iterator[Record]:
    for outcome in outcomes:
        if isinstance(outcome.result, Record) and begin <= outcome.offset < end:
            yield outcome.result


def agrees(record: Record, neutral: str, value: Any) -> bool:
    if neutral in ("timestamp", "timestamp_local", "syslog5424_ts"):
        return record.timestamp is not None and _time(record.timestamp).startswith(_time(value))
    if neutral == "timestamp_noyear":
        return record.timestamp is not None and _time(record.timestamp)[5:].startswith(_time(value))
    if neutral in _LEVELS and isinstance(value, str):
        number = severity.of_word(value)
        if number is not None and number == record.severity_number:
            return True
    return any(_same(value_of, value) for value_of in _values(record, neutral))


def _values(record: Record, neutral: str) -> Iterator[Any]:
    """What of a record may be the value of a neutral name."""
    fields = record.attributes
    for name in OURS.get(neutral, ()):
        if name in fields:
            yield fields[name]
    last = _plain(neutral)
    for name, field_value in fields.items():
        if (
            _plain(name.rpartition(".")[2]) == last
            or _plain(name) == last
            or _plain(name).endswith(f"_{last}")
        ):
            yield field_value
    if neutral in _LEVELS:
        yield record.severity_text
    if neutral in ("message", "request", "msg", "logmessage", "path", "syslog5424_msg"):
        yield from _messages(record)
    if neutral in ("path", "url", "request"):
        yield from _targets(fields)
    yield from _written_together(fields, neutral)


def _written_together(fields: Mapping[str, Any], neutral: str) -> Iterator[Any]:
    """Values that a peer keeps as one and we as two."""
    if neutral == "urihost" and "server.address" in fields:
        yield f"{fields['server.address']}:{fields.get('url.port', fields.get('server.port'))}"
    if neutral == "urihost" and isinstance(full := fields.get("url.full"), str):
        yield full.partition("://")[2].partition("/")[0]
    if neutral == "protocol" and "network.protocol.name" in fields:
        yield f"{fields['network.protocol.name']}/{fields.get('network.protocol.version')}".upper()
    if neutral == "facility" and isinstance(code := fields.get("syslog.facility.code"), int):
        yield FACILITIES[code]
    if neutral == "priority" and isinstance(code := fields.get("syslog.facility.code"), int):
        yield code * 8 + int(str(fields["syslog.severity.code"]))


def _held_at_all(record: Record, neutral: str) -> bool:
    return any(value is not None for value in _values(record, neutral))


def _messages(record: Record) -> Iterator[Any]:
    yield record.attributes.get("log.record.original")
    if record.body is not None:
        yield record.body
        yield record.body.partition("\n")[0]


def _targets(fields: Mapping[str, Any]) -> Iterator[Any]:
    if "url.full" in fields:
        yield fields["url.full"]
    if "url.path" in fields:
        yield f"{fields['url.path']}?{fields['url.query']}" if "url.query" in fields else fields["url.path"]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9@]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def _time(text: str) -> str:
    text = str(text).replace(" ", "T").rstrip("Z")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _same(ours: Any, value: Any) -> bool:
    if isinstance(ours, list) and not isinstance(value, list):
        return len(ours) == 1 and _same(ours[0], value)
    if isinstance(ours, list) and isinstance(value, list):
        return list(map(str, ours)) == list(map(str, value))
    if isinstance(value, str) and _ISO.match(value):
        return _instant(ours).startswith(_time(value))
    if isinstance(value, bool) or isinstance(ours, bool) or isinstance(value, list | dict):
        return str(ours).lower() == str(value).lower() or ours == value
    try:
        return float(ours) == float(value)
    except (TypeError, ValueError):
        return _address(str(ours).strip().lower()) == str(value).strip().lower()


def _instant(ours: Any) -> str:
    """A time as text or in seconds since 1970, as ISO 8601 without its final zeros and Z."""
    if isinstance(ours, int | float):
        ours = datetime.fromtimestamp(ours, UTC).isoformat().replace("+00:00", "Z")
    return _time(str(ours))


def _address(text: str) -> str:
    """An IPv4 address without its IPv6 prefix (RFC 4291, section 2.5.5.2)."""
    return text.removeprefix("::ffff:")


def table(verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    """The share of asserted fields that agree, by format and by family."""
    yield f"{'row format':26} {'family':16} {'told as':24} {'agree':>5} {'of':>5} {'share':>7} {'bytes':>7}"
    families: dict[str, Verdict] = defaultdict(lambda: Verdict(""))
    for name, verdict in sorted(verdicts.items(), key=lambda each: (each[1].family, each[0])):
        yield _line(name, verdict.family, verdict.told_as, verdict)
        groups = [verdict.family, "all", *(["named"] if name in NAMED else [])]
        for whole in (families[group] for group in groups):
            whole.asked += verdict.asked
            whole.agreed += verdict.agreed
            whole.total_bytes += verdict.total_bytes
            whole.kept_bytes += verdict.kept_bytes
    for name, whole in families.items():
        yield _line("", name, "", whole)


def _line(name: str, family: str, told_as: str, verdict: Verdict) -> str:
    share = verdict.agreed / verdict.asked if verdict.asked else 1.0
    kept = verdict.kept_bytes / verdict.total_bytes
    return f"{name:26} {family:16} {told_as:24} {verdict.agreed:5} {verdict.asked:5} {share:7.1%} {kept:7.1%}"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--examples", type=Path, default=EXAMPLES, help="the folder that holds lines.jsonl")
    asked.add_argument("--misses", action="store_true", help="show each field that does not agree")
    asked.add_argument("--only", metavar="FORMAT", help="judge this row format alone")
    options = asked.parse_args()
    if not (options.examples / "lines.jsonl").is_file():
        sys.exit(f"There is no lines.jsonl in {options.examples}: name its folder with --examples.")
    verdicts = judged([row for row in rows(options.examples) if options.only in (None, row["format"])])
    for line in table(verdicts):
        print(line)
    if options.misses:
        for name, verdict in verdicts.items():
            for miss in verdict.misses:
                print(f"{name}: {miss}")


if __name__ == "__main__":
    main()
