"""The application that commands deploy and run: a checkout, or a copy of the installed one below a project folder.

A project folder keeps a team's decisions (froe.toml, .chalice/config.json, infra/parameters) in its own repository;
the code comes with the installed `froe`. Promise: `.froe/app` of a project is the installed application with
the project's own files linked into their places; after an upgrade, the next command updates it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import chalicelib

PROJECT_SETTING: Final = "FROE_PROJECT"
_CHECKOUT: Final = Path(__file__).resolve().parent.parent
_INSTALLED: Final = Path(__file__).resolve().parent / "application"
"""What an installed distribution carries beside the packages; setup.py puts it there."""
_CONFIG: Final = Path(".chalice", "config.json")
_TOML: Final = Path("froe.toml")
_PARAMETERS: Final = Path("infra", "parameters")
_COPIED: Final = ("app.py", "requirements.lock", "chalicelib", "infra")
_LINKED: Final[Mapping[Path, Path]] = {
    Path(".chalice"): Path(".chalice"),
    _PARAMETERS: _PARAMETERS,
    Path("chalicelib", "froe.toml"): _TOML,
}
"""Place in the application → place in the project."""


def source() -> Path:
    """Where the application's files are: the checkout that this code runs from, else the installed ones."""
    return _CHECKOUT if (_CHECKOUT / "app.py").exists() else _INSTALLED


def project_of(folder: Path, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The project that FROE_PROJECT names, or that the folder lies in; None in a checkout and anywhere else."""
    if named := environ.get(PROJECT_SETTING):
        return Path(named).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / "app.py").exists():
            return None
        if (candidate / _CONFIG).exists() and (candidate / _TOML).exists():
            return candidate
    return None


def root_of(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The application to deploy and run from a working directory.

    In a project it is the project's copy; else the checkout; where Froe is installed without one, a copy in the
    user's data folder (https://specifications.freedesktop.org/basedir-spec/latest/)."""
    project = project_of(folder, environ)
    if project is None and source() == _CHECKOUT:
        return _CHECKOUT
    if project is None:
        data = (
            environ.get("XDG_DATA_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".local" / "share"
        )
        project = Path(data) / "froe"
        create(project, only_missing=True)
    return staged(project)


def create(project: Path, *, only_missing: bool = False) -> list[Path]:
    """Write the files of a new project; gives those that were written. Raises FileExistsError for one that is
    there, unless only the missing ones are asked for."""
    files = dict(_new_files())
    present = [name for name in files if (project / name).exists()]
    if present and not only_missing:
        raise FileExistsError(str(present[0]))
    written = [name for name in files if name not in present]
    for name in written:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name], encoding="utf-8")
    return written


def _new_files() -> Iterator[tuple[Path, str]]:
    pattern = source()
    yield _CONFIG, json.dumps(_without_settings(_read_json(pattern / _CONFIG)), indent=2) + "\n"
    for name in ("dev.json", "prod.json"):
        yield _PARAMETERS / name, (pattern / _PARAMETERS / name).read_text(encoding="utf-8")
    templates = Path(__file__).parent / "project_files"
    for name, template in (
        (".gitignore", "gitignore"),
        (str(_TOML), "froe.toml"),
        ("README.md", "README.md"),
    ):
        yield Path(name), (templates / template).read_text(encoding="utf-8")


def _without_settings(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration as it is before any stage is deployed, with the stages local and dev."""
    stages = {name: dict(config["stages"][name]) for name in ("local", "dev")}
    for stage in stages.values():
        stage.pop("environment_variables", None)
    return {**config, "stages": stages}


def staged(project: Path) -> Path:
    """The project's copy of the application, made or brought up to date where the installed one is another."""
    app = project / ".froe" / "app"
    app.mkdir(parents=True, exist_ok=True)
    with (app.parent / "app.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        version = _fingerprint()
        stamp = app / ".version"
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != version:
            stamp.unlink(missing_ok=True)
            _copy(app)
            _complete(project / _CONFIG)
            stamp.write_text(version, encoding="utf-8")
        _link(app, project)
    return app


def _places() -> dict[str, Path]:
    """Name in the application → where it is copied from; chalicelib is the imported one."""
    code = Path(chalicelib.__file__).resolve().parent
    return {name: code if name == "chalicelib" else source() / name for name in _COPIED}


def _fingerprint() -> str:
    """A digest of names, sizes and times of all that is copied."""
    digest = hashlib.sha256()
    for name, place in _places().items():
        paths = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in paths:
            if path.is_file() and path.suffix != ".pyc":
                stat = path.stat()
                digest.update(f"{name}/{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _copy(app: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "froe.toml", "parameters", "vendor")
    for name, place in _places().items():
        target = app / name
        if place.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(place, target, ignore=ignored)
        else:
            shutil.copy2(place, target)


def _complete(config: Path) -> None:
    """Add what a newer version configures and the project's file does not say yet, above all new functions."""
    own, new = _read_json(config), _read_json(source() / _CONFIG)
    functions = {**new["lambda_functions"], **own.get("lambda_functions", {})}
    completed = {**{name: value for name, value in new.items() if name != "stages"}, **own}
    completed["lambda_functions"] = functions
    if completed != own:
        temporary = config.with_suffix(".new")
        temporary.write_text(json.dumps(completed, indent=2) + "\n", encoding="utf-8")
        temporary.replace(config)


def _link(app: Path, project: Path) -> None:
    for place, own in _LINKED.items():
        link, target = app / place, project / own
        if link.is_symlink() and (link.resolve() != target or not target.exists()):
            link.unlink()
        if target.exists() and not link.is_symlink():
            link.symlink_to(target, target_is_directory=target.is_dir())


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
