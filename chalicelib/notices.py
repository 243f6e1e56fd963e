"""Notices to the subscribers of the topic, about one settled file or many.

Limits: a notice has names and counts, never the contents of a log; one about many files names the worst of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from chalicelib.core.amounts import counted
from chalicelib.core.decoding.guessing import on_guess
from chalicelib.core.decoding.text import UTF_8
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.marks import Tally
from chalicelib.ledger import StoredFile

_SUBJECT_KEY_CHARS: Final = 70
_NAMED_MAX: Final = 20
_REASON_MAX_CHARS: Final = 300


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people or programs should know.

    notice_id: the same for every delivery of the same notice. kind: ``file``, ``files``, ``dead-letter``, ``sweep`` or ``summary``.
    subject: a line; text: a digest that people can read; both are cut and cleaned for SNS.
    attributes: what programs filter on; `notice_id` and `kind` are added, and SNS delivers ten in all.
    """

    notice_id: str
    kind: str
    subject: str
    text: str
    attributes: Mapping[str, str]


class Publishes(Protocol):
    def publish(self, notice: Notice) -> None:
        """Give the notice to all subscribers; raises TransientError, or PermanentError if it is refused."""


def settling_id(file: StoredFile) -> str:
    """The id that all notices and events of this settling have."""
    return f"{file.file_id}-{file.account.revision}"


def file_notice(file: StoredFile) -> Notice:
    """The notice of a settled file. Attributes: `state`, `bucket`, `key`, `file_id`, `format`."""
    plan, account = file.plan, file.account
    key = plan.object.key
    shown_key = key if len(key) <= _SUBJECT_KEY_CHARS else f"...{key[-_SUBJECT_KEY_CHARS:]}"
    return Notice(
        notice_id=settling_id(file),
        kind="file",
        subject=f"Froe: {account.state} {shown_key}",
        text="\n".join(_digest(file)) + "\n",
        attributes={
            "state": account.state.value,
            "bucket": plan.object.bucket,
            "key": key,
            "file_id": file.file_id,
            "format": plan.shown_format or "-",
        },
    )


def files_notice(files: Sequence[StoredFile]) -> Notice:
    """One notice about many files that have settled in the same state. Attributes: `state`, `files`.

    Its id is made from the ids of the settlings, so another group of them has another id.
    """
    state, ids = files[0].account.state, sorted(map(settling_id, files))
    return Notice(
        notice_id=f"files-{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:32]}",
        kind="files",
        subject=f"Froe: {len(files):,} files {state}",
        text="\n".join(_digest_of_many(files)) + "\n",
        attributes={"state": state.value, "files": str(len(files))},
    )


def _digest_of_many(files: Sequence[StoredFile]) -> Iterator[str]:
    state = files[0].account.state
    yield f"{len(files):,} files are {state}"
    yield ""
    formats = {file.plan.shown_format or "-" for file in files}
    yield f"files: {len(files):,}, of {counted(len(formats), 'format')}"
    yield f"objects: {counted(sum(file.plan.head.size for file in files), 'byte')}"
    parts = [_parts(file) for file in files]
    for name in parts[0]:
        total = sum((each[name] for each in parts), Tally())
        if total != Tally() or name == "parsed":
            yield f"{name}: {_tally(total)}"
    times = [file.settled_at for file in files if file.settled_at]
    if times:
        yield f"settled: {_time(min(times))} to {_time(max(times))}"
    yield ""
    worst = sorted(files, key=_badness, reverse=True)[:_NAMED_MAX]
    yield "All of them:" if len(worst) == len(files) else f"The worst {len(worst)} of them:"
    yield from (_named(file) for file in worst)
    yield ""
    yield f"More: froe status --state {state}"


def _named(file: StoredFile) -> str:
    """One line about a file in a list."""
    account = file.account
    rejected = account.summary.counts.rejected.lines
    share = file.account.summary.counts.reject_share
    why = [f"{counted(rejected, 'line')} rejected ({share.value:.1%} of the {share.of})"] if rejected else []
    if account.reason:
        cut = account.reason[:_REASON_MAX_CHARS]
        why.insert(0, cut if cut == account.reason else f"{cut}…")
    return printable(f"{file.file_id} {file.plan.object}: {'; '.join(why) or 'nothing is amiss'}")


def _badness(file: StoredFile) -> tuple[float, ...]:
    """Sorts by what is lost or waiting, then by the share of rejects."""
    summary = file.account.summary
    lost = summary.dead.bytes + summary.given_up.bytes + file.account.pending.bytes
    return (lost, summary.counts.reject_share.value, summary.counts.rejected.lines, file.plan.head.size)


def _digest(file: StoredFile) -> Iterator[str]:
    """Lines of "name: value": a table would lose its alignment in a mail."""
    plan, account = file.plan, file.account
    reason = account.reason
    if reason is None:
        reason = "every line is accounted for" if account.state is State.COMPLETE else "for no known reason"
    yield printable(f"{account.state}: {reason}")
    yield ""
    yield printable(f"file: {plan.object}")
    yield f"file id: {file.file_id}"
    if plan.generation:
        yield f"generation: {plan.generation}, with the formats of when it was read again"
    yield "format: -" if plan.failure else f"format: {plan.format}, score {plan.format_score:g}"
    if plan.charset_guess:
        yield f"charset: {on_guess(plan.charset_guess)}"
    elif plan.charset != UTF_8 and not plan.failure:
        yield f"charset: {plan.charset}"
    yield f"object: {counted(plan.head.size, 'byte')}, last modified {_time(plan.head.last_modified)}"
    yield f"text: {'unknown' if account.text_bytes is None else counted(account.text_bytes, 'byte')}"
    yield from _sums(file)
    yield f"batches: {account.batches:,} in {counted(account.splits, 'split')}"
    yield f"opened: {_time(file.opened_at)}"
    if file.settled_at:
        seconds = (file.settled_at - file.opened_at).total_seconds()
        yield f"settled: {_time(file.settled_at)}, after {seconds:,.1f} s"
    yield ""
    yield f"More: froe status {file.file_id}"
    if account.summary.counts.rejected.entries:
        yield f"Rejects: froe rejects {file.file_id}"
    if account.state is State.INCOMPLETE:
        yield f"Dead letters: froe dead-letters --file {plan.file_id}"


def _sums(file: StoredFile) -> Iterator[str]:
    """Counts of everything that was cut; rare outcomes only if there are any."""
    parts = _parts(file)
    for name in ("parsed", "rejected"):
        yield f"{name}: {_tally(parts.pop(name))}"
    for reason, tally in sorted(file.account.summary.counts.skipped.items()):
        yield f"skipped, {reason}: {_lines(tally)}"
    parts.pop("skipped")
    for name, tally in parts.items():
        if tally != Tally():
            yield f"{name}: {_tally(tally)}"


def _parts(file: StoredFile) -> dict[str, Tally]:
    """Counts of everything that was cut, by outcome."""
    account, summary = file.account, file.account.summary
    return {
        "parsed": summary.counts.parsed,
        "rejected": summary.counts.rejected,
        "skipped": sum(summary.counts.skipped.values(), Tally()),
        "dead-lettered": summary.dead,
        "discarded": summary.given_up,
        "pending": account.pending,
    }


def _tally(tally: Tally) -> str:
    return f"{counted(tally.entries, 'entry', 'entries')}, {_lines(tally)}"


def _lines(tally: Tally) -> str:
    return f"{counted(tally.lines, 'line')}, {counted(tally.bytes, 'byte')}"


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def printable(text: str) -> str:
    """The text on one line, with invisible characters escaped: a key may contain line ends and control characters."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )
