"""The house stays as it was laid out: imports point inward, and AWS stays at its border."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from chalicelib.settings import RESOURCE_NAMES

ROOT = Path(__file__).parents[2]
LAYERS = ("core", "use cases", "aws", "services", "handlers", "app")
AWS_SDKS = {"boto3", "botocore", "aws_xray_sdk", "opentelemetry", "s3transfer"}
MODULES = sorted([ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "froe").rglob("*.py")])
DEPLOYED = [path for path in MODULES if path.is_relative_to(ROOT / "chalicelib")]
IMPURE = {"datetime.now", "datetime.utcnow", "time.time", "time.monotonic", "os.environ", "open"}
BORDER = ("chalicelib/aws/", "froe/")
OUTER = {
    "chalicelib/services.py": "services",
    "chalicelib/pipeline.py": "services",
    "chalicelib/handlers.py": "handlers",
    "chalicelib/routes.py": "handlers",
    "chalicelib/dead_letters/routes.py": "handlers",
    "chalicelib/upload_routes.py": "handlers",
    "chalicelib/query_routes.py": "handlers",
    "chalicelib/reprocess_routes.py": "handlers",
    "chalicelib/bodies.py": "handlers",
    "chalicelib/etags.py": "handlers",
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


@cache
def imports_of(path: Path) -> frozenset[str]:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module)
            imported.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(imported)


def names_in(path: Path) -> set[str]:
    """What is read by name: `open`, `datetime.now`."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    dotted = {
        f"{node.value.id}.{node.attr}"
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return names | dotted


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_imports_point_inward() -> None:
    outward = [
        f"{name_of(path)} imports {imported}"
        for path in MODULES
        if (own := layer_of(name_of(path)))
        for imported in imports_of(path)
        if (layer := layer_of(imported)) and LAYERS.index(layer) > LAYERS.index(own)
    ]
    assert outward == []


def test_aws_stays_at_its_border() -> None:
    inner = [path for path in MODULES if not path.relative_to(ROOT).as_posix().startswith(BORDER)]
    crossing = [
        f"{name_of(path)} imports {imported}"
        for path in inner
        for imported in imports_of(path)
        if imported.split(".")[0] in AWS_SDKS
    ]
    assert crossing == []


def test_what_runs_in_lambda_knows_nothing_of_what_runs_on_your_machine() -> None:
    knowing = [
        f"{name_of(path)} imports {imported}"
        for path in DEPLOYED
        for imported in imports_of(path)
        if imported.split(".")[0] == "froe"
    ]
    assert knowing == []


def test_the_core_reads_no_clock_and_no_environment() -> None:
    core = [path for path in DEPLOYED if path.is_relative_to(ROOT / "chalicelib" / "core")]
    modules = {"os", "time", "random", "socket", "threading", "logging"}
    uses = [f"{name_of(path)} uses {name}" for path in core for name in IMPURE & names_in(path)]
    uses += [f"{name_of(path)} imports {name}" for path in core for name in modules & imports_of(path)]
    assert uses == []


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


UNNEEDED = {
    "worker": ("planning", "splitter", "services", "routes", "custom.proofs", "custom.redaction", "custom.safety", "notices"),
    "splitter": ("parsing", "worker", "services", "routes", "custom.proofs", "custom.redaction", "notices"),
}  # fmt: skip


@pytest.mark.parametrize("function", UNNEEDED)
def test_a_function_imports_at_its_start_what_it_runs_and_no_more(function: str) -> None:
    unneeded = UNNEEDED[function]
    script = (
        "import sys, app\n"
        f"app.pipeline().{function}\n"
        "print(*(name for name in sys.modules if name.startswith('chalicelib.')))\n"
    )
    settings = dict.fromkeys(RESOURCE_NAMES, "https://sqs.eu-west-1.amazonaws.com/1/x")
    environment = {
        **os.environ,
        **settings,
        "PYTHONPATH": str(ROOT),
        "AWS_DEFAULT_REGION": "eu-west-1",
        "API_TOKEN_SHA256": "0" * 64,
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(done.stdout.split())
    assert imported
    assert not [name for name in imported if name.endswith(tuple(f".{module}" for module in unneeded))]
    formats = {
        name for name in imported if name.startswith("chalicelib.core.formats.") and name.count(".") == 4
    }
    assert formats <= {f"chalicelib.core.formats.general.{name}" for name in ("text", "stack_traces")}


PRONOUNS = {"said", "told", "held", "shown", "wanted", "heard", "meant", "brought", "got", "found"}


def test_names_say_what_a_thing_is() -> None:
    """A name such as `said` stands for whatever was said last: a reader has to look it up each time."""
    elsewhere = [
        path for folder in ("tests", "benchmarks", "sample_logs") for path in (ROOT / folder).rglob("*.py")
    ]
    named = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {name}"
        for path in [*MODULES, *sorted(elsewhere)]
        for node in ast.walk(ast.parse(path.read_text()))
        if (name := name_made_by(node)) and name.strip("_").lower() in PRONOUNS
    ]
    assert named == []


def name_made_by(node: ast.AST) -> str | None:
    """What a statement or an argument gives a name to."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return node.attr
    return None
