"""One entry on which something fails is one reject: its batch is stored, its bytes stay, and somebody is told."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chalicelib import logs, metrics
from chalicelib.core.custom.filters import Filters
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.redaction import Redactions
from chalicelib.core.formats import ParseContext, detection, registry
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record, Reject
from chalicelib.core.records.storable import ItemEncoder
from froe.cli import main
from tests.fakes import WHEN, Pipeline, in_time, opener
from tests.faults.reading import head_of
from tests.layouts import layout, stored_in  # noqa: F401 - each of these holds in every layout

SECRET = "unlucky-4711"
TEXT = b"".join(b'{"level":"info","msg":"line %d"}\n' % number for number in range(40))
BAD = b'{"level":"info","msg":"%s"}\n' % SECRET.encode()
REDACT = f"[[redact]]\nname = 'hidden'\npatterns = ['{SECRET}']\n"


def is_unlucky(text: object) -> bool:
    return SECRET in str(text)


def fail_at(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
    original = getattr(owner, name)

    def failing(self: Any, outcome: Outcome, *others: Any) -> Any:
        if isinstance(outcome.result, Record) and is_unlucky(outcome):
            raise LookupError(str(outcome))
        return original(self, outcome, *others)

    monkeypatch.setattr(owner, name, failing)


def fail_at_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    known = registry.by_name("json")

    def make_parser(context: Any) -> Any:
        parse = known.make_parser(context)

        def unlucky(text: str) -> Record | Reject:
            if is_unlucky(text):
                raise LookupError(text)
            return parse(text)

        return unlucky

    failing = dataclasses.replace(known, make_parser=make_parser)
    monkeypatch.setattr("chalicelib.core.custom.by_name", lambda _: failing)


def settled(text: bytes) -> tuple[Pipeline, str]:
    pipeline = Pipeline(Limits(batch_max_lines=10))
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", text), in_time())
    for sent in pipeline.batch_queue.messages:
        pipeline.worker.handle(sent.body, in_time())
    return pipeline, file_id


@pytest.mark.parametrize("where", ["parsing", "encoding"])
def test_its_batch_is_done_and_its_file_complete(
    where: str, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    if where == "parsing":
        fail_at_parsing(monkeypatch)
    else:
        fail_at(monkeypatch, ItemEncoder, "__call__")
    with caplog.at_level(logging.ERROR, logger="froe"):
        pipeline, file_id = settled(TEXT + BAD + TEXT)
    stored = pipeline.ledger.read_file(file_id)
    assert stored
    assert stored.account.state is State.COMPLETE
    counts = stored.account.summary.counts
    assert (counts.parsed.entries, counts.rejected.entries) == (80, 1)
    (item,) = [item for item in stored_in(pipeline).values() if item["kind"]["S"] == "reject"]
    assert item["reason"] == {"S": "internal-error"}
    assert int(item["length"]["N"]) == len(BAD)
    assert pipeline.meter.sum(metrics.ENTRIES_FAILED) == 1
    (logged,) = [each for each in caplog.records if each.message == "entry_failed"]
    line = json.loads(logs.Formatter().format(logged))
    assert (line["file_id"], line["offset"]) == (file_id, len(TEXT))
    assert "LookupError at" in line["exception"]
    assert SECRET not in json.dumps(line)


def test_of_many_in_a_batch_a_few_are_logged_and_all_are_counted(monkeypatch: Any, caplog: Any) -> None:
    fail_at_parsing(monkeypatch)
    with caplog.at_level(logging.ERROR, logger="froe"):
        pipeline, _ = settled(BAD * 30)
    assert pipeline.meter.sum(metrics.ENTRIES_FAILED) == 30
    assert len([each for each in caplog.records if each.message == "entry_failed"]) == 3 * 3


def read(config: str, text: bytes) -> list[Outcome]:
    return list(
        Reading(head_of(text), opener(text, 1000), config=load(config, "froe.toml", "a key for tests"))
    )


def test_a_filter_that_fails_costs_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_at(monkeypatch, Filters, "dropped_by")
    outcomes = read("[[filter]]\nname = 'never'\nexclude = { pattern = 'never' }\n", TEXT + BAD)
    assert outcomes[-1].result == Reject("internal-error")
    assert outcomes[-1].raw == BAD
    assert all(isinstance(outcome.result, Record) for outcome in outcomes[:-1])


def test_redaction_that_fails_costs_one_entry_and_hides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_at(monkeypatch, Redactions, "applied")
    outcomes = read(REDACT, TEXT + BAD)
    assert outcomes[-1].result == Reject("internal-error")
    assert SECRET.encode() not in outcomes[-1].raw
    assert outcomes[-1].length == len(BAD)


def test_what_cannot_be_redacted_at_all_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> Outcome:
        raise LookupError

    monkeypatch.setattr(Redactions, "applied", failing)
    outcomes = read(REDACT, BAD)
    assert [(outcome.result, outcome.raw, outcome.length) for outcome in outcomes] == [
        (Reject("internal-error"), b"", len(BAD))
    ]


def test_an_entry_that_fails_in_detection_leaves_the_format_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = registry.by_name("json")
    make_parser = known.make_parser

    def unlucky(context: ParseContext) -> Any:
        parse = make_parser(context)
        return lambda text: {}[text] if is_unlucky(text) else parse(text)

    failing = dataclasses.replace(known, make_parser=unlucky)
    monkeypatch.setattr(
        detection, "by_name", lambda name: failing if name == "json" else registry.by_name(name)
    )
    assert detection.detect(BAD + TEXT, WHEN, complete=True).format is failing


def test_froe_parse_shows_the_reject_and_where_it_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fail_at_parsing(monkeypatch)
    path = tmp_path / "a.log"
    path.write_bytes(TEXT + BAD * 5)
    done = CliRunner().invoke(main, ["parse", str(path)])
    assert done.exit_code == 0
    assert [json.loads(line).get("reason") for line in done.stdout.splitlines()] == [None] * 40 + [
        "internal-error"
    ] * 5
    assert done.stderr.count("This is a fault in Froe") == 3
    assert f"the entry at byte {len(TEXT):,} is a reject" in done.stderr
    assert SECRET not in done.stderr
