"""Packages for Lambda as Chalice's command line makes them, and a checkout to make them from."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from froe.local.emulator import CREDENTIALS, REGION
from froe.local.processes import clean_environment
from froe.resources import CHALICE

ROOT = Path(__file__).resolve().parents[1]
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
CHECKOUT = ("app.py", "chalicelib", "froe", "infra", "requirements.lock", "requirements.txt")
_BUILD = """
import sys
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import UI, OSUtils
from froe import packaging
if packaging.misfit():
    sys.exit(packaging.misfit())
packaging.install()
system, (architecture, python) = OSUtils(), sys.argv[1:]
builder = DependencyBuilder(system, architecture=architecture)
packager = LambdaDeploymentPackager(system, builder, UI(sys.stderr, sys.stderr), architecture=architecture)
print(packager.create_deployment_package(".", python))
"""


def copy_checkout(folder: Path) -> Path:
    """What `chalice` needs of the checkout, in `folder`, without what was built there."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in CHECKOUT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".chalice").mkdir()
    shutil.copy2(ROOT / ".chalice" / "config.json", folder / ".chalice" / "config.json")
    return folder


def build(project: Path = ROOT, architecture: str = "x86_64") -> Path:
    """The zip that Chalice's packager makes of the checkout `project`, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, architecture, PYTHON],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return project / done.stdout.strip().splitlines()[-1]


def package_stage(project: Path, stage: str, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`chalice package` in the checkout `project`, of a stage that was never deployed."""
    return subprocess.run(
        [*CHALICE, "package", "--stage", stage, *options, str(out)],
        cwd=project,
        env={**clean_environment(), **CREDENTIALS, "AWS_DEFAULT_REGION": REGION},
        capture_output=True,
        text=True,
        check=False,
    )


def share_packages(project: Path) -> None:
    """Let a copy of the checkout find what was built of the checkout itself."""
    built = project / ".chalice" / "deployments"
    built.mkdir()
    for package in (ROOT / ".chalice" / "deployments").glob("[!.]*.zip"):
        shutil.copy2(package, built)


def names_in(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as archive:
        return archive.namelist()


def keep_for_stacks() -> None:
    """Build the package once, where every local stack of this checkout finds it."""
    package, kept = build(), ROOT / ".froe" / "packages"
    kept.mkdir(parents=True, exist_ok=True)
    if not (kept / package.name).exists():
        temporary = kept / f".{package.name}.new"
        shutil.copy2(package, temporary)
        temporary.replace(kept / package.name)


if __name__ == "__main__":
    keep_for_stacks()
