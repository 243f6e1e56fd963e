"""The local AWS: ministack on one loopback port, with all that it writes inside one folder.

It runs as a script too, under the interpreter that the virtual environment was made from: functions then find
only what their package holds, as in Lambda, not what happens to be installed for development.
"""

import gc
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

STARTUP_SECONDS = 180
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def command() -> list[str]:
    """How to start it; `environment` says where."""
    return [sys.executable, "-P", __file__]


def environment(port: int, folder: Path) -> dict[str, str]:
    """The variables that keep ministack, and the functions that inherit them, to loopback and to `folder`."""
    return {
        **CREDENTIALS,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0",  # its listener would bind 0.0.0.0 whatever BIND_HOST says
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": "unix:///nonexistent",
        "TMPDIR": str(folder),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "PERSIST_STATE": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def health_url(port: int) -> str:
    """Answers 200 once every service is up."""
    return f"http://127.0.0.1:{port}/_ministack/health"


def poll_streams_apart(lambda_service: Any, pause_seconds: float = 0.2) -> None:
    """Give streams a poller of their own, as they have on AWS.

    ministack's only one waits for every function that a stream calls, and meanwhile leaves the queues unread.
    """
    poll = lambda_service._poll_dynamodb_streams  # noqa: SLF001 - the version is pinned

    def run() -> None:
        while True:
            try:
                busy = poll()
            except Exception:
                logging.getLogger("froe").exception("the streams were not polled")
                busy = False
            if not busy:
                time.sleep(pause_seconds)

    lambda_service._poll_dynamodb_streams = lambda: False  # noqa: SLF001 - as above
    threading.Thread(target=run, daemon=True, name="streams").start()


if __name__ == "__main__":
    from jsonata import timebox
    from ministack import app
    from ministack.core import iam_actions, lambda_runtime, responses
    from ministack.services import athena, dynamodb, glue, lambda_svc, s3, sqs, stepfunctions

    from froe.local import (
        forking,
        limits,
        listings,
        maps,
        queries,
        ranges,
        recording,
        sink_queries,
        unpacking,
    )

    sys.executable = getattr(sys, "_base_executable", sys.executable)
    poll_streams_apart(lambda_svc)
    maps.batch_items(stepfunctions)
    maps.count_own_time(timebox)
    queries.read_in_order(dynamodb)
    listings.encode_keys(s3)
    ranges.cut_versions(s3)
    sink_queries.ask_the_sink(athena, glue, s3)
    sink_queries.name_resources(iam_actions, athena)
    recording.take_tokens(s3)
    limits.obey(lambda_svc, sqs, lambda_runtime)
    unpacking.unpack_once(lambda_runtime)
    forking.fork_processes(lambda_runtime)
    if calls := os.environ.get(recording.PATH_SETTING):
        recording.record(app, lambda_runtime, recording.Recorder(Path(calls), iam_actions, responses))
    # What is stored in it is no garbage, and looked through again and again with every few hundred objects made.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    app.main()
