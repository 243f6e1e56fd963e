"""How a member counts in the account of its archive."""

from __future__ import annotations

from typing import Final

from chalicelib.core.ledger.accounts import UNREAD_MEMBERS, FileAccount, State
from chalicelib.core.ledger.marks import Counts, Mark, Outcome, Tally
from chalicelib.core.plan import ObjectHead

MEMBERS: Final = "members"
"""The reason for which the bytes of an archive are skipped that are in the accounts of its members."""
OF_MEMBERS: Final = (MEMBERS, UNREAD_MEMBERS)


def mark_of(head: ObjectHead, account: FileAccount) -> Mark:
    """What a settled member is in the account of its archive. It says nothing of lines: these are counted once, in the
    member's own."""
    total = Tally(1, 0, head.size)
    if account.state is State.INCOMPLETE:
        return Mark(Outcome.FAILED, total, note=f"{head.version.key} is INCOMPLETE: {account.reason}")
    is_unread = account.state in {State.FAILED, State.SUPERSEDED}
    return Mark.done(Counts(skipped={UNREAD_MEMBERS if is_unread else MEMBERS: total}))
