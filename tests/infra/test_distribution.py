"""The distribution that pip installs: a command line that works without a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from froe.local.processes import clean_environment
from tests.packages import ROOT, names_in

BUILT = ("app.py", "chalicelib", "froe", "infra", "sample_logs", ".chalice", "LICENSE", "README.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a build leaves folders beside what it builds."""
    folder = tmp_path_factory.mktemp("distribution")
    source = folder / "source"
    source.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "deployments", "deployed", ".terraform*", "policy-*")
    for path in (
        *map(ROOT.joinpath, BUILT),
        *ROOT.glob("*.toml"),
        *ROOT.glob("requirements*"),
        ROOT / "setup.py",
    ):
        if path.is_dir():
            shutil.copytree(path, source / path.name, ignore=ignored)
        else:
            shutil.copy2(path, source / path.name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    done = subprocess.run(
        [*command, "--wheel-dir", folder, source], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path) -> Path:
    """The distribution, installed where no checkout is near."""
    folder = wheel.parent / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command; its dependencies are those of this environment, without what is editable there."""
    paths = [str(site), sysconfig.get_path("purelib")]
    environment = {
        **clean_environment(),
        "PYTHONPATH": os.pathsep.join(paths),
        "XDG_DATA_HOME": str(folder / "data"),
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    script = "import sys; from froe.cli import main; sys.argv[0] = 'froe'; main()"
    return subprocess.run(
        [sys.executable, "-S", "-c", script, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_asks_for_all_that_the_command_line_imports(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        required = Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist") or []
    pins = {
        line
        for name in ("requirements.txt", "requirements-cli.txt")
        for line in (ROOT / name).read_text().splitlines()
        if line and not line.startswith("#")
    }
    assert set(required) == pins
    assert {"chalice", "click", "rich", "ministack", "boto3"} <= {each.split("==")[0] for each in required}


def test_it_carries_no_state_of_the_checkout(wheel: Path) -> None:
    carried = [name.removeprefix("froe/application/") for name in names_in(wheel) if "/application/" in name]
    assert {"app.py", "requirements.lock", "infra/data.json", "sample_logs/checkout.jsonl"} <= set(carried)
    assert [
        name for name in carried if "policy-" in name or "deployed" in name or "__pycache__" in name
    ] == []


def test_a_file_is_parsed_without_a_checkout(site: Path, tmp_path: Path) -> None:
    (tmp_path / "one.log").write_text('{"level":"info","message":"ready"}\n')
    done = run(site, tmp_path, "parse", "one.log")
    assert (done.returncode, "ready" in done.stdout) == (0, True), done.stderr
    assert not (tmp_path / "data").exists(), "parsing needs no application"


def test_a_project_is_made_and_its_application_packaged(site: Path, tmp_path: Path) -> None:
    made = run(site, tmp_path, "init", "shop")
    assert made.returncode == 0, made.stderr
    stage = run(site, tmp_path / "shop", "deploy", "--stage", "No")
    assert "cannot be a stage" in stage.stderr
    version = run(site, tmp_path / "shop", "chalice", "--version")
    assert "chalice 1.34.0" in version.stdout, version.stderr
    bare = run(site, tmp_path / "shop", "chalice", "deploy", "--stage", "dev")
    assert "froe deploy --stage dev" in bare.stdout + bare.stderr
    assert bare.returncode != 0
