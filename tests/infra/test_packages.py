"""The same tree gives the same package, of wheels for the processor that the stage names and nothing of development."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from tests.packages import ROOT, build, copy_checkout, names_in

DEVELOPMENT = {
    "awscli",
    "chalice",
    "hypothesis",
    "ministack",
    "moto",
    "mypy",
    "pip",
    "pytest",
    "ruff",
    "setuptools",
}


@pytest.fixture(scope="module")
def package() -> Path:
    return build()


def test_two_checkouts_on_different_days_give_the_same_bytes(package: Path, tmp_path: Path) -> None:
    other = copy_checkout(tmp_path / "elsewhere" / "froe")
    for path in (other / "chalicelib").rglob("*.py"):
        os.utime(path, (978_307_200, 978_307_200))
        path.chmod(path.stat().st_mode ^ stat.S_IXUSR)
    (other / "chalicelib" / "__pycache__").mkdir()
    (other / "chalicelib" / "__pycache__" / "worker.cpython-311.pyc").write_bytes(b"compiled")
    again = build(other)
    assert again.name == package.name
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(package.read_bytes()).digest()


def test_the_package_holds_the_application_and_what_it_requires_and_nothing_else(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = set(names_in(package))
    own = {path.relative_to(ROOT).as_posix() for path in (ROOT / "chalicelib").rglob("*.py")}
    assert (
        own
        | {
            "app.py",
            "chalice/app.py",
            "botocore/cacert.pem",
            "chalicelib/core/formats/index.json",
            "chalicelib/core/records/declared.json",
        }
        <= names
    )
    for unwanted in ("froe/", "tests/", "chalice/cli", "boto3/data", "botocore/data/ec2"):
        assert not [name for name in names if name.startswith(unwanted)]
    assert not [name for name in names if name.endswith(".pyi")]
    modules = {name for name in names if name.endswith(".py")}
    tag = f".{sys.implementation.cache_tag}.pyc"
    bytecode = {
        name.replace("__pycache__/", "").replace(tag, ".py") for name in names if name.endswith(".pyc")
    }
    assert bytecode == modules, "every module has its bytecode, and nothing else has"
    folders = {name.split("/")[0].replace("_", "-") for name in names}
    assert not folders & (DEVELOPMENT - {"chalice"})
    with capsys.disabled():
        sys.stdout.write(f"\n{package.stat().st_size:,} bytes, {_unzipped_bytes(package):,} unzipped\n")


@pytest.mark.parametrize(("architecture", "machine"), [("x86_64", 62), ("arm64", 183)])
def test_libraries_are_of_the_processor_of_the_stage(architecture: str, machine: int) -> None:
    """The numbers are ELF's (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html)."""
    with zipfile.ZipFile(build(architecture=architecture)) as archive:
        libraries = {name: archive.read(name) for name in archive.namelist() if name.endswith(".so")}
    assert {name.split("/")[0] for name in libraries} >= {"isal", "orjson", "zstandard"}
    for name, content in libraries.items():
        assert int.from_bytes(content[18:20], "little") == machine, name
        assert {"x86_64": "x86_64", "arm64": "aarch64"}[architecture] in name or "abi3" in name


def _unzipped_bytes(package: Path) -> int:
    with zipfile.ZipFile(package) as archive:
        return sum(entry.file_size for entry in archive.infolist())
