"""Each member of a zip is a file of its own, and the bytes of the zip add up, whatever its directory says."""

from __future__ import annotations

import gzip
import struct
import zipfile
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.archives import zip as zips
from chalicelib.core.archives import zip_directory
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import bounds
from tests.tars import tar
from tests.unit.core.test_archives import LINES, NOISE, SHORT, alone, files_in, skipped
from tests.zips import zipped

MEMBERS = [
    ("one/app.log", LINES),
    ("one/app.log", SHORT),
    ("none.log", b""),
    ("../b.log", SHORT),
    ("core", NOISE),
]
STORED = zipped(MEMBERS, zipfile.ZIP_STORED)
ZIPS = {
    "stored": STORED, "deflate": zipped(MEMBERS), "descriptors": zipped(MEMBERS, streamed=True), "zip64": zipped(MEMBERS, zip64=True),
    "stored zip64 descriptors": zipped(MEMBERS, zipfile.ZIP_STORED, streamed=True, zip64=True),
    "comment": zipped(MEMBERS, comment=b"PK\x05\x06" + b"c" * 300),
}  # fmt: skip
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "in gzip": gzip.compress,
    "deflated in a zip": lambda data: zipped([("in.zip", data)]),
    "in a tar.gz": lambda data: gzip.compress(tar([("in.zip", data)])),
}


@pytest.mark.parametrize("kind", ZIPS)
def test_members_say_what_the_same_files_say_alone(kind: str) -> None:
    files = files_in(ZIPS[kind])
    one, two, empty, outside, core, archive = files.values()
    assert (one.outcomes, two.outcomes, outside.outcomes) == (alone(LINES), alone(SHORT), alone(SHORT))
    assert one.plan.object.key == two.plan.object.key == "a/one/app.log"
    assert outside.plan.object.key == "a/../b.log"
    assert (empty.account.state, core.account.state) == (State.COMPLETE, State.FAILED)
    assert (archive.account.state, archive.account.text_bytes) == (State.COMPLETE, len(ZIPS[kind]))


@pytest.mark.parametrize("kind", ["descriptors", "comment", "zip64"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    "behind", [bytes(100), b"a line of text\n" * 9, b"x" + bytes(40_000)], ids=["NULs", "text", "both"]
)
def test_what_follows_a_zip_is_counted_behind_its_directory(
    kind: str, pack: Callable[[bytes], bytes], behind: bytes
) -> None:
    whole, files = files_in(ZIPS[kind]), files_in(pack(ZIPS[kind] + behind))
    archive, alone_ = files.pop("a"), whole.pop("a")
    assert [file.outcomes for file in files.values()] == [file.outcomes for file in whole.values()]
    if behind.strip(b"\0"):
        reason, account = "archive-damaged", archive.account
        assert account.state is State.DAMAGED
        assert account.reason == (
            f"the archive is followed by something else at byte {len(ZIPS[kind]):,} of the archive"
        )
    else:
        reason = "archive-padding"
        assert archive.account.state is State.COMPLETE
    assert skipped(archive) == skipped(alone_) | {reason: len(behind)}


def test_a_directory_within_a_member_of_a_zip_that_is_cut_is_not_its_own() -> None:
    data = zipped([("in.zip", zipped([("b.log", SHORT)])), ("a.log", SHORT)], 0)
    files = files_in(data[: data.rindex(b"PK\x01\x02")])
    assert list(files) == ["a/in.zip/b.log", "a/in.zip", "a/a.log", "a"]
    assert "no directory at its end" in (files["a"].account.reason or "")


def test_each_member_is_found_behind_whatever_split_it_is_in() -> None:
    members = [(f"{number}.log", SHORT) for number in range(40)]
    for data in (zipped(members), zipped(members, streamed=True)):
        assert files_in(data, limits=Limits(split_bytes=700), piece_bytes=100) == files_in(
            data, limits=Limits(split_bytes=700)
        )
        assert len(files_in(data, limits=Limits(split_bytes=700))) == 41


def test_folders_and_links_are_headers() -> None:
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    data = zipped([("d/", b""), ("a.log", SHORT)])
    assert list(files_in(data)) == ["a/a.log", "a"]
    place = data.rindex(b"PK\x01\x02")
    linked = bytearray(data)
    linked[place + 5] = 3
    linked[place + 38 : place + 42] = struct.pack("<L", link.external_attr)
    assert list(files_in(bytes(linked))) == ["a"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_compressed_otherwise_is_named(method: int) -> None:
    files = files_in(zipped([("a.log", SHORT)], method))
    name = {zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "LZMA"}[method]
    assert files["a/a.log"].account.state is State.FAILED
    assert f"compressed by {name}" in (files["a/a.log"].account.reason or "")


def test_what_is_encrypted_is_named_beside_its_siblings() -> None:
    data = bytearray(zipped([("a.log", SHORT), ("b.log", SHORT)]))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    files = files_in(bytes(data))
    assert "it is encrypted" in (files["a/a.log"].account.reason or "")
    assert files["a/b.log"].outcomes == alone(SHORT)
    assert "unread-members" in skipped(files["a"])


def test_archives_in_stored_members_and_tars_in_any_are_read() -> None:
    inner = zipped([("deep.log", SHORT)])
    assert files_in(zipped([("in.zip", inner)], zipfile.ZIP_STORED))["a/in.zip/deep.log"].outcomes == alone(
        SHORT
    )
    assert files_in(tar([("in.zip", inner)]))["a/in.zip/deep.log"].outcomes == alone(SHORT)
    packed = files_in(zipped([("in.tgz", gzip.compress(tar([("deep.log", SHORT)])))]))
    assert packed["a/in.tgz/deep.log"].outcomes == alone(SHORT)


@pytest.mark.parametrize("kind", ZIPS)
@pytest.mark.parametrize("pack", PACKED)
def test_a_zip_that_can_only_be_read_from_front_to_back_holds_the_same(kind: str, pack: str) -> None:
    files = files_in(PACKED[pack](ZIPS[kind]), limits=Limits(split_bytes=700))
    packed, plain = list(files.values()), list(files_in(ZIPS[kind]).values())
    assert [file.outcomes for file in packed[:5]] == [file.outcomes for file in plain[:5]]
    assert [file.account.state for file in packed[:6]] == [file.account.state for file in plain]
    assert skipped(packed[5]) == skipped(plain[5])


def test_a_directory_that_lies_further_from_the_end_than_is_kept_is_read_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zips, "_TAIL_BYTES", 30)
    files = files_in(gzip.compress(ZIPS["comment"]))
    assert files["a/one/app.log"].outcomes == alone(LINES)
    assert files["a"].account.state is State.COMPLETE


def test_a_zip_within_a_compression_is_not_read_through_beyond_its_ratio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "FREE_BYTES", 3000)
    monkeypatch.setattr(bounds, "RATIO_MAX", 1)
    archive = files_in(gzip.compress(STORED[:3000] + bytes(100_000) + STORED[3000:]))["a"]
    assert archive.account.state in {State.DAMAGED, State.FAILED}
    assert "the gzip data become more than" in (archive.account.reason or "")


@pytest.mark.parametrize(
    ("from_end", "what"), [(6, "volumes"), (12, "members, not"), (16, "not where it says")]
)
@pytest.mark.parametrize("kind", ["deflate", "descriptors", "zip64"])
def test_members_in_front_of_a_directory_that_lies_are_read_and_the_archive_is_damaged(
    from_end: int, what: str, kind: str
) -> None:
    data = bytearray(ZIPS[kind])
    at = len(data) - 22 + {6: 4, 12: 10, 16: 16}[from_end]
    data[at] ^= 3
    files = files_in(bytes(data), limits=Limits(split_bytes=700))
    one, two, empty, outside, core, archive = files.values()
    assert (one.outcomes, two.outcomes, outside.outcomes) == (alone(LINES), alone(SHORT), alone(SHORT))
    assert (empty.account.state, core.account.state) == (State.COMPLETE, State.FAILED)
    assert archive.account.state is State.DAMAGED
    assert what in (archive.account.reason or "")
    assert " of the archive" in (archive.account.reason or "")


def test_a_folder_or_a_member_that_gives_its_checksum_behind_itself_is_read_without_a_directory() -> None:
    data = zipped([("d/", b""), ("d/a.log", SHORT)])
    data = bytearray(data[: data.index(b"PK\x01\x02")])
    for place in (0, data.rindex(b"PK\x03\x04")):
        data[place + 6] |= 8
        data[place + 14 : place + 18] = bytes(4)
    member, archive = files_in(bytes(data)).values()
    assert member.outcomes == alone(SHORT)
    assert (member.account.state, archive.account.state) == (State.COMPLETE, State.DAMAGED)


def test_without_a_directory_what_says_its_size_behind_itself_is_read_if_it_can_be_begun_at() -> None:
    cut = zipped([("a.log", SHORT), ("b.log", SHORT)], streamed=True)[:-60]
    assert files_in(cut)["a/b.log"].outcomes == alone(SHORT)
    (archive,) = files_in(gzip.compress(cut)).values()
    assert "in the middle of a member, whose size is behind it" in (archive.account.reason or "")
    stored = zipped([("a.log", SHORT)], zipfile.ZIP_STORED, streamed=True)[:-60]
    assert list(files_in(stored)) == ["a"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("split_bytes", [700, 1 << 20])
def test_a_member_whose_checksum_is_wrong_is_damaged_and_its_records_stay(
    method: int, split_bytes: int
) -> None:
    data = bytearray(zipped([("a.log", SHORT), ("b.log", SHORT)], method))
    data[data.index(b"PK\x01\x02") + 16] ^= 1
    files = files_in(bytes(data), limits=Limits(split_bytes=split_bytes), piece_bytes=100)
    damaged = files["a/a.log"]
    assert damaged.outcomes == alone(SHORT)
    assert damaged.account.state is State.DAMAGED
    assert (damaged.account.reason or "").startswith(
        "the member has another checksum than the archive gives at byte"
    )
    assert files["a/b.log"].account.state is files["a"].account.state is State.COMPLETE


@pytest.mark.parametrize("inner", [gzip.compress, lambda data: tar([("deep.log", data)])])
def test_the_checksum_of_a_deflated_member_that_is_compressed_or_an_archive_in_turn_is_looked_at(
    inner,
) -> None:  # type: ignore[no-untyped-def]
    data = bytearray(zipped([("in", inner(SHORT))]))
    data[data.index(b"PK\x01\x02") + 16] ^= 1
    files = files_in(bytes(data))["a/in"].account
    assert files.state is State.DAMAGED
    assert "another checksum" in (files.reason or "")


def test_of_a_stored_member_that_is_cut_in_parallel_nobody_reads_all() -> None:
    data = bytearray(zipped([("a.log", LINES)], zipfile.ZIP_STORED))
    data[data.index(b"PK\x01\x02") + 16] ^= 1
    files = files_in(bytes(data), limits=Limits(split_bytes=700))
    assert files["a/a.log"].account.state is State.COMPLETE


def changed(data: bytes, name: bytes, field: int, value: int) -> bytes:
    """A zip whose directory says something else of a member. field: 20 is its size, 42 its place."""
    at = data.rindex(name) - 46 + field
    return data[:at] + struct.pack("<L", value) + data[at + 4 :]


def test_many_members_that_overlap_are_a_bomb_and_not_read() -> None:
    data = zipped([(f"{number:03}.log", SHORT) for number in range(120)])
    for number in range(120):
        data = changed(data, b"%03d.log" % number, 20, 10**6)
    (archive,) = files_in(data).values()
    assert archive.account.state is State.FAILED
    assert "members of the archive overlap" in (archive.account.reason or "")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", [b"a.log", b"b.log", b"c.log"])
@pytest.mark.parametrize(("field", "value"), [(20, 300), (20, 3000), (20, 10**9), (42, 10), (42, 10**8)])
def test_a_member_of_which_the_directory_gives_a_false_size_or_place_is_damaged_alone(
    method: int, name: bytes, field: int, value: int
) -> None:
    members = [("a.log", SHORT), ("b.log", SHORT), ("c.log", SHORT)]
    data = changed(zipped(members, method), name, field, value)
    for packed in (data, gzip.compress(data)):
        files = files_in(packed, limits=Limits(split_bytes=100))
        archive, odd = files.pop("a"), files.pop(f"a/{name.decode()}")
        assert len(files) == 2
        if packed is data:
            assert all(file.outcomes == alone(SHORT) for file in files.values())
            assert all(file.account.state is State.COMPLETE for file in files.values())
        assert odd.account.state in {State.DAMAGED, State.FAILED} or odd.outcomes == alone(SHORT)
        assert archive.account.text_bytes == len(data)
        if field == 42:
            assert archive.account.state is State.DAMAGED


def test_members_that_have_one_place_are_read_once() -> None:
    data = zipped([("a.log", SHORT), ("b.log", LINES), ("c.log", SHORT)])
    start = data.index(b"b.log") - 30
    files = files_in(changed(changed(data, b"a.log", 42, start), b"c.log", 42, start))
    assert files["a/b.log"].outcomes == alone(LINES)
    for other in ("a/a.log", "a/c.log"):
        assert "not where the directory of the archive says" in (files[other].account.reason or "")
    assert (files["a"].account.reason or "").startswith("2 of the members that the directory names are not")


def test_a_directory_that_is_too_large_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_directory, "_DIRECTORY_MAX_BYTES", 50)
    member, archive = files_in(zipped([("a.log", SHORT)])).values()
    assert member.outcomes == alone(SHORT)
    assert "the directory of the archive is" in (archive.account.reason or "")


def test_damage_in_a_member_ends_that_member_alone() -> None:
    data = bytearray(zipped([("a.log", LINES), ("b.log", SHORT)]))
    data[600:640] = bytes(40)
    files = files_in(bytes(data))
    assert files["a/a.log"].account.state in (State.DAMAGED, State.FAILED)
    assert files["a/b.log"].outcomes == alone(SHORT)


@pytest.mark.parametrize("kind", ["stored", "deflate", "descriptors"])
def test_a_zip_that_is_cut_anywhere_is_never_read_as_nonsense(kind: str) -> None:
    whole = [file.outcomes for file in files_in(ZIPS[kind]).values()]
    for end in Random(3).sample(range(30, len(ZIPS[kind]) - 1), 12):
        files = files_in(ZIPS[kind][:end])
        assert files.pop("a").account.state in (State.FAILED, State.DAMAGED)
        for file, complete in zip(files.values(), whole, strict=False):
            assert file.plan.object.member
            raw, expected = (b"".join(each.raw for each in of) for of in (file.outcomes, complete))
            assert expected.startswith(raw)


@given(st.data())
@settings(max_examples=40)
def test_a_zip_with_any_changed_bytes_adds_up(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*ZIPS]))
    changed = bytearray(ZIPS[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    files_in(bytes(changed))
