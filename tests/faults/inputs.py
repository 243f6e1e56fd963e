"""Every bad input that is a file, made in code, with what must come out of it.

`text` is what the object says once decompressed and recoded, as far as it can be read; the counts
follow from how each input is made, not from what Froe does with it.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import brotli
import cramjam
import lz4.frame
import zstandard

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State

BLOCK = 256 * 1024
ENTRY_MAX = 256 * 1024
ZSTD_BLOCK = 128 * 1024
MARK = codecs.BOM_UTF8


@dataclass(frozen=True, slots=True)
class BadInput:
    """One object and what must become of it.

    text: None where nothing can be read. parsed, rejected: entries. skipped: reason → lines and bytes.
    reasons: those of the rejects, each with its number. why: a part of the file's reason.
    damage: the code of the damage, and where the object breaks (None: not said).
    """

    name: str
    data: bytes
    text: bytes | None
    parsed: int
    rejected: int = 0
    state: State = State.COMPLETE
    skipped: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    format: str | None = None
    why: str | None = None
    damage: str | None = None
    broken_at: int | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def lines(self) -> int:
        """Line ends in the text, an unterminated end counted as one."""
        text = self.text or b""
        return text.count(b"\n") + (bool(text) and not text.endswith(b"\n"))


def made(name: str) -> BadInput:
    """The input of that name."""
    return _BY_NAME[name] if name in _BY_NAME else HUGE[name]()


def json_lines(count: int, first: int = 0) -> bytes:
    """Objects with a time, a level and a message, one a line."""
    return b"".join(
        b'{"time":"2026-02-01T10:00:00Z","level":"info","msg":"line %06d"}\n' % number
        for number in range(first, first + count)
    )


def text_lines(count: int, first: int = 0) -> bytes:
    """Lines of prose, which no format explains."""
    return b"".join(
        b"plain words of line %06d and nothing else\n" % number for number in range(first, first + count)
    )


def traces(count: int, frames: int = 5) -> bytes:
    """Entries of an application log, each with a stack trace of so many lines."""
    return b"".join(
        b"2026-02-01 10:%02d:%02d,123 ERROR [main] app.Shop - order %d failed\n" % (n // 60 % 60, n % 60, n)
        + b"java.lang.IllegalStateException: closed\n"
        + b"".join(b"\tat app.Shop.step%d(Shop.java:%d)\n" % (f, f) for f in range(frames - 1))
        for n in range(count)
    )


def garbage(size: int, seed: int = 7) -> bytes:
    return Random(seed).randbytes(size)


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def zipped(text: bytes, level: int = 6) -> bytes:
    return gzip.compress(text, level, mtime=0)


def zstd(text: bytes, **options: Any) -> bytes:
    return zstandard.ZstdCompressor(level=3, **options).compress(text)


def zstd_block_at(frame: bytes, number: int) -> int:
    """Where the header of a block lies in a zstd frame (RFC 8878, section 3.1.1.2)."""
    at = zstandard.frame_header_size(frame)
    for _ in range(number):
        at += 3 + (int.from_bytes(frame[at : at + 3], "little") >> 3)
    return at


def readable(packed: bytes) -> bytes:
    """What zlib decodes of a broken gzip object, byte by byte up to the fault."""
    decoder = zlib.decompressobj(31)
    text = b""
    try:
        for at in range(len(packed)):
            text += decoder.decompress(packed[at : at + 1])
    except zlib.error:
        pass
    return text


def _inputs() -> list[BadInput]:
    return [
        *_empty(),
        *_misnamed(),
        *_broken(),
        *_binary(),
        *_bytes_in_lines(),
        *_charsets(),
        *_ends(),
        *_json(),
    ]


def _empty() -> list[BadInput]:
    blanks = b"\n\r\n  \t \n\n \x0b\x0c\n"
    return [
        BadInput("empty.log", b"", b"", 0, format="text"),
        BadInput("zero-byte.gz", b"", b"", 0, format="text"),
        BadInput("nothing-in-it.gz", zipped(b""), b"", 0, format="text"),
        BadInput("nothing-in-it.zst", zstd(b""), b"", 0, format="text"),
        BadInput("blank-lines-only.log", blanks, blanks, 0, skipped={"blank": (5, len(blanks))}),
        BadInput("one-line-end.log", b"\n", b"\n", 0, skipped={"blank": (1, 1)}),
        BadInput("one-space.log", b" ", b" ", 0, skipped={"blank": (1, 1)}),
        BadInput("mark-only.log", MARK, MARK, 0, skipped={"byte-order-mark": (1, 3)}),
        BadInput(
            "mark-and-line-end.log",
            MARK + b"\n",
            MARK + b"\n",
            0,
            skipped={"byte-order-mark": (0, 3), "blank": (1, 1)},
        ),
    ]


def _misnamed() -> list[BadInput]:
    lines = json_lines(40)
    return [
        BadInput("plain-text.gz", lines, lines, 40, format="json"),
        BadInput("gzip.log", zipped(lines), lines, 40, format="json"),
        BadInput("zstd.txt", zstd(lines), lines, 40, format="json"),
        BadInput("zstd.gz", zstd(lines), lines, 40, format="json"),
        _not_text("garbage.gz", garbage(4000)),
        BadInput(
            "gzip-magic-then-garbage.gz",
            b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\x07" + garbage(900),
            None,
            0,
            state=State.FAILED,
            why="nothing can be read: the gzip data is corrupt",
        ),
        BadInput(
            "gzip-header-only.gz",
            zipped(lines)[:10],
            None,
            0,
            state=State.FAILED,
            why="nothing can be read: the gzip data ends in the middle",
        ),
        BadInput(
            "zstd-magic-only.zst",
            zstd(lines)[:4],
            None,
            0,
            state=State.FAILED,
            why="nothing can be read: the zstd data ends in the middle",
        ),
    ]


def _lz4(data: bytes) -> bytes:
    return bytes(lz4.frame.compress(data, content_checksum=True))


def _broken() -> list[BadInput]:
    lines = text_lines(400)
    packed = zipped(lines)
    half = packed[: len(packed) // 2]
    stored = zipped(lines, 0)
    bent = flipped(packed, len(packed) * 2 // 3, 3)
    bent_text = readable(bent)
    inner = lines[: 7 * 43 + 20], lines[7 * 43 + 20 :]
    noise = bytes(Random(3).choices(b"abcdefghijklmnopqrstuvwxyz0123456789\n", k=3 * ZSTD_BLOCK))
    noisy = zstd(noise, write_checksum=True, write_content_size=False)
    third, last = zstd_block_at(noisy, 2), len(noisy)
    two_blocks = noise[: 2 * ZSTD_BLOCK]

    def prose(name: str, data: bytes, text: bytes, damage: str, at: int | None = None) -> BadInput:
        lines_said = [line for line in text.split(b"\n") if line]
        skipped = {"blank": (n, n)} if (n := text.count(b"\n") - _ends_of(text)) else {}
        return BadInput(
            name,
            data,
            text,
            len(lines_said),
            state=State.DAMAGED,
            skipped=skipped,
            format="text",
            damage=damage,
            broken_at=at,
            why="at byte",
        )

    inputs = [
        prose("truncated.gz", half, readable(half), "truncated", len(half)),
        prose("truncated-in-its-trailer.gz", packed[:-5], lines, "truncated", len(packed) - 5),
        prose("bit-flipped-in-the-middle.gz", bent, bent_text, "corrupt"),
        prose("wrong-checksum.gz", flipped(packed, len(packed) - 8), lines, "corrupt"),
        prose("wrong-length.gz", flipped(packed, len(packed) - 4), lines, "corrupt"),
        prose("stored-block-with-a-bit-flipped.gz", flipped(stored, 5000), flipped(lines, 4985), "corrupt"),
        prose("second-member-truncated.gz", packed + half, lines + readable(half), "truncated"),
        prose("second-member-cut-in-its-header.gz", packed + packed[:7], lines, "truncated"),
        prose("second-member-corrupt.gz", packed + bent, lines + bent_text, "corrupt"),
        BadInput("zeros-behind.gz", packed + bytes(600), lines, 400),
        BadInput("zeros-between-members.gz", packed + bytes(512) + packed, lines * 2, 800),
        BadInput("member-border-inside-a-line.gz", zipped(inner[0]) + zipped(inner[1]), lines, 400),
        BadInput(
            "a-member-for-each-three-bytes.gz",
            b"".join(zipped(lines[at : at + 3]) for at in range(0, 3000, 3)),
            lines[:3000],
            69,
        ),
        BadInput("empty-members-between.gz", zipped(b"") + packed + zipped(b"") * 3, lines, 400),
        prose("truncated.zst", noisy[: third + 900], two_blocks, "truncated", third + 900),
        prose(
            "corrupt-block.zst", noisy[:third] + b"\xff\xff\xff" + noisy[third + 3 :], two_blocks, "corrupt"
        ),
        prose("wrong-checksum.zst", flipped(noisy, last - 1), noise, "corrupt"),
        BadInput("several-frames.zst", zstd(inner[0]) + zstd(inner[1]), lines, 400),
        BadInput(
            "skippable-frames.zst",
            b"\x50\x2a\x4d\x18\x05\0\0\0hello" + zstd(lines) + b"\x5f\x2a\x4d\x18\0\0\0\0",
            lines,
            400,
        ),
    ]
    for ending, pack in (("bz2", bz2.compress), ("xz", lzma.compress), ("lz4", _lz4), ("zz", zlib.compress)):
        packed_so, first = pack(lines), pack(inner[0])
        inputs += [
            BadInput(f"two-streams.{ending}", first + pack(inner[1]), lines, 400),
            prose(f"truncated.{ending}", packed_so[:-1], lines, "truncated", len(packed_so) - 1),
            prose(
                f"garbage-behind.{ending}", packed_so + b"#####", lines, "trailing-garbage", len(packed_so)
            ),
        ]
    snappy, few = bytes(cramjam.snappy.compress(lines)), brotli.compress(lines)
    inputs += [
        BadInput("two-streams.sz", snappy + snappy, lines * 2, 800),
        prose("garbage-behind.sz", snappy + b"#####", lines, "corrupt"),
        BadInput("whole.log.br", few, lines, 400),
        prose("garbage-behind.log.br", few + b"#####", lines, "trailing-garbage", len(few)),
    ]
    inputs.append(prose("wrong-checksum.lz4", flipped(_lz4(lines), len(_lz4(lines)) - 1), lines, "corrupt"))
    inputs += [
        prose(
            f"garbage-of-{size}-bytes-behind.gz", packed + b"#" * size, lines, "trailing-garbage", len(packed)
        )
        for size in (1, 3, 5, 9, 17, 5000)
    ]
    whole = zstd(lines)
    inputs += [
        prose(
            f"garbage-of-{size}-bytes-behind.zst", whole + b"#" * size, lines, "trailing-garbage", len(whole)
        )
        for size in (1, 3, 5, 9, 5000)
    ]
    return inputs


def _ends_of(text: bytes) -> int:
    return sum(1 for line in text.split(b"\n")[:-1] if line)


def _not_text(name: str, data: bytes, kind: str = "binary data") -> BadInput:
    return BadInput(name, data, None, 0, state=State.FAILED, why=f"not text: it looks like {kind}")


def _binary() -> list[BadInput]:
    words = text_lines(3000)
    archive, tarred = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as tar:
        member = tarfile.TarInfo("app.log")
        member.size = len(words)
        tar.addfile(member, io.BytesIO(words))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr(zipfile.ZipInfo("app.log", (2026, 1, 1, 0, 0, 0)), words, zipfile.ZIP_DEFLATED)
    return [
        _not_text("random-bytes.log", garbage(20_000)),
        _not_text("packed.lzma", lzma.compress(words, lzma.FORMAT_ALONE), "lzma"),
        _not_text("tar-in-xz.log", lzma.compress(bytes(512) + tarred.getvalue()), "a tar archive"),
        _not_text("spanned.zip.gz", zipped(b"PK00" + archive.getvalue()), "a zip archive"),
        _not_text("picture.log", b"\x89PNG\r\n\x1a\n" + garbage(3000), "a PNG image"),
        _not_text("program.log", b"\x7fELF\x02\x01\x01" + bytes(9) + garbage(3000), "an executable"),
        BadInput("gzip-in-gzip.gz", zipped(zipped(words)), words, 3000, format="text"),
        _not_text(
            "gzip-in-gzip-in-gzip-in-gzip.gz",
            zipped(zipped(zipped(zipped(words)))),
            "many compressions in one another",
        ),
        _not_text("garbage-in-gzip.gz", zipped(garbage(9000))),
    ]


def _bytes_in_lines() -> list[BadInput]:
    nul_and_esc = (
        text_lines(6)
        + b"a NUL \0 and \0\0 more of them\n"
        + text_lines(3)
        + (b"\x1b[31mred\x1b[0m and a title \x1b]0;shell\x07 of a terminal\n\x1b[0m\n" + text_lines(2))
    )
    lone_cr = b"progress 10%\rprogress 50%\rprogress 100%\nthe next line\r\n" + b"a\rb\n"
    separators = "".join(
        f"one{mark}two{mark}three\n" for mark in "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e"
    ).encode()
    filler = b"".join(b"%06d %s\n" % (n, b"." * 1016) for n in range(256))
    straddling = [
        filler[: BLOCK - 20 - n] + b"\n" + "é€😀".encode() * 10 + b"\n" + text_lines(3)
        for n in (0, 2, 3, 5, 6, 7)
    ]
    assert all(text[BLOCK] & 0xC0 == 0x80 for text in straddling), "each is cut inside a character"
    latin = "Gr\xfc\xdfe aus K\xf6ln, Stra\xdfe 5, caf\xe9\n".encode("latin-1")
    long_line = b'{"msg":"%s"}\n' % (b"x" * 2 * 1024 * 1024)
    at_most = text_lines(2) + b"y" * (ENTRY_MAX - 1) + b"\n" + text_lines(2)
    one_more = text_lines(2) + b"y" * ENTRY_MAX + b"\n" + text_lines(2)
    long_trace = traces(3) + b"2026-02-01 10:00:00,123 ERROR deep\n" + b"\tat a.B.c(B.java:1)\n" * 20_000
    long_trace += traces(4)
    return [
        BadInput(
            "nul-and-escapes.log", nul_and_esc, nul_and_esc, 13, skipped={"blank": (1, 5)}, format="text"
        ),
        BadInput("lone-carriage-returns.log", lone_cr, lone_cr, 3),
        BadInput("other-line-separators.log", separators, separators, 8),
        *(
            BadInput(f"straddling-character-{n}.log", text, text, text.count(b"\n"))
            for n, text in enumerate(straddling)
        ),
        BadInput("latin-1.log", latin * 8, latin * 8, 8),
        BadInput(
            "latin-1-in-json.log",
            json_lines(5) + b'{"msg":"caf\xe9"}\n' + json_lines(5),
            json_lines(5) + b'{"msg":"caf\xe9"}\n' + json_lines(5),
            11,
        ),
        BadInput("cut-utf-8.log", text_lines(3) + "é".encode()[:1], text_lines(3) + "é".encode()[:1], 4),
        BadInput(
            "entry-of-2-mib.jsonl",
            json_lines(30) + long_line + json_lines(30, 30),
            json_lines(30) + long_line + json_lines(30, 30),
            60,
            1,
            reasons={"too-long": 1},
            format="json",
        ),
        BadInput(
            "two-long-entries-on-end.jsonl",
            json_lines(3) + long_line * 2 + long_line[:-1],
            json_lines(3) + long_line * 2 + long_line[:-1],
            3,
            3,
            reasons={"too-long": 3},
            format="json",
        ),
        BadInput("entry-at-its-limit.log", at_most, at_most, 5),
        BadInput("entry-over-its-limit-by-one.log", one_more, one_more, 4, 1, reasons={"too-long": 1}),
        BadInput("long-stack-trace.log", long_trace, long_trace, 7, 1, reasons={"too-long": 1}),
    ]


def _charsets() -> list[BadInput]:
    lines = json_lines(20)
    words = "\ufeffGrüße aus Köln\n日本語の行\r\n\n😀 ਊ ഊ an emoji, two letters with 0A in them\nlast"
    text = words.encode()
    skipped = {"byte-order-mark": (0, 3), "blank": (1, 1)}
    inputs = [
        BadInput("marked.jsonl", MARK + lines, MARK + lines, 20, skipped={"byte-order-mark": (0, 3)}),
        BadInput("marked.gz", zipped(MARK + lines), MARK + lines, 20, skipped={"byte-order-mark": (0, 3)}),
        BadInput(
            "mark-in-the-middle.jsonl",
            lines + MARK + b"\n" + lines,
            lines + MARK + b"\n" + lines,
            40,
            skipped={"blank": (1, 4)},
        ),
        BadInput("utf-16-mark-only.log", b"\xff\xfe", MARK, 0, skipped={"byte-order-mark": (1, 3)}),
    ]
    for charset in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        packed = words.encode(charset)
        inputs += [
            BadInput(f"{charset}.log", packed, text, 4, skipped=skipped),
            BadInput(f"{charset}.gz", zipped(packed), text, 4, skipped=skipped),
            BadInput(f"{charset}-odd.log", packed + b"!", text + "\ufffd".encode(), 4, skipped=skipped),
        ]
    lone = "\ufeffbefore ".encode("utf-16-le") + b"\x00\xd8" + " after\nnext\n".encode("utf-16-le")
    inputs.append(
        BadInput(
            "utf-16-lone-surrogate.log",
            lone,
            "\ufeffbefore \ufffd after\nnext\n".encode(),
            2,
            skipped={"byte-order-mark": (0, 3)},
        )
    )
    cut = zipped(("\ufeff" + text_lines(400).decode()).encode("utf-16-le"))
    cut = cut[: len(cut) // 2]
    cut_text = readable(cut).decode("utf-16-le", "replace").encode()
    inputs.append(
        BadInput(
            "utf-16-truncated.gz",
            cut,
            cut_text,
            cut_text.count(b"\n") + (not cut_text.endswith(b"\n")),
            state=State.DAMAGED,
            skipped={"byte-order-mark": (0, 3)},
            damage="truncated",
            why="at byte",
        )
    )
    return inputs


def _ends() -> list[BadInput]:
    crlf = json_lines(30).replace(b"\n", b"\r\n")
    header = b"name;value;unit\r\n" + text_lines(20)
    blanks = text_lines(3) + b"\n   \n\t\r\n" + text_lines(2) + b"\n" * 7
    among_traces = (traces(2) + b"\n  \n").join([b""] * 4) + traces(1)
    block_traces = traces(1300)
    small = Limits(batch_max_lines=4, batch_max_bytes=1100, entry_max_bytes=1024, split_bytes=1024)
    return [
        BadInput("crlf.jsonl", crlf, crlf, 30, format="json"),
        BadInput("crlf-header-then-lf.csv", header, header, 21),
        BadInput("blank-lines.log", blanks, blanks, 5, skipped={"blank": (10, 15)}),
        BadInput("no-final-line-end.log", text_lines(9)[:-1], text_lines(9)[:-1], 9),
        BadInput("no-line-end.log", b"all there is", b"all there is", 1),
        BadInput("no-final-line-end.jsonl", json_lines(9)[:-1], json_lines(9)[:-1], 9, format="json"),
        BadInput("traces-over-a-block-border.log", block_traces, block_traces, 1300, format="log4j"),
        BadInput("traces-no-final-line-end.log", traces(20)[:-1], traces(20)[:-1], 20, format="log4j"),
        BadInput(
            "traces-with-blank-lines.log",
            among_traces,
            among_traces,
            7,
            skipped={"blank": (6, 12)},
            format="log4j",
        ),
        BadInput("traces-over-batches-and-splits.log", traces(60), traces(60), 60, limits=small),
        BadInput("lines-over-batches-and-splits.jsonl", json_lines(90), json_lines(90), 90, limits=small),
        BadInput("packed-lines-over-splits.gz", zipped(traces(60)), traces(60), 60, limits=small),
    ]


def _json() -> list[BadInput]:
    odd = [
        b'{"msg":"nan","a":NaN,"b":Infinity,"c":-Infinity}',
        b'{"msg":"numbers","big":1234567890123456789012345678901234567890123,"neg":-0.0}',
        b'{"msg":"edges","edge":99999999999999999999999999999999999999,"max":9223372036854775808}',
        b'{"msg":"floats","huge":1e400,"tiny":1e-200,"float":1.7976931348623157e308}',
        b'{"msg":"surrogates \\ud800 and \\udc00\\ud800","\\udfff":1}',
        b'{"msg":"clash","a.b":1,"a":{"b":2},"a.b#2":3}',
        b'{"msg":"twice","a":1,"a":2,"a":{"x":1},"a":[3]}',
        b'{"":1,"msg":"no name","a":{"":{"":2}},"e":{},"l":[[],{}]}',
        b'{"msg":"lists","l":[1,[2,[3,{"x":[4]}]],null,true,"s"]}',
        b'{"msg":"nul \\u0000 esc \\u001b line \\u2028 \\n \\r end"}',
        b'{"%s":1,"msg":"long name"}' % (b"n" * 5000),
        b'{"a":' * 150 + b"1" + b"}" * 150,
        b'{"msg":"deep list","l":' + b"[" * 100 + b"]" * 100 + b"}",
    ]
    deep = [b'{"a":' * depth + b"1" + b"}" * depth for depth in (250, 5000)]
    deep.append(b'{"l":' + b"[" * 30_000 + b"]" * 30_000 + b"}")
    prefix = b"p" * 250
    blow_up = b'{"%s":{%s}}' % (prefix, b",".join(b'"%04d":1' % n for n in range(3000)))
    grows = b'{"msg":"%s"}' % (b"\xff" * 200_000)
    others = [
        b"[1,2,3]",
        b'"text"',
        b"17",
        b"null",
        b"{} {}",
        b'{"a":1}{"b":2}',
        b"{'a':1}",
        b'{"a":1,}',
        b"{",
    ]

    def join(entries: list[bytes]) -> bytes:
        return json_lines(30) + b"".join(entry + b"\n" for entry in entries) + json_lines(30)

    mixed = json_lines(500) + b"Traceback: this is not JSON\n" + json_lines(500, 500)
    cut = json_lines(50)[:-20]
    return [
        BadInput("odd-values.jsonl", join(odd), join(odd), 60 + len(odd), format="json"),
        BadInput("too-deep.jsonl", join(deep), join(deep), 60, 3, reasons={"too-deep": 3}, format="json"),
        BadInput(
            "too-large-for-an-item.jsonl",
            join([blow_up, grows]),
            join([blow_up, grows]),
            61,
            1,
            reasons={"too-large": 1},
            format="json",
        ),
        BadInput(
            "no-objects.jsonl",
            join(others),
            join(others),
            60,
            9,
            reasons={"not-an-object": 4, "invalid-json": 5},
            format="json",
        ),
        BadInput(
            "one-text-line-among-json.jsonl",
            mixed,
            mixed,
            1000,
            1,
            reasons={"invalid-json": 1},
            format="json",
        ),
        BadInput("truncated-last-line.jsonl", cut, cut, 49, 1, reasons={"invalid-json": 1}, format="json"),
    ]


@cache
def entry_of_32_mib() -> BadInput:
    """Everything before and after it is intact."""
    line = b'{"msg":"%s"}\n' % (b"x" * (32 * 1024 * 1024))
    text = json_lines(50) + line + json_lines(50, 50)
    return BadInput("entry-of-32-mib.jsonl", text, text, 100, 1, reasons={"too-long": 1}, format="json")


@cache
def bomb() -> BadInput:
    """30 MB of zeros in lines of 10 kB, which gzip packs a thousand to one."""
    text = (b"0" * 9_999 + b"\n") * 3_000
    return BadInput("bomb.gz", zipped(text, 9), text, 3_000)


@cache
def zstd_bomb() -> BadInput:
    text = (b"0" * 9_999 + b"\n") * 3_000
    return BadInput("bomb.zst", zstd(text), text, 3_000)


HUGE: dict[str, Callable[[], BadInput]] = {
    "entry-of-32-mib.jsonl": entry_of_32_mib,
    "bomb.gz": bomb,
    "bomb.zst": zstd_bomb,
}
INPUTS = _inputs()
_BY_NAME = {each.name: each for each in INPUTS}
NAMES = [*_BY_NAME, *HUGE]


def _outcome(bad: BadInput) -> tuple[object, ...]:
    reasons, skipped = sorted(dict(bad.reasons or {})), sorted(dict(bad.skipped))
    return bad.state, bad.format, bad.damage, bad.why, bad.text is None, *reasons, *skipped


OF_EACH_OUTCOME = list({_outcome(each): each for each in reversed(INPUTS)}.values())
"""One of those whose state, format, damage, rejects and skipped ranges have the same names, for what is dear to try."""
