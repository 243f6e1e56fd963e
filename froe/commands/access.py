"""`froe token` and `froe audit`: who may use the status API of a stage, and who did what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from chalicelib.access import NamedToken, Role
from froe.commands.options import json_option, limit_option, stage_option

_WORDS: Final[Mapping[str, str]] = {
    "characters": "SQL of {} characters",
    "file_id": "file {}",
    "query_id": "query {}",
    "ids": "dead letters {}",
    "count": "{} of them",
    "redriven": "{} redriven",
    "discarded": "{} discarded",
    "resolved": "{} resolved",
    "refused": "{} refused",
}
"""Labels of the members of a deed; others keep their names."""


@click.group(invoke_without_command=True, short_help="Create, list and revoke tokens of the status API.")
@click.option(
    "--stage",
    metavar="STAGE",
    help="Without a command: replace the token of this stage's first administrator.",
)
@click.pass_context
def token(context: click.Context, *, stage: str | None) -> None:
    """Create, list and revoke named tokens of a stage's status API.

    A new token works at once; one that is revoked stops working within a minute, since the gateway keeps its
    answers for so long. Only the SHA-256 of a token is stored.

    Without a command, with --stage: create a new token for the first administrator, show it once, and deploy
    the stage. The old token stops working within a minute after the deploy.
    """
    if context.invoked_subcommand is None:
        from froe.commands.deploy import deploy_stage  # noqa: PLC0415 - only this deploys

        if stage is None:
            raise click.UsageError(
                "Give a command: create, list or revoke; or --stage STAGE for a new first token."
            )
        deploy_stage(stage, new_token=True)
    elif stage is not None:
        raise click.UsageError(f"Give --stage after {context.invoked_subcommand}.")


@token.command(short_help="Make a token and show it, once.")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="read: look; operate: also redrive, discard and upload; administer: everything.",
)
@stage_option
@json_option
def create(*, name: str, role: str, stage: str | None, as_json: bool) -> None:
    """Create a token with this name and show it, once."""
    services, who = _services(stage)
    with services.audit.noted(who, "token-create", {"name": name, "role": role}):
        made = services.tokens.create(name, Role(role), who)
    if as_json:
        from froe.jsonl import print_json  # noqa: PLC0415 - as below

        print_json({"name": name, "role": role, "token": made})
        return
    click.echo(made)
    click.echo(f"The token of {name}, to {role}. It is shown only now.", err=True)


@token.command("list", short_help="List the named tokens.")
@stage_option
@json_option
def list_tokens(*, stage: str | None, as_json: bool) -> None:
    """List the named tokens: who created them and when, and which are revoked."""
    from froe.jsonl import print_json  # noqa: PLC0415 - imports what takes long
    from froe.terminal import Column, print_table  # noqa: PLC0415 - as above

    services, _ = _services(stage)
    tokens = services.tokens.listed()
    if as_json:
        for each in tokens:
            print_json(each.json())
    elif not tokens:
        click.echo("There are no named tokens; `froe token create NAME --role read` makes one.", err=True)
    else:
        columns = tuple(map(Column, ("name", "role", "made at", "by", "revoked at")))
        print_table(columns, [_row(each) for each in tokens])


@token.command(short_help="Revoke a token.")
@click.argument("name")
@stage_option
@json_option
def revoke(*, name: str, stage: str | None, as_json: bool) -> None:
    """Revoke the token of this name: the API refuses it within a minute."""
    services, who = _services(stage)
    with services.audit.noted(who, "token-revoke", {"name": name}):
        services.tokens.revoke(name)
    if as_json:
        from froe.jsonl import print_json  # noqa: PLC0415 - as above

        print_json({"name": name, "revoked": True})
        return
    click.echo(f"The token of {name} is revoked; it stops working within a minute.")


@click.command(short_help="Show who redrove, discarded or forgot what.")
@click.option(
    "--from",
    "from_",
    metavar="TIME",
    help="Only from this time on (ISO 8601).  [default: a year before --to, and at the latest a year ago]",
)
@click.option("--to", metavar="TIME", help="Only before this time (ISO 8601).")
@limit_option
@stage_option
@json_option
def audit(*, from_: str | None, to: str | None, limit: int, stage: str | None, as_json: bool) -> None:
    """Show the audit trail, newest first: who did what, over HTTP and with these commands."""
    from chalicelib.questions import checked_time  # noqa: PLC0415 - imports what takes long
    from froe.inquiry import page_size, pages  # noqa: PLC0415 - as above
    from froe.jsonl import print_json  # noqa: PLC0415 - as above
    from froe.terminal import Column, print_table  # noqa: PLC0415 - as above

    services, _ = _services(stage)
    begin, end = checked_time("from", from_), checked_time("to", to)
    deeds = list(
        pages(
            lambda cursor: services.audit.page(begin=begin, end=end, limit=page_size(limit), cursor=cursor),
            limit,
        )
    )
    if as_json:
        for deed in deeds:
            print_json(deed)
    elif not deeds:
        click.echo("Nothing was done.", err=True)
    else:
        columns = (
            Column("at"),
            Column("who", shrinks=True),
            *map(Column, ("by way of", "what")),
            Column("of what", shrinks=True),
            Column("result", shrinks=True),
        )
        print_table(columns, [_deed_row(deed) for deed in deeds])


def _services(stage: str | None) -> tuple[Any, str]:
    from froe.inquiry import services_of  # noqa: PLC0415 - imports boto3, which takes a second
    from froe.selecting import who_asks  # noqa: PLC0415 - as above
    from froe.target import find_target  # noqa: PLC0415 - as above

    return services_of(find_target(stage)), who_asks()


def _row(each: NamedToken) -> tuple[str, ...]:
    members = each.json()
    return (
        each.name,
        each.role.value,
        members["created_at"][:19],
        each.by,
        (members["revoked_at"] or "-")[:19],
    )


def _deed_row(deed: dict[str, Any]) -> tuple[str, ...]:
    return (
        deed["at"][:19],
        deed["who"],
        deed["way"],
        deed["action"],
        _words(deed["subject"]),
        "not known" if deed["result"] is None else _words(deed["result"]),
    )


def _words(members: dict[str, Any]) -> str:
    return ", ".join(
        _WORDS.get(name, f"{name.replace('_', ' ')} {{}}").format(_word(value))
        for name, value in members.items()
    )


def _word(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
