"""`froe verify`: reads objects again and compares all that is stored of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import click
import orjson

from chalicelib.core.amounts import counted
from chalicelib.core.errors import FroeError as PipelineError
from chalicelib.core.errors import reason_of
from chalicelib.core.wire.fields import FILE_ID
from chalicelib.ledger import Ledger
from chalicelib.ledger_store import GarbledItemError
from chalicelib.pages import MAX_LIMIT
from chalicelib.receipts import VERSION
from chalicelib.services import Services
from froe import verifying
from froe.commands.options import json_option, stage_option
from froe.errors import FroeError
from froe.inquiry import ItemJson, find_files, page_size, pages, services_of
from froe.jsonl import print_json
from froe.target import Target, find_target
from froe.terminal import printable, progress_bar
from froe.verifying import FindsRows, Verdict

_STYLES = {"proved": "green", "differs": "red", "unproved": "yellow"}


@click.command(short_help="Read objects again and compare them with what is stored.")
@click.argument("names", metavar="[FILE_ID]...", nargs=-1)
@click.option(
    "--sample", metavar="N", type=click.IntRange(min=1), help="Verify N settled files, chosen at random."
)
@click.option(
    "--receipt",
    "receipts",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Verify the file of a receipt (`froe status --receipt`), and compare it with that.",
)
@click.option("--all", "every", is_flag=True, help="Verify all settled files.")
@stage_option
@json_option
def verify(
    *,
    names: tuple[str, ...],
    sample: int | None,
    receipts: tuple[Path, ...],
    every: bool,
    stage: str | None,
    as_json: bool,
) -> None:
    """Read the objects of files again, cut and parse them as their plans say, and compare every record,
    reject and count.

    A file is `proved` when everything in its object is stored, field by field, in its place, and nothing else
    is: in the records table, in the sink if there is one, and in the ledger. `differs` lists what is not so.
    `unproved` says why not everything could be compared: the file is in progress, its object is gone, or a part
    of it is dead-lettered. FILE_ID may be shortened, or a key, which stands for all its files; an archive stands
    for its members too, at any depth.

    The exit code is 1 unless all are proved. It reads with your credentials: the input bucket, both tables and
    the results bucket.
    """
    if (sample is not None) + every + bool(names) + bool(receipts) != 1:
        raise click.UsageError("Name files, or give one of --receipt FILE, --sample N and --all.")
    kept = {receipt["file_id"]: receipt for receipt in map(_receipt_in, receipts)}
    target = find_target(stage)
    services = services_of(target)
    sink = _sink_of(target)
    verdicts = []
    passed: list[str] = []
    of_receipts = [_File(file_id, receipt["key"], receipt["size"]) for file_id, receipt in kept.items()]
    for chosen in of_receipts or _chosen(services, names, sample, passed):
        for file in _within(services, chosen, deep=bool(names or kept)):
            verdict = _verdict(services, sink, file, kept.get(file.file_id))
            verdicts.append(verdict.result)
            if as_json:
                print_json(asdict(verdict) | {"result": verdict.result})
            else:
                _print(verdict)
    if not as_json:
        numbers = ", ".join(f"{verdicts.count(each):,} {each}" for each in _STYLES if each in verdicts)
        click.echo(numbers or "There is no settled file to verify.")
    if passed:
        click.echo(f"{counted(len(passed), 'file')} in progress left out.", err=as_json)
    if set(verdicts) - {"proved"}:
        click.get_current_context().exit(1)


def _sink_of(target: Target) -> FindsRows | None:
    from froe.sink import SinkCache, cache_folder  # noqa: PLC0415 - imports DuckDB

    bucket = target.settings_env.get("RESULTS_BUCKET", "")
    return SinkCache(target.client("s3"), bucket, cache_folder(bucket)) if bucket else None


class _File(NamedTuple):
    """key, size: empty and 0 if the file's item cannot be read."""

    file_id: str
    key: str = ""
    size: int = 0


def _chosen(
    services: Services, names: tuple[str, ...], sample: int | None, passed: list[str]
) -> Iterable[_File]:
    """passed: takes the ids of files that are left out, as they are in progress."""
    if names:
        return [file for name in names for file in _named(services, name)]
    settled = _settled(services.ledger, passed)
    return settled if sample is None else _sampled(settled, sample)


def _named(services: Services, name: str) -> list[_File]:
    try:
        return [
            _File(file["file_id"], file["key"], file["size"]) for file in find_files(services.status, name)
        ]
    except GarbledItemError:
        return [_File(name)]


def _settled(ledger: Ledger, passed: list[str]) -> Iterator[_File]:
    """All settled files, newest first, and those whose items cannot be read."""
    page = ledger.files_opened(before=None, limit=MAX_LIMIT)
    while True:
        for file in page.files:
            if file.account.state.settled:
                yield _File(file.file_id, file.plan.object.key, file.plan.head.size)
            else:
                passed.append(file.file_id)
        yield from map(_File, page.unreadable)
        if page.reached is None:
            return
        page = ledger.files_opened(before=page.reached, limit=MAX_LIMIT)


def _within(services: Services, file: _File, *, deep: bool) -> Iterator[_File]:
    """The file; of an archive also the files of its members, and those in them, one page in memory.

    deep: False if members are listed by themselves.
    """
    yield file
    if not deep or not _is_archive(services.ledger, file.file_id):
        return
    status = services.status
    for member in pages(lambda cursor: status.members(file.file_id, limit=page_size(0), cursor=cursor), 0):
        yield from _within(services, _File(member["file_id"], member["key"], member["size"]), deep=True)


def _is_archive(ledger: Ledger, file_id: str) -> bool:
    try:
        stored = ledger.read_file(file_id)
    except (GarbledItemError, PipelineError):
        return False
    return stored is not None and stored.plan.archive is not None


def _sampled(files: Iterable[_File], number: int) -> list[_File]:
    """A random sample of so many, from a list that is read once."""
    chosen: list[_File] = []
    for count, file in enumerate(files):
        if count < number:
            chosen.append(file)
        elif (place := secrets.randbelow(count + 1)) < number:
            chosen[place] = file
    return chosen


def _receipt_in(path: Path) -> ItemJson:
    """Raises FroeError if the file has none."""
    try:
        receipt: ItemJson = orjson.loads(path.read_bytes())
        if receipt["receipt"] != VERSION or not FILE_ID.fullmatch(receipt["file_id"]):
            raise FroeError(f"{path} is a receipt of another version: this Froe reads {VERSION}.")
        return {"key": "", "size": 0} | receipt
    except (ValueError, KeyError, TypeError) as error:
        raise FroeError(f"{path} is no receipt: `froe status FILE_ID --receipt` prints one.") from error


def _verdict(
    services: Services, sink: FindsRows | None, file: _File, receipt: ItemJson | None = None
) -> Verdict:
    verdict = Verdict(file.file_id, file.key, "unknown")
    try:
        stored = services.ledger.read_file(file.file_id)
    except GarbledItemError as error:
        verdict.add("ledger", str(error))
        return verdict
    except PipelineError as error:
        verdict.unproved = f"it cannot be verified: {reason_of(error)}"
        return verdict
    if stored is None:
        verdict.unproved = "it was forgotten meanwhile, or its account has expired"
        return verdict
    with progress_bar(f"Verifying {printable(file.key)}", file.size, unit="bytes") as bar:
        return verifying.verify(services, stored, bar.advance, sink, receipt)


def _print(verdict: Verdict) -> None:
    result = click.style(verdict.result, fg=_STYLES[verdict.result], bold=True)
    click.echo(f"{result}  {verdict.file_id}  {printable(verdict.key)}: {_described(verdict)}")
    for one in verdict.differences:
        place = "" if one.offset is None else f" at byte {one.offset:,}"
        click.echo(printable(f"  {one.where}{place}: {one.what}"))
        if one.stored is not None or one.expected is not None:
            click.echo(printable(f"    stored    {_value(one.stored)}"))
            click.echo(printable(f"    expected  {_value(one.expected)}"))
    if verdict.number > len(verdict.differences):
        click.echo(f"  … and {verdict.number - len(verdict.differences):,} more")


def _described(verdict: Verdict) -> str:
    if verdict.unproved and not verdict.number:
        return verdict.unproved
    entries, batches = (
        counted(verdict.entries, "entry", "entries"),
        counted(verdict.batches, "batch", "batches"),
    )
    read = f"{entries} in {batches}, {counted(verdict.bytes, 'byte')} of text"
    if not verdict.number:
        return read
    unread = f"; {verdict.unproved}" if verdict.unproved else ""
    return f"{counted(verdict.number, 'difference')} ({read}{unread})"


def _value(value: Any) -> str:
    """Nothing, a string as it is, or JSON."""
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
