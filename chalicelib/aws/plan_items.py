"""Plans as the attributes of ledger items, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.errors import PermanentError
from chalicelib.core.framing import FRAMING_VERSION, framing_fields, framing_of
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.generations import parted
from chalicelib.core.plan import PLAN_VERSIONS, Archive, Member, ObjectHead, ObjectVersion, Plan
from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.core.plan.layouts import Layout, Sink, layout_named, sink_named
from chalicelib.core.plan.notice_scope import NoticeScope, notice_scope_named
from chalicelib.core.wire.packing import packed_text, unpacked_text


def from_plan(plan: Plan) -> dict[str, Any]:
    return {
        "file_id": plan.file_id,
        "bucket": plan.object.bucket,
        "key": plan.object.key,
        "version_id": plan.object.version_id,
        "etag": plan.object.etag,
        "size": plan.head.size,
        "content_type": plan.head.content_type,
        "last_modified": plan.head.last_modified.isoformat(),
        "format": plan.format,
        "format_score": plan.format_score,
        "runner_up": plan.runner_up,
        "runner_up_score": plan.runner_up_score,
        "text_too": plan.text_too,
        "date_order": plan.date_order,
        "layout": None if plan.layout is Layout.ITEMS else plan.layout.value,
        "sink": None if plan.sink is Sink.NONE else plan.sink.value,
        "custom": None if plan.custom is None else packed_text(plan.custom),
        "compression": plan.compression.value,
        "inner": [compression.value for compression in plan.inner],
        "charset": plan.charset,
        **({} if plan.archive is None else {"archive": plan.archive.value}),
        **({} if plan.object.member is None else {"member": _from_member(plan.object.member)}),
        **({} if plan.charset_guess is None else {"charset_guess": plan.charset_guess}),
        **({} if plan.notices is NoticeScope.ALL else {"notices": plan.notices.value}),
        **({"configuration": plan.configuration} if plan.configuration else {}),
        **({} if plan.lane == DEFAULT else {"lane": plan.lane}),
        "framing": framing_fields(plan.framing) | _unreadable_before(plan),
        "limits": asdict(plan.limits),
        "shards": plan.shards,
        "parallel": plan.parallel,
        "retention_days": plan.retention_days,
        "failure": plan.failure,
        "plan_version": plan.version,
        "expires_at": plan.expires_at,
    }


def _from_member(member: Member) -> dict[str, Any]:
    """Bucket, version and time of the archive are those of its member, so they are left out."""
    archive = member.archive
    outer = archive.version.member
    return {
        "key": archive.version.key,
        "size": archive.size,
        "content_type": archive.content_type,
        "compressions": [compression.value for compression in member.compressions],
        "ordinal": member.ordinal,
        "path": member.path,
        "start": member.start,
        "claimed": member.claimed,
        "split": member.split,
        "number": member.number,
        "packed": member.packed.value,
        **({} if member.crc is None else {"crc": member.crc}),
        **({"member": _from_member(outer)} if outer else {}),
    }


def _to_version(
    item: Mapping[str, Any], key: str, last_modified: datetime, of: Mapping[str, Any]
) -> ObjectVersion:
    """of: where the attribute `member` is, if there is one."""
    member = None
    if stored := of.get("member"):
        version = _to_version(item, stored["key"], last_modified, stored)
        member = Member(
            archive=ObjectHead(version, stored["size"], stored["content_type"], last_modified),
            compressions=tuple(map(Compression, stored["compressions"])),
            ordinal=stored["ordinal"],
            path=stored["path"],
            start=stored["start"],
            claimed=stored["claimed"],
            split=stored["split"],
            number=stored["number"],
            packed=Compression(stored["packed"]),
            crc=stored.get("crc"),
        )
    return ObjectVersion(item["bucket"], key, item.get("version_id"), item["etag"], member)


def _unreadable_before(plan: Plan) -> dict[str, str]:
    """Code that knows version 1 alone checks no version, but refuses a framing with a kind."""
    return {} if plan.version == 1 else {"kind": plan.framing.kind.value}


def to_plan(item: Mapping[str, Any]) -> Plan:
    """Raises PermanentError for a plan that newer code made: this code would have to guess a part of it."""
    if item["plan_version"] not in PLAN_VERSIONS or item["framing"]["version"] != FRAMING_VERSION:
        known = " and ".join((", ".join(map(str, PLAN_VERSIONS[:-1])), str(PLAN_VERSIONS[-1])))
        raise PermanentError(
            f"the plan of {item['file_id']} has version {item['plan_version']} and framing"
            f" {item['framing']['version']}; this Froe reads {known}, and framing {FRAMING_VERSION}: deploy a newer one"
        )
    last_modified = datetime.fromisoformat(item["last_modified"])
    version = _to_version(item, item["key"], last_modified, item)
    return Plan(
        head=ObjectHead(version, item["size"], item["content_type"], last_modified),
        format=item["format"],
        format_score=float(item["format_score"]),
        compression=Compression(item["compression"]),
        charset=item["charset"],
        charset_guess=item.get("charset_guess"),
        archive=Archive(item["archive"]) if item.get("archive") else None,
        framing=framing_of(item["framing"]),
        limits=Limits(**item["limits"]),
        shards=item["shards"],
        parallel=item["parallel"],
        retention_days=item["retention_days"],
        failure=item.get("failure"),
        runner_up=item.get("runner_up", ""),
        runner_up_score=float(item.get("runner_up_score", 0)),
        text_too=item.get("text_too", False),
        date_order=item.get("date_order"),
        layout=_decided(item, "layout", layout_named, Layout.ITEMS),
        sink=_decided(item, "sink", sink_named, Sink.NONE),
        inner=tuple(map(Compression, item.get("inner", ()))),
        custom=unpacked_text(item["custom"]) if item.get("custom") else None,
        notices=notice_scope_named(item.get("notices", "")),
        lane=item.get("lane", DEFAULT),
        generation=parted(item["file_id"])[1],
        configuration=item.get("configuration", 0),
    )


_Decided = TypeVar("_Decided")


def _decided(
    item: Mapping[str, Any], name: str, read: Callable[[str], _Decided], otherwise: _Decided
) -> _Decided:
    try:
        return read(item[name]) if item.get(name) else otherwise
    except ValueError as error:
        raise PermanentError(f"the plan of {item['file_id']} cannot be read: {error}") from error
