"""The configuration that was put for a stage: versions in its bucket, of which functions accept only those registered
in the ledger.

Promise: some seconds after a version was put, files are opened with it. If it cannot be used, the previous one stays in
use, unless the new version hides something: then no file is opened until it can be used.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from chalicelib import metrics
from chalicelib.core.custom.spec import Config
from chalicelib.core.errors import ConfigurationRefusedError
from chalicelib.metrics import NO_METER, Meter

LOOK_SECONDS: Final = 10.0
"""The least time between two looks for a newer version, each a small read of the ledger."""

logger = logging.getLogger("froe")


class UnusableError(Exception):
    """Why a version cannot be used."""


class Version(NamedTuple):
    """digest: SHA-256 of the compiled file, in hexadecimal; empty for the deployed configuration. source: SHA-256 of
    the file as it was written. how: `put`, `rollback` (to the version `of`) or `deploy`. redacts: whether it hides
    anything. froe: the version of Froe that checked and compiled it."""

    number: int
    digest: str
    source: str
    how: str
    by: str
    at: datetime
    redacts: bool = False
    of: int | None = None
    froe: str = ""

    @property
    def is_deployed(self) -> bool:
        return not self.digest


class VersionStore(Protocol):
    def newest(self) -> Version | None: ...

    def versions(self) -> Iterator[Version]:
        """Newest first."""

    def register(self, version: Version) -> bool:
        """Register a version. Gives False if another one has that number."""

    def put(self, name: str, content: bytes) -> None: ...

    def read(self, name: str) -> bytes | None:
        """The content stored under that name; None if it is gone or may not be read."""


def compiled_name(digest: str) -> str:
    return f"{digest}.json"


def source_name(digest: str) -> str:
    return f"{digest}.toml"


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def content_of(store: VersionStore, name: str) -> bytes:
    """The content of that name, which begins with its digest. Raises UnusableError."""
    content = store.read(name)
    if content is None:
        raise UnusableError(f"its object {name} is gone, or may not be read")
    if digest_of(content) != name.partition(".")[0]:
        raise UnusableError(f"its object {name} was overwritten: it has not the SHA-256 that was registered")
    return content


def config_in(store: VersionStore, version: Version, key: str) -> Config:
    """The configuration of a version. key: REDACTION_KEY, empty if there is none. Raises UnusableError."""
    from chalicelib.core.custom.compiled import NoKeyError, OtherFormError, config_of  # noqa: PLC0415 - most stages put none

    try:
        return config_of(content_of(store, compiled_name(version.digest)), key, version.number)
    except (NoKeyError, OtherFormError) as error:
        raise UnusableError(str(error)) from error


class CurrentConfiguration:
    """deployed: applies until a version is put. key: REDACTION_KEY. clock: seconds since 1970; a monotonic clock stands
    still while a function is frozen."""

    def __init__(
        self,
        store: VersionStore,
        deployed: Config,
        *,
        key: str,
        clock: Callable[[], float],
        meter: Meter = NO_METER,
    ) -> None:
        self._store = store
        self._deployed = self._config = deployed
        self._key = key
        self._clock = clock
        self._meter = meter
        self._looked_at: float | None = None
        self._refusal: str | None = None

    def __call__(self) -> Config:
        """Raises ConfigurationRefusedError, and what reading the ledger or the bucket raises."""
        now = self._clock()
        if self._looked_at is None or not 0 <= now - self._looked_at < LOOK_SECONDS:
            self._look()
            self._looked_at = now
        if self._refusal:
            raise ConfigurationRefusedError(self._refusal)
        return self._config

    def _look(self) -> None:
        newest = self._store.newest()
        self._refusal = None
        if newest is None or newest.is_deployed:
            self._config = self._deployed
        elif newest.number != self._config.version:
            try:
                self._config = config_in(self._store, newest, self._key)
            except UnusableError as error:
                self._refuse(newest, str(error))
            else:
                logger.info(
                    "configuration_taken", extra={"configuration": newest.number, "sha256": newest.digest}
                )

    def _refuse(self, version: Version, reason: str) -> None:
        self._meter.add(metrics.CONFIGURATIONS_REFUSED)
        known = {"configuration": version.number, "sha256": version.digest, "reason": reason}
        logger.error("configuration_refused", extra={**known, "in_use": self._config.version})
        if version.redacts:
            self._refusal = (
                f"version {version.number} of the configuration cannot be used: {reason}; it redacts, so no file is opened"
                " without it: `froe config put` it again, or `froe config rollback`"
            )
