"""The list of files as a table: what fits 80 columns first, the rest where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from froe.inquiry import SETTLED_BADLY, ItemJson, accounted
from froe.shares import bytes_of, percent
from froe.terminal import Column, print_table, sized


def print_files(files: Sequence[ItemJson]) -> None:
    print_table(*files_table(files), marked=marked(files))


def files_table(files: Sequence[ItemJson]) -> tuple[tuple[Column, ...], list[tuple[str, ...]]]:
    """The columns and rows of `print_table`."""
    explained = any(file["reason"] for file in files)
    columns = (
        Column("file id", is_id=True),
        Column("key", shrinks=True, is_key=True),
        Column("lines", number=True),
        Column("rejected", number=True),
        Column("state"),
        Column("done", number=True),
        Column("format", optional=True),
        Column("size", number=True, optional=True),
        Column("dead", number=True, optional=True),
        Column("opened", optional=True),
        *((Column("reason", shrinks=True, optional=True),) if explained else ()),
    )
    rows = [
        (
            file["file_id"],
            file["key"],
            f"{accounted(file, 'lines'):,}",
            f"{file['rejected']['lines']:,}",
            file["state"],
            percent(bytes_of(file)),
            file["format"] or "",
            sized(file["size"]),
            f"{file['dead']['lines']:,}",
            file["opened_at"][:19] + "Z",
            *((file["reason"] or "",) if explained else ()),
        )
        for file in files
    ]
    return columns, rows


def marked(files: Sequence[ItemJson]) -> list[bool]:
    return [file["state"] in SETTLED_BADLY for file in files]
