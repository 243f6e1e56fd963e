"""What goes into the package for Lambda, and how: on files in memory."""

from __future__ import annotations

import ast
import os
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

import click
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager, PipRunner
from chalice.utils import OSUtils

from froe.packaging import archive, elf, misfit, packager
from froe.packaging.bytecode import compiled
from froe.packaging.contents import SERVICES, needed

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9.-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text(encoding="utf-8")))


def test_the_package_keeps_exactly_the_services_that_functions_make_clients_of() -> None:
    called = set()
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in {"_clients", "make_client", "client", "create_client"}:
                    called.add(node.args[0].value)
    assert called == SERVICES


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_lock_pins_what_the_requirements_ask_for_and_all_that_this_needs(name: str) -> None:
    asked = pins(f"{name}.txt") | (pins("requirements.txt") if name == "requirements-dev" else {})
    locked = pins(f"{name}.lock")
    lacking = {pin: version for pin, version in asked.items() if locked.get(pin) != version}
    assert not lacking, "run `make lock`"
    assert len(locked) > len(asked)


def test_both_locks_agree() -> None:
    locked, developing = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: developing.get(name) for name in locked} == locked


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_pin_of_a_lock_has_its_hashes_and_no_index_is_named(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for pin in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in pin, pin
    assert "index-url" not in text
    assert "find-links" not in text
    assert " @ " not in text


@pytest.mark.parametrize(
    "path",
    [
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "botocore/data/s3/2006-03-01/examples-1.json",
        "boto3/data/s3/2006-03-01/resources-1.json",
        "boto3/examples/s3.rst",
        "isal/isal_zlib.pyi",
        "some/py.typed",
        "some/tests/test_it.py",
        "wrapt-stubs/__init__.pyi",
        "orjson-3.13.0.dist-info/METADATA",
        "jmespath-1.1.0.data/scripts/jp.py",
        "some/__pycache__/it.cpython-311.pyc",
    ],
)
def test_what_no_function_needs_is_left_out(path: str) -> None:
    assert needed({path: b"x"}) == {}


@pytest.mark.parametrize(
    "path",
    [
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/data/s3/2006-03-01/endpoint-rule-set-1.json.gz",
        "botocore/data/_retry.json",
        "botocore/docs/docstring.py",
        "botocore/cacert.pem",
        "some/testing.py",
        "six.py",
    ],
)
def test_what_a_function_may_need_stays_as_it_is(path: str) -> None:
    assert needed({path: b"x"}) == {path: b"x"}


def test_metadata_stays_where_a_library_looks_its_plugins_up() -> None:
    metadata = {"tracing-1.0.dist-info/METADATA": b"Name: tracing", "tracing-1.0.dist-info/RECORD": b""}
    plugins = {"tracing-1.0.dist-info/entry_points.txt": b"[a_context]\nvars = tracing:it\n"}
    scripts = {"tracing-1.0.dist-info/entry_points.txt": b"[console_scripts]\ntrace = tracing:it\n"}
    assert needed(metadata | plugins).keys() == {
        "tracing-1.0.dist-info/METADATA",
        "tracing-1.0.dist-info/entry_points.txt",
    }
    assert needed(metadata | scripts) == {}


def test_the_list_of_endpoints_keeps_every_partition_and_the_used_services() -> None:
    listed = b'{"version":3,"partitions":[{"partition":"aws","services":{"s3":{"a":1},"ec2":{}}},{"partition":"aws-cn","services":{"ec2":{}}}]}'
    (kept,) = needed({"botocore/data/endpoints.json": listed}).values()
    assert (
        kept
        == b'{"version":3,"partitions":[{"partition":"aws","services":{"s3":{"a":1}}},{"partition":"aws-cn","services":{}}]}'
    )


def test_a_library_loads_without_its_sections(tmp_path: Path) -> None:
    import zstandard.backend_c

    whole = Path(zstandard.backend_c.__file__).read_bytes()
    if not whole.startswith(b"\x7fELF"):
        assert elf.without_sections(whole) == whole
        return
    small = elf.without_sections(whole)
    assert len(small) < len(whole)
    (tmp_path / Path(zstandard.backend_c.__file__).name).write_bytes(small)
    script = "import backend_c; print(backend_c.ZstdDecompressor().decompress(backend_c.ZstdCompressor().compress(b'split')))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "b'split'"


@pytest.mark.parametrize(
    "other", [b"", b"MZ", b"\x7fELF\x01\x01" + bytes(100), struct.pack(">I", 0xFEEDFACF)]
)
def test_what_is_no_library_of_lambda_stays_as_it_is(other: bytes) -> None:
    assert elf.without_sections(other) == other


def test_a_zip_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    archive.write(tmp_path / "one.zip", {"b.py": b"b", "a/c.py": b"c" * 1000})
    archive.write(tmp_path / "two.zip", {"a/c.py": b"c" * 1000, "b.py": b"b"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as written:
        assert written.namelist() == ["a/c.py", "b.py"]
        assert all(entry.external_attr >> 16 == 0o644 for entry in written.infolist())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.zip", "two.zip"]


def test_the_application_is_packaged_without_what_is_hidden_or_compiled(tmp_path: Path) -> None:
    for name in ("app.py", "chalicelib/a.py", "chalicelib/froe.toml", "vendor/own.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    for name in (
        "chalicelib/__pycache__/a.pyc",
        "chalicelib/.a.swp",
        "chalicelib/.cache/a.py",
        "chalicelib/a.pyc",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert set(packager.application_files(tmp_path)) == {
        "app.py",
        "chalice/__init__.py",
        "chalice/app.py",
        "chalicelib/a.py",
        "chalicelib/froe.json",
        "own.py",
    }


class Pip(PipRunner):
    """Answers every command alike and notes its arguments."""

    def __init__(self, code: int = 0, output: bytes = b"") -> None:
        self.calls: list[list[str]] = []
        self._answer = (code, b"", output)

    def _execute(self, command: str, args: list[str], env_vars=None, shim=None):
        self.calls.append([command, *args])
        return self._answer


def builder(pip: Pip, architecture: str = "x86_64") -> DependencyBuilder:
    closed = type("Closed", (DependencyBuilder,), packager.builder_patches())
    return closed(OSUtils(), pip, architecture)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    (tmp_path / "six-1.17.0-py2.py3-none-any.whl").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(("architecture", "machine"), [("x86_64", "x86_64"), ("arm64", "aarch64")])
def test_every_wheel_is_downloaded_by_its_hash_and_for_the_processor(
    wheels: Path, architecture: str, machine: str
) -> None:
    pip = Pip()
    wheels_found, missing = builder(pip, architecture)._download_dependencies(
        "cp311", str(wheels), "the.lock"
    )
    assert [each.identifier for each in wheels_found] == ["six==1.17.0"]
    assert not missing
    (call,) = pip.calls
    assert {"download", "--require-hashes", "--only-binary=:all:", "--no-deps", "--abi=cp311"} <= set(call)
    assert call[-2:] == ["-r", "the.lock"]
    platforms = [each for each in call if each.startswith("--platform=")]
    assert platforms
    assert all(each.endswith(machine) for each in platforms)


def test_a_wheel_that_does_not_match_its_hash_stops_the_package_in_one_sentence(tmp_path: Path) -> None:
    output = b"Looking in links\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n"
    with pytest.raises(click.ClickException, match=r"DO NOT MATCH THE HASHES.*make lock"):
        builder(Pip(1, output))._download_dependencies("cp311", str(tmp_path), "the.lock")


def test_a_checkout_without_its_lock_says_how_to_make_it(tmp_path: Path) -> None:
    closed = type("Closed", (LambdaDeploymentPackager,), packager.packager_patches())
    with pytest.raises(click.ClickException, match="make lock"):
        closed(OSUtils(), builder(Pip()), None).create_deployment_package(str(tmp_path), "python3.11")


def test_the_pinned_chalice_fits() -> None:
    assert misfit() is None


def test_a_chalice_that_packages_otherwise_is_named() -> None:
    class Other:
        def create_deployment_package(self, folder: str) -> str:
            return folder

    message = misfit({Other: {"create_deployment_package": ("self", "project_dir")}})
    assert message
    assert "Other.create_deployment_package" in message


def test_a_module_is_run_from_its_bytecode_whatever_its_source_says(tmp_path: Path) -> None:
    """No cold start compiles: that the two agree is for the package to see to."""
    files = {"some/__init__.py": b"", "some/module.py": b"WHAT = 'bytecode'\n"}
    for name, content in (files | compiled(files)).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "some" / "module.py").write_text("WHAT = 'source'\n")
    script = "from some import module; print(module.WHAT, module.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["bytecode", str(tmp_path / "some" / "module.py")]


def test_bytecode_is_the_same_in_every_process() -> None:
    script = (
        "import hashlib, pathlib; from froe.packaging.bytecode import compiled; "
        "files = {str(p): p.read_bytes() for p in sorted(pathlib.Path('chalicelib').rglob('*.py'))}; "
        "made = compiled(files); assert len(made) == len(files); "
        "print(hashlib.sha256(b''.join(made[name] for name in sorted(made))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(digests) == 1


def test_what_does_not_compile_is_left_as_source() -> None:
    assert compiled({"old.py": b"print 'python 2'\n", "data.json": b"{}"}) == {}
