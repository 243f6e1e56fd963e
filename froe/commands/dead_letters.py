"""`froe dead-letters`: the list of dead letters, or the full history of some, with their lines."""

from __future__ import annotations

from typing import Final

import click

from chalicelib.core.amounts import counted
from chalicelib.dead_letters.status import DEFAULT_LINES, MAX_LINES, STATES
from froe.commands.options import json_option, limit_option, stage_option
from froe.inquiry import ItemJson, page_size, pages, services_of
from froe.jsonl import print_json
from froe.selecting import file_id_of, file_option, letter_ids, reason_option
from froe.target import find_target
from froe.terminal import Column, print_table, printable

_UNREADABLE: Final = "a message that Froe cannot read"
_KINDS: Final = {"unknown": "unreadable"}
_COLOURS: Final = {"dead": "red", "redriven": "yellow", "discarded": "magenta", "resolved": "green"}


@click.command(short_help="List the messages that were dead-lettered, or show one.")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@file_option
@reason_option
@click.option(
    "--state",
    type=click.Choice(STATES, case_sensitive=False),
    default="dead",
    show_default=True,
    help="Only those in this state.",
)
@click.option(
    "--from", "from_", metavar="TIME", help="Only those dead-lettered from this time on (ISO 8601)."
)
@click.option("--to", metavar="TIME", help="Only those dead-lettered before this time (ISO 8601).")
@click.option(
    "--lines",
    metavar="N",
    type=click.IntRange(1, MAX_LINES),
    default=DEFAULT_LINES,
    show_default=True,
    help="With an ID: show N of its lines.",
)
@limit_option
@stage_option
@json_option
def dead_letters(
    *,
    ids: tuple[str, ...],
    file: str | None,
    reason: str | None,
    state: str,
    from_: str | None,
    to: str | None,
    lines: int,
    limit: int,
    stage: str | None,
    as_json: bool,
) -> None:
    """List dead letters: what they contain and why they were dead-lettered.

    With an ID (at least its first four characters) show its history and its first lines. `froe redrive` sends
    dead letters again, `froe discard` gives them up.
    """
    if ids and (file or reason or from_ or to):
        raise click.UsageError("The filters apply to the list: leave out either them or the ids.")
    services = services_of(find_target(stage))
    if ids:
        for number, letter_id in enumerate(letter_ids(services.dead_letter_office, ids)):
            story = services.letter_status.letter(letter_id, lines)
            if as_json:
                print_json(story)
            else:
                click.echo("\n" if number else "", nl=False)
                _print_story(story)
        return
    file_id = file_id_of(services.status, file)

    def fetch(cursor: str | None) -> ItemJson:
        return services.letter_status.letters(
            file=file_id,
            reason=reason,
            state=state,
            from_=from_,
            to=to,
            limit=page_size(limit),
            cursor=cursor,
        )

    letters = list(pages(fetch, limit))
    if as_json:
        for letter in letters:
            print_json(letter)
    else:
        _print_list(letters, limit=limit, state=state, is_filtered=bool(file or reason or from_ or to))


def _print_list(letters: list[ItemJson], *, limit: int, state: str, is_filtered: bool) -> None:
    if not letters:
        none = "No dead letter matches." if is_filtered else "There are no dead letters."
        click.echo(none if state == "dead" else f"None is {state}.", err=True)
        return
    columns = (
        Column("died at", optional=True),
        Column("id", is_id=True),
        Column("kind", optional=True),
        Column("what", shrinks=True, is_key=True),
        Column("code"),
        Column("reason", shrinks=True),
        Column("lines", number=True),
        Column("bytes", number=True, optional=True),
        *((Column("state"),) if state != "dead" else ()),
    )
    rows = [
        (
            letter["died_at"][:19] + "Z",
            letter["dead_letter_id"],
            _KINDS.get(letter["kind"], letter["kind"]),
            _what(letter),
            letter["code"],
            letter["reason"],
            f"{letter['lines']:,}" if letter["lines"] is not None else "",
            f"{letter['bytes']:,}" if letter["bytes"] is not None else "",
            *((letter["state"],) if state != "dead" else ()),
        )
        for letter in letters
    ]
    print_table(columns, rows)
    if len(letters) == limit:
        click.echo(f"\nThese are {limit:,}; there may be more: --limit 0 shows all.", err=True)


def _what(letter: ItemJson) -> str:
    part = f" {letter['batch_id'].split('-', 1)[1]}" if letter["batch_id"] else ""
    if not part and letter["split"] is not None:
        part = f" split {letter['split']}"
    return f"{letter['key'] or _UNREADABLE}{part}"


def _print_story(letter: ItemJson) -> None:
    _line("id", letter["dead_letter_id"])
    remedy = f"  (froe redrive {letter['dead_letter_id']})" if letter["redrivable"] else ""
    _line("state", click.style(letter["state"], fg=_COLOURS[letter["state"]], bold=True) + remedy)
    _line("kind", _UNREADABLE if letter["kind"] == "unknown" else letter["kind"])
    if letter["key"]:
        _line("object", printable(f"s3://{letter['bucket']}/{letter['key']}"))
    if letter["file_id"]:
        _line("file", letter["file_id"])
    if letter["batch_id"]:
        _line("batch", letter["batch_id"].split("-", 1)[1])
        _line("holds", _extent(letter))
    elif letter["split"] is not None:
        _line("split", str(letter["split"]))
    _line("reason", printable(f"{letter['code']}: {letter['reason']}"))
    _line("died", f"{letter['died_at']}, received {_times(letter['receives'])}{_origin(letter)}")
    if letter["trace"]:
        _line("trace", printable(letter["trace"]))
    if letter["redrives"]:
        _line("redriven", _times(letter["redrives"]))
    if letter["changed_at"]:
        _line("changed", letter["changed_at"])
    if letter["by"]:
        _line("discarded", printable(f"by {letter['by']}: {letter['why']}"))
    for attempt in letter["attempts"]:
        text = f"{attempt['at'][:19]}Z  {attempt['code']}: {attempt['reason']}"
        _line(f"attempt {attempt['number']}", printable(text))
    click.echo()
    if "text" in letter:
        _print_text(letter)
    elif letter["body"] is None:
        click.secho("Its message is gone from the quarantine bucket: it can only be discarded.", fg="red")
    else:
        click.echo(printable(letter["body"]))
        _more(letter["more_characters"], "more character", "--json has the first 10,000")


def _print_text(letter: ItemJson) -> None:
    for line in letter["text"]:
        place = f"line {line['line']:,}" if line["line"] is not None else f"byte {line['offset']:,}"
        end = click.style(" … (only the head is kept)", dim=True) if line.get("cut") else ""
        click.echo(f"{click.style(f'{place:>16}', dim=True)}  {printable(line['text'])}{end}")
    _more(letter["more_lines"], "more line", f"--lines N shows up to {MAX_LINES:,}")


def _more(count: int, unit: str, remedy: str) -> None:
    if count:
        click.echo(f"… and {counted(count, unit)}: {remedy}", err=True)


def _extent(letter: ItemJson) -> str:
    begin, end = letter["offset"], letter["offset"] + letter["bytes"]
    extent = (
        f"{counted(letter['entries'], 'entry', 'entries')}, {counted(letter['lines'], 'line')},"
        f" bytes {begin:,} to {end:,} of the text"
    )
    if letter["first_line"] is None:
        return extent
    first, last = letter["first_line"], letter["first_line"] + letter["lines"] - 1
    return f"{extent}, line {first:,}" if last <= first else f"{extent}, lines {first:,} to {last:,}"


def _times(receives: int) -> str:
    return "once" if receives == 1 else f"{receives} times"


def _origin(letter: ItemJson) -> str:
    """The queue that the message died in, if SQS names it."""
    return f", from {letter['source'].rsplit(':', 1)[-1]}" if letter["source"] else ""


def _line(label: str, value: str) -> None:
    click.echo(f"{label:<11}{value}")
