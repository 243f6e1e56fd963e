"""`froe upload`: local files and folders into the input bucket, waited for if asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from chalicelib.settings import input_keys
from froe.commands.options import charset_option, json_option, stage_option
from froe.errors import FroeError
from froe.inquiry import SETTLED, Shown, accounted, status_of, wait_until_cut, watch
from froe.jsonl import print_json
from froe.target import Target, find_target
from froe.terminal import Column, print_table, printable, progress_bar, sized
from froe.uploading import Uploaded, find_sources, upload_all, upload_one_by_one


@click.command()
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--prefix", default="", help="Put this folder before every key.")
@charset_option
@click.option("--wait", is_flag=True, help="Wait until every file is settled.")
@click.option("--timeout", metavar="SECONDS", type=click.IntRange(min=1), help="Wait no longer than this.")
@stage_option
@json_option
def upload(
    *,
    paths: Sequence[Path],
    prefix: str,
    charset: str | None,
    wait: bool,
    timeout: int | None,
    stage: str | None,
    as_json: bool,
) -> None:
    """Upload files, and the files in folders, to the input bucket.

    A file's key is its name; a folder's files keep the folder's name in theirs. The Content-Type says the
    --charset, so that the stage reads the files as `froe parse --charset` does. Prints the id of the file that each becomes. With --wait the exit code is 1 unless every file is COMPLETE.
    """
    sources = find_sources(paths, prefix)
    if not sources:
        raise click.UsageError("There is no file in the folders that you named.")
    target = find_target(stage)
    warn_of_keys(target, [source.key for source in sources], wait=wait)
    order = {source.key: number for number, source in enumerate(sources)}
    with progress_bar("Uploading", sum(source.size for source in sources), unit="bytes") as bar:
        s3, bucket = target.client("s3"), target.settings_env["INPUT_BUCKET"]
        if target.endpoint_url:
            opened = partial(wait_until_cut, status_of(target))
            arriving = upload_one_by_one(s3, bucket, sources, bar.advance, opened, charset)
        else:
            arriving = upload_all(s3, bucket, sources, bar.advance, charset)
        uploaded = sorted(arriving, key=lambda one: order[one.source.key])
    files = _wait_for(target, uploaded, timeout) if wait else {}
    if as_json:
        for one in uploaded:
            print_json(_for_programs(one, files.get(one.file_id)))
    else:
        _print_for_people(uploaded, files, waited=wait)
    if wait and any(_state(files, one) != "COMPLETE" for one in uploaded):
        click.get_current_context().exit(1)


def warn_of_keys(target: Target, keys: Sequence[str], *, wait: bool) -> None:
    """Says which keys become no file, by the stage's INPUT_KEYS. FroeError where somebody waits for them."""
    patterns = input_keys(target.settings_env)
    left_out = [key for key in keys if not patterns.takes(key)]
    if not left_out:
        return
    named = ", ".join(map(printable, left_out[:3])) + (" and others" if len(left_out) > 3 else "")
    sentence = f"{len(left_out)} of {len(keys)} keys become no file, as INPUT_KEYS ({patterns.text}) leaves them out: {named}."
    if wait:
        raise FroeError(f"{sentence} Change --prefix, leave them out, or upload without --wait.")
    click.echo(sentence, err=True)


def _wait_for(target: Target, uploaded: Sequence[Uploaded], timeout: int | None) -> Mapping[str, Shown]:
    files: Mapping[str, Shown] = {}
    with progress_bar("Processing", len(uploaded), unit="files") as bar:
        for files in watch(status_of(target), [one.file_id for one in uploaded], timeout):
            settled = sum(file["state"] in SETTLED for file in files.values())
            bar.reach(settled, f"{sum(accounted(file, 'lines') for file in files.values()):,} lines")
    return files


def _for_programs(one: Uploaded, file: Shown | None) -> dict[str, object]:
    """What was uploaded; `file` is its account, in the shape of the HTTP contract, once waited for."""
    shown: dict[str, object] = {
        "path": str(one.source.path),
        "bucket": one.version.bucket,
        "key": one.version.key,
        "version_id": one.version.version_id,
        "etag": one.version.etag,
        "size": one.source.size,
        "file_id": one.file_id,
    }
    return shown if file is None else {**shown, "file": file}


def _print_for_people(uploaded: Sequence[Uploaded], files: Mapping[str, Shown], *, waited: bool) -> None:
    columns = [Column("key", shrinks=True), Column("size", number=True), Column("file id")]
    rows = [[one.source.key, sized(one.source.size), one.file_id] for one in uploaded]
    if waited:
        columns += [Column("lines", number=True), Column("rejected", number=True), Column("state")]
        rows = [[*row, *_outcome(files, one)] for row, one in zip(rows, uploaded, strict=True)]
    bad = [waited and _state(files, one) != "COMPLETE" for one in uploaded]
    print_table(columns, rows, marked=bad)
    for one, marked in zip(uploaded, bad, strict=True):
        if marked and (file := files.get(one.file_id)) and file["reason"]:
            click.echo(printable(f"{one.source.key}: {file['reason']}"))
    if not waited:
        click.echo(f"\nSee what becomes of it: froe status {uploaded[0].file_id}")


def _outcome(files: Mapping[str, Shown], one: Uploaded) -> list[str]:
    file = files.get(one.file_id)
    counts = [f"{accounted(file, 'lines'):,}", f"{file['rejected']['lines']:,}"] if file else ["", ""]
    return [*counts, _state(files, one)]


def _state(files: Mapping[str, Shown], one: Uploaded) -> str:
    file = files.get(one.file_id)
    return file["state"] if file else "not opened"
