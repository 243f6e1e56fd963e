"""The committed sample logs are what their script makes, and what their README says."""

import gzip
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import zstandard

from froe.counting import count_file

SAMPLE_LOGS = Path(__file__).parents[2] / "sample_logs"


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sample_logs_make", SAMPLE_LOGS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


make = load_script()


def unpacked(path: Path) -> bytes:
    packed = path.read_bytes()
    if packed.startswith(b"\x1f\x8b"):
        return gzip.decompress(packed)
    if packed.startswith(b"\x28\xb5\x2f\xfd"):
        with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
            return reader.read()
    return packed


@pytest.mark.parametrize("sample", make.SAMPLES, ids=lambda sample: sample.name)
def test_the_script_makes_the_committed_text(sample: Any) -> None:
    assert unpacked(SAMPLE_LOGS / sample.name) == sample.text()


def test_no_sample_is_left_from_an_earlier_script() -> None:
    committed = {path.name for path in SAMPLE_LOGS.iterdir() if not path.name.startswith((".", "_"))}

    assert committed == {sample.name for sample in make.SAMPLES} | {"make.py", "README.md"}


@pytest.mark.parametrize("sample", make.SAMPLES, ids=lambda sample: sample.name)
def test_the_readme_has_a_row_with_the_lines_of_the_sample(sample: Any) -> None:
    rows = [
        row
        for row in (SAMPLE_LOGS / "README.md").read_text("utf-8").splitlines()
        if f"| `{sample.name}`" in row
    ]

    assert [row.split("|")[3].strip() for row in rows] == [f"{count_file(SAMPLE_LOGS / sample.name).lines:,}"]


def test_the_samples_hold_what_is_hard_about_real_logs() -> None:
    texts = {sample.name: sample.text() for sample in make.SAMPLES}

    assert not texts["static-access.csv"].endswith(b"\n"), "one file lacks its final newline"
    assert texts["warehouse.log"].startswith(b"\xff\xfe"), "one file is UTF-16"
    with pytest.raises(UnicodeDecodeError):
        texts["till-07.txt"].decode()
    for hard in (b"\r\n", b"\0", b"\x1b[", b"\xe2\x80\xa8", b"ready\x1b[0m\rcard"):
        assert hard in texts["till-07.txt"]


def test_a_border_of_gzip_members_is_inside_a_line() -> None:
    access_log = next(sample for sample in make.SAMPLES if sample.name == "shop-access.log.gz")
    members = access_log.pack().split(b"\x1f\x8b\x08")

    assert len(members) - 1 >= access_log.members == 3
    text = access_log.text()
    stride = len(text) // access_log.members + 1
    assert text[stride - 1 : stride] != b"\n"


def test_all_samples_together_stay_small_enough_to_commit() -> None:
    assert sum((SAMPLE_LOGS / sample.name).stat().st_size for sample in make.SAMPLES) < 3_000_000
