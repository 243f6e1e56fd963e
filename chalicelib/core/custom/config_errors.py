"""Errors of a configuration, with the place of a table or key in its TOML text."""

from __future__ import annotations

import re
from typing import Final

_TABLE: Final = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?")
_KEY: Final = re.compile(r"\s*[\"']?([\w.@-]+)[\"']?\s*=")


class ConfigError(Exception):
    """A configuration that cannot be used: names the file, the line and the remedy in one sentence."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(f"{file}, line {line}: {problem}")
        self.file = file
        self.line = line


class Places:
    """The lines of a text's tables and keys, counted from 1."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, int, str], int] = {}
        counts: dict[str, int] = {}
        table, number, quote = "", 0, ""
        for at, line in enumerate(text.split("\n"), start=1):
            if quote:
                quote = "" if quote in line else quote
                continue
            if match := _TABLE.match(line):
                table = match[1].split(".")[0]
                if line.lstrip().startswith("[["):
                    counts[table] = counts.get(table, 0) + 1
                number = counts.get(table, 1)
                self._lines.setdefault((table, number, ""), at)
                if "." in match[1]:
                    self._lines.setdefault((table, number, match[1].split(".")[1]), at)
            elif match := _KEY.match(line):
                self._lines.setdefault((table, number, match[1]), at)
            opened = [mark for mark in ("'''", '"""') if line.count(mark) % 2]
            quote = opened[0] if opened else ""

    def line(self, table: str, number: int, key: str = "") -> int:
        """The line of a key in the table of that number (from 1), or else of the table."""
        return self._lines.get((table, number, key)) or self._lines.get((table, number, ""), 1)
