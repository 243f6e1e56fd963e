"""How commands select dead letters: by ids, or by common properties; and in whose name they act."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import click

from chalicelib.dead_letters.office import DeadLetterOffice
from chalicelib.dead_letters.selection import NoSuchLetterError, Selection
from chalicelib.dead_letters.status import checked_selection
from chalicelib.pages import MAX_LIMIT
from chalicelib.services import Services
from chalicelib.status import Status
from froe.errors import FroeError
from froe.inquiry import ID_SHORTEST, only_file_id

_NOBODY: Final = frozenset(
    {"admin", "app", "ec2-user", "jenkins", "lambda", "nobody", "root", "runner", "ubuntu", "user", "vscode"}
)
"""Login names that say nothing about who decided."""

_MAX_NAMED: Final = 3
_WHOLE: Final = 36
"""Characters of the ids that SQS gives."""


@dataclass(frozen=True, slots=True)
class LetterSelectors:
    """Which dead letters the command line selects; file: an id or a key."""

    ids: tuple[str, ...]
    file: str | None
    reason: str | None
    everything: bool
    from_: str | None
    to: str | None

    def selection(self, services: Services) -> Selection:
        """Raises UsageError if nothing is selected, BadQueryError if it contradicts itself."""
        others = (self.file, self.reason, self.everything, self.from_, self.to)
        if self.ids and any(others):
            raise click.UsageError("Name dead letters by their ids or by what they have in common, not both.")
        if not self.ids and not any(others[:3]):
            raise click.UsageError(
                "Nothing is selected: name ids (`froe dead-letters` lists them), or what they have in"
                " common with --file or --reason, or give --all."
            )
        return checked_selection(
            ids=letter_ids(services.dead_letter_office, self.ids),
            file=file_id_of(services.status, self.file),
            reason=self.reason,
            everything=self.everything,
            from_=self.from_,
            to=self.to,
        )


def selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments and options of which `LetterSelectors` is made."""
    for option in (
        click.option("--to", metavar="TIME", help="Only those dead-lettered before this time (ISO 8601)."),
        click.option(
            "--from", "from_", metavar="TIME", help="Only those dead-lettered from this time on (ISO 8601)."
        ),
        click.option("--all", "everything", is_flag=True, help="All that are dead."),
        reason_option,
        file_option,
        click.argument("ids", metavar="[ID]...", nargs=-1),
    ):
        command = option(command)
    return command


file_option = click.option(
    "--file", metavar="FILE_ID", help="Only those of this file (an id, shortened or not, or a key)."
)
reason_option = click.option(
    "--reason", metavar="TEXT", help="Only those with this code (such as throttled) or text in the reason."
)


def letter_ids(office: DeadLetterOffice, names: Iterable[str]) -> tuple[str, ...]:
    """The ids of dead letters that are named whole, or by their beginning among the newest thousand in any
    state. One that nothing begins like is taken as it is; FroeError where several do."""
    return tuple(_letter_id(office, name) for name in names)


def _letter_id(office: DeadLetterOffice, name: str) -> str:
    if len(name) >= _WHOLE:
        return name
    try:
        office.page(Selection(ids=(name,), state=None), limit=1)
    except NoSuchLetterError:
        newest = (
            office.page(Selection(state=None), limit=MAX_LIMIT).letters if len(name) >= ID_SHORTEST else ()
        )
    else:
        return name
    begun = [letter.letter_id for letter in newest if letter.letter_id.startswith(name)]
    if len(begun) > 1:
        more = " and others" if len(begun) > _MAX_NAMED else ""
        raise FroeError(
            f"{len(begun):,} ids of dead letters begin with {name!r}: {', '.join(begun[:_MAX_NAMED])}{more}. Give more"
            " characters of the one that you mean."
        )
    return begun[0] if begun else name


def file_id_of(ledger: Status, name: str | None) -> str | None:
    """The id of the file that an option names, if it was given."""
    return None if name is None else only_file_id(ledger, name)


def who_decides(by: str | None) -> str:
    """The name given, else that of the login, if it is someone's. Raises UsageError."""
    name = by or _login_name()
    if not name.strip():
        raise click.UsageError("Give the name of who discards: --by NAME.")
    return " ".join(name.split())


def who_asks() -> str:
    """For the audit trail: the name of the login, whosoever's it is."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _login_name() -> str:
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        return ""
    return "" if name.lower() in _NOBODY else name
