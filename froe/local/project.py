"""A copy of the checkout that Chalice may write into, and Chalice's own commands run in it.

What Chalice builds is kept in `.froe/packages` under the name that Chalice gives it, a digest of everything in
it, so that an unchanged package is built once. Limits: the three newest packages are kept.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from froe.deployment.stage_files import read_stage, with_settings, write_stage
from froe.errors import FroeError
from froe.local.processes import Guarded, last_words
from froe.local.recording import credentials
from froe.resources import CHALICE, LOCAL_STAGE

COPIED = ("app.py", "requirements.lock", "chalicelib", "froe", "infra", "vendor")
DEPLOY_SECONDS = 900
KEPT_PACKAGES = 3
TIMEOUT_SECONDS = 180
"""The least time that a function has here: a laptop may be a tenth as fast as Lambda, and busy with something else."""


class Project:
    """The staged copy of `source` in `folder`."""

    def __init__(self, source: Path, folder: Path, logs: Path) -> None:
        self.folder = folder
        self._logs = logs
        self._packages = source / ".froe" / "packages"
        for name in COPIED:
            if (source / name).is_dir():
                shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif (source / name).exists():
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / name, folder / name)
        settings = folder / ".chalice"
        settings.mkdir(parents=True, exist_ok=True)
        for path in (source / ".chalice").glob("*.json"):
            shutil.copy2(path, settings / path.name)
        config = settings / "config.json"
        if config.exists():
            config.write_text(
                json.dumps(patient(json.loads(config.read_text(encoding="utf-8")))), encoding="utf-8"
            )

    def deploy(self, env: Mapping[str, str]) -> None:
        """`chalice deploy --stage local`. Raises FroeError with Chalice's last line and the log's name."""
        built = self.folder / ".chalice" / "deployments"
        built.mkdir(exist_ok=True)
        for package in self._packages.glob("*.zip"):
            _link(package, built / package.name)
        log = self._logs / "deploy.log"
        deploy = self._run("chalice deploy", ["deploy", "--stage", "local"], env, log)
        try:
            code = deploy.wait(DEPLOY_SECONDS)
        finally:
            deploy.stop()
        if code != 0:
            raise FroeError(f"chalice deploy failed with code {code}{last_words(log)}; see {log}.")
        self._keep(built)

    def set(self, settings: Mapping[str, str]) -> None:
        """Change those of these settings that the configuration has: Chalice puts it before the environment."""
        stage = read_stage(LOCAL_STAGE, self.folder)
        if stage:
            own = {name: value for name, value in settings.items() if name in stage.settings}
            write_stage(with_settings(stage, own), self.folder)

    def serve(self, env: Mapping[str, str], port: int) -> Guarded:
        """`chalice local --stage local` on the loopback port, started but perhaps not ready.

        It stands for the HTTP function, by whose name its calls are recorded."""
        arguments = ["local", "--stage", "local", "--no-autoreload", "--port", str(port)]
        return self._run(
            "chalice local", arguments, {**env, **credentials("froe-local")}, self._logs / "api.log"
        )

    def _run(self, name: str, arguments: list[str], env: Mapping[str, str], log: Path) -> Guarded:
        settings = {**env, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        return Guarded(name, [*CHALICE, *arguments], env=settings, cwd=self.folder, log=log)

    def _keep(self, built: Path) -> None:
        self._packages.mkdir(parents=True, exist_ok=True)
        for package in built.glob("*.zip"):
            if not (self._packages / package.name).exists():
                _link(package, self._packages / package.name)
        kept = sorted(self._packages.glob("*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)
        for package in kept[KEPT_PACKAGES:]:
            package.unlink(missing_ok=True)


def patient(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with time-outs for the stage local that suit a slow machine."""
    stage = config.get("stages", {}).get(LOCAL_STAGE)
    if stage is None:
        return config
    functions = stage.setdefault("lambda_functions", {})
    for name, options in config.get("lambda_functions", {}).items():
        if "lambda_timeout" in options or name == "worker":
            functions.setdefault(name, {}).setdefault(
                "lambda_timeout", max(options.get("lambda_timeout", 0), TIMEOUT_SECONDS)
            )
    return config


def _link(source: Path, target: Path) -> None:
    if target.exists():
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    with contextlib.suppress(FileExistsError, FileNotFoundError):
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copy2(source, temporary)
        temporary.replace(target)
