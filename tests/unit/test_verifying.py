"""Verify proves whatever the pipeline has stored and nobody touched, and names every single change of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

pytest.importorskip("arro3.io", reason="needs arro3: make setup")

from chalicelib.compactor import Compactor
from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.marks import MARKS_PER_LEAF, Counts, Outcome, Tally
from chalicelib.core.ledger.summaries import Summary
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.records.parquet import BATCHES, RECORDS, ParquetBatch, object_key
from chalicelib.dead_letters.selection import Selection
from chalicelib.ledger import StoredFile
from chalicelib.services import Services
from froe.verifying import Verdict, verify
from tests.fakes import WHEN, Pipeline, in_time
from tests.rows import edited, edits
from tests.tars import tar
from tests.unit.test_dead_letters import die
from tests.unit.test_deliveries import deliver
from tests.unit.test_reprocessing import BROKEN, FIXED, config_of, drain

LIMITS: Final = Limits(batch_max_lines=3, batch_max_bytes=1200, entry_max_bytes=400, split_bytes=240)
LARGE: Final = Limits(batch_max_lines=5, batch_max_bytes=720_000, entry_max_bytes=70_000, split_bytes=2**26)
JSON: Final = b"".join(
    b'{"time":"2026-02-01T10:00:%02dZ","level":"warn","msg":"slow","ms":%d,"ok":true}\n' % (number, number)
    for number in range(12)
)
TILLS: Final = b"".join(b"till%d %d coffees\n" % (7 + number % 2, number) for number in range(12))
ACCESS: Final = b"".join(
    b'192.0.2.%d - - [10/Oct/2026:13:55:%02d +0000] "GET /a HTTP/1.1" 200 %d\n' % (number, number, number)
    for number in range(5)
)
NOISE: Final = b"".join(b"line %s\n" % sha256(b"%d" % number).hexdigest().encode() for number in range(60))
"""Hardly compresses."""
STACKS: Final = b"".join(
    b"2026-02-01 10:00:%02d,123 ERROR [main] app.Shop - closed\njava.lang.Error: %d\n\tat app.Shop(Shop.java:1)\n"
    % (number, number)
    for number in range(8)
)
RULES: Final = (
    FIXED
    + r"""
[[redact]]
name = "amounts"
fields = ["amount"]
with = "(hidden)"

[[filter]]
name = "odd"
exclude = { pattern = 'till8 1' }
"""
)


SPARE_AND_NEXT: Final = 2


class Rows:
    """What the sink of a pipeline holds, as `verify` asks for it."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._objects = pipeline.results.objects

    def waiting_of(self, folder: str, begins: str) -> list[str]:
        keys = sorted(key for key in self._objects if key.startswith(f"{BATCHES}{folder}{begins}"))
        return [key.rpartition("/")[2].removesuffix(".parquet") for key in keys]

    def holding(self, folder: str, begins: str) -> list[Any]:
        del begins
        keys = sorted(key for key in self._objects if key.startswith(f"{RECORDS}{folder}"))
        return [SimpleNamespace(key=key) for key in keys]


def verdict_of(pipeline: Pipeline, file_id: str) -> Verdict:
    services = SimpleNamespace(
        ledger=pipeline.ledger,
        objects=pipeline.objects,
        records_table=pipeline.records,
        results=pipeline.results,
        settings=SimpleNamespace(redaction_key=""),
    )
    stored = pipeline.ledger.read_file(file_id)
    assert stored
    return verify(cast(Services, services), stored, sink=cast(Any, Rows(pipeline)))


def read(
    data: bytes,
    key: str = "a.log",
    *,
    config: str = "",
    limits: Limits = LIMITS,
    seconds: float = 60.0,
    **options: Any,
) -> tuple[Pipeline, str]:
    pipeline = Pipeline(limits, piece_bytes=1000, **options)
    if config:
        pipeline.set_limits(limits, config_of(config))
    file_id = pipeline.splitter.ingest(pipeline.objects.add(key, data), in_time(seconds))
    return pipeline, file_id


def settled(data: bytes, key: str = "a.log", **options: Any) -> tuple[Pipeline, str]:
    pipeline, file_id = read(data, key, **options)
    drain(pipeline)
    return pipeline, file_id


def compacted(data: bytes, **options: Any) -> tuple[Pipeline, str]:
    pipeline, file_id = settled(data, **options)
    Compactor(cast(Any, pipeline.results), pipeline.ledger, lambda: WHEN).compact(in_time(), timedelta())
    assert any(key.startswith(RECORDS) for key in pipeline.results.objects)
    return pipeline, file_id


def lost(*, discarded: bool, **options: Any) -> tuple[Pipeline, str]:
    """A file of which the last batch went to the dead letters."""
    pipeline, file_id = read(JSON, **options)
    die(pipeline, pipeline.batch_queue, -1)
    return given_up(pipeline, file_id, discarded=discarded)


def uncut(data: bytes, *, discarded: bool) -> tuple[Pipeline, str]:
    """A file of which a split went to the dead letters."""
    pipeline, file_id = read(data, seconds=4.0)
    if len(pipeline.split_queue.messages) == SPARE_AND_NEXT:  # in sequence
        del pipeline.split_queue.messages[0]
    die(pipeline, pipeline.split_queue)
    return given_up(pipeline, file_id, discarded=discarded)


def given_up(pipeline: Pipeline, file_id: str, *, discarded: bool) -> tuple[Pipeline, str]:
    drain(pipeline)
    if discarded:
        pipeline.office.discard(Selection(), in_time(), by="ann", why="a test")
    return pipeline, file_id


def read_again(*, done: bool, **options: Any) -> tuple[Pipeline, str]:
    pipeline, file_id = settled(TILLS, "tills/a.log", config=BROKEN, **options)
    pipeline.set_limits(LIMITS, config_of(FIXED))
    pipeline.reprocessing.begin(file_id)
    if done:
        drain(pipeline)
    else:
        for queue in (pipeline.split_queue, pipeline.batch_queue):
            deliver(pipeline, queue.messages.pop(0).body)
    return pipeline, file_id


def archive(members: list[tuple[str, bytes]], broken: int = 0) -> tuple[Pipeline, str]:
    data = tar(members)
    return settled(data[: len(data) - broken] if broken else data, "a.tar")


def member(key: str, *settled_archive: Any) -> tuple[Pipeline, str]:
    pipeline, _ = settled_archive
    return pipeline, next(
        each_id for each_id, each in pipeline.table.files.items() if each.plan.object.key == key
    )


MEMBERS: Final = [("a.log", JSON), ("b.png", b"\x89PNG\r\n\x1a\n" + bytes(90)), ("empty.log", b"")]
CUT: Final = [("a.log", JSON), ("b.log", JSON * 3)]
SINK: Final = {"layout": Layout.NONE, "sink": Sink.PARQUET}
BOTH: Final = {"layout": Layout.PACKED, "sink": Sink.PARQUET}

FILES: Final[dict[str, Callable[[], tuple[Pipeline, str]]]] = {
    "items": lambda: settled(JSON),
    "items of several shards": lambda: settled(b'{"msg":"%s"}\n' % (b"x" * 60_000) * 18, limits=LARGE),
    "packed": lambda: settled(JSON, layout=Layout.PACKED, sink=Sink.NONE),
    "packed with a sink": lambda: settled(ACCESS, **BOTH),
    "packed, merged": lambda: compacted(ACCESS, **BOTH),
    "the sink alone": lambda: settled(JSON, **SINK),
    "the sink alone, merged": lambda: compacted(ACCESS, **SINK),
    "many splits": lambda: settled(JSON * 3, limits=replace(LIMITS, split_bytes=120)),
    "gzip": lambda: settled(gzip.compress(JSON * 3, mtime=0)),
    "damaged gzip": lambda: settled(gzip.compress(JSON * 3, mtime=0)[:-9]),
    "UTF-16": lambda: settled(("\ufeff" + JSON.decode()).encode("utf-16-le")),
    "pretty JSON": lambda: settled(b'[\n  {\n    "msg": "a"\n  },\n  {\n    "msg": "b"\n  }\n]\n'),
    "stack traces": lambda: settled(STACKS),
    "no entries": lambda: settled(b"\n\n"),
    "nothing": lambda: settled(b""),
    "one long line": lambda: settled(b"x" * 2000 + b"\n" + JSON),
    "rejects": lambda: settled(JSON + b'{"torn": \n'),
    "filtered and redacted": lambda: settled(TILLS, "tills/a.log", config=RULES),
    "read again": lambda: read_again(done=True),
    "being read again": lambda: read_again(done=False),
    "read again, the sink alone": lambda: read_again(done=True, **SINK),
    "being read again, the sink alone": lambda: read_again(done=False, **SINK),
    "archive": lambda: archive(MEMBERS),
    "damaged archive": lambda: archive([*MEMBERS[:1], ("c.log", JSON)], broken=1500),
    "archive that ends within a member": lambda: settled(gzip.compress(tar(CUT), mtime=0)[:-30], "a.tgz"),
    "member": lambda: member("a.tar/a.log", *archive(MEMBERS)),
    "empty member": lambda: member("a.tar/empty.log", *archive(MEMBERS)),
}
UNPROVED: Final[dict[str, Callable[[], tuple[Pipeline, str]]]] = {
    "dead batch": lambda: lost(discarded=False),
    "discarded batch": lambda: lost(discarded=True),
    "dead batch of the sink": lambda: lost(discarded=False, **SINK),
    "dead split": lambda: uncut(JSON, discarded=False),
    "discarded split": lambda: uncut(JSON, discarded=True),
    "dead split in sequence": lambda: uncut(gzip.compress(NOISE, mtime=0), discarded=False),
    "failed member": lambda: member("a.tar/b.png", *archive(MEMBERS)),
    "no text": lambda: settled(b"\x89PNG\r\n\x1a\n" + bytes(90)),
}


@pytest.mark.parametrize("name", FILES)
def test_what_nobody_touched_is_proved(name: str) -> None:
    pipeline, file_id = FILES[name]()
    verdict = verdict_of(pipeline, file_id)
    assert verdict.result == "proved", (verdict.unproved, verdict.differences)


@pytest.mark.parametrize("name", UNPROVED)
def test_what_is_lost_is_neither_proved_nor_refuted(name: str) -> None:
    pipeline, file_id = UNPROVED[name]()
    verdict = verdict_of(pipeline, file_id)
    assert verdict.result == "unproved", (verdict.unproved, verdict.differences)
    assert "more may come" not in str(verdict.unproved)


Change = Callable[[], object]


def changes(pipeline: Pipeline, file_id: str, kinds: Iterable[Kind]) -> Iterator[tuple[str, str, Change]]:
    """Where, what, and how: each is a single change of what is stored of a file, to be undone by `kept`."""
    stored = pipeline.ledger.read_file(file_id)
    assert stored
    for kind in kinds:
        yield from kind(pipeline, stored)


def changes_of_items(pipeline: Pipeline, stored: StoredFile) -> Iterator[tuple[str, str, Change]]:
    plan, items = stored.plan, pipeline.records.items
    keys = sorted(key for key in items if key[0].startswith(f"{plan.file_id}#"))
    for pk, sk in keys[:1] + keys[-1:]:
        item = items[pk, sk]
        yield "table", f"{sk} gone", partial(items.pop, (pk, sk))
        for shard, where, what in (
            (pk, f"{int(sk[:16]) + 1:016d}", "doubled"),
            (pk, f"{sk}x", "doubled under a garbled key"),
            (pk, f"{10**9:016d}", "doubled behind the last"),
            (f"{plan.file_id}#{plan.shards:02x}", sk, "doubled in the next partition"),
            (f"{plan.file_id}#ff", sk, "doubled in the last partition"),
        ):
            copied = item | {"pk": {"S": shard}, "sk": {"S": where}}
            yield "table", what, partial(items.update, {(shard, where): copied})
        for name, value in item.items():
            rest = {each: other for each, other in item.items() if each != name}
            if name not in {"pk", "sk"}:
                yield "table", f"{name} gone", partial(items.update, {(pk, sk): rest})
                for another in others_than(value):
                    changed = item | {name: another}
                    yield (
                        "table",
                        f"{name} is {str(another)[:60]}",
                        partial(items.update, {(pk, sk): changed}),
                    )
        null = item | {"seen": {"NULL": True}}
        yield "table", "an empty field more", partial(items.update, {(pk, sk): null})
    if len(keys) > 1 and keys[0][0] == keys[-1][0]:
        first, last = (items[key] for key in (keys[0], keys[-1]))
        swapped = {keys[0]: last | {"sk": first["sk"]}, keys[-1]: first | {"sk": last["sk"]}}
        yield "table", "first and last swapped", partial(items.update, swapped)
    stray = f"{plan.file_id}#c8", f"{0:016d}"
    item = {"pk": {"S": stray[0]}, "sk": {"S": stray[1]}, "kind": {"S": "record"}}
    yield "table", "an item more", partial(items.update, {stray: item})


def others_than(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Values that differ from a typed one, in what it is or only in its type."""
    ((kind, content),) = value.items()
    if kind == "S":
        yield {"S": f"{content}x"}
        yield {"B": content}
    elif kind == "N":
        yield {"N": str(int(content) + 1)}
        yield {"N": f"{content}.00000000000000000001"}
        yield {"S": content}
        if content == "1":
            yield {"BOOL": True}
    elif kind == "B":
        yield {"S": content}
        yield {"B": content[:-8]}
    elif kind == "M":
        for name, inner in content.items():
            yield {"M": {each: other for each, other in content.items() if each != name}}
            for another in others_than(inner):
                yield {"M": content | {name: another}}
        yield {"M": content | {"more": {"NULL": True}}}
    elif kind == "BOOL":
        yield {"BOOL": not content}
        yield {"N": str(int(content))}


def changes_of_the_ledger(pipeline: Pipeline, stored: StoredFile) -> Iterator[tuple[str, str, Change]]:
    file_id = stored.plan.file_id
    yield from changes_of_seals(pipeline, file_id)
    yield from changes_of_sums(pipeline, file_id)
    for entry in sorted({file_id, stored.file_id}):
        yield from changes_of_the_account(pipeline, entry)


def changes_of_seals(pipeline: Pipeline, file_id: str) -> Iterator[tuple[str, str, Change]]:
    seals = pipeline.table.seals
    own = sorted(key for key in seals if key[0] == file_id)
    for key in {*own[:1], *own[-1:]}:
        seal = seals[key]
        changed = [
            *with_another(seal, "start", "end", "batches", "total", "last", "context"),
            *(with_another(seal, "digests") if seal.digests else ()),
            replace(seal, damage=None if seal.damage else Damage("torn", "it ends", 1, 1)),
        ]
        for each in changed:
            yield "ledger", str(each), partial(seals.update, {key: each})
        yield "ledger", f"seal {key[1]} gone", partial(seals.pop, key)
        yield "ledger", "a seal more", partial(seals.update, {(file_id, 77): seal})


def changes_of_sums(pipeline: Pipeline, file_id: str) -> Iterator[tuple[str, str, Change]]:
    """Of marks, of splits and of members."""
    table = pipeline.table
    if summary := table.summaries.get((file_id, 0)):
        for each in with_another(summary, "done", "failed", "discarded", "counts", "dead", "given_up"):
            yield "ledger", str(each), partial(table.summaries.update, {(file_id, 0): each})
    for key, total in [*table.tree.items()]:
        for other in with_another(total.summary, "done", "dead"):
            changed = replace(total, summary=other)
            yield "ledger", str(changed), partial(table.tree.update, {key: changed})
    for number, members in [*table.held_members.items()]:
        for others in (members[1:], members[::-1], [*members, file_id]):
            if number[0] == file_id and others != members:
                yield "ledger", f"members {others}", partial(table.held_members.update, {number: others})


def with_another(value: Any, *names: str) -> list[Any]:
    return [replace(value, **{name: other}) for name in names for other in altered(getattr(value, name))]


def changes_of_the_account(pipeline: Pipeline, entry: str) -> Iterator[tuple[str, str, Change]]:
    files = pipeline.table.files
    known, account = files[entry], files[entry].account
    for name in ("reason", "text_bytes", "splits", "batches", "cut", "summary"):
        for other in altered(getattr(account, name)):
            changed = known._replace(account=replace(account, **{name: other}))
            yield "ledger", f"{name} of {entry} is {other}", partial(files.update, {entry: changed})
    for state in State:
        if state.settled and state is not account.state:
            changed = known._replace(account=replace(account, state=state))
            yield "ledger", f"state is {state}", partial(files.update, {entry: changed})


def altered(value: Any) -> Iterator[Any]:
    """Values that differ from one of the ledger, by one."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, Tally):
        yield from (value + Tally(1), value + Tally(0, 1), value + Tally(0, 0, 1))
    elif isinstance(value, Counts):
        yield from (replace(value, parsed=other) for other in altered(value.parsed))
        yield from (replace(value, rejected=other) for other in altered(value.rejected))
        yield replace(value, skipped=dict(value.skipped) | {"blank": Tally(1, 1, 1)})
    elif isinstance(value, Summary):
        yield from (replace(value, done=other) for other in altered(value.done))
        yield from (replace(value, counts=other) for other in altered(value.counts))
    elif isinstance(value, str):
        yield f"x{value[1:]}" if value[:1] != "x" else f"y{value[1:]}"
    elif value is None:
        yield "x"


def changes_of_marks(pipeline: Pipeline, stored: StoredFile) -> Iterator[tuple[str, str, Change]]:
    leaves = pipeline.table.leaves
    own = sorted(key for key in leaves if key[0] == stored.plan.file_id)
    for key in own[:1] + own[-1:]:
        marks = dict(leaves[key])
        for number, mark in [*marks.items()][-1:]:
            rest = {each: other for each, other in marks.items() if each != number}
            yield "ledger", f"mark {number} gone", partial(leaves.update, {key: rest})
            others = [replace(mark, total=mark.total + Tally(1), outcome=Outcome.FAILED, counts=Counts())]
            if mark.outcome is Outcome.DONE:
                others += [
                    replace(mark, counts=counts, total=counts.total) for counts in altered(mark.counts)
                ]
            if mark.start is not None:
                others.append(replace(mark, start=mark.start + 1))
            if mark.digest:
                others.append(replace(mark, digest="x" * 8))
            for other in others:
                what = f"mark {number} is {other.encode()}"
                yield "ledger", what, partial(leaves.update, {key: marks | {number: other}})
            free = (
                next(each for each in range(MARKS_PER_LEAF) if each not in marks) if len(marks) < 16 else None
            )
            if free is not None:
                yield "ledger", f"mark {free} more", partial(leaves.update, {key: marks | {free: mark}})


def changes_of_rows(pipeline: Pipeline, stored: StoredFile) -> Iterator[tuple[str, str, Change]]:
    objects, plan = pipeline.results.objects, stored.plan
    own = sorted(key for key in objects if f"/{plan.file_id}-" in key)
    for key in own[:1] + own[1:][-1:]:
        data = objects[key]
        yield "sink", f"{key} gone", partial(objects.pop, key)
        yield "sink", f"{key} cut off", partial(objects.update, {key: data[:-9]})
        for what, change in edits(data):
            yield (
                "sink",
                what,
                partial(lambda key, *each: objects.update({key: edited(*each)}), key, data, change),
            )
        merged = key.replace(BATCHES, RECORDS)
        copies = (
            [f"{key[:-14]}000900.parquet"] if key.startswith(BATCHES) else [f"{merged[:-8]}-copy.parquet"]
        )
        for another in copies:
            yield "sink", f"{another} more", partial(objects.update, {another: data})
    if not own and not plan.archive:
        rows = ParquetBatch(
            file_id=plan.file_id, batch_id=f"{plan.file_id}-000000-000000", format_name=plan.format
        )
        name = object_key(plan.format, plan.head.last_modified, f"{plan.file_id}-000000-000000")
        yield "sink", "rows of a file that is not for it", partial(objects.update, {name: rows.data()})


@contextmanager
def kept(pipeline: Pipeline) -> Iterator[None]:
    """What is stored stays as it is."""
    table = pipeline.table
    things: list[Any] = [
        *(pipeline.records.items, pipeline.results.objects, table.files, table.seals, table.summaries),
        *(table.leaves, table.tree, table.held_members),
    ]
    before = [dict(each) for each in things]
    yield
    for thing, each in zip(things, before, strict=True):
        thing.clear()
        thing.update(each)


Kind = Callable[[Pipeline, StoredFile], Iterator[tuple[str, str, Change]]]
KINDS: Final = (changes_of_items, changes_of_the_ledger, changes_of_marks, changes_of_rows)
NEW_IN: Final[dict[str, tuple[Kind, ...]]] = {
    "items of several shards": (changes_of_items,),
    "packed with a sink": (changes_of_rows,),
    "packed, merged": (changes_of_rows,),
    "the sink alone, merged": (changes_of_rows,),
    "UTF-16": (changes_of_items,),
    "stack traces": (changes_of_items,),
    "one long line": (changes_of_items,),
    "rejects": (changes_of_items,),
    "gzip": (changes_of_the_ledger, changes_of_marks),
    "damaged gzip": (changes_of_the_ledger, changes_of_marks),
    "many splits": (changes_of_the_ledger, changes_of_marks),
}
"""Changes that no other file is for; of the others all are made."""


@pytest.mark.parametrize("name", [*FILES, *UNPROVED])
def test_every_single_change_is_found_and_named(name: str) -> None:
    pipeline, file_id = (FILES | UNPROVED)[name]()
    missed = []
    for where, what, change in changes(pipeline, file_id, NEW_IN.get(name, KINDS)):
        with kept(pipeline):
            change()
            verdict = verdict_of(pipeline, file_id)
            if verdict.result != "differs" or where not in {each.where for each in verdict.differences}:
                missed.append((where, what, verdict.result, verdict.differences[:2]))
    assert not missed, missed


@pytest.mark.parametrize("key", ["a.tar/a.log", "a.tar/empty.log"])
def test_an_archive_differs_if_a_member_is_said_to_have_failed(key: str) -> None:
    pipeline, file_id = archive(MEMBERS)
    _, member_id = member(key, pipeline, file_id)
    known = pipeline.table.files[member_id]
    failed = replace(known.account, state=State.FAILED, reason="nothing can be read")
    pipeline.table.files[member_id] = known._replace(account=failed)
    assert verdict_of(pipeline, file_id).result == "differs"


def test_the_object_of_a_member_is_its_outermost_archive() -> None:
    pipeline, file_id = member("a.tar/a.log", *archive(MEMBERS))
    pipeline.objects.content_types["a.tar"] = "application/x-tar"
    (difference,) = verdict_of(pipeline, file_id).differences
    assert difference.what == "the object has another content_type"
