"""What is decided once per file, from its object and the head of its text."""

from __future__ import annotations

import base64
import gzip
import hashlib
import time
from dataclasses import replace
from random import Random

import pytest
import zstandard

from chalicelib.core.custom.spec import Binding, Config
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.plan.planning import make_plan
from tests.fakes import WHEN, opener

ACCESS = b'192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "curl/8"\n' * 20


def plan_for(
    data: bytes, *, version_id: str | None = "v1", piece_bytes: int = 1000, **options: object
) -> Plan:
    head = ObjectHead(ObjectVersion("logs", "a.log", version_id, "e"), len(data), "text/plain", WHEN)
    return make_plan(head, opener(data, piece_bytes), Limits(), **options)  # type: ignore[arg-type]


def test_the_file_id_is_that_of_the_contract() -> None:
    digest = hashlib.sha256(b"logs\0dir/a b.log\0v1").digest()
    expected = base64.b32encode(digest).decode().lower()[:26]
    assert ObjectVersion("logs", "dir/a b.log", "v1", "ignored").file_id == expected
    unversioned = hashlib.sha256(b"logs\0a.log\0abc").digest()
    assert (
        ObjectVersion("logs", "a.log", None, "abc").file_id
        == base64.b32encode(unversioned).decode().lower()[:26]
    )


@pytest.mark.parametrize(
    ("packed", "compression"),
    [
        (ACCESS, Compression.NONE),
        (gzip.compress(ACCESS), Compression.GZIP),
        (zstandard.compress(ACCESS), Compression.ZSTD),
        (gzip.compress(gzip.compress(ACCESS)), Compression.GZIP),
    ],
)
def test_compression_is_told_by_content(packed: bytes, compression: Compression) -> None:
    plan = plan_for(packed)
    assert (plan.compression, plan.format, plan.failure) == (compression, "access_combined", None)
    assert plan.parallel == (compression is Compression.NONE)


@pytest.mark.parametrize("piece_bytes", [1, 3, 4096])
def test_a_plan_does_not_depend_on_how_reads_arrive(piece_bytes: int) -> None:
    for data in (ACCESS, gzip.compress(ACCESS, mtime=0), ("\ufeff" + "héllo\n" * 9).encode("utf-16-be")):
        assert plan_for(data, piece_bytes=piece_bytes) == plan_for(data)


def test_utf_16_is_cut_in_sequence() -> None:
    plan = plan_for("\ufeffhello\n".encode("utf-16-le"))
    assert (plan.charset, plan.parallel, plan.known_splits) == ("utf-16-le", False, None)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Random(1).randbytes(5000), "binary data"),
        (b"PK\x03\x04" + Random(3).randbytes(5000), "zip"),
    ],
)
def test_what_is_not_text_fails_and_says_what_it_looks_like(data: bytes, message: str) -> None:
    failure = plan_for(data).failure
    assert failure
    assert failure.startswith("not text")
    assert message in failure


@pytest.mark.parametrize(
    "text",
    [
        "caf\xe9 na\xefve \xfcber\n".encode("latin-1") * 50,
        b"\x1b[31mred\x1b[0m\n" * 50,
        b"a\0b\n" * 50,
        b"\0" * 4096 + b"after a hole\n" * 50,
        b"%PDF is mentioned first in this log\n" * 5,
        b"PAR1 is a pair\n" * 5,
        b"",
    ],
)
def test_odd_text_is_still_text(text: bytes) -> None:
    assert plan_for(text).failure is None


def test_gzip_of_nothing_readable_fails_with_the_place() -> None:
    failure = plan_for(b"\x1f\x8b\x08" + b"\xff" * 50).failure
    assert failure
    assert "nothing can be read" in failure


def test_shards_follow_the_bound_of_the_text() -> None:
    def shards(size: int, data: bytes) -> int:
        head = ObjectHead(ObjectVersion("logs", "a", "v", "e"), size, "", WHEN)
        return make_plan(head, opener(data, 100), Limits()).shards

    mib = 1 << 20
    assert shards(mib, b"x\n") == 1
    assert shards(mib + 1, b"x\n") == 2
    assert shards(10 * mib, gzip.compress(b"x\n")) == 200
    assert shards(1 << 40, b"x\n") == 256


def test_expiry_counts_from_last_modified_not_from_now() -> None:
    plan = plan_for(b"x\n", retention_days=30)
    assert plan.expires_at == int(WHEN.timestamp()) + 30 * 86_400
    assert plan_for(b"x\n").expires_at is None


def test_format_and_charset_can_be_given() -> None:
    plan = plan_for(b"\xcf\xf0\xe8\n", format_name="text", charset="cp1251")
    assert (plan.format, plan.charset, plan.parallel) == ("text", "cp1251", True)


@pytest.mark.parametrize("bound", [None, *Layout])
@pytest.mark.parametrize("layout", list(Layout))
def test_a_layout_that_is_bound_to_a_prefix_comes_before_that_of_the_stage(
    layout: Layout, bound: Layout | None
) -> None:
    config = Config(bindings=(Binding("a", layout=bound),))
    plan = plan_for(ACCESS, layout=layout, config=config)
    assert plan.layout == (bound or layout)
    assert plan.version == (1 if plan.layout is Layout.ITEMS else 4)
    assert replace(plan, sink=Sink.PARQUET).version == 5
    assert plan.format == "access_combined"


def test_the_same_bytes_again_are_another_file_only_where_the_bucket_keeps_versions() -> None:
    first, again = (ObjectVersion("logs", "a.log", version, "same") for version in ("v1", "v2"))
    assert first.file_id != again.file_id
    first, again = (ObjectVersion("logs", "a.log", None, "same") for _ in range(2))
    assert first.file_id == again.file_id != ObjectVersion("logs", "a.log", None, "other").file_id


def test_an_object_that_is_older_than_the_retention_is_read_all_the_same() -> None:
    """Its items expire at once: who sets a retention says how long items live, and not which objects are logs."""
    plan = plan_for(b"x\n", retention_days=1)
    assert plan.failure is None
    assert plan.expires_at == int(WHEN.timestamp()) + 86_400 < time.time()
