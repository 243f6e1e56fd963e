"""The sink on this machine: what is read of S3, what is kept, and what SQL gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.aws.results import S3Results
from chalicelib.core.records import Outcome, Record, Reject, Skip
from chalicelib.core.records.parquet import ParquetBatch, UnreadableError, entries_of, object_key
from froe.errors import FroeError
from froe.querying import StoredTable
from froe.sink import SinkCache
from tests import declared

DAY = datetime(2026, 3, 1, tzinfo=UTC)
BUCKET = "results"


class Counting:
    """A client that counts what is read: whole objects and footers."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.whole: list[str] = []
        self.footers: list[str] = []

    def get_object(self, **request: Any) -> Any:
        (self.footers if "Range" in request else self.whole).append(request["Key"])
        return self._client.get_object(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counting]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        made = boto3.client("s3", region_name="us-east-1")
        made.create_bucket(Bucket=BUCKET)
        yield Counting(made)


def record(number: int, time: datetime | None = None, **attributes: Any) -> Outcome:
    timestamp = (time or DAY + timedelta(hours=number)).isoformat().replace("+00:00", "Z")
    return Outcome(
        number * 10, 10, 1, b"", Record(timestamp, None, "INFO", 9, f"m{number}", attributes), False
    )


def put(client: Counting, batch: int, *outcomes: Outcome, format_name: str = "access_combined") -> str:
    rows = ParquetBatch(file_id="f" * 26, batch_id=f"b{batch}", format_name=format_name)
    for outcome in outcomes:
        rows.add(outcome)
    key = object_key(format_name, DAY, f"b{batch}")
    S3Results(client, BUCKET).put(key, rows.data())
    return key


def cache(client: Counting, folder: Path) -> SinkCache:
    return SinkCache(client, BUCKET, folder)


def test_only_what_a_time_range_needs_is_read_in_full(client: Counting, tmp_path: Path) -> None:
    keys = [put(client, hour, record(hour)) for hour in range(5)]
    reject = Outcome(0, 5, 1, b"bad\n", Reject("other-shape"), False)
    put(client, 9, reject)
    begin, end = DAY + timedelta(hours=2), DAY + timedelta(hours=4)
    for _ in range(2):
        stored = cache(client, tmp_path)
        chosen = stored.within(stored.listed(), begin, end)
        paths = stored.fetch(chosen, lambda _: None)
    assert sorted(client.whole) == keys[2:4]
    assert len(client.footers) == 6
    table = StoredTable(tmp_path / "spill", paths, begin, end)
    assert list(table.ask("select body, batch_id from records order by 1")) == [("m2", "b2"), ("m3", "b3")]


def test_a_footer_may_be_longer_than_what_is_read_at_first(
    client: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a merged object with many groups of rows."""
    monkeypatch.setattr("froe.sink._FOOTER_BYTES", 100)
    put(client, 1, record(1))
    late = put(client, 2, record(5))
    stored = cache(client, tmp_path)
    chosen = stored.within(stored.listed(), DAY + timedelta(hours=3), None)
    assert [one.key for one in chosen] == [late]
    assert len(client.footers) == 4


def test_a_format_is_a_folder_and_no_other_is_listed(client: Counting, tmp_path: Path) -> None:
    put(client, 1, record(1))
    other = put(client, 2, record(2), format_name="json")
    stored = cache(client, tmp_path)
    assert [each.key for each in stored.listed("json")] == [other]
    with pytest.raises(FroeError, match=r"has no objects of format nginx_json: .* --stored FILE_ID"):
        stored.listed("nginx_json")


def test_what_was_replaced_or_deleted_is_not_kept(client: Counting, tmp_path: Path) -> None:
    key = put(client, 1, record(1))
    gone = put(client, 2, record(2))
    stored = cache(client, tmp_path)
    stored.fetch(stored.listed(), lambda _: None)
    put(client, 1, record(7))
    client.delete_object(Bucket=BUCKET, Key=gone)
    paths = stored.fetch(stored.listed(), lambda _: None)
    assert client.whole.count(key) == 2
    assert list(StoredTable(tmp_path / "spill", paths).ask("select body from records")) == [("m7",)]
    assert list(tmp_path.rglob("*.parquet.*")) == paths


def test_what_changes_between_listing_and_reading_is_named(client: Counting, tmp_path: Path) -> None:
    key = put(client, 1, record(1))
    listed = cache(client, tmp_path).listed()
    put(client, 1, record(2))
    with pytest.raises(FroeError, match=f"{key} was just replaced: run the query again"):
        cache(client, tmp_path).fetch(listed, lambda _: None)


def test_columns_are_typed_as_the_format_declares_and_the_rest_is_json(
    client: Counting, tmp_path: Path
) -> None:
    put(client, 1, record(1, **{"http.response.status_code": 404, "url.path": "/a", "mine": 1.5}))
    put(client, 2, record(2, **{"http.response.status_code": "-"}))
    stored = cache(client, tmp_path)
    table = StoredTable(tmp_path / "spill", stored.fetch(stored.listed(), lambda _: None))
    types = {name: kind for name, kind, *_ in table.ask("describe records")}
    assert (types["http_response_status_code"], types["time"]) == ("BIGINT", "TIMESTAMP")
    asked = "select http_response_status_code, url_path, attributes from records order by body"
    assert list(table.ask(asked)) == [
        (404, "/a", '{"mine":1.5}'),
        (None, None, '{"http.response.status_code":"-"}'),
    ]
    with pytest.raises(FroeError, match="records has 21 columns: DESCRIBE records lists them"):
        list(table.ask("select nothing from records"))


def test_the_partition_keys_of_the_catalog_are_columns_here_too(client: Counting, tmp_path: Path) -> None:
    """So that the same SQL may be asked in Athena."""
    put(client, 1, record(1))
    put(client, 2, record(2), format_name="json")
    stored = cache(client, tmp_path / "format=none")
    table = StoredTable(tmp_path / "spill", stored.fetch(stored.listed(), lambda _: None))
    asked = "select file_format, date, body from records where date >= '2026-03-01' order by 1"
    assert list(table.ask(asked)) == [("access_combined", "2026-03-01", "m1"), ("json", "2026-03-01", "m2")]
    assert list(StoredTable(tmp_path / "spill", []).ask("select file_format, date from records")) == []


VALUES: dict[str, Any] = {
    "http.response.status_code": 200,
    "user.name": None,
    "list": [1, {"a": "b"}],
    "client.address": "192.0.2.7",
    "huge": 2**70,
    "Client.Address": "x",
    "flag": True,
}


@pytest.mark.parametrize(
    "time",
    [
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.120Z",
        "2026-03-01T10:00:00.000001Z",
        "2026-03-01T10:00:00.123456789Z",
        "2026-03-01T10:00:00.100Z",
        "2026-03-01T10:00:00.000Z",
        "1969-12-31T23:59:59.5Z",
        None,
    ],
)
def test_entries_come_back_as_they_were(time: str | None) -> None:
    """In times of any precision, with values of any type."""
    rows = ParquetBatch(file_id="f" * 26, batch_id="b", format_name="access_combined")
    rows.add(Outcome(0, 7, 1, b"", Record(time, "year", "WARN", 13, "é\u2028", dict(VALUES)), True))
    rows.add(Outcome(7, 3, 1, b"", Skip("blank"), False))
    rows.add(Outcome(10, 3, 2, b"\xff\x00\n", Reject("other-shape"), False, "text"))
    record_entry, reject_entry = entries_of(rows.data())
    assert record_entry.get("timestamp") == time
    assert record_entry["attributes"] == VALUES
    assert (record_entry["replaced"], record_entry["timestamp_assumed"]) == (True, "year")
    assert reject_entry == {
        "sk": "0000000000000010", "file_id": "f" * 26, "batch_id": "b", "offset": 10, "length": 3, "lines": 2,
        "kind": "reject", "format": "text", "reason": "other-shape", "raw": "/wAK",
    }  # fmt: skip


def test_the_same_batch_gives_the_same_bytes() -> None:
    made = []
    for _ in range(2):
        rows = ParquetBatch(file_id="f" * 26, batch_id="b", format_name="json")
        for number in range(1000):
            rows.add(record(number % 20, **{"a.b": number, "c": "d"}))
        made.append(rows.data())
    assert made[0] == made[1]


@pytest.mark.parametrize("damage", ["cut", "foreign", "flipped"])
def test_a_damaged_object_is_named(damage: str) -> None:
    rows = ParquetBatch(file_id="f" * 26, batch_id="b", format_name="json")
    rows.add(record(1, body="x" * 100))
    data = bytearray(rows.data())
    data[8:40] = b"\xff" * 32
    spoilt = {"cut": bytes(data[:-9]), "foreign": b"{}", "flipped": bytes(data)}[damage]
    with pytest.raises(UnreadableError):
        list(entries_of(spoilt))


def test_what_the_formats_declare_is_what_their_golden_lines_show() -> None:
    assert declared.TARGET.read_text(encoding="utf-8") == declared.text(), "run `make golden`"


def generation(folder: Path, number: int, batch: int, *bodies: str) -> Path:
    """An object with rows of a generation of one file."""
    file_id = "f" * 26 + (f"~{number}" if number else "")
    rows = ParquetBatch(file_id=file_id, batch_id=f"{file_id}-000000-{batch:06d}", format_name="text")
    for place, body in enumerate(bodies):
        rows.add(Outcome(place * 10, 10, 1, b"", Record(None, None, None, None, body, {}), False))
    path = folder / f"{number}-{batch}-{len(list(folder.iterdir()))}.parquet"
    path.write_bytes(rows.data())
    return path


def test_of_a_file_that_is_read_again_one_generation_is_shown(tmp_path: Path) -> None:
    old, new, rest = (
        generation(tmp_path, number, batch, f"g{number} b{batch}")
        for number, batch in ((0, 0), (2, 0), (2, 1))
    )

    def seen(merged: list[Path], waiting: list[Path]) -> list[str]:
        table = StoredTable(tmp_path / "spill", merged, waiting=waiting)
        return [row[0] for row in table.ask("select body from records order by 1")]

    assert seen([], [old]) == ["g0 b0"]
    assert seen([], [old, new]) == ["g0 b0"], "it is being made"
    assert seen([old], [new, rest]) == ["g0 b0"]
    assert seen([new], [rest]) == ["g2 b0", "g2 b1"], "it is current, and merged in part"
    assert seen([old, new], [rest]) == ["g2 b0", "g2 b1"], "the former one is about to go"
    assert seen([new, rest], []) == ["g2 b0", "g2 b1"]
