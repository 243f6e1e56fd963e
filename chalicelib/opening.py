"""Opens a file: reads its stored plan, or makes one from the object.

An object that cannot be read any more also gets a plan, which says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from chalicelib.core.archives.members import Opened, obstacle_to_rereading, unread_plan
from chalicelib.core.custom.spec import Config
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.errors import (
    ObjectChangedError,
    ObjectGoneError,
    OutOfTimeError,
    PermanentError,
)
from chalicelib.core.formats.registry import family_of
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan, failed_plan
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.plan.notice_scope import NoticeScope
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.wire.notifications import Announced, is_folder
from chalicelib.delivery import Deadline
from chalicelib.ledger import Ledger, StoredFile


class FolderError(Exception):
    """The object is empty and stands for a folder: there is no file to open."""


class Objects(Protocol):
    def head(self, announced: Announced) -> ObjectHead: ...

    def opener(self, head: ObjectHead) -> OpenObject: ...


class Counted:
    """Opens an object, and counts how often. of_archive: the object is a member, read as a part of its archive.
    deadline: reading past it raises OutOfTimeError, since far more may be read than is cut."""

    def __init__(
        self, opener: OpenObject, *, of_archive: bool = False, deadline: Deadline | None = None
    ) -> None:
        self._opener = opener
        self._of_archive = of_archive
        self._deadline = deadline
        self._count = 0

    def __call__(self, offset: int) -> Iterator[bytes]:
        self._count += 0 if self._of_archive else 1
        return self._opener(offset) if self._deadline is None else self._in_time(offset, self._deadline)

    def _in_time(self, offset: int, deadline: Deadline) -> Iterator[bytes]:
        for piece in self._opener(offset):
            if deadline.seconds_left <= 0:
                raise OutOfTimeError(
                    f"the object is read up to byte {offset:,}, and this invocation's time is up"
                )
            yield piece
            offset += len(piece)

    def taken(self) -> int:
        """How often the object was opened since the last call."""
        count, self._count = self._count, 0
        return count


class Opening:
    """limits, retention_days, layout, sink and the configuration apply to files that are opened from now on. seconds:
    the time of a queued splitter."""

    def __init__(
        self,
        objects: Objects,
        ledger: Ledger,
        *,
        limits: Limits,
        retention_days: int,
        config: Callable[[], Config] = Config,
        seconds: int | None = None,
        layout: Layout = Layout.ITEMS,
        sink: Sink = Sink.NONE,
    ) -> None:
        self._objects = objects
        self._ledger = ledger
        self._limits = limits
        self._retention_days = retention_days
        self._config = config
        self._seconds = seconds
        self._layout = layout
        self._sink = sink

    def file_of(self, announced: Announced) -> StoredFile | None:
        """The file, if the notification names the object's version and the file was opened before."""
        version = _version_of(announced)
        return self._ledger.read_file(version.file_id) if _is_identified(version) else None

    def plan_of(self, announced: Announced) -> tuple[Plan, int]:
        """A new plan, and how often the object was read for it. Raises FolderError for a folder object that the
        notification did not show as one."""
        config = self._config()
        plan, reads = self._made_or_failed(announced, config)
        return _configured(plan, config), reads

    def _made_or_failed(self, announced: Announced, config: Config) -> tuple[Plan, int]:
        try:
            return self._made(announced, config)
        except (ObjectGoneError, ObjectChangedError) as error:
            version = _version_of(announced)
            if not _is_identified(version):
                raise
            what = "deleted" if isinstance(error, ObjectGoneError) else "overwritten"
            head = ObjectHead(version, announced.size or 0, "", announced.time)
            reason = f"the object was {what} before it could be read"
            return failed_plan(head, reason, retention_days=self._retention_days), 0

    def plan_anew(self, known: Plan, generation: int) -> tuple[Plan, int]:
        """The plan of a later generation, and how often the object was read for it. Raises PermanentError if none can
        be made. known: the plan of an earlier one."""
        version, config = known.object, self._config()
        if why := obstacle_to_rereading(known):
            raise PermanentError(why)
        if version.member:
            opener = Counted(self._objects.opener(known.head))
            plan, reads = self._plan(known.head, opener, None, config), opener.taken()
        else:
            announced = Announced(
                version.bucket, version.key, version_id=version.version_id, etag=version.etag
            )
            plan, reads = self._made(announced, config)
        if plan.failure:
            raise PermanentError(plan.failure)
        if plan.object.file_id != version.file_id:
            raise ObjectChangedError(f"{version} was overwritten")
        if why := obstacle_to_rereading(known, plan):
            raise PermanentError(why)
        return _configured(replace(plan, generation=generation), config), reads

    def plan_of_member(self, member: Opened) -> Plan:
        """The plan of a file in an archive, made by whoever reads the archive, who has the time for it. Notices follow
        from the archive's."""
        if member.unread:
            return unread_plan(member.head, member.unread, self._retention_days)
        config = self._config()
        plan = _configured(self._plan(member.head, member.open_object, None, config), config)
        return plan if plan.notices is NoticeScope.NONE else replace(plan, notices=NoticeScope.ATTENTION)

    def _made(self, announced: Announced, config: Config) -> tuple[Plan, int]:
        """Raises FolderError, and PermanentError if the file has no destination."""
        head = self._objects.head(announced)
        if is_folder(head.version.key, head.size):
            raise FolderError
        opener = Counted(self._objects.opener(head))
        return self._plan(head, opener, self._seconds, config), opener.taken()

    def _plan(self, head: ObjectHead, opener: OpenObject, seconds: int | None, config: Config) -> Plan:
        plan = make_plan(
            head,
            opener,
            self._limits,
            retention_days=self._retention_days,
            config=config,
            seconds=seconds,
            layout=self._layout,
            sink=self._sink,
        )
        if plan.layout is Layout.NONE and plan.sink is Sink.NONE:
            raise PermanentError(
                f"{head.version} is bound to the layout none, and this stage has no sink: its records would go"
                " nowhere; deploy with Sink=parquet, or bind another layout"
            )
        return plan


def _configured(plan: Plan, config: Config) -> Plan:
    """The plan, with its notices, its lane and the version of the configuration that decided them."""
    key = plan.object.key
    return replace(
        plan,
        notices=config.notices_bound_to(key) or plan.notices,
        lane=config.lane_bound_to(key, family_of(plan.format)) or plan.lane,
        configuration=config.version,
    )


def _version_of(announced: Announced) -> ObjectVersion:
    return ObjectVersion(announced.bucket, announced.key, announced.version_id, announced.etag or "")


def _is_identified(version: ObjectVersion) -> bool:
    return bool(version.version_id or version.etag)
