"""The independent count counts text: decompressed, recoded to UTF-8, lines ended by newlines alone."""

import gzip
from pathlib import Path

import pytest
import zstandard

from froe.counting import Count, UncountableError, count_file


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"", Count(0, 0), id="nothing"),
        pytest.param(b"a\nb\n", Count(4, 2), id="two lines"),
        pytest.param(b"a\nb", Count(3, 2), id="an unterminated end is a line"),
        pytest.param(b"\n", Count(1, 1), id="a blank line"),
        pytest.param(b"\r\v\f\xc2\x85\xe2\x80\xa8", Count(8, 1), id="only a newline ends a line"),
        pytest.param(b"\xff\xfe\x00x", Count(6, 1), id="UTF-16 by its mark"),
        pytest.param("\ufeffü\n".encode("utf-16-le"), Count(6, 1), id="UTF-16 counts as UTF-8"),
        pytest.param("\ufeffü\n".encode("utf-16-be"), Count(6, 1), id="big-endian UTF-16"),
        pytest.param(gzip.compress(b"a\nb") + gzip.compress(b"c\n"), Count(5, 2), id="two gzip members"),
        pytest.param(gzip.compress(b""), Count(0, 0), id="gzip of nothing"),
        pytest.param(
            zstandard.compress(b"a\n") + zstandard.compress(b"b\n"), Count(4, 2), id="two zstd frames"
        ),
    ],
)
def test_counts(tmp_path: Path, content: bytes, expected: Count) -> None:
    path = tmp_path / "file.log"
    path.write_bytes(content)

    assert count_file(path) == expected


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(b"a\n" * 99)[:-9], id="gzip that breaks off"),
        pytest.param(b"\x1f\x8b\x08not gzip at all", id="not gzip at all"),
    ],
)
def test_a_damaged_file_is_not_counted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.log"
    path.write_bytes(content)

    with pytest.raises(UncountableError, match="is damaged"):
        count_file(path)
