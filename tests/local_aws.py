"""A local AWS with nothing on it, and what a test looks at there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from froe.local import emulator, unpacking
from froe.local.processes import Guarded, await_true, clean_environment, free_port
from froe.resources import ROOT

ACCOUNT = "000000000000"


@dataclass(frozen=True, slots=True)
class BareAws:
    endpoint: str

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=emulator.REGION,
            aws_access_key_id=emulator.CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=emulator.CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def settle(self, stage: str, key: str, body: bytes, seconds: float = 90) -> str:
        """Upload an object to the stage's own bucket and give the state in which its file settles."""
        bucket = f"froe-{stage}-input-{ACCOUNT}-{emulator.REGION}"
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        ledger, states = self.client("dynamodb"), [""]

        def is_settled() -> bool:
            files = [
                each
                for each in ledger.scan(TableName=f"froe-{stage}-ledger")["Items"]
                if "settled_at" in each
            ]
            states.extend(each["state"]["S"].partition("#")[0] for each in files if each["key"]["S"] == key)
            return len(states) > 1

        await_true(is_settled, seconds, give_up=lambda: False, complaint=lambda: f"{key} was not settled")
        return states[-1]

    def mappings(self, stage: str) -> dict[str, dict[str, Any]]:
        """Function → its event source mapping."""
        listed = self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        return {
            each["FunctionArn"].rsplit(":", 1)[-1].removeprefix(f"froe-{stage}-"): each for each in listed
        }


@contextmanager
def bare_aws(folder: Path) -> Iterator[BareAws]:
    """ministack, for as long as the block; what it writes is in `folder`."""
    port = free_port()
    ministack = Guarded(
        "ministack",
        emulator.command(),
        env={
            **clean_environment(),
            **emulator.environment(port, folder),
            unpacking.FOLDER_SETTING: str(ROOT / ".froe" / "unpacked"),
        },
        cwd=folder,
        log=folder / "ministack.log",
        sweep=folder,
    )
    try:
        ministack.await_http(emulator.health_url(port), emulator.STARTUP_SECONDS)
        yield BareAws(f"http://127.0.0.1:{port}")
    finally:
        ministack.stop()
