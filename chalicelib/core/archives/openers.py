"""What opens a member of an archive: the object that it is in, read up to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chalicelib.core.decoding.text import UTF_8, OpenObject, Text
from chalicelib.core.plan import Member, ObjectHead
from chalicelib.core.plan.bounds import most_bytes


def opener_of(head: ObjectHead, open_object: Callable[[ObjectHead], OpenObject]) -> OpenObject:
    """Opens an object, or a member by the objects around it. open_object: opens those of the bucket."""
    member = head.version.member
    if member is None:
        return open_object(head)
    return opener_in(opener_of(member.archive, open_object), head, member)


def opener_in(open_archive: OpenObject, head: ObjectHead, member: Member) -> OpenObject:
    """Opens a member by what opens its archive."""
    outermost, *inner = member.compressions
    most = most_bytes(member.archive)

    def open_at(offset: int) -> Iterator[bytes]:
        left = head.size - offset
        text = Text(open_archive, outermost, UTF_8, member.start + offset, inner=tuple(inner), most=most)
        for block in text:
            yield block[:left]
            left -= len(block)
            if left <= 0:
                return

    return open_at
