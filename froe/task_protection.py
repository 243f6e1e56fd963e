"""Asks ECS not to stop this task while a piece of work is under way that would not finish within the grace of a stop.

Promise: `follow` never raises; what cannot be asked is reported once and tried again. A protection expires by itself, so a task that hangs is not
protected for good. Short pieces of work need none, and so do not delay a deployment: they finish after SIGTERM.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Final
from urllib.request import ProxyHandler, Request, build_opener

from froe.consuming import STOP_SECONDS

AGENT: Final = "ECS_AGENT_URI"
"""The variable that ECS gives every container."""
LONG_SECONDS: Final = STOP_SECONDS / 2
_EXPIRES_MINUTES: Final = 5
_RENEWED_SECONDS: Final = 120.0
_PAUSE_SECONDS: Final = 30.0
_WAIT_SECONDS: Final = 2.0
_DIRECT: Final = build_opener(ProxyHandler({}))
"""The agent is on the machine of the task, behind no proxy."""


class TaskProtection:
    """environment: of the container; elsewhere than on ECS nothing is asked. report: is given a sentence for people. clock: seconds,
    monotonic."""

    def __init__(
        self,
        environment: Mapping[str, str],
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        agent = environment.get(AGENT, "")
        self._url = f"{agent}/task-protection/v1/state" if agent.startswith("http") else None
        self._report = report
        self._clock = clock
        self._is_on = False
        self._renewed_at = self._tried_at = 0.0
        self._has_failed = False

    def follow(self, busy_seconds: float) -> None:
        """busy_seconds: how long the longest piece of work has taken so far; 0 if there is none."""
        is_long, now = busy_seconds >= LONG_SECONDS, self._clock()
        is_as_asked = is_long == self._is_on and (not is_long or now < self._renewed_at)
        if self._url is None or is_as_asked or now < self._tried_at:
            return
        try:
            self._ask(self._url, on=is_long)
        except (OSError, HTTPException, ValueError) as error:
            self._tried_at = now + _PAUSE_SECONDS
            if not self._has_failed:
                self._report(
                    f"ECS was not asked to {'keep' if is_long else 'let go of'} this task ({error}): it may be stopped at its work, which"
                    " then returns to its queue. Its role needs ecs:UpdateTaskProtection."
                )
            self._has_failed = True
        else:
            self._is_on, self._has_failed = is_long, False
            self._renewed_at = now + _RENEWED_SECONDS

    def _ask(self, url: str, *, on: bool) -> None:
        body = {"ProtectionEnabled": on, **({"ExpiresInMinutes": _EXPIRES_MINUTES} if on else {})}
        headers = {"Content-Type": "application/json"}
        request = Request(url, json.dumps(body).encode(), headers, method="PUT")  # noqa: S310 - of ECS
        with _DIRECT.open(request, timeout=_WAIT_SECONDS) as response:
            answer = json.load(response)
        problem = answer.get("failure") or answer.get("error")
        if problem or "protection" not in answer:
            raise ValueError(json.dumps(problem or answer))
