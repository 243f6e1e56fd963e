"""`froe upload`: uploads local files and folders to the input bucket, and can wait for them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import click

from chalicelib.core.amounts import counted
from chalicelib.settings import input_keys
from froe.commands.options import charset_option, json_option, stage_option
from froe.comparing import already_there
from froe.errors import FroeError
from froe.inquiry import SETTLED, ItemJson, accounted, status_of, wait_until_cut, watch
from froe.jsonl import print_json
from froe.members import Members, settled_members
from froe.target import Target, find_target
from froe.terminal import Column, print_table, printable, progress_bar, sized
from froe.uploading import (
    Source,
    Uploaded,
    content_type_of,
    find_sources,
    upload_all,
    upload_one_by_one,
)
from froe.watching import lasting

_NAMED_MAX: Final = 3


@click.command(short_help="Upload files and the files in folders to the input bucket.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--prefix", default="", help="Prefix every key with this folder.")
@charset_option
@click.option(
    "--again",
    is_flag=True,
    help="Also send files that are already there with the same content: each becomes another file.",
)
@click.option("--wait", is_flag=True, help="Wait until every file is settled.")
@click.option("--timeout", metavar="SECONDS", type=click.IntRange(min=1), help="Wait no longer than this.")
@stage_option
@json_option
def upload(
    *,
    paths: Sequence[Path],
    prefix: str,
    charset: str | None,
    again: bool,
    wait: bool,
    timeout: int | None,
    stage: str | None,
    as_json: bool,
) -> None:
    """Upload files, the files in folders, and those that match a pattern such as 'logs/**/*.gz', to the input
    bucket.

    The key of a file is its name; files of a folder keep the name of the folder. Hidden files in a folder, such as
    .DS_Store or those in .git, are left out. A file that is in the bucket with the same content is not sent again,
    so the same command resumes an interrupted upload. --charset is sent as the Content-Type, so that the stage
    reads the files as `froe parse --charset` does. Prints the id of each file. A file that cannot be read does not
    stop the others. The exit code is 1 if there was one, or, with --wait, unless every file is
    COMPLETE, and every file in an archive too.
    """
    hidden: list[Path] = []
    sources = find_sources(paths, prefix, hidden)
    if not sources:
        other = " but hidden ones: name them to upload them" if hidden else ""
        raise click.UsageError(f"There is no file in the folders that you named{other}.")
    if hidden:
        click.echo(_left_out(hidden), err=True)
    target = find_target(stage)
    warn_of_keys(target, [source.key for source in sources], wait=wait)
    uploaded, seconds, unreadable = send(target, sources, charset, again=again)
    files = _wait_for(target, uploaded, timeout) if wait else {}
    if as_json:
        for one in uploaded:
            print_json(_for_programs(one, files.get(one.file_id)))
    else:
        _print_for_people(uploaded, files, waited=wait)
        click.echo(summary(uploaded, seconds), err=True)
    for error in unreadable:
        click.secho(f"Error: {printable(error.message)}", fg="red", err=True)
    if unreadable or (wait and not all(_is_well(files, one) for one in uploaded)):
        click.get_current_context().exit(1)


class Sent(NamedTuple):
    """Files in the bucket now, in the order of the sources; the seconds that sending took; and the errors of the
    others."""

    uploaded: list[Uploaded]
    seconds: float
    unreadable: list[FroeError]


def send(
    target: Target, sources: Sequence[Source], charset: str | None = None, *, again: bool = False
) -> Sent:
    """Send the sources that are not there with the same content; again: send all of them."""
    s3, bucket = target.client("s3"), target.settings_env["INPUT_BUCKET"]
    there = {} if again else already_there(s3, bucket, sources, content_type_of(charset))
    rest = [source for source in sources if source.key not in there]
    order = {source.key: number for number, source in enumerate(sources)}
    uploaded = [Uploaded(one, there[one.key], sent=False) for one in sources if one.key in there]
    unreadable: list[FroeError] = []
    begun = time.monotonic()
    with progress_bar("Uploading", sum(source.size for source in rest), unit="bytes") as bar:
        if target.endpoint_url:
            opened = partial(wait_until_cut, status_of(target))
            arriving = upload_one_by_one(s3, bucket, rest, bar.advance, opened, charset, unreadable)
        else:
            arriving = upload_all(s3, bucket, rest, bar.advance, charset, unreadable)
        try:
            uploaded.extend(arriving)
        except BaseException:
            bar.say(
                f"{len(uploaded):,} of {len(sources):,} files are uploaded; run the same command to send the rest."
            )
            raise
    uploaded.sort(key=lambda one: order[one.source.key])
    return Sent(uploaded, time.monotonic() - begun, unreadable)


def summary(uploaded: Sequence[Uploaded], seconds: float) -> str:
    """What was sent, how fast, and what was there already."""
    sent = [one for one in uploaded if one.sent]
    size = sum(one.source.size for one in sent)
    rate = f" ({sized(int(size / seconds))}/s)" if seconds > 1 else ""
    parts = [f"Sent {counted(len(sent), 'file')}, {sized(size)}, in {lasting(seconds)}{rate}"] if sent else []
    if there := len(uploaded) - len(sent):
        parts.append(f"{counted(there, 'file')} had the same content there already (--again sends it all)")
    return "; ".join(parts or ["Sent nothing"]) + "."


def _left_out(hidden: Sequence[Path]) -> str:
    verb = "is" if len(hidden) == 1 else "are"
    return (
        f"{counted(len(hidden), 'hidden file')} {verb} left out ({_first_of(hidden)}); name one to upload it."
    )


def _first_of(named: Sequence[object]) -> str:
    others = " and others" if len(named) > _NAMED_MAX else ""
    return ", ".join(printable(str(each)) for each in named[:_NAMED_MAX]) + others


def warn_of_keys(target: Target, keys: Sequence[str], *, wait: bool) -> None:
    """Warn of keys that INPUT_KEYS leaves out. Raises FroeError if somebody waits for them."""
    patterns = input_keys(target.settings_env)
    left_out = [key for key in keys if not patterns.takes(key)]
    if not left_out:
        return
    sentence = (
        f"{len(left_out)} of {len(keys)} keys do not become files, since INPUT_KEYS ({patterns.text}) excludes them:"
        f" {_first_of(left_out)}."
    )
    if wait:
        raise FroeError(f"{sentence} Change --prefix, leave them out, or upload without --wait.")
    click.echo(sentence, err=True)


class _Settled(NamedTuple):
    """A file, and the files in the archive that it is (None: it is none)."""

    file: ItemJson
    members: Members | None


def _wait_for(target: Target, uploaded: Sequence[Uploaded], timeout: int | None) -> Mapping[str, _Settled]:
    files: Mapping[str, ItemJson] = {}
    status, begun = status_of(target), time.monotonic()
    with progress_bar("Processing", len(uploaded), unit="files") as bar:
        for files in watch(status, [one.file_id for one in uploaded], timeout):
            settled = sum(file["state"] in SETTLED for file in files.values())
            bar.reach(settled, f"{sum(accounted(file, 'lines') for file in files.values()):,} lines")

    def left() -> float | None:
        return None if timeout is None else max(0.0, timeout - (time.monotonic() - begun))

    return {
        file_id: _Settled(file, settled_members(status, file, left()) if file["state"] in SETTLED else None)
        for file_id, file in files.items()
    }


def _for_programs(one: Uploaded, settled: _Settled | None) -> dict[str, object]:
    """What was uploaded; `file` is its account, in the shape of the HTTP contract, once waited for. Of an archive `members` counts the
    files in it by state, and `lost_members` has the first that are not COMPLETE."""
    answer: dict[str, object] = {
        "path": str(one.source.path),
        "bucket": one.version.bucket,
        "key": one.version.key,
        "version_id": one.version.version_id,
        "etag": one.version.etag,
        "size": one.source.size,
        "file_id": one.file_id,
        "sent": one.sent,
    }
    if settled is None:
        return answer
    answer["file"] = settled.file
    if settled.members is not None:
        answer |= {"members": dict(settled.members.states), "lost_members": settled.members.named}
    return answer


def _print_for_people(uploaded: Sequence[Uploaded], files: Mapping[str, _Settled], *, waited: bool) -> None:
    columns = [
        Column("key", shrinks=True, is_key=True),
        Column("size", number=True),
        Column("file id", is_id=True),
    ]
    rows = [[one.source.key, sized(one.source.size), one.file_id] for one in uploaded]
    if waited:
        columns += [Column("lines", number=True), Column("rejected", number=True), Column("state")]
        rows = [[*row, *_outcome(files, one)] for row, one in zip(rows, uploaded, strict=True)]
    bad = [waited and not _is_well(files, one) for one in uploaded]
    print_table(columns, rows, marked=bad)
    for one, marked in zip(uploaded, bad, strict=True):
        if marked and (settled := files.get(one.file_id)):
            for line in _reasons(one, settled):
                click.echo(printable(line))
    if not waited and uploaded:
        named = uploaded[0].file_id if len(uploaded) == 1 else "--watch"
        click.echo(f"\nSee what becomes of {'it' if len(uploaded) == 1 else 'them'}: froe status {named}")


def _reasons(one: Uploaded, settled: _Settled) -> Iterator[str]:
    if settled.file["reason"]:
        yield f"{one.source.key}: {settled.file['reason']}"
    members = settled.members or Members()
    for member in members.named:
        yield f"{member['key']}: {member['state']}: {member['reason'] or 'not settled yet'}"
    if more := members.lost - len(members.named):
        yield f"{more:,} more members are not COMPLETE: froe status {one.file_id} --members"


def _outcome(files: Mapping[str, _Settled], one: Uploaded) -> list[str]:
    """Lines, rejects and state; of an archive, lines and rejects of its members."""
    if (settled := files.get(one.file_id)) is None:
        return ["", "", "not opened"]
    file, members = settled
    if members is None:
        return [f"{accounted(file, 'lines'):,}", f"{file['rejected']['lines']:,}", file["state"]]
    lost = f", but {members.lost:,} of {counted(members.states.total(), 'member')}" if members.lost else ""
    return [f"{members.lines:,}", f"{members.rejected:,}", f"{file['state']}{lost}"]


def _is_well(files: Mapping[str, _Settled], one: Uploaded) -> bool:
    settled = files.get(one.file_id)
    if settled is None or settled.file["state"] != "COMPLETE":
        return False
    return settled.members is None or not settled.members.lost
