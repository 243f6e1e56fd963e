"""The house stays as it was laid out: imports point inward, and AWS stays at its border."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ("core", "use cases", "aws", "services", "handlers", "app")
AWS_SDKS = {"boto3", "botocore", "aws_xray_sdk", "opentelemetry", "s3transfer"}
MODULES = sorted([ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "froe").rglob("*.py")])
OUTER = {
    "chalicelib/services.py": "services",
    "chalicelib/handlers.py": "handlers",
    "chalicelib/routes.py": "handlers",
    "chalicelib/dead_letters/routes.py": "handlers",
}


def layer_of(module: str) -> str | None:
    path = module.replace(".", "/")
    if path == "app":
        return "app"
    if not path.startswith("chalicelib/"):
        return None
    if path.startswith("chalicelib/core"):
        return "core"
    if path.startswith("chalicelib/aws"):
        return "aws"
    return OUTER.get(f"{path}.py", "use cases")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_inward(path: Path) -> None:
    own = layer_of(name_of(path))
    for imported in imports_of(path):
        layer = layer_of(imported)
        if own and layer:
            assert LAYERS.index(layer) <= LAYERS.index(own), f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_aws_stays_at_its_border(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    if relative.startswith(("chalicelib/aws/", "froe/")):
        return
    found = {imported.split(".")[0] for imported in imports_of(path)} & AWS_SDKS
    assert not found, f"{relative} imports {found}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_runs_in_lambda_knows_nothing_of_what_runs_on_your_machine(path: Path) -> None:
    if path.is_relative_to(ROOT / "chalicelib"):
        assert "froe" not in {imported.split(".")[0] for imported in imports_of(path)}


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.is_relative_to(ROOT / "chalicelib" / "core")], ids=name_of
)
def test_the_core_reads_no_clock_and_no_environment(path: Path) -> None:
    text = path.read_text()
    for forbidden in ("datetime.now", "time.time", "time.monotonic", "os.environ", "open(", "random."):
        assert f" {forbidden}" not in text.replace("(", " ("), f"{path.name} uses {forbidden}"
    assert not {"os", "time", "random", "socket", "threading", "logging"} & set(imports_of(path))


def test_the_package_pins_every_requirement() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert all("==" in pin for pin in pins)


@pytest.mark.parametrize(("enabled", "imported"), [("false", False), ("true", True)])
def test_tracing_that_is_off_does_not_import_its_sdk(enabled: str, imported: bool) -> None:
    script = (
        "import sys\n"
        "from chalicelib.aws.tracing import make_tracer\n"
        "tracer = make_tracer()\n"
        "with tracer.subsegment('parse', 'f', 'b', 'json'): pass\n"
        "assert 'opentelemetry' not in sys.modules\n"
        "print('aws_xray_sdk' in sys.modules)\n"
    )
    environment = {
        **os.environ,
        "AWS_XRAY_SDK_ENABLED": enabled,
        "AWS_LAMBDA_FUNCTION_NAME": "worker",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.strip().splitlines()[-1].lower()) is imported
