"""Opening: the plan of an object that has none yet, from what its notification says and S3 still has of it."""

from __future__ import annotations

from typing import Protocol

from chalicelib.core.custom.spec import Config
from chalicelib.core.cutting import Limits
from chalicelib.core.errors import ObjectChangedError, ObjectGoneError
from chalicelib.core.notifications import Announced
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan, failed_plan, make_plan
from chalicelib.core.text import OpenObject


class Objects(Protocol):
    def head(self, announced: Announced) -> ObjectHead: ...

    def opener(self, head: ObjectHead) -> OpenObject: ...


def version_of(announced: Announced) -> ObjectVersion:
    return ObjectVersion(announced.bucket, announced.key, announced.version_id, announced.etag or "")


def plan_of(
    announced: Announced, objects: Objects, limits: Limits, *, retention_days: int, config: Config | None
) -> Plan:
    """Raises ObjectGoneError or ObjectChangedError where the notification does not even identify the object."""
    known_as = version_of(announced)
    try:
        head = objects.head(announced)
        return make_plan(head, objects.opener(head), limits, retention_days=retention_days, config=config)
    except (ObjectGoneError, ObjectChangedError) as error:
        if not (known_as.version_id or known_as.etag):
            raise
        what = "deleted" if isinstance(error, ObjectGoneError) else "overwritten"
        head = ObjectHead(known_as, announced.size or 0, "", announced.time)
        return failed_plan(head, f"the object was {what} before it could be read")
