"""Archives and data files fail by name, however they are packed; text is never taken for one, UTF-16 without a mark is."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import tarfile
import zipfile
from pathlib import Path
from random import Random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.decoding.binaries import binary_in
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.decoders import compression_of
from chalicelib.core.decoding.text import charset_of
from chalicelib.core.formats.registry import all_formats
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record
from tests.fakes import opener
from tests.faults.reading import assert_every_byte_is_accounted_for, head_of, read
from tests.tars import NAME, SIZE, tar, v7, with_field

EXAMPLES = (
    Path(os.environ.get("FROE_EXAMPLES") or Path(__file__).parents[4] / "shared" / "examples") / "found"
)
LINES = b"".join(b"2026-09-14T08:00:%02dZ INFO hello %d\n" % (n % 60, n) for n in range(400))


def three(kind: int, name: str = "app.log") -> bytes:
    return tar([(f"{number}/{name}", LINES) for number in range(3)], kind)


def zipped(method: int, *names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as writer:
        for name in names:
            writer.writestr(name, LINES)
    return packed.getvalue()


def cpio(magic: bytes, digits: int) -> bytes:
    return magic + b"0" * digits + b"app.log\0" + LINES


TARS = {
    "ustar": three(tarfile.USTAR_FORMAT), "gnu": three(tarfile.GNU_FORMAT), "gnu-long": three(tarfile.GNU_FORMAT, "n" * 300),
    "pax": three(tarfile.PAX_FORMAT), "pax-é": three(tarfile.PAX_FORMAT, "é" * 200), "v7": v7(b"app.log", LINES),
}  # fmt: skip
KINDS = [
    (zipped(zipfile.ZIP_STORED), "a zip archive"),
    (b"PK\x07\x08" + zipped(zipfile.ZIP_STORED, "a.log"), "a zip archive in volumes"),
    (b"PK\x05\x06" + bytes(18), "a zip archive without files"),
    (b"PK00" + zipped(zipfile.ZIP_STORED, "a.log"), "a zip archive"),
    (b"7z\xbc\xaf\x27\x1c\0\x04" + LINES, "a 7z archive"),
    (b"Rar!\x1a\x07\x00" + LINES, "a RAR archive"),
    (b"Rar!\x1a\x07\x01\x00" + LINES, "a RAR archive"),
    (lzma.compress(LINES, lzma.FORMAT_ALONE), "lzma"),
    (b"\x02\x21\x4c\x18" + LINES, "lz4 of its first versions"),
    (cpio(b"070701", 104), "a cpio archive"),
    (cpio(b"070702", 104), "a cpio archive"),
    (cpio(b"070707", 70), "a cpio archive"),
    (b"!<arch>\napp.log/        0           0     0     644     4         `\n" + LINES, "an ar archive"),
    (b"PAR1\x15\x04\x15\x10" + LINES + b"PAR1", "a Parquet file"),
    (b"Obj\x01\x04\x16avro.schema" + LINES, "an Avro file"),
    (b"ORC\n\x06\n\x04\x08\x02P\0" + LINES, "an ORC file"),
    (b"SQLite format 3\0" + LINES, "a SQLite database"),
    (b"ElfFile\0" + LINES, "a Windows event log"),
    (b"%PDF-1.7\n" + LINES, "PDF"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "name"), KINDS, ids=[f"{n}-{name}" for n, (_, name) in enumerate(KINDS)])
@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, lzma.compress, lambda data: gzip.compress(zstandard.compress(data))]
)
def test_what_is_no_text_fails_with_its_name_and_a_remedy(pack, data: bytes, name: str) -> None:
    seen = read(pack(data))
    assert seen.account.state is State.FAILED
    assert seen.account.reason
    assert seen.account.reason.startswith(f"not text: it looks like {name}")
    assert seen.account.reason.endswith("gzip, zstd, bzip2, xz, lz4, zlib, snappy frames and brotli (`.br`)")
    assert not seen.outcomes


def lying(data: bytes) -> bytes:
    """A tar whose header has another sum."""
    return bytes([data[0] ^ 1]) + data[1:]


HIDDEN = [
    *((lying(data), "a tar archive with a damaged header") for name, data in TARS.items() if not name.startswith(("gnu-long", "pax-"))),
    (lying(with_field(TARS["ustar"], 0, NAME, b"")), "a tar archive with a damaged header"),
    (lying(with_field(TARS["gnu"], 0, SIZE, b"garbage")), "a tar archive with a damaged header"),
    (lying(TARS["v7"])[:300], "a tar archive with a damaged header"),
    (bytes(1024) + TARS["ustar"], "a tar archive behind 1,024 bytes of something else"),
    (LINES[:700] + TARS["gnu"], "a tar archive behind 700 bytes of something else"),
    (LINES[:700] + zipped(zipfile.ZIP_STORED, "a.log"), "a zip archive behind 700 bytes of something else"),
    (b"#!/bin/sh\n" + zipped(zipfile.ZIP_DEFLATED, "a.log"), "a zip archive behind 10 bytes of something else"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "name"), HIDDEN)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_an_archive_is_named_wherever_it_begins_and_whatever_its_header_says(
    pack, data: bytes, name: str
) -> None:
    seen = read(pack(data))
    assert seen.account.state is State.FAILED
    assert (seen.account.reason or "").startswith(f"not text: it looks like {name}; unpack it")


def test_the_plan_of_a_file_that_cannot_be_read_claims_no_format() -> None:
    data = gzip.compress(b"PK00" + zipped(zipfile.ZIP_STORED, "a.log"))
    plan = make_plan(head_of(data), opener(data, 100), Limits(), format_name="access_combined")
    assert (plan.format, plan.shown_format, plan.format_score) == ("", None, 0.0)


def test_a_tar_that_was_packed_with_logs_says_each_of_their_addresses() -> None:
    path = EXAMPLES / "access.tar.gz"
    if not path.is_file():
        pytest.skip(f"optional: {path} is not there")
    data = path.read_bytes()
    outcomes = [
        outcome
        for reading in Reading(head_of(data), opener(data, 65_536)).with_members()
        for outcome in reading
    ]
    records = [outcome.result for outcome in outcomes if isinstance(outcome.result, Record)]
    assert records
    assert all("client.address" in record.attributes for record in records)


@pytest.mark.parametrize(
    "text",
    [
        "PK is short for primary key\n", "PAR1 failed\n", "PAR1\tfailed\n", "ORC\nchestra\n", "ORC 1\n", "BZh9 said\n", "BZh91 said\n", "Obj 1\n",
        "070701 a number\n", "070707" + "0" * 60 + "x\n", "SQLite format 3 is used\n", "7z exited with 0\n", "Rar! it said\n", "x^2 + y\n",
        "SEQ 17 ok\n", "%PDF is a format\n", "!<arch> is what ar writes\n", "GIF89 was old\n", "MSCF\n", "REDIS0009 is up\n", "LZIP is a tool\n",
        "user ustar said PK\x03\x04 and ustar, which is what tar writes into its headers\n", "00000000000000000000 " * 200 + "\n", "0" * 2000, "7" * 148 + "0011000 " + "1" * 500, " " * 700,
    ],
)  # fmt: skip
def test_text_that_begins_like_one_is_text(text: str) -> None:
    assert binary_in(text.encode()) is None

    assert read(text.encode()).account.state is State.COMPLETE


def test_no_sample_of_any_format_is_taken_for_one() -> None:
    for known in all_formats():
        for sample in known.samples:
            assert binary_in(sample.encode()[:1024]) is None
            assert compression_of(sample.encode(), "a.log.br") is Compression.NONE


@given(st.text(st.characters(codec="utf-8", min_codepoint=9), max_size=600))
def test_no_text_is_taken_for_a_tar(text: str) -> None:
    assert "tar" not in (binary_in(text.encode()) or "")


MESSAGES = ["hello", "Привет, мир: всё хорошо", "注文が作成されました 成功", "größer als je zuvor €", "x"]


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_wide_text_without_a_mark_is_recoded(charset: str, message: str, end: str) -> None:
    text = "".join(f"2026-09-14T08:00:{n % 60:02}Z INFO {message} {n}{end}" for n in range(98))
    for packed in (text.encode(charset), gzip.compress(text.encode(charset))):
        seen = read(packed, piece_bytes=1001)
        assert_every_byte_is_accounted_for(seen)
        assert seen.charset == charset
        assert seen.bodies == [f"{message} {n}" for n in range(98)]
        assert all(record.timestamp for record in seen.records)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_wide_text_that_ends_inside_a_character_is_still_wide(cut: int) -> None:
    assert charset_of("hello, world\n".encode("utf-16-le")[:-cut]) == "utf-16-le"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"a", b"a\0", b"\0a", b"hello\0", b"\0" * 4096, b"a,b\0c,d\0e\0" * 50, b"\0" * 2000 + LINES[:2000], LINES + b"\0" * 100,
        b"/usr/bin\0/etc/passwd\0" * 90, Random(3).randbytes(4096), bytes(range(256)) * 16, b"\x01\0\x02\0\x03\0" * 500,
        b"a NUL \0 and \0\0 more of them\n" * 20, LINES[:4096], "é\n".encode() * 900,
    ],
)  # fmt: skip
def test_what_only_holds_nuls_is_not_wide(data: bytes) -> None:
    assert charset_of(data) == "utf-8"


def test_the_example_of_wide_text_is_read_whole() -> None:
    path = EXAMPLES / "utf16nobom.log"
    if not path.is_file():
        pytest.skip(f"optional: {path} is not there")
    seen = read(path.read_bytes())
    assert seen.charset == "utf-16-le"
    assert all(body and "\0" not in body for body in seen.bodies)
