"""What the names of an object mean to a format (`objects.Objects`), decided once for all objects that have these names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.formats.applications.naming import SPLITTABLE, renamed
from chalicelib.core.formats.member_names import Target, target_of
from chalicelib.core.formats.numeric_levels import numeric_of
from chalicelib.core.formats.promotion import is_guessed_time
from chalicelib.core.formats.usual_members import NANOS, Usual, is_exact_time, usual_members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.core.formats.objects import Objects

_NO_USUAL: Final = Usual((), (), (), None, (), {})


class Time(NamedTuple):
    """past: whether its value must be in the past, since its name only may be a time's; None: its name says so.
    nanos: the member with the nanoseconds. clock: those that are the time together with it, a day."""

    past: bool | None = None
    nanos: str | None = None
    clock: tuple[str, ...] = ()


class Shape(NamedTuple):
    """What the names of an object mean. Members go by the names that they have once they are renamed: those that may be the
    time, the severity or the body have their own until they are.

    times: member → how it is more than a text of any time. words: levels that a word that nobody knows may be. inner: the
    names without their envelope. changed: the names of all, None where they are the members' own. kept: those that are
    attributes even if they are used. is_done: whether the attributes are what is left then. others: the attributes of those
    that were not used. puts: those whose texts are read. splits: whether `split_values` is for them."""

    times: tuple[tuple[str, Time | None], ...]
    levels: tuple[str, ...]
    words: tuple[str, ...]
    bodies: tuple[str, ...]
    numeric: Mapping[str, Mapping[int, int]]
    inner: tuple[str, ...] | None
    changed: tuple[str, ...] | None = None
    kept: frozenset[str] = frozenset()
    is_done: bool = False
    others: tuple[tuple[str, str], ...] = ()
    puts: tuple[Target, ...] = ()
    splits: bool = False


def shape_of(objects: Objects, names: tuple[str, ...], inner: tuple[str, ...] | None) -> Shape | None:
    """What names mean; None for those of another format."""
    present = frozenset(names)
    if not (
        all(name in present or not present.isdisjoint(name.split("|")) for name in objects.required)
        and present.isdisjoint(objects.foreign)
        and (objects.fits is None or objects.fits(names))
    ):
        return None
    table = objects.names
    usual = usual_members(tuple(name for name in names if name not in table)) if objects.usual else _NO_USUAL
    times = _times_of(objects, present, usual)
    taken = {name for name, _ in times}
    for _, time in times:
        if time is not None:
            taken |= {*time.clock, *((time.nanos,) if time.nanos else ())}
    levels = tuple(name for name in objects.level if name in present and name not in taken)
    words = levels
    if "level" in objects.usual:
        words += usual.words
        levels += tuple(name for name in usual.levels if name not in levels and name not in taken)
    bodies = tuple(name for name in objects.body if name in present)
    if "body" in objects.usual:
        bodies += tuple(name for name in usual.messages if name not in bodies)
    bodies = tuple(name for name in bodies if name not in taken and name not in levels)
    shape = Shape(times, levels, words, bodies, numeric_of(levels, names), inner, kept=objects.kept)
    candidates = {*taken, *levels, *bodies}
    return shape if objects.prefix else _renamed(objects, names, candidates, shape)


def _times_of(objects: Objects, present: frozenset[str], usual: Usual) -> tuple[tuple[str, Time | None], ...]:
    times: list[tuple[str, Time | None]] = []
    for name in objects.time:
        day, *clock = name.split(" ")
        if name in present:
            nanos = NANOS.get(name)
            times.append((name, Time(nanos=nanos) if nanos in present else None))
        elif present.issuperset((day, *clock)):
            times.append((day, Time(clock=tuple(clock))))
    if "time" in objects.usual:
        for name in usual.times:
            nanos = NANOS.get(name)
            past = None if is_exact_time(name) else is_guessed_time(name)
            is_plain = past is None and nanos not in present
            times.append((name, None if is_plain else Time(past, nanos if nanos in present else None)))
        if usual.clock is not None:
            times.append((usual.clock[0], Time(clock=(usual.clock[1],))))
    return tuple(times)


def _renamed(objects: Objects, names: tuple[str, ...], candidates: set[str], shape: Shape) -> Shape:
    """A shape with the names that its members get."""
    own = {name: attribute for name in names if (attribute := _attribute(objects, name)) is not None}
    free = candidates - objects.kept
    changed = renamed(names, own | {name: name for name in free}, usual=objects.requests)
    now = dict(zip(names, changed, strict=True))
    puts = tuple(
        (now[name], put, now[name] if argument == plain else argument)
        for name in names
        if name in objects.names and name not in free and _is_read(objects.names[name])
        for plain, put, argument in (target_of(objects.names[name]),)
    )
    others = tuple((name, own[name]) for name in own if name in free and own[name] != name)
    splits = changed != names and not SPLITTABLE.isdisjoint(changed)
    return Shape(
        tuple((now[name], time) for name, time in shape.times),
        tuple(now[name] for name in shape.levels),
        tuple(now[name] for name in shape.words),
        tuple(now[name] for name in shape.bodies),
        {now[name]: numbers for name, numbers in shape.numeric.items()},
        shape.inner,
        None if changed == names else changed,
        frozenset(now[name] for name in objects.kept if name in now),
        not (others or puts or splits),
        others,
        puts,
        splits,
    )


def _attribute(objects: Objects, name: str) -> str | None:
    """What a member is called by the tables of a format; None where they do not name it."""
    if name in objects.names:
        return target_of(objects.names[name])[0]
    for start, prefix in objects.prefixes.items():
        if name.startswith(start) and len(name) > len(start):
            return prefix + name[len(start) :]
    return None


def _is_read(entry: str | Target) -> bool:
    """Whether an entry of a table says how a text is read."""
    return type(entry) is tuple or ":" in entry
