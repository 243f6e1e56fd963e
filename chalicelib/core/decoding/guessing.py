"""A guess at the character set of a text that is not UTF-8 and has none set, for people.

The guess is reported and never applied: a wrong one would change the text of every record, and nothing would show it.
"""

from __future__ import annotations

from typing import Final

from chalicelib.core.decoding.charsets import charset_named

_LIKELY: Final = (
    "cp1252", "cp1251", "koi8_r", "cp932", "euc_jp", "gb18030", "big5", "cp949", "iso8859_2", "cp1250", "cp1253", "cp1254",
    "cp1255", "cp1256", "cp874", "cp1257", "cp866", "cp850", "cp437",
)  # fmt: skip
"""The candidates. If several make as good sense of the text, the first is reported."""
_LOOKED_AT_BYTES: Final = 8 * 1024
_CHAOS_MAX: Final = 0.3
_CHAOS_NEAR: Final = 0.02
_COHERENCE_NEAR: Final = 0.12


def guessed_charset(head: bytes) -> str | None:
    """The codec that the lines with non-ASCII characters may be in; None if most of these lines are UTF-8, or no codec
    makes sense of them. head: of the text as it is. It costs some milliseconds, and an import."""
    text = head.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = len(text) - wrong - sum(map(str.isascii, text)) if wrong else 0
    if wrong <= right or (wrong == 1 and text.endswith("\ufffd")):  # the last may be cut off
        return None
    lines = b"\n".join(line for line in head.split(b"\n") if not line.isascii())[:_LOOKED_AT_BYTES]
    try:
        name = _likeliest(lines)
    except Exception:  # noqa: BLE001 - what nobody needs must not keep a file from being opened
        return None
    return None if name is None else charset_named(name)


def _likeliest(lines: bytes) -> str | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - few files need it

    matches = list(
        from_bytes(
            lines,
            cp_isolation=list(_LIKELY),
            threshold=_CHAOS_MAX,
            preemptive_behaviour=False,
            enable_fallback=False,
        )
    )
    alike = {
        name
        for match in matches
        if match.chaos <= matches[0].chaos + _CHAOS_NEAR
        and match.coherence >= matches[0].coherence - _COHERENCE_NEAR
        for name in match.could_be_from_charset
    }
    return next((name for name in _LIKELY if name in alike), None)


def on_guess(charset: str) -> str:
    """What to do about a guess."""
    return (
        f"its head is not UTF-8, and may be {charset} (a guess that is not applied): see `froe parse --charset {charset}`, and if"
        f' it reads well bind its prefix to charset = "{charset}", or upload it with --charset {charset}'
    )
