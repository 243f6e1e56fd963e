"""Everything is in pyproject.toml but this: an installed distribution carries the application that it deploys."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

APPLICATION = ("app.py", "requirements.lock", "infra", "sample_logs", ".chalice/config.json")
"""Beside the packages, which are installed themselves; froe/project.py reads them there."""


class BuildWithApplication(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib, "froe", "application")
        shutil.rmtree(folder, ignore_errors=True)
        for name in APPLICATION:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if Path(name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".terraform*", "*.tfstate*")
                shutil.copytree(name, target, ignore=ignored)
            else:
                shutil.copy2(name, target)


setup(cmdclass={"build_py": BuildWithApplication})
