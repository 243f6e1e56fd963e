"""The stage that is checked, and how to ask AWS about a resource that may not exist."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import botocore.exceptions

from froe.deployment.cloud import Cloud
from froe.deployment.stages import Stage

_ABSENT: Final = ("NotFound", "NonExistent", "NoSuch", "404")


@dataclass(frozen=True, slots=True)
class Examined:
    """`root` is the checkout that says how things should be; `with_backfill`: what is looked at is the state machine's."""

    cloud: Cloud
    stage: Stage
    root: Path
    with_backfill: bool = False

    @property
    def deploy(self) -> str:
        """The command that fixes most of it."""
        return f"`froe deploy --stage {self.stage.name}{' --backfill' if self.with_backfill else ''}`"

    def ask(self, service: str, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """What AWS answers; None where there is no such thing."""
        try:
            answer: dict[str, Any] = getattr(self.cloud.client(service), operation)(**arguments)
        except botocore.exceptions.ClientError as error:
            if any(word in error.response["Error"]["Code"] for word in _ABSENT):
                return None
            raise
        return answer

    def pages(self, service: str, operation: str, **arguments: Any) -> list[dict[str, Any]]:
        """All pages of an answer."""
        return list(self.cloud.client(service).get_paginator(operation).paginate(**arguments))
