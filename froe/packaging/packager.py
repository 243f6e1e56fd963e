"""How Chalice makes the package: its requirements from requirements.lock, then the application.

Promise: every wheel is for the processor and the Python of the functions and has a hash of requirements.lock, or there
is no package. Limits: nothing is built from source; the Python version is that of the command line, as in Chalice.
"""

import hashlib
import inspect
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import chalice
import chalice.app
import click
from chalice.deploy.packager import Package

from chalicelib.configuration import COMPILED, PACKAGED, compile_config
from chalicelib.core.custom.config_errors import ConfigError
from froe.packaging import archive
from froe.packaging.bytecode import compiled
from froe.packaging.contents import needed

LOCK: Final = "requirements.lock"
_OWN_CODE: Final = Path(__file__).parent
_TELLING_LINES: Final = 3


def packager_patches() -> dict[str, Any]:
    """Replacements for methods of Chalice's LambdaDeploymentPackager."""

    def _get_requirements_filename(_: Any, project_dir: str) -> str:
        path = Path(project_dir) / LOCK
        if not path.exists():
            raise click.ClickException(f"{LOCK} is missing: `make lock` makes it from requirements.txt.")
        return str(path)

    def deployment_package_filename(self: Any, project_dir: str, python_version: str) -> str:
        project, lock = Path(project_dir), Path(self._get_requirements_filename(project_dir))
        inputs = {
            **application_files(project),
            LOCK: lock.read_bytes(),
            **{f"froe/packaging/{path.name}": path.read_bytes() for path in _OWN_CODE.glob("*.py")},
        }
        suffix = self._architecture_suffix()
        name = f"{_digest(inputs)}-{python_version}{suffix}.zip"
        return str(project / ".chalice" / "deployments" / name)

    def create_deployment_package(self: Any, project_dir: str, python_version: str) -> str:
        path = Path(self.deployment_package_filename(project_dir, python_version))
        if path.exists():
            self._ui.write("Reusing existing deployment package.\n")
            return str(path)
        self._ui.write("Creating deployment package.\n")
        with tempfile.TemporaryDirectory() as site:
            lock = self._get_requirements_filename(project_dir)
            self._build_python_dependencies(python_version, lock, site_packages_dir=site)
            installed = files_of(Path(site))
        files = needed(installed) | application_files(Path(project_dir))
        archive.write(path, files | compiled(files))
        return str(path)

    return {
        "_get_requirements_filename": _get_requirements_filename,
        "deployment_package_filename": deployment_package_filename,
        "create_deployment_package": create_deployment_package,
    }


def builder_patches() -> dict[str, Any]:
    """Replacements for methods of Chalice's DependencyBuilder."""

    def _download_dependencies(
        self: Any, abi: str, directory: str, requirements_filename: str
    ) -> tuple[set[Any], set[Any]]:
        platforms = [f"--platform={platform}" for platform in self._get_pip_platforms(abi)]
        options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--implementation=cp"]
        code, _, output = self._pip._execute(  # noqa: SLF001 - misfit() has checked it
            "download",
            [*options, f"--abi={abi}", *platforms, "--dest", directory, "-r", requirements_filename],
        )
        if code != 0:
            lines = [
                line for line in output.decode(errors="replace").splitlines() if line.startswith("ERROR")
            ]
            why = " ".join(lines[-_TELLING_LINES:]) or "pip did not say why"
            raise click.ClickException(
                f"What {LOCK} names could not be downloaded for Lambda ({abi}, {self._machine}): {why}. Check the "
                "network and the package index; after a change of requirements.txt run `make lock`."
            )
        names = sorted(path.name for path in Path(directory).iterdir())
        return {Package(directory, name) for name in names}, set()

    return {"_download_dependencies": _download_dependencies}


def application_files(project: Path) -> dict[str, bytes]:
    """What of the checkout runs in Lambda, with Chalice's runtime: path in the package → content. The configuration is
    checked, proved and compiled."""
    runtime = {
        "chalice/__init__.py": Path(inspect.getfile(chalice)),
        "chalice/app.py": Path(inspect.getfile(chalice.app)),
        "app.py": project / "app.py",
    }
    own = files_of(project / "chalicelib")
    if own.pop(PACKAGED.name, None) is not None:
        try:
            own[COMPILED] = compile_config(project / "chalicelib" / PACKAGED.name)
        except ConfigError as error:
            raise click.ClickException(str(error)) from error
    return {
        **files_of(project / "vendor"),
        **{name: path.read_bytes() for name, path in runtime.items()},
        **{f"chalicelib/{name}": content for name, content in own.items()},
    }


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, path with slashes → content, but what is hidden or compiled; none if it is not there."""
    files = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
        if path.is_file() and not hidden and path.suffix != ".pyc":
            files[relative.as_posix()] = path.read_bytes()
    return files


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(b"%s\0%d\0" % (name.encode(), len(files[name])))
        digest.update(files[name])
    return digest.hexdigest()[:32]
