"""An inbox on a stage, which prints what happens: a line for people, a JSON object for programs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from froe.comparing import already_there
from froe.errors import FroeError
from froe.failures import explain
from froe.inbox import Inbox
from froe.inquiry import SETTLED_BADLY, ItemJson, accounted, file_or_none, status_of, wait_until_cut
from froe.jsonl import print_json
from froe.target import Target
from froe.terminal import printable, sized
from froe.uploading import Source, Uploaded, upload_all


def inbox_of(target: Target, folder: Path, move_to: Path | None, *, as_json: bool) -> Inbox:
    """Makes the folder if it is not there. FroeError if it cannot be read."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        next(folder.iterdir(), None)
    except OSError as error:
        raise FroeError(f"The inbox {folder} cannot be used: {error.strerror or error}.") from error
    s3, bucket, status = target.client("s3"), target.settings_env["INPUT_BUCKET"], status_of(target)

    def send(source: Source) -> Uploaded:
        if there := already_there(s3, bucket, [source]):
            return Uploaded(source, there[source.key], sent=False)
        (one,) = upload_all(s3, bucket, [source], lambda _: None)
        wait_until_cut(status, one.file_id)  # the local AWS starts a process for each that comes before
        return one

    tells = _Objects() if as_json else _Lines()
    if not as_json:
        click.echo(f"\nDrop log files into {printable(str(folder))}.\n")
    return Inbox(
        folder, send, lambda file_id: file_or_none(status, file_id), tells, explain=explain, move_to=move_to
    )


class _Lines:
    def sent(self, one: Uploaded) -> None:
        done = "uploaded" if one.sent else "was there already"
        _line(one.source.key, f"{done}, {sized(one.source.size)}, file {one.file_id}")

    def settled(self, one: Uploaded, file: ItemJson, moved: Path | None) -> None:
        counts = f"{accounted(file, 'lines'):,} lines, {file['rejected']['lines']:,} rejected"
        state = click.style(file["state"], fg="red" if file["state"] in SETTLED_BADLY else "green")
        more = "".join(
            (f", {file['format']}" if file["format"] else "", f"; {file['reason']}" if file["reason"] else "")
        )
        _line(one.source.key, f"{state}: {counts}{printable(more)}")
        if moved:
            _line(one.source.key, f"moved to {printable(str(moved))}")

    def failed(self, path: Path, reason: str) -> None:
        _line(str(path), click.style(printable(reason), fg="red"))


class _Objects:
    def sent(self, one: Uploaded) -> None:
        self._print("sent" if one.sent else "known", one.source.path, file_id=one.file_id, key=one.source.key)

    def settled(self, one: Uploaded, file: ItemJson, moved: Path | None) -> None:
        self._print("settled", one.source.path, file=file, moved=str(moved) if moved else None)

    def failed(self, path: Path, reason: str) -> None:
        self._print("failed", path, reason=reason)

    def _print(self, event: str, path: Path, **more: object) -> None:
        print_json({"event": event, "path": str(path), **more})
        sys.stdout.flush()


def _line(name: str, text: str) -> None:
    click.echo(f"{click.style(time.strftime('%H:%M:%S'), dim=True)}  {printable(name)}  {text}")
