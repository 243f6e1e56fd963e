"""The doctor's findings: each is one line, and each fault has a remedy."""

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

import click

from chalicelib.core.amounts import counted
from froe.errors import FroeError
from froe.jsonl import print_json
from froe.terminal import width_of_output


class Verdict(StrEnum):
    """`warning`: in order, but for what may come. `not checked locally`: the local AWS does not hold it, so nothing is
    said about it."""

    OK = "ok"
    FAULT = "fault"
    WARNING = "warning"
    NOT_LOCAL = "not checked locally"


@dataclass(frozen=True, slots=True)
class Finding:
    """`area` groups findings (`functions`); `what` is a sentence without its stop; `remedy` is empty unless a fault."""

    verdict: Verdict
    area: str
    what: str
    remedy: str = ""


_INDENT: Final = " " * 9
_COLOURS: Final = {
    Verdict.OK: "green",
    Verdict.FAULT: "red",
    Verdict.WARNING: "yellow",
    Verdict.NOT_LOCAL: "yellow",
}


def ok(area: str, what: str) -> Finding:
    """All is as the checkout says."""
    return Finding(Verdict.OK, area, what)


def fault(area: str, what: str, remedy: str) -> Finding:
    """Something is not."""
    return Finding(Verdict.FAULT, area, what, remedy)


def warning(area: str, what: str, remedy: str) -> Finding:
    """Nothing is wrong yet, and something may come of it."""
    return Finding(Verdict.WARNING, area, what, remedy)


def not_local(area: str, what: str) -> Finding:
    """The local AWS cannot tell."""
    return Finding(Verdict.NOT_LOCAL, area, what)


def compared(area: str, what: str, actual: object, expected: object, remedy: str) -> Finding:
    """ok if both are the same, else a fault that names both."""
    if actual == expected:
        return ok(area, f"{what} is {expected}")
    return fault(area, f"{what} is {actual}, not {expected}", remedy)


def print_for_people(findings: Sequence[Finding], *, only_faults: bool = False) -> None:
    """One line each, faults with their remedy."""
    for each in findings:
        if only_faults and each.verdict not in {Verdict.FAULT, Verdict.WARNING}:
            continue
        mark = click.style(f"{each.verdict.value:<7}", fg=_COLOURS[each.verdict])
        remedy = f": {each.remedy}" if each.remedy else ""
        click.echo(f"{mark}  {_wrapped(f'{each.area}: {each.what}{remedy}')}")


def _wrapped(text: str) -> str:
    """Between words where the terminal ends; into a pipe one line."""
    columns = width_of_output(0)
    if not columns:
        return text
    room = max(columns - len(_INDENT), 20)
    return textwrap.fill(text, room, break_long_words=False, break_on_hyphens=False).replace(
        "\n", f"\n{_INDENT}"
    )


def print_for_programs(findings: Sequence[Finding]) -> None:
    """One JSON object a line."""
    for each in findings:
        print_json(asdict(each))


def stop_at_faults(named: str, findings: Sequence[Finding]) -> None:
    """Say how many were looked at, of what is named (`The stage dev`). FroeError if any is a fault."""
    faults = sum(each.verdict is Verdict.FAULT for each in findings)
    unknown = sum(each.verdict is Verdict.NOT_LOCAL for each in findings)
    aside = f", {unknown} not checked on a local AWS" if unknown else ""
    if faults:
        raise FroeError(
            f"{named} has {counted(faults, 'fault')} in {counted(len(findings), 'check')}{aside}: see the lines above."
        )
    warnings = sum(each.verdict is Verdict.WARNING for each in findings)
    but = f", {counted(warnings, 'warning')}" if warnings else ""
    click.echo(f"{named} is in order: {counted(len(findings) - unknown, 'check')}{but}{aside}.", err=True)
