"""`froe reprocess`: reads files again with today's formats, and replaces what is stored of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import click

from chalicelib.core.amounts import counted
from chalicelib.core.custom.spec import Config
from chalicelib.core.errors import FroeError as PipelineError
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.generations import named, parted
from chalicelib.core.ledger.marks import RejectShare, Tally
from chalicelib.reprocessing import RefusedError
from chalicelib.services import Services
from chalicelib.status import Status
from froe import inquiry
from froe.commands.options import config_of, config_option, json_option, stage_option
from froe.configuring import Configuring
from froe.inquiry import ItemJson, find_files, page_size, pages, services_of
from froe.jsonl import print_json
from froe.members import members_in
from froe.rereading import Changes, changes_of
from froe.selecting import who_asks
from froe.target import find_target
from froe.terminal import Column, print_table, printable, progress_bar
from froe.watching import again_and_again

_FIELDS_SHOWN: Final = 8


class Percentage(click.ParamType[float]):
    """`1%`, or `1`."""

    name = "percentage"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            share = float(str(value).removesuffix("%"))
        except ValueError:
            share = -1
        if not 0 <= share < 100:
            self.fail(f"{value!r} is no share: give one such as 1% (0 to 100).", param, ctx)
        return share


@dataclass(slots=True)
class Outcome:
    """What became of a file. result: `replaced`, `given up`, `refused`, `incomplete` or `under way`. rejected_before,
    rejected_after: lines."""

    file_id: str
    key: str
    result: str = "under way"
    generation: int | None = None
    reason: str | None = None
    rejected_before: int = 0
    rejected_after: int | None = None


@click.command(short_help="Read files again with today's formats.")
@click.argument("names", metavar="[FILE]...", nargs=-1)
@click.option("--prefix", metavar="PREFIX", help="Files whose keys begin with this.")
@click.option("--format", "format_name", metavar="NAME", help="Files that were read with this format.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in State if state.settled], case_sensitive=False),
    help="Files in this state.",
)
@click.option(
    "--rejects-over",
    metavar="N%",
    type=Percentage(),
    help="Files with more than this share of their lines, or of their bytes, as rejects.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would change; write nothing.")
@click.option(
    "--force",
    is_flag=True,
    help="Accept the new generation even if it has more rejects, or filters drop more of it.",
)
@click.option(
    "--give-up", is_flag=True, help="Give up new generations that are being made; the current ones stay."
)
@click.option("--no-wait", is_flag=True, help="Do not wait until the new generations are current.")
@click.option("--timeout", metavar="SECONDS", type=click.IntRange(min=1), help="Wait no longer than this.")
@config_option
@stage_option
@json_option
def reprocess(
    *,
    names: tuple[str, ...],
    prefix: str | None,
    format_name: str | None,
    state: str | None,
    rejects_over: float | None,
    dry_run: bool,
    force: bool,
    give_up: bool,
    no_wait: bool,
    timeout: int | None,
    config_file: Path | None,
    stage: str | None,
    as_json: bool,
) -> None:
    """Read the objects of files again with today's formats, and replace what is stored of them.

    Froe makes a new generation of each file beside the current one. Readers see the current one until the new one
    has settled and is no worse: all of it is stored, it has no more rejects, and filters drop no more lines
    (unless --force is given). Then the new one replaces it at once, under the same id, and the former one is
    removed a quarter of an hour later. Otherwise the new one is given up, with the reason. FILE is an id, which may
    be shortened, or a key, which stands for all its files; an archive stands for the files in it. Without FILE the
    options select files; all given options must hold. --dry-run reads the objects on this machine and compares:
    with --config, else the configuration of `froe config put`, else the project's froe.toml. The exit code is 1
    unless every new generation is current.
    """
    options = (prefix, format_name, state, rejects_over)
    if bool(names) == any(option is not None for option in options):
        raise click.UsageError(
            "Name files, or select them with --prefix, --format, --state or --rejects-over."
        )
    if dry_run and (force or give_up):
        raise click.UsageError("--dry-run only shows what would change: leave out --force and --give-up.")
    services = services_of(find_target(stage))
    files = list(_chosen(services, names, prefix, format_name, state, rejects_over))
    if not files:
        click.echo("No settled file matches.", err=True)
    elif dry_run:
        _compare(services, files, _config_for(services, config_file), as_json=as_json)
    else:
        outcomes = _given_up(services, files) if give_up else _begun(services, files, forced=force)
        if not (give_up or no_wait):
            _wait(services, outcomes, timeout)
        _print(outcomes, as_json=as_json)
        awaited = {"given up"} if give_up else {"replaced", "under way"} if no_wait else {"replaced"}
        if any(outcome.result not in awaited for outcome in outcomes):
            click.get_current_context().exit(1)


def _config_for(services: Services, config_file: Path | None) -> Config:
    """The configuration to read the files with: the given file, else the newest version of the stage's, else the
    project's."""
    newest = None if config_file else services.versions.newest()
    if newest is None or newest.is_deployed:
        return config_of(config_file)
    click.echo(f"Reading with version {newest.number} of the stage's configuration.", err=True)
    return Configuring(services.versions, services.audit, who_asks()).written(newest).config


def _chosen(
    services: Services,
    names: Sequence[str],
    prefix: str | None,
    format_name: str | None,
    state: str | None,
    rejects_over: float | None,
) -> Iterator[ItemJson]:
    """A named archive stands for the files in it; files selected by options are selected one by one."""
    status = services.status
    if names:
        named_files = (file for name in names for file in find_files(status, name))
        files = (each for file in named_files for each in _within(status, file))
        yield from {file["file_id"]: file for file in files}.values()
        return
    listed = pages(
        lambda cursor: status.files(
            prefix=prefix, format_name=format_name, state=state, limit=page_size(0), cursor=cursor
        ),
        0,
    )
    for file in listed:
        is_chosen = file["state"] in inquiry.SETTLED and (
            not file["archive"] or file["state"] == State.FAILED
        )
        if is_chosen and (rejects_over is None or _rejects(file) > rejects_over):
            yield file


def _within(status: Status, file: ItemJson) -> Iterator[ItemJson]:
    """The file; if it is an archive, the files in it. An archive without any is given itself, and is refused."""
    if not file["archive"]:
        yield file
        return
    has_members = False
    for member in members_in(status, file["file_id"]):
        has_members = True
        yield from _within(status, member)
    if not has_members:
        yield file


def _rejects(file: ItemJson) -> float:
    """Percentage of rejects in the lines or bytes that are records or rejects."""
    parsed, rejected = (Tally(**file[name]) for name in ("parsed", "rejected"))
    return 100 * RejectShare.among(parsed, rejected).value


def _begun(services: Services, files: Sequence[ItemJson], *, forced: bool) -> list[Outcome]:
    outcomes = [
        Outcome(file["file_id"], file["key"], rejected_before=file["rejected"]["lines"]) for file in files
    ]
    subject = {"ids": [outcome.file_id for outcome in outcomes], **({"forced": True} if forced else {})}
    with (
        services.audit.noted(who_asks(), "reprocess", subject) as note,
        progress_bar("Asking", len(outcomes), unit="files") as bar,
    ):
        for outcome in outcomes:
            try:
                stored = services.reprocessing.begin(outcome.file_id, forced=forced)
            except RefusedError as error:
                outcome.result, outcome.reason = "refused", error.reason
            else:
                if stored is None:
                    outcome.result, outcome.reason = "refused", "it was forgotten meanwhile"
                else:
                    outcome.generation = stored.rereading.last
            bar.advance(1)
        refused = sum(outcome.result == "refused" for outcome in outcomes)
        note.update(begun=len(outcomes) - refused, refused=refused)
    return outcomes


def _given_up(services: Services, files: Sequence[ItemJson]) -> list[Outcome]:
    outcomes = []
    by = who_asks()
    with services.audit.noted(by, "reprocess", {"ids": [file["file_id"] for file in files], "give_up": True}):
        for file in files:
            outcome = Outcome(file["file_id"], file["key"], rejected_before=file["rejected"]["lines"])
            try:
                outcome.generation = services.reprocessing.give_up(outcome.file_id, f"given up by {by}")
                outcome.result = "given up"
            except RefusedError as error:
                outcome.result, outcome.reason = "refused", error.reason
            outcomes.append(outcome)
    return outcomes


def _wait(services: Services, outcomes: Sequence[Outcome], timeout: int | None) -> None:
    """Wait until each is replaced or given up, or needs people."""
    waiting = {parted(each.file_id)[0]: each for each in outcomes if each.result == "under way"}
    total, table, stuck = len(waiting), services.ledger, set[str]()
    deadline = None if timeout is None else time.monotonic() + timeout

    def look() -> None:
        for stored in table.read_files(list(waiting)):
            outcome = waiting[stored.file_id]
            if stored.plan.generation == outcome.generation:
                outcome.result = "replaced"
                outcome.rejected_after = stored.account.summary.counts.rejected.lines
            elif stored.rereading.under_way != outcome.generation:
                outcome.result, outcome.reason = "given up", stored.rereading.given_up
        made = [named(known, each.generation or 0) for known, each in waiting.items()]
        for stored in table.read_files(made):
            outcome = waiting[parted(stored.file_id)[0]]
            if outcome.result != "under way" or stored.account.state is not State.INCOMPLETE:
                stuck.discard(stored.file_id)
            elif stored.file_id in stuck:
                outcome.result = "incomplete"
                outcome.reason = (
                    f"{stored.account.reason}; redrive what is dead (`froe redrive --file {stored.file_id}`), or give it"
                    " up (--give-up)"
                )
            else:
                stuck.add(stored.file_id)
        for known in [known for known, each in waiting.items() if each.result != "under way"]:
            del waiting[known]

    with progress_bar("Reading again", total, unit="files") as bar:
        if not waiting:
            return
        for _ in again_and_again(look, inquiry.POLL_SECONDS, deadline=deadline):
            bar.reach(total - len(waiting))
            if not waiting:
                return


def _print(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    if as_json:
        for outcome in outcomes:
            print_json(asdict(outcome))
        return
    columns = (
        Column("file id", is_id=True),
        Column("key", shrinks=True),
        Column("result"),
        Column("rejects", number=True),
        Column("reason", shrinks=True),
    )
    rows = [
        (
            each.file_id,
            printable(each.key),
            each.result,
            f"{each.rejected_before:,}"
            + ("" if each.rejected_after is None else f" → {each.rejected_after:,}"),
            each.reason or "",
        )
        for each in outcomes
    ]
    marked = [each.result not in {"replaced", "under way"} for each in outcomes]
    print_table(columns, rows, marked=marked)


def _compare(services: Services, files: Iterable[ItemJson], config: Config, *, as_json: bool) -> None:
    good = True
    for file in files:
        stored = services.ledger.read_file(file["file_id"])
        if stored is None:
            continue
        with progress_bar(f"Reading {printable(file['key'])}", file["size"], unit="bytes") as bar:
            try:
                changes = changes_of(services, stored, config, bar.advance)
            except PipelineError as error:
                good = False
                click.echo(f"{file['file_id']}  {printable(file['key'])}: {error.reason}", err=True)
                continue
        if as_json:
            print_json(asdict(changes) | {"fields": dict(changes.fields.most_common())})
        else:
            click.echo(printable(_summary(changes)))
    if not good:
        click.get_current_context().exit(1)


def _summary(changes: Changes) -> str:
    begin = f"{changes.file_id}  {changes.key}: "
    if changes.format_after is None:
        return f"{begin}nothing could be read: what there is would stay"
    parts = []
    if changes.format_before != changes.format_after:
        parts.append(f"{changes.format_after} instead of {changes.format_before or 'nothing'}")
    for number, one, many in (
        (changes.explained, "reject becomes a record", "rejects become records"),
        (changes.lost, "record becomes a reject", "records become rejects"),
        (changes.reasons, "reject has another reason", "rejects have another reason"),
        (changes.filtered, "record goes (filtered)", "records go (filtered)"),
        (changes.filtered_rejects, "reject goes (filtered)", "rejects go (filtered)"),
        (changes.changed, "record changes", "records change"),
    ):
        if number:
            parts.append(f"{number:,} {one if number == 1 else many}")
    if changes.fields:
        fields = ", ".join(f"{name} {number:,}" for name, number in changes.fields.most_common(_FIELDS_SHOWN))
        more = len(changes.fields) - _FIELDS_SHOWN
        parts[-1] += f" ({fields}{f' and {more} more' if more > 0 else ''})"
    parts.append(
        f"{changes.moved:,} bytes move to other entries"
        if changes.moved
        else "no bytes move to other entries"
    )
    if changes.is_nothing and changes.format_before == changes.format_after:
        return f"{begin}nothing would change in its {counted(changes.same, 'entry', 'entries')}"
    return begin + "; ".join(parts)
