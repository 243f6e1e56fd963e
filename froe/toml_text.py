"""Texts in a configuration: in quotes, without anything that could control a terminal."""

from __future__ import annotations

import json

from froe.terminal import harmless


def basic(text: str) -> str:
    """In double quotes, with escapes."""
    return harmless(json.dumps(text, ensure_ascii=False))


def literal(text: str) -> str:
    """In single quotes, as expressions read best; with escapes where the text has a quote of its own or cannot be seen."""
    return f"'{text}'" if "'" not in text and text.isprintable() else basic(text)


def sample_lines(texts: tuple[str, ...]) -> str:
    """The line of the samples."""
    return "samples = [\n" + "".join(f"    {basic(each)},\n" for each in texts) + "]"
