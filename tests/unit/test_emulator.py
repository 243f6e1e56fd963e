"""The local AWS polls streams beside its queues, and an error there does not end the polling."""

from __future__ import annotations

import logging
from threading import Event, get_ident
from typing import Any

import pytest

from froe.local import emulator


class Service:
    """ministack's Lambda service: its first poll of the streams fails, its second finds nothing."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.polled_twice = Event()

    def _poll_dynamodb_streams(self) -> bool:
        self.threads.append(get_ident())
        if len(self.threads) == 1:
            raise RuntimeError("a disturbance")
        self.polled_twice.set()
        return False


class Pauses:
    """Stands for the clock: the first pause ends at once, the others never."""

    def __init__(self) -> None:
        self._count = 0

    def sleep(self, seconds: float) -> None:
        self._count += 1
        if self._count > 1:
            Event().wait()


def test_streams_are_polled_apart_from_the_queues(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(emulator, "time", Pauses())
    service: Any = Service()
    with caplog.at_level(logging.CRITICAL, "froe"):
        emulator.poll_streams_apart(service)
        assert service.polled_twice.wait(60)
    assert service._poll_dynamodb_streams() is False
    assert get_ident() not in service.threads
    assert len(service.threads) == 2
