"""What stops a command: one sentence that says what is wrong and what to do about it."""

import click


class FroeError(click.ClickException):
    """The command line prints the message as it is and exits 1; nothing else needs to be known."""
