"""Cold starts: a process of the deployed files with their bytecode, up to where the first event could be handled, against
one that imports boto3 and makes three clients. CPU time of whole processes, which run in turn; Python itself included.

The libraries are those of this environment. What the first file of a process costs above later ones is measured apart.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Final

from chalicelib.configuration import COMPILED
from chalicelib.core.custom.compiled import compiled as compiled_config
from chalicelib.core.custom.loading import load
from chalicelib.settings import RESOURCE_NAMES
from froe.packaging.bytecode import compiled
from froe.packaging.packager import application_files
from froe.resources import ROOT

ROUNDS: Final = 7
_BEGIN: Final = "import sys, time; sys.path[1:1] = {paths!r}\n"
_END: Final = "\nprint(time.process_time())"
_PLAIN: Final = "plain boto3, three clients"
_STARTS: Final = {
    _PLAIN: "import boto3\nfor name in ('s3', 'sqs', 'dynamodb'): boto3.client(name)",
    "worker": "import app\npipeline = app.pipeline()\npipeline.worker, pipeline.batch_queue, pipeline.failures",
    "splitter": "import app\npipeline = app.pipeline()\npipeline.splitter, pipeline.failures",
    "notifier": "import app\napp.services().notifier",
    "sweeper": "import app\napp.services().sweeper",
    "a route": "import app\nservices = app.services()\nservices.status\nfrom chalicelib import routes",
}
_CONFIGURED: Final = "splitter, a format of grok"
_CONFIGURATION: Final = """[[format]]
name = "shop"
grok = '%{COMBINEDAPACHELOG}'
samples = ['192.0.2.7 - - [14/Mar/2026:09:26:53 +0000] "GET / HTTP/1.1" 200 17 "-" "-"']
"""
_OPENING: Final = """
import app
app.pipeline().splitter
from datetime import datetime, timezone
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.plan.planning import make_plan
data = open({file!r}, "rb").read()
when = datetime(2026, 1, 1, tzinfo=timezone.utc)
head = ObjectHead(ObjectVersion("logs", {file!r}, "v", "e"), len(data), "", when)
taken = []
for _ in range(2):
    begin = time.process_time()
    plan = make_plan(head, lambda offset: iter([data[offset:]]), Limits())
    taken.append(time.process_time() - begin)
print(plan.format, *taken)"""
_FILES: Final = ("shop-access.log.gz", "checkout.jsonl", "mail.syslog", "orders.log", "static-access.csv")


def _output(package: Path, script: str) -> list[str]:
    """What a new process prints that runs a script on a package."""
    paths = [str(package), *{sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}]
    environment = {
        **dict.fromkeys(RESOURCE_NAMES, "https://sqs.eu-west-1.amazonaws.com/1/name"),
        "API_TOKEN_SHA256": "0" * 64,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",  # nothing is called
        "AWS_DEFAULT_REGION": "eu-west-1",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [sys.executable, "-S", "-c", _BEGIN.format(paths=paths) + script],
        cwd=package,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def write_package(folder: Path, configuration: str = "") -> None:
    """Writes what is deployed of this tree, but for the libraries, with its bytecode."""
    files = application_files(ROOT)
    files[f"chalicelib/{COMPILED}"] = compiled_config(load(configuration, "froe.toml"))
    for name, content in (files | compiled(files)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def main() -> None:
    """Prints both tables."""
    with tempfile.TemporaryDirectory() as folder:
        package, configured = Path(folder, "a"), Path(folder, "b")
        write_package(package)
        write_package(configured, _CONFIGURATION)
        seconds: dict[str, list[float]] = {name: [] for name in (*_STARTS, _CONFIGURED)}
        opened: dict[str, list[list[str]]] = {name: [] for name in _FILES}
        for _ in range(ROUNDS):
            for name, script in _STARTS.items():
                seconds[name].append(float(_output(package, script + _END)[-1]))
            seconds[_CONFIGURED].append(float(_output(configured, _STARTS["splitter"] + _END)[-1]))
            for name in _FILES:
                opened[name].append(_output(package, _OPENING.format(file=str(ROOT / "sample_logs" / name))))
    plain = statistics.median(seconds[_PLAIN])
    print(f"{'cold start':28}{'CPU ms':>8}{'of plain boto3':>16}")
    for name, taken in seconds.items():
        print(f"{name:28}{statistics.median(taken) * 1000:>8.0f}{statistics.median(taken) / plain:>16.2f}")
    print()
    print(f"{'first file of a process':28}{'CPU ms':>8}{'the second, ms':>16}    format")
    for name, rows in opened.items():
        first, second = (statistics.median(float(row[place]) for row in rows) * 1000 for place in (1, 2))
        print(f"{name:28}{first:>8.0f}{second:>16.0f}    {rows[0][0]}")


if __name__ == "__main__":
    main()
