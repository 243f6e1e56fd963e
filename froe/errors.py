"""What stops a command: one sentence that says what is wrong and what to do about it."""

import difflib
from collections.abc import Iterable

import click


class FroeError(click.ClickException):
    """The command line prints the message as it is and exits 1; nothing else needs to be known."""


def suggestion(name: str, names: Iterable[str]) -> str:
    """Which known names are close to a mistyped one, as the end of an error's sentence; empty if none is."""
    close = difflib.get_close_matches(name.lower(), list(names), n=3)
    return f" Did you mean {' or '.join(repr(each) for each in close)}?" if close else ""
