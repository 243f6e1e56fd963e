"""Reads an object in memory and keeps what comes out; shared by the tests of bad input."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import FileAccount
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record, Reject
from tests.fakes import BUCKET, WHEN, opener


@dataclass(frozen=True, slots=True)
class Read:
    """What became of an object."""

    outcomes: list[Outcome]
    account: FileAccount
    damage: Damage | None
    format: str
    charset: str
    compression: str

    @property
    def records(self) -> list[Record]:
        return [each.result for each in self.outcomes if isinstance(each.result, Record)]

    @property
    def rejects(self) -> list[str]:
        return [each.result.reason for each in self.outcomes if isinstance(each.result, Reject)]

    @property
    def bodies(self) -> list[str | None]:
        return [record.body for record in self.records]


def head_of(data: bytes, key: str = "a.log", content_type: str = "text/plain") -> ObjectHead:
    return ObjectHead(ObjectVersion(BUCKET, key, "v1", "e"), len(data), content_type, WHEN)


def read(
    data: bytes,
    *,
    limits: Limits | None = None,
    piece_bytes: int = 262_144,
    head: ObjectHead | None = None,
    format_name: str | None = None,
    charset: str | None = None,
) -> Read:
    reading = Reading(
        head or head_of(data),
        opener(data, piece_bytes),
        limits=limits,
        format_name=format_name,
        charset=charset,
    )
    outcomes = list(reading)
    plan = reading.plan
    return Read(outcomes, reading.account, reading.damage, plan.format, plan.charset, str(plan.compression))


def assert_every_byte_is_accounted_for(seen: Read) -> None:
    """Outcomes lie end to end from the first byte of the text to its last, and add up to the account."""
    outcomes, account = seen.outcomes, seen.account
    assert account.state.settled
    if account.text_bytes is None:
        assert not outcomes
        return
    assert [one.offset + one.length for one in outcomes[:-1]] == [two.offset for two in outcomes[1:]]
    assert all(one.offset < two.offset for one, two in pairwise(outcomes))
    assert (outcomes[0].offset if outcomes else 0) == 0
    assert (outcomes[-1].offset + outcomes[-1].length if outcomes else 0) == account.text_bytes
    total = account.summary.counts.total
    assert total == account.cut
    assert total.bytes == account.text_bytes
    assert total.lines == sum(outcome.lines for outcome in outcomes)
    assert account.pending.bytes == account.summary.dead.bytes == 0
