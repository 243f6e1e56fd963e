"""Notices: what subscribers of the topic are told, and the notifier, which tells them of settled files.

Promise: every settling of a file gives a notice, at least once; a repeated one bears the same `notice_id`.
Limits: a notice holds names and counts, never the contents of a log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol, TypeAlias

from chalicelib import logs, metrics
from chalicelib.core.accounts import FileAccount, State
from chalicelib.core.errors import PermanentError, TransientError, reason_of
from chalicelib.core.guessing import on_guess
from chalicelib.core.marks import Tally
from chalicelib.core.text import UTF_8
from chalicelib.delivery import Deadline
from chalicelib.ledger import StoredFile
from chalicelib.metrics import NO_METER, Meter

_SUBJECT_KEY_CHARS: Final = 70

logger = logging.getLogger("froe")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people or programs should know.

    notice_id: the same for every delivery of the same notice. kind: ``file``, ``dead-letter`` or ``sweep``.
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


@dataclass(frozen=True, slots=True)
class Standing:
    """How a file's account stood. failed: its dead batches. whole: nothing is known to be amiss with it."""

    state: State
    failed: int
    whole: bool

    @classmethod
    def of(cls, account: FileAccount) -> Standing:
        return cls(account.state, account.summary.failed, account.reason is None)


@dataclass(frozen=True, slots=True)
class Change:
    """A write to a file's account, as the ledger's stream tells of it.

    sequence_number: by which the stream delivers it again. before: None where the file was opened.
    """

    sequence_number: str
    before: Standing | None
    after: StoredFile


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of the stream that cannot be understood, however often it comes."""

    sequence_number: str
    file_id: str
    why: str


Told: TypeAlias = Change | Unreadable


class Counts(Protocol):
    def count(self, file: StoredFile) -> None:
        """Count a settled file in the statistics; raises TransientError. Repeating it changes nothing."""


class Notifier:
    """counting: None where nothing is counted."""

    def __init__(self, topic: Publishes, meter: Meter = NO_METER, counting: Counts | None = None) -> None:
        self._topic = topic
        self._meter = meter
        self._counting = counting

    def tell(self, changes: Iterable[Told], deadline: Deadline) -> list[str]:
        """Publish a notice of every file that has settled. Gives the sequence numbers of those that are to be
        delivered again; one failure never keeps the others back."""
        failed = []
        for change in changes:
            if isinstance(change, Unreadable):
                known = {"file_id": change.file_id, "sequence_number": change.sequence_number}
                logger.error("notice_refused", extra={**known, "reason": change.why})
            elif not self._counted(change.after, deadline):
                failed.append(change.sequence_number)
            elif _is_news(change):
                logs.about(file_id=change.after.plan.file_id)
                if self._told(file_notice(change.after), deadline):
                    self._measure(change.after)
                else:
                    failed.append(change.sequence_number)
        return failed

    def _counted(self, file: StoredFile, deadline: Deadline) -> bool:
        """Whether nothing is left to do about the statistics; what cannot be counted for good is logged."""
        if self._counting is None or not file.account.state.settled:
            return True
        known = {"file_id": file.plan.file_id}
        if deadline.seconds_left <= 0:
            logger.warning("notice_out_of_time", extra=known)
            return False
        try:
            self._counting.count(file)
        except TransientError as error:
            logger.warning("not_counted", extra={**known, "reason": error.reason})
            return False
        except Exception as error:
            logger.exception("not_counted", extra={**known, "reason": reason_of(error)})
        return True

    def _measure(self, file: StoredFile) -> None:
        self._meter.add(metrics.FILES_SETTLED, state=file.account.state.value)
        if file.settled_at:
            seconds = (file.settled_at - file.opened_at).total_seconds()
            self._meter.add(metrics.FILE_SECONDS, seconds)

    def _told(self, notice: Notice, deadline: Deadline) -> bool:
        """Whether nothing is left to do about the notice: it is published, or refused for good."""
        known = {"notice_id": notice.notice_id, "file_id": notice.attributes["file_id"]}
        if deadline.seconds_left <= 0:
            logger.warning("notice_out_of_time", extra=known)
            return False
        try:
            self._topic.publish(notice)
        except TransientError as error:
            logger.warning("notice_failed", extra={**known, "reason": error.reason})
            return False
        except PermanentError as error:
            logger.error("notice_refused", extra={**known, "reason": error.reason})  # noqa: TRY400 - no bug
        except Exception as error:
            logger.exception("notice_crashed", extra={**known, "reason": reason_of(error)})
            return False
        else:
            logger.info("notice_sent", extra={**known, "state": notice.attributes["state"]})
        return True


def _is_news(change: Change) -> bool:
    """Whether the file is settled, and before it was not, or in another state, or with fewer dead batches, or
    complete only with discards: of a redrive of many batches only the end is news."""
    now, before = Standing.of(change.after.account), change.before
    if not now.state.settled:
        return False
    return (
        before is None
        or now.state is not before.state
        or now.failed > before.failed
        or now.whole is not before.whole
    )


def file_notice(file: StoredFile) -> Notice:
    """The notice of a settled file. Attributes: `state`, `bucket`, `key`, `file_id`, `format`."""
    plan, account = file.plan, file.account
    key = plan.object.key
    shown_key = key if len(key) <= _SUBJECT_KEY_CHARS else f"...{key[-_SUBJECT_KEY_CHARS:]}"
    return Notice(
        notice_id=f"{plan.file_id}-{account.revision}",
        kind="file",
        subject=f"Froe: {account.state} {shown_key}",
        text="\n".join(_digest(file)) + "\n",
        attributes={
            "state": account.state.value,
            "bucket": plan.object.bucket,
            "key": key,
            "file_id": plan.file_id,
            "format": plan.shown_format or "-",
        },
    )


def _digest(file: StoredFile) -> Iterator[str]:
    """Lines of "name: value": a table would fall apart in the typeface of a mail."""
    plan, account = file.plan, file.account
    reason = account.reason
    if reason is None:
        reason = "every line is accounted for" if account.state is State.COMPLETE else "for no known reason"
    yield printable(f"{account.state}: {reason}")
    yield ""
    yield printable(f"file: {plan.object}")
    yield f"file id: {plan.file_id}"
    yield "format: -" if plan.failure else f"format: {plan.format}, score {plan.format_score:g}"
    if plan.charset_guess:
        yield f"charset: {on_guess(plan.charset_guess)}"
    elif plan.charset != UTF_8 and not plan.failure:
        yield f"charset: {plan.charset}"
    yield f"object: {_some(plan.head.size, 'byte', 'bytes')}, last modified {_time(plan.head.last_modified)}"
    yield f"text: {'unknown' if account.text_bytes is None else _some(account.text_bytes, 'byte', 'bytes')}"
    yield from _sums(file)
    yield f"batches: {account.batches:,} in {_some(account.splits, 'split', 'splits')}"
    yield f"opened: {_time(file.opened_at)}"
    if file.settled_at:
        seconds = (file.settled_at - file.opened_at).total_seconds()
        yield f"settled: {_time(file.settled_at)}, after {seconds:,.1f} s"
    yield ""
    yield f"More: froe status {plan.file_id}"
    if account.summary.counts.rejected.entries:
        yield f"Rejects: froe rejects {plan.file_id}"
    if account.state is State.INCOMPLETE:
        yield f"Dead letters: froe dead-letters --file {plan.file_id}"


def _sums(file: StoredFile) -> Iterator[str]:
    """What became of all that was cut; of the rare ways only those that were gone."""
    account, summary = file.account, file.account.summary
    yield f"parsed: {_tally(summary.counts.parsed)}"
    yield f"rejected: {_tally(summary.counts.rejected)}"
    for reason, tally in sorted(summary.counts.skipped.items()):
        yield f"skipped, {reason}: {_lines(tally)}"
    rare = {"dead-lettered": summary.dead, "discarded": summary.given_up, "pending": account.pending}
    for name, tally in rare.items():
        if tally != Tally():
            yield f"{name}: {_tally(tally)}"


def _tally(tally: Tally) -> str:
    return f"{_some(tally.entries, 'entry', 'entries')}, {_lines(tally)}"


def _lines(tally: Tally) -> str:
    return f"{_some(tally.lines, 'line', 'lines')}, {_some(tally.bytes, 'byte', 'bytes')}"


def _some(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def printable(text: str) -> str:
    """The text on one line, with what cannot be seen escaped: a key may hold line ends and control characters."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )
