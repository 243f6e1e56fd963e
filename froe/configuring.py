"""Configuration that a stage takes without a deploy: checked, proved and compiled here, put into its bucket, then registered.

Promise: of two people who put at once one is refused; nothing is registered that does not pass. Limits: whether the functions
have the REDACTION_KEY that it needs only `froe doctor` can see.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from chalicelib.audit import Audit
from chalicelib.configuration import FILE_SETTING, PACKAGED, read_written
from chalicelib.configuration_versions import (
    UnusableError,
    Version,
    VersionStore,
    compiled_name,
    config_in,
    content_of,
    digest_of,
    source_name,
)
from chalicelib.core.custom.compiled import compiled
from chalicelib.core.custom.filters import drops_everything
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.spec import Config
from chalicelib.core.plan.layouts import Layout
from chalicelib.status_json import time_json
from froe.errors import FroeError
from froe.lanes import unfit_lanes
from froe.project import project_of

DISTRIBUTION: Final = "froe-logs"
DEPLOYED: Final = "deployed"
"""How the configuration that was deployed with the functions is called."""


@dataclass(frozen=True, slots=True)
class Written:
    """A configuration that passed. name: what messages call it; text: as it is written; data: as functions read it."""

    name: str
    text: str
    config: Config
    data: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.data)


class Configuring:
    """What people do with the versions of a stage. who: does it. lanes: those of the stage beside the default one; has_sink:
    whether it has a sink."""

    def __init__(
        self,
        store: VersionStore,
        audit: Audit,
        who: str,
        *,
        lanes: Sequence[str] = (),
        has_sink: bool = True,
    ) -> None:
        self._store = store
        self._audit = audit
        self._who = who
        self._lanes = lanes
        self._has_sink = has_sink

    def listed(self) -> list[Version]:
        """Newest first; that one is in use."""
        return list(self._store.versions())

    def newest(self) -> Version | None:
        return self._store.newest()

    def version(self, number: int) -> Version:
        """Raises FroeError where there is none of that number."""
        match = next((each for each in self._store.versions() if each.number == number), None)
        if match is None:
            raise FroeError(f"There is no version {number} of the configuration: `froe config` lists them.")
        return match

    def source(self, version: Version) -> str:
        """The file as it was written. Raises FroeError where that is gone, or another one is in its place."""
        if version.is_deployed:
            raise FroeError(
                f"Version {version.number} stands for the file that was deployed: it is in your project, as froe.toml."
            )
        try:
            return content_of(self._store, source_name(version.source)).decode()
        except UnusableError as error:
            raise FroeError(
                f"Version {version.number} of the configuration cannot be read: {error}."
                " Put the file again with `froe config put`."
            ) from error

    def written(self, version: Version) -> Written:
        """Checked and compiled by this Froe. Raises ConfigError where it does not pass any more, and FroeError."""
        return checked(self.source(version), f"version {version.number}")

    def usable(self, version: Version, key: str) -> Config:
        """As functions with that REDACTION_KEY read it. Raises UnusableError."""
        return config_in(self._store, version, key)

    def put(self, written: Written, *, replaces: int | None = None) -> Version | None:
        """The new version; None where the newest one is the same. replaces: which version is to be in use; FroeError if it is
        another one."""
        newest = self._newest_of(replaces)
        self.check_fit(written)
        digests = self._kept(written)
        if newest and digests == (newest.digest, newest.source):
            return None
        return self._registered("put", newest, written, digests)

    def roll_back(self, to: int | str | None = None) -> Version:
        """To a version, to `DEPLOYED`, or to what was in use before. What it said passes the checks once more."""
        versions = self.listed()
        newest = versions[0] if versions else None
        if newest is None:
            raise FroeError("No configuration was ever put here: what was deployed is in use.")
        before = next((each for each in versions if each.source != newest.source), None)
        former = before if to is None else None if to == DEPLOYED else self.version(int(to))
        if former is None or former.is_deployed:
            if newest.is_deployed:
                raise FroeError("What was deployed is in use already.")
            return self._registered("rollback", newest, None, ("", ""))
        if former.source == newest.source:
            raise FroeError(
                f"Version {former.number} says what version {newest.number} does, which is in use."
            )
        written = self.written(former)
        self.check_fit(written)
        return self._registered("rollback", newest, written, self._kept(written), of=former.number)

    def check_fit(self, written: Written) -> None:
        """FroeError for a binding to what the stage does not have."""
        if unfit := unfit_lanes(written.config, self._lanes, written.name):
            raise FroeError(f"{unfit}.")
        if not self._has_sink and any(each.layout is Layout.NONE for each in written.config.bindings):
            raise FroeError(
                f"{written.name} binds files to the layout none, and the stage has no sink, so that their records would go"
                " nowhere: bind another layout, or deploy with Sink=parquet first."
            )

    def compiled_anew(self) -> Written | None:
        """The newest version as this Froe compiles it; None where that is what is registered. Raises ConfigError where it does
        not pass any more, and FroeError."""
        newest = self.newest()
        if newest is None or newest.is_deployed:
            return None
        written = self.written(newest)
        return None if written.digest == newest.digest else written

    def put_anew(self, written: Written) -> Version:
        """What a deploy does with it."""
        return self._registered("deploy", self.newest(), written, self._kept(written))

    def _newest_of(self, replaces: int | None) -> Version | None:
        newest = self.newest()
        number = newest.number if newest else 0
        if replaces is not None and replaces != number:
            by = f", which {newest.by} put" if newest else ""
            raise FroeError(
                f"Version {number} is in use{by}, not {replaces}: look at `froe config diff`, then put yours again."
            )
        return newest

    def _kept(self, written: Written) -> tuple[str, str]:
        """The digests under which it is in the bucket now; what is there already, or was overwritten, is put again."""
        source = written.text.encode()
        digest, of_source = written.digest, digest_of(source)
        self._store.put(source_name(of_source), source)
        self._store.put(compiled_name(digest), written.data)
        return digest, of_source

    def _registered(
        self,
        how: str,
        newest: Version | None,
        written: Written | None,
        digests: tuple[str, str],
        of: int | None = None,
    ) -> Version:
        version = Version(
            number=newest.number + 1 if newest else 1,
            digest=digests[0],
            source=digests[1],
            how=how,
            by=self._who,
            at=datetime.now(UTC),
            redacts=bool(written and written.config.rules.redactions),
            of=of,
            froe=metadata.version(DISTRIBUTION),
        )
        subject = {"version": version.number, "of": of, "sha256": version.digest}
        with self._audit.noted(
            self._who, f"config-{'rollback' if how == 'rollback' else 'put'}", subject
        ) as note:
            if not self._store.register(version):
                raise FroeError(
                    f"Somebody else put version {version.number} meanwhile: look at `froe config diff`, then do it again."
                )
            note["registered"] = version.number
        return version


def version_json(version: Version) -> dict[str, object]:
    """As the commands print it for programs."""
    return {
        "version": version.number,
        "at": time_json(version.at),
        "by": version.by,
        "how": version.how,
        "of": version.of,
        "deployed": version.is_deployed,
        "sha256": version.digest or None,
        "source_sha256": version.source or None,
        "froe": version.froe or None,
    }


def warnings_of(config: Config) -> list[str]:
    """What passes, and is hardly meant: filters that drop all lines there are."""
    return [
        f"Filter {each.name} drops every line of {' and '.join(each.formats) or 'any format'} in files that are read from now"
        " on: none becomes a record."
        for each in config.rules.filters
        if drops_everything(each)
    ]


def checked(text: str, name: str) -> Written:
    """Raises ConfigError, which names the line and the remedy."""
    config = load(text, name, None)
    return Written(name, text, config, compiled(config))


def file_of(path: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The file that is given, else that of FROE_CONFIG, else the froe.toml of the project or checkout."""
    if path is None and environ.get(FILE_SETTING):
        return Path(environ[FILE_SETTING])
    project = project_of(Path.cwd(), environ)
    return path or (project / "froe.toml" if project else PACKAGED)


def checked_file(path: Path | None) -> Written:
    """A file as `file_of` finds it. Raises ConfigError."""
    content = file_of(path)
    text, name = read_written(content)
    return checked(text, name)
