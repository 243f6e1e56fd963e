"""The configuration of a stage that was put into its bucket, version by version; what is registered in the ledger is what
functions accept.

Promise: a file is opened with the newest version, some seconds after it was put, or with what was in use where that version
cannot be used. A version that hides something is never left out so: then no file is opened until it can be used.
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
"""How often a function looks for a newer version, at most: one small read of the ledger."""

logger = logging.getLogger("froe")


class UnusableError(Exception):
    """Why a version cannot be used."""


class Version(NamedTuple):
    """digest: SHA-256 of what functions read, in hexadecimal, and empty where it is what was deployed with them; source: of the file
    as it was written. how: `put`, `rollback` (to the version `of`) or `deploy`. redacts: whether it hides anything.
    froe: the version of Froe that checked and compiled it."""

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
        """Whether nobody has registered another one of that number."""

    def put(self, name: str, content: bytes) -> None: ...

    def read(self, name: str) -> bytes | None:
        """What was put under the name; None where it is gone, or may not be read."""


def compiled_name(digest: str) -> str:
    return f"{digest}.json"


def source_name(digest: str) -> str:
    return f"{digest}.toml"


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def content_of(store: VersionStore, name: str) -> bytes:
    """What has that name, the digest of which it begins with. Raises UnusableError."""
    content = store.read(name)
    if content is None:
        raise UnusableError(f"its object {name} is gone, or may not be read")
    if digest_of(content) != name.partition(".")[0]:
        raise UnusableError(f"its object {name} was overwritten: it has not the SHA-256 that was registered")
    return content


def config_in(store: VersionStore, version: Version, key: str) -> Config:
    """What a version says. key: REDACTION_KEY, empty where there is none. Raises UnusableError."""
    from chalicelib.core.custom.compiled import NoKeyError, OtherFormError, config_of  # noqa: PLC0415 - most stages put none

    try:
        return config_of(content_of(store, compiled_name(version.digest)), key, version.number)
    except (NoKeyError, OtherFormError) as error:
        raise UnusableError(str(error)) from error


class CurrentConfiguration:
    """deployed: what holds until a version is put. key: REDACTION_KEY. clock: seconds since 1970: others stand still while
    a function is frozen."""

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
