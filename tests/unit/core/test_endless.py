"""A compressed object that no function can finish says so when it is opened; one that could be finished is never refused."""

from __future__ import annotations

import gzip
import random
from dataclasses import replace

import pytest
import zstandard

from chalicelib.core.custom.spec import Config, RedactionSpec, Rules
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.endless import endless, reach_bytes
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State, account_of
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.core.plan.planning import make_plan
from tests.checkpoints import in_streams, lines
from tests.fakes import WHEN, Pipeline, in_time
from tests.tars import tar

GZIP, ZSTD, NONE = (Compression.GZIP,), (Compression.ZSTD,), (Compression.NONE,)
GB = 10**9
LINES = b"".join(
    b'{"level":"info","msg":"request %d took %d ms"}\n' % (n, n * 7919 % 1000) for n in range(5000)
)
NOISE = "\n".join(str(random.Random(n).getrandbits(400)) for n in range(3000)).encode()


def opened(data: bytes, size: int, seconds: int | None = 300, config: Config | None = None) -> Plan:
    """The plan of an object that begins so and is that large."""
    head = ObjectHead(ObjectVersion("logs", "a", "v1", "e"), size, "", WHEN)
    return make_plan(head, lambda _: iter([data]), Limits(), seconds=seconds, config=config)


@pytest.mark.parametrize(
    ("compressions", "seconds", "ratio", "low", "high"),
    [
        (GZIP, 300, 10, 25, 30),
        (ZSTD, 300, 10, 14, 18),
        (ZSTD, 300, 4, 25, 30),
        (GZIP, 900, 10, 75, 90),
        (ZSTD, 900, 10, 42, 54),
        ((Compression.GZIP, Compression.ZSTD), 300, 10, 14, 18),
        (ZSTD, 300, 1000, 14, 18),
    ],
)
def test_what_a_function_gets_through_grows_with_its_time_and_falls_with_the_work(
    compressions: tuple[Compression, ...], seconds: int, ratio: float, low: int, high: int
) -> None:
    assert low * GB <= reach_bytes(compressions, seconds, ratio) <= high * GB


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_an_object_that_no_function_finishes_is_failed_with_the_remedy_when_it_is_opened(compress) -> None:
    plan = opened(compress(LINES), 40 * GB)
    assert plan.failure is not None
    for fragment in ("40.0 GB", "a function of 300 s", "split it", "lambda_timeout"):
        assert fragment in plan.failure
    assert account_of(plan, ()).state is State.FAILED


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
@pytest.mark.parametrize("size", [1000, GB, 12 * GB])
def test_an_object_that_can_be_finished_is_not_refused(compress, size: int) -> None:
    assert opened(compress(LINES), size).failure is None


def test_an_object_that_has_places_to_go_on_from_is_not_refused_however_large_it_is() -> None:
    text = lines(2_000_000)
    archive = gzip.compress(tar([("a.log", text)]))
    for data in (gzip.compress(text), in_streams(text, 100_000, zstandard.compress), archive):
        assert opened(data, 5000 * GB).failure is None
    for data in (gzip.compress(text, 0), zstandard.compress(text)):
        assert "froe consume" in str(opened(data, 5000 * GB).failure)


def test_a_gzip_of_which_no_text_may_be_kept_has_places_only_where_members_begin() -> None:
    text = lines(2_000_000)
    config = Config(Rules(redactions=(RedactionSpec(name="people", kinds=("ip",)),)))
    assert opened(gzip.compress(text), 5000 * GB, config=config).failure
    assert opened(in_streams(text, 100_000), 5000 * GB, config=config).failure is None


def test_a_longer_timeout_lets_in_what_a_short_one_refuses() -> None:
    data = gzip.compress(LINES)
    assert opened(data, 40 * GB, seconds=300).failure
    assert opened(data, 40 * GB, seconds=900).failure is None
    assert opened(data, 100 * GB, seconds=900).failure
    assert opened(data, 10**15, seconds=None).failure is None


def test_zstd_that_hardly_saves_anything_is_read_as_fast_as_s3_gives_it() -> None:
    assert opened(zstandard.compress(LINES), 20 * GB).failure
    assert opened(zstandard.compress(NOISE), 20 * GB).failure is None


def test_what_is_not_compressed_has_no_end_that_cannot_be_reached() -> None:
    assert opened(LINES, 10**14, seconds=1).failure is None
    assert endless(10**14, NONE, 1, lambda: 1.0) is None


def test_the_head_is_looked_at_only_where_it_matters() -> None:
    def nobody() -> float:
        raise AssertionError

    assert endless(10 * GB, GZIP, 300, nobody) is None


def test_a_splitter_opens_such_a_file_as_failed_and_queues_nothing() -> None:
    pipeline = Pipeline(Limits(), piece_bytes=1 << 20)
    notification = pipeline.objects.add("huge.gz", gzip.compress(LINES))
    head = pipeline.objects.head

    def huge(announced):  # type: ignore[no-untyped-def]
        return replace(head(announced), size=90 * GB)

    pipeline.objects.head = huge  # type: ignore[method-assign]
    pipeline.splitter.ingest(notification, in_time())
    (file,) = pipeline.table.files.values()
    assert file.account.state is State.FAILED
    assert "too large to be decompressed" in str(file.account.reason)
    assert not pipeline.split_queue.messages
