"""Each member of a tar is a file of its own, and the bytes of the archive add up, however it is packed, cut or broken."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.archives import members as archives
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.text import Text
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import FileAccount, State
from chalicelib.core.plan import Plan, bounds
from chalicelib.core.reading import PlanReading, Reading
from chalicelib.core.records import Outcome
from tests.fakes import opener
from tests.faults.reading import head_of
from tests.tars import NAME, SIZE, header, pax, size_of, tar, v7, with_field

LINES = b"".join(b"2026-09-14T08:00:%02dZ INFO hello %d\n" % (n % 60, n) for n in range(400))
SHORT = LINES[:700]
NOISE = Random(7).randbytes(3000)


@dataclass(frozen=True, slots=True)
class File:
    plan: Plan
    account: FileAccount
    outcomes: list[Outcome]


def files_in(data: bytes, *, piece_bytes: int = 65_536, limits: Limits | None = None) -> dict[str, File]:
    """By key and, where that is not the only one of it, ordinal; each adds up."""
    collected: dict[str, File] = {}
    for reading in Reading(head_of(data, "a"), opener(data, piece_bytes), limits=limits).with_members():
        outcomes = list(reading)
        account, key = reading.account, reading.plan.object.key
        total = account.summary.counts.total
        assert total.bytes == (account.text_bytes or 0)
        assert sum(outcome.length for outcome in outcomes) == (0 if reading.plan.archive else total.bytes)
        assert account.state.settled
        member = reading.plan.object.member
        collected[f"{key}#{member.ordinal}" if member and key in collected else key] = File(
            reading.plan, account, outcomes
        )
    assert len({file.plan.file_id for file in collected.values()}) == len(collected)
    return collected


def alone(data: bytes) -> list[Outcome]:
    return list(Reading(head_of(data), opener(data, 65_536)))


def skipped(file: File) -> dict[str, int]:
    return {reason: tally.bytes for reason, tally in file.account.summary.counts.skipped.items()}


TARS = {
    "ustar": tar([("one/app.log", LINES), ("two.log", SHORT)], tarfile.USTAR_FORMAT),
    "gnu": tar([("one/app.log", LINES), ("two.log", SHORT)], tarfile.GNU_FORMAT),
    "pax": tar([("one/app.log", LINES), ("two.log", SHORT)]),
    "v7": v7(b"one/app.log", LINES)[:-1024] + v7(b"two.log", SHORT),
    "concatenated": v7(b"one/app.log", LINES) + tar([("two.log", SHORT)], tarfile.GNU_FORMAT),
    "without an end": tar([("one/app.log", LINES), ("two.log", SHORT)])[: 512 * 3 + 14_336 + 700],
}
PACKS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd in gzip": lambda data: gzip.compress(zstandard.compress(data)),
}


@pytest.mark.parametrize("kind", TARS)
@pytest.mark.parametrize("pack", PACKS)
def test_members_say_what_the_same_files_say_alone(kind: str, pack: str) -> None:
    data = TARS[kind] if kind != "without an end" else TARS["ustar"][: 512 + 14_336 + 512 + 700]
    files = files_in(PACKS[pack](data))
    assert list(files) == ["a/one/app.log", "a/two.log", "a"]
    assert files["a/one/app.log"].outcomes == alone(LINES)
    assert files["a/two.log"].outcomes == alone(SHORT)
    archive = files["a"]
    assert archive.account.state is State.COMPLETE
    assert archive.account.text_bytes == len(data)
    assert skipped(archive)["members"] == len(LINES) + len(SHORT)


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_names_in_any_script_are_those_of_the_members(kind: int) -> None:
    names = ["d/" * 90 + "long.log", "ü" * 120, "日本/ログ.log", "x" * 101]
    files = files_in(tar([(name, SHORT) for name in names], kind))
    assert [file.plan.object.member.path for file in files.values() if file.plan.object.member] == names


def test_a_name_that_no_key_can_hold_is_shown_shortened_and_kept_whole() -> None:
    name = "n" * 5000
    (member, _) = files_in(tar([(name, SHORT)])).values()
    assert len(member.plan.object.key) == 1900
    assert member.plan.object.member is not None
    assert member.plan.object.member.path == name


def test_two_members_of_one_name_are_two_files() -> None:
    one, two, _ = files_in(tar([("app.log", LINES), ("app.log", SHORT)])).values()
    assert one.plan.object.key == two.plan.object.key
    assert (one.outcomes, two.outcomes) == (alone(LINES), alone(SHORT))


def test_what_is_no_text_fails_beside_its_siblings() -> None:
    files = files_in(tar([("a.log", SHORT), ("core", NOISE), ("b.log", SHORT)]))
    assert files["a/core"].account.state is State.FAILED
    assert files["a/a.log"].outcomes == files["a/b.log"].outcomes == alone(SHORT)
    assert files["a"].account.state is State.COMPLETE
    assert files["a"].account.reason == "1 of its members could not be read: 3,000 bytes"
    assert skipped(files["a"])["unread-members"] == len(NOISE)


def test_folders_links_and_devices_are_headers_and_no_names_are_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kinds = (
        tarfile.DIRTYPE,
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
    )
    others = b"".join(header(f"other{number}", kind=kind) for number, kind in enumerate(kinds))
    files = files_in(
        others + tar([("../../etc/app.log", SHORT), ("/etc/app.log", SHORT)], tarfile.USTAR_FORMAT)
    )
    assert list(files) == ["a/../../etc/app.log", "a//etc/app.log", "a"]
    assert skipped(files["a"])["archive-headers"] == 512 * (len(kinds) + 2)
    assert not list(tmp_path.iterdir())


def test_the_label_of_a_volume_is_a_header() -> None:
    files = files_in(header("logs of May", kind=b"V") + tar([("a.log", SHORT)]))
    assert list(files) == ["a/a.log", "a"]
    assert skipped(files["a"])["archive-headers"] == 1024
    assert files["a"].account.reason is None


@pytest.mark.parametrize(
    ("kind", "name"), [(b"S", "a sparse file"), (b"M", "goes on in another"), (b"A", "'A'")]
)
def test_a_kind_of_member_that_is_not_read_fails_with_its_name(kind: bytes, name: str) -> None:
    data = header("odd", 700, kind) + SHORT + bytes(324) + tar([("a.log", SHORT)])
    files = files_in(data)
    assert files["a/odd"].account.state is State.FAILED
    assert name in (files["a/odd"].account.reason or "")
    assert files["a/a.log"].outcomes == alone(SHORT)


def test_a_sparse_file_of_pax_is_never_read_as_text() -> None:
    member = tarfile.TarInfo("a.log")
    member.size = len(SHORT)
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.name": "d/a.log"}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as writer:
        writer.addfile(member, io.BytesIO(SHORT))
    (sparse, _) = files_in(packed.getvalue()).values()
    assert "sparse" in (sparse.account.reason or "")
    assert sparse.plan.object.key == "a/d/a.log"


def test_an_extended_header_of_a_megabyte_is_passed_over_and_one_of_many_is_not_kept() -> None:
    def commented(size: int) -> bytes:
        record = b" comment=%s\n" % (b"x" * size)
        record = b"%d%s" % (len(record) + len(str(len(record) + 7)), record)
        return header("pax", len(record), b"x") + record + bytes(-len(record) % 512) + tar([("a.log", SHORT)])

    assert files_in(commented(1024 * 1024 + 9))["a/a.log"].outcomes == alone(SHORT)
    archive = files_in(commented(9 * 1024 * 1024))["a"].account
    assert archive.state is State.FAILED
    assert "an extended header claims 9,4" in (archive.reason or "")


def test_members_may_be_compressed_and_in_any_charset() -> None:
    files = files_in(
        gzip.compress(tar([("a.log.gz", gzip.compress(LINES)), ("b.log", LINES.decode().encode("utf-16"))]))
    )
    assert files["a/a.log.gz"].outcomes == alone(LINES)
    assert files["a/b.log"].outcomes == alone(LINES.decode().encode("utf-16"))


def test_archives_in_one_another_are_read_to_the_depth_that_is_said() -> None:
    third = tar([("deep.log", SHORT)])
    second = tar([("third.tgz", gzip.compress(third)), ("second.log", SHORT)])
    files = files_in(gzip.compress(tar([("second.tar", second), ("first.log", SHORT)])))
    deep = "a/second.tar/third.tgz/deep.log"
    assert files[deep].outcomes == files["a/second.tar/second.log"].outcomes == alone(SHORT)
    assert {file.account.state for file in files.values()} == {State.COMPLETE}
    deeper = files_in(tar([("first.tar", tar([("second.tar", tar([("third.tar", third)]))]))]))
    failed = deeper["a/first.tar/second.tar/third.tar"]
    assert failed.account.state is State.FAILED
    assert "an archive within 3 others" in (failed.account.reason or "")


def test_a_member_that_claims_more_than_there_is_is_damaged_and_so_is_the_archive() -> None:
    data = tar([("a.log", SHORT), ("b.log", LINES)], tarfile.USTAR_FORMAT)
    lying = size_of(data, 512 + 1024, 1_000_000)
    for packed in (lying, gzip.compress(lying)):
        files = files_in(packed)
        assert files["a/a.log"].account.state is State.COMPLETE
        assert files["a/b.log"].account.state is State.DAMAGED
        assert files["a/b.log"].outcomes[0] == alone(LINES)[0]
        assert files["a"].account.state is State.DAMAGED
        assert (
            files["a"].account.reason
            == "the archive ends in the middle of a member at byte 2,048 of the archive"
        )
        assert files["a"].account.text_bytes == len(lying)
        assert skipped(files["a"])["members"] == len(SHORT) + len(lying) - 512 - 1024 - 512


BROKEN = {
    "a header is cut": TARS["ustar"][: 512 + 14_336 + 300],
    "a member is cut": TARS["ustar"][:9000],
    "the last size is too large": size_of(TARS["ustar"], 512 + 14_336, 5 * 10**9),
    "a size is too small": size_of(TARS["ustar"], 0, 1024),
    "a size of pax is too large": TARS["v7"][:-1024] + pax("a.log", SHORT, 10**9),
    "a size of pax is too small": TARS["v7"][:-1024] + pax("a.log", SHORT, 100) + TARS["ustar"],
    "a sum is wrong": TARS["v7"][:-1024] + b"?" + TARS["ustar"][1:],
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("pack", ["plain", "xz"])
def test_the_bytes_of_a_broken_archive_are_those_of_its_members_its_headers_and_the_rest(
    how: str, pack: str
) -> None:
    files = files_in(PACKS[pack](BROKEN[how]))
    archive = files.pop("a")
    assert archive.account.state is State.DAMAGED
    assert archive.account.text_bytes == len(BROKEN[how])
    of_members = sum(file.account.text_bytes or 0 for file in files.values())
    assert of_members == skipped(archive)["members"] > 0


@pytest.mark.parametrize("end", [600, 3000, 15_000])
def test_what_breaks_a_compressed_archive_is_named_before_what_came_of_it(end: int) -> None:
    """A gzip that ends early, and one that lacks a piece, of which a decoder makes other bytes until it notices."""
    data = gzip.compress(tar([("a.log", SHORT), ("b.log", NOISE), ("c.log", LINES)]))
    cut = files_in(data[: min(end, len(data) - 9)])["a"].account.reason or ""
    assert cut.startswith("the gzip data ends in the middle; the archive ends in the middle of")
    hole = files_in(data[:1500] + data[2000:])["a"].account.reason or ""
    assert hole.startswith("the gzip data is corrupt")


def test_a_header_that_claims_too_little_ends_the_archive_where_it_is_found_out() -> None:
    files = files_in(size_of(tar([("a.log", LINES), ("b.log", SHORT)], tarfile.USTAR_FORMAT), 0, 1024))
    assert list(files) == ["a/a.log", "a"]
    assert files["a"].account.reason == (
        "the header of a member is broken: its checksum is wrong at byte 1,536 of the archive"
    )


TWO = {
    "v7": TARS["v7"],
    "ustar": tar([("one.log", LINES), ("two.log", SHORT)], tarfile.USTAR_FORMAT),
    "gnu": tar([("one.log", LINES), ("two.log", SHORT)], tarfile.GNU_FORMAT),
}
SECOND = 512 + len(LINES) + -len(LINES) % 512


@pytest.mark.parametrize("kind", TWO)
@pytest.mark.parametrize("pack", ["plain", "gzip"])
@pytest.mark.parametrize("at", [0, SECOND])
def test_a_member_without_a_name_is_read_like_any_other(kind: str, pack: str, at: int) -> None:
    files = list(files_in(PACKS[pack](with_field(TWO[kind], at, NAME, b""))).values())
    one, two, archive = files
    assert (one.outcomes, two.outcomes) == (alone(LINES), alone(SHORT))
    assert [file.plan.object.member.path for file in (one, two) if file.plan.object.member].count("") == 1
    assert archive.account.state is State.COMPLETE


@pytest.mark.parametrize("kind", TWO)
@pytest.mark.parametrize("at", [0, SECOND])
@pytest.mark.parametrize("size", [b"garbage", b"-0000000017", b"0_17", b"99999999999", b"17 17"])
def test_a_size_that_is_no_number_ends_the_archive_with_that_reason(kind: str, at: int, size: bytes) -> None:
    archive = files_in(with_field(TWO[kind], at, SIZE, size))["a"]
    assert archive.plan.archive is not None
    assert archive.account.state is (State.DAMAGED if at else State.FAILED)
    assert (archive.account.reason or "").endswith(
        f"the header of a member gives no size that there can be at byte {at:,} of the archive"
    )


def test_what_follows_an_archive_is_said_and_not_read() -> None:
    archive = files_in(TARS["gnu"] + SHORT + bytes(512))["a"]
    assert archive.account.state is State.DAMAGED
    assert "followed by something else" in (archive.account.reason or "")


def test_a_header_for_all_that_would_name_each_member_alike_is_refused() -> None:
    record = b"20 path=all/one.log\n"
    data = header("g", len(record), b"g") + record + bytes(512 - len(record)) + tar([("a.log", SHORT)])
    assert "a header for all members gives the path of one" in (files_in(data)["a"].account.reason or "")


@given(st.integers(0, len(TARS["pax"])), st.sampled_from(["plain", "gzip"]))
@settings(max_examples=40)
def test_an_archive_that_is_cut_anywhere_adds_up_as_far_as_it_goes(end: int, pack: str) -> None:
    whole = PACKS[pack](TARS["pax"])
    data = whole[: end * len(whole) // len(TARS["pax"])]
    for key, file in files_in(data, piece_bytes=1000).items():
        whole_text = {"a/one/app.log": LINES, "a/two.log": SHORT}.get(key, b"")
        raw = b"".join(outcome.raw for outcome in file.outcomes)
        assert whole_text.startswith(raw) or key == "a"
    if file.account.text_bytes is not None:
        text = Text(opener(data, 1000), Compression.GZIP if pack == "gzip" else Compression.NONE, "utf-8")
        assert file.account.text_bytes == len(b"".join(text))


@given(st.integers(1, 5000), st.sampled_from(["plain", "gzip"]))
@settings(max_examples=40)
def test_pieces_are_invisible(piece_bytes: int, pack: str) -> None:
    data = PACKS[pack](TARS["gnu"])
    limits = Limits(batch_max_lines=50, split_bytes=4000)
    one = files_in(data, piece_bytes=piece_bytes, limits=limits)
    two = files_in(data, limits=limits)
    assert one == two


def test_an_archive_of_too_many_members_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMBERS_MAX", 3)
    files = files_in(tar([(f"{number}.log", SHORT) for number in range(5)]))
    assert len(files) == 4
    assert files["a"].account.state is State.DAMAGED
    assert "more than 3 members" in (files["a"].account.reason or "")


def test_an_archive_that_becomes_too_large_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "FREE_BYTES", 100_000)
    monkeypatch.setattr(bounds, "RATIO_MAX", 250)
    data = tar([("a.log", b"x\n" * 200_000), ("b.log", SHORT)])
    files = files_in(gzip.compress(data, 9))
    assert list(files) == ["a/a.log", "a"]
    assert "the gzip data become more than" in (files["a"].account.reason or "")
    assert files_in(data)["a"].account.state is State.COMPLETE


def test_the_seals_of_an_archive_are_the_same_without_its_members() -> None:
    data = tar([(f"{number}.log", SHORT) for number in range(20)])
    reading = Reading(head_of(data), opener(data, 999), limits=Limits(split_bytes=5000))
    for each in reading.with_members():
        list(each)
    alone_ = PlanReading(reading.plan, opener(data, 65_536))
    assert not list(alone_)
    assert alone_.seals == reading.seals
    assert len(alone_.seals) > 3
