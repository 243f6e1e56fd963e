"""The cost model: what a run really writes is what the model says, and what it says adds up."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.records.storable import size_of
from froe.cli import main
from froe.costs import Sample, Stored, estimates, used
from froe.errors import FroeError
from froe.estimating import Source, measure
from froe.log_files import head_of, opener
from froe.prices import PRICES_FILE, read_prices
from tests.soak.healing import Healing
from tests.soak.stage import Stage, event_of
from tests.soak.texts import LogFile
from tests.soak.world import World, lived_in
from tests.tars import tar
from tests.zips import zipped

INDEXES = {"by_state": ("state", "opened"), "by_key": ("key", "opened"), "by_opened": ("shelf", "opened")}
SERVICES = {"DynamoDB", "Lambda", "SQS", "S3", "CloudWatch", "X-Ray"}
SAMPLE = Sample(
    1, 10**8, 10**9, 4 * 10**6, 4 * 10**6, 1400, 2800, {"items": Stored(4 * 10**6, 2 * 10**9, 4 * 10**6)}
)


def written(lines: int, limits: Limits) -> Counter[str]:
    """Write units of each table that a file of so many lines takes, those of the sweeper apart."""
    units: Counter[str] = Counter()

    def look(table: str, key: tuple[str, str], old: Any, new: Any) -> None:
        if key[0] == "sweeper":
            return
        units[table] += -(-max(size_of(old or {}), size_of(new or {})) // 1024)
        if table == "ledger":
            units[table] += sum(_index_units(names, old or {}, new or {}) for names in INDEXES.values())

    text = b"".join(
        b'{"message":"line %06d of a file that is read","level":"info"}\n' % number for number in range(lines)
    )
    world = World("cost")
    with lived_in(world):
        stage = Stage(world, limits, retention_days=0, max_receives=5)
        stage.calm = True
        stage.hears.append(look)
        uploaded = stage.upload("a.log", LogFile(text, "COMPLETE", ()), versioned=True)
        stage.announce(event_of(uploaded, "direct"), 900.0)
        Healing(stage).heal()
        stored = stage.stored(uploaded.file_id)
        assert stored is not None
        assert stored.account.state.value == "COMPLETE"
        assert stored.account.summary.counts.parsed.lines == lines
    return units


def _index_units(names: tuple[str, str], old: Any, new: Any) -> int:
    before, after = ([item.get(name) for name in names] for item in (old, new))
    if before == after:
        return 0
    return (None not in before) + (None not in after)


@pytest.mark.parametrize(("lines", "batches"), [(1, 1), (1600, 32), (8000, 160)])
def test_the_model_writes_as_much_as_the_pipeline(lines: int, batches: int) -> None:
    units = written(lines, Limits(batch_max_lines=50))
    sample = Sample(1, 0, 1, lines, lines, batches, batches, {"items": Stored(lines, 0, lines)})
    assert units["records"] == lines
    assert units["ledger"] <= used(sample, "items")["dynamodb-writes"] - lines <= 1.25 * units["ledger"]


def test_an_estimate_adds_up_and_grows_with_what_comes() -> None:
    (one,) = estimates(SAMPLE, read_prices(), gb_per_day=1, kept_days=30)
    (ten,) = estimates(SAMPLE, read_prices(), gb_per_day=10, kept_days=30)
    assert set(one.processing) == SERVICES
    assert one.dollars_per_gb == pytest.approx(sum(one.processing.values()))
    assert one.processing["DynamoDB"] == pytest.approx(4 * 0.625, rel=0.01)
    assert one.dollars_per_gb == ten.dollars_per_gb
    standing = one.dollars_per_month - (ten.dollars_per_month - one.dollars_per_month) / 9
    assert 10 < standing < 30
    (longer,) = estimates(SAMPLE, read_prices(), gb_per_day=1, kept_days=60)
    assert longer.month["DynamoDB"] > one.month["DynamoDB"]
    assert longer.month["Lambda"] == one.month["Lambda"]


def froe(*words: str) -> Result:
    return CliRunner().invoke(main, ["estimate", *words])


@pytest.mark.parametrize("pack", ["tar.gz", "zip"])
def test_an_archive_costs_what_its_files_do_in_fewer_bytes_of_objects(pack: str, tmp_path: Path) -> None:
    text = b"".join(b'{"message": "line %d", "level": "info"}\n' % number for number in range(500))
    members = [(f"{number}.jsonl", text) for number in range(4)]
    folder, path = tmp_path / "files", tmp_path / pack
    folder.mkdir()
    for name, data in members:
        (folder / name).write_bytes(data)
    path.write_bytes(
        gzip.compress(tar(members)) if pack == "tar.gz" else zipped([*members, ("core", bytes(range(256)))])
    )
    apart, together = (
        measure([Source(head_of(file), opener(file)) for file in files]).sample
        for files in (sorted(folder.iterdir()), [path])
    )
    assert replace(together, object_bytes=0) == replace(apart, object_bytes=0)
    assert apart.object_bytes == apart.text_bytes
    assert together.object_bytes == path.stat().st_size
    assert f"{together.lines:,} lines" in froe(str(path)).stdout


def lines_of(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_file_is_measured_and_each_layout_has_a_line(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_text("".join(f'{{"message": "line {number}", "level": "info"}}\n' for number in range(9000)))
    (items, *_) = lines_of(froe(str(file), "--json", "--gb-per-day", "2"))
    assert (items["layout"], items["sink"], items["gb_per_day"]) == ("items", "none", 2)
    assert items["lines_per_gb"] == pytest.approx(9000 * 1e9 / file.stat().st_size, abs=1)
    assert items["write_units_per_gb"] >= items["lines_per_gb"]
    assert items["dollars_per_gb"] == pytest.approx(sum(items["by_service"].values()), abs=1e-5)
    assert items["dollars_per_month"] == pytest.approx(sum(items["month_by_service"].values()), abs=1e-3)
    output = froe(str(file)).stdout
    assert "9,000 lines of" in output
    assert "(winston)" in output


def test_small_files_cost_more_a_gb_than_the_same_text_in_one(tmp_path: Path) -> None:
    text = "".join(f'{{"message": "line {number}", "level": "info"}}\n' for number in range(3000))
    (tmp_path / "many").mkdir()
    for number in range(30):
        (tmp_path / "many" / f"{number}.log").write_text(text[: len(text) // 30])
    (tmp_path / "one.log").write_text(text)
    (many, *_) = lines_of(froe(str(tmp_path / "many"), "--json"))
    (one, *_) = lines_of(froe(str(tmp_path / "one.log"), "--json"))
    assert many["dollars_per_gb"] > one["dollars_per_gb"]


@pytest.mark.parametrize(
    ("files", "lines", "is_small"), [(1, 100, True), (30, 300, True), (2, 9_000, True), (4, 9_000, False)]
)
def test_a_small_sample_says_that_files_dominate(
    tmp_path: Path, files: int, lines: int, *, is_small: bool
) -> None:
    for number in range(files):
        text = "".join(
            f"2026-09-14 08:00:00 INFO order {line} accepted by till {number}\n" for line in range(lines)
        )
        (tmp_path / f"{number}.log").write_text(text)
    result = froe(str(tmp_path))
    assert result.exit_code == 0, result.stderr
    assert ("sample is small" in result.stdout) == is_small
    assert ("each file costs by itself" in result.stdout) == is_small


@cache
def shipped() -> dict[str, Any]:
    """What an ordinary access log comes to in the layout items, by the prices that ship."""
    (items, *_) = lines_of(froe("--json"))
    return items


def test_nothing_named_is_an_ordinary_access_log() -> None:
    assert "sample is small" not in froe().stdout
    items = shipped()
    assert 3_900_000 < items["lines_per_gb"] < 4_100_000


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="shop-logs")
        yield s3


def test_objects_of_a_bucket_are_measured(bucket: Any) -> None:
    for number in range(3):
        bucket.put_object(Bucket="shop-logs", Key=f"web/{number}.log", Body=b'{"message": "hello"}\n' * 100)
    bucket.put_object(Bucket="shop-logs", Key="other.log", Body=b"plain words\n" * 5000)
    (items, *_) = lines_of(froe("s3://shop-logs/web/", "--json"))
    assert items["lines_per_gb"] == pytest.approx(1e9 / 21, abs=1)
    missing = froe("s3://shop-logs/none/")
    assert missing.exit_code == 1
    assert "no object below s3://shop-logs/none/" in missing.stderr


def test_what_cannot_be_measured_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_text("")
    (tmp_path / "a.bin").write_bytes(bytes(range(1, 8)) * 300)
    for words, sentence in (
        ((str(tmp_path / "empty.log"),), "There is no log line to measure"),
        ((str(tmp_path / "a.bin"),), "a.bin: not text"),
        ((str(tmp_path / "gone"),), "is neither a file nor a folder"),
        (("s3:///x",), "names no bucket"),
    ):
        done = froe(*words)
        assert done.exit_code == 1
        assert sentence in done.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace("[traces]", "[trace]"), "'trace' that nothing uses"),
        (lambda text: text[: text.index("[keys]")], "lacks the price 'keys'"),
        (lambda text: text.replace("dollars = 0.023", 'dollars = "5"'), "[s3-stored] needs numbers"),
        (lambda text: text.replace("dollars = 0.023", "dollars = -5"), "[s3-stored] has dollars below 0"),
        (lambda text: text + "keys", "cannot be read as TOML"),
        (lambda text: "region = 3\n" + text, "region is not a table"),
    ],
)
def test_a_table_of_prices_that_is_wrong_is_named_with_the_price(
    tmp_path: Path, change: Any, sentence: str
) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(change(PRICES_FILE.read_text()))
    with pytest.raises(FroeError, match=sentence.replace("[", r"\[")):
        read_prices(file)
    assert froe("--prices", str(file)).exit_code == 1


def test_prices_of_ones_own_change_the_bill(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(PRICES_FILE.read_text().replace("dollars = 0.625", "dollars = 1.25"))
    (own, *_) = lines_of(froe("--json", "--prices", str(file)))
    assert own["by_service"]["DynamoDB"] == pytest.approx(2 * shipped()["by_service"]["DynamoDB"])


@pytest.mark.parametrize("amount", ["nan", "inf", "-1", "0"])
def test_gb_per_day_is_a_number_of_gb(amount: str) -> None:
    result = CliRunner().invoke(main, ["estimate", "--gb-per-day", amount])
    assert result.exit_code == 2
    assert "--gb-per-day" in result.stderr
