"""Kubernetes container logs as the CRI runtimes write them: time, stream, tag, and the container's line.

A line that the runtime cut (tag ``P``) is one entry with the next lines of its stream, up to the one with tag
``F``, and so is a stack trace with the line before it. A part of which no more is seen has
`log.iostream.partial`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.dates import RFC3339
from chalicelib.core.formats.nested import carried
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.streams import framing_of_streams
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_STREAMS: Final = frozenset(("stdout", "stderr"))


def _make_parser(context: ParseContext) -> Parse:
    of_text = Times(context.last_modified).of_text
    explain = context.explain

    def parse(entry: str) -> Record | Reject:
        text = ""
        first = None
        partial = True
        lines = entry.split("\n") if "\n" in entry else (entry,)
        for each in lines:
            line = each.removesuffix("\r")
            when, _, rest = line.partition(" ")
            stream, _, rest = rest.partition(" ")
            if stream not in _STREAMS:
                return OTHER_SHAPE
            if first is not None and not partial:
                text += "\n"
            tag, _, part = rest.partition(" ")
            partial = tag[:1] == "P" and tag[1:2] in ("", ":")
            if not partial and not (tag[:1] == "F" and tag[1:2] in ("", ":")):
                tag, part = "", rest
            text += part
            first = first or (when, stream, tag)
        if first is None:
            return OTHER_SHAPE
        when, stream, tag = first
        stamp = of_text(when)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {"log.iostream": stream}
        if len(tag) > 2:
            fields["cri.tags"] = tag[2:]
        if partial:
            fields["log.iostream.partial"] = True
        return carried(explain, text.rstrip("\n"), stamp, fields)

    return parse


K8S_CRI: Final = Format(
    name="k8s_cri",
    title="Kubernetes container log (CRI: containerd, CRI-O), with the line of the container in it",
    source="https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md",
    samples=(
        "2024-03-14T09:26:53.123456789Z stdout F ready to accept orders",
        '2024-03-14T09:26:54.000000001+01:00 stderr F {"level":"warn","ts":1710404814.1,"caller":"shop/pay.go:42",'
        '"msg":"card declined"}',
        "2024-03-14T09:26:55.5Z stdout P the first part of a long line, ",
        "2024-03-14T09:26:56.5Z stdout F ",
    ),
    make_parser=_make_parser,
    specificity=0.99,
    framing=framing_of_streams(
        rf"(?P<time>{RFC3339}) (?P<stream>stdout|stderr) (?:(?:(?P<cut>P)|F)(?::[^ \n]{{0,64}})?(?: |(?=\r?$)))?+(?P<text>[^\n]*)"
    ),
    sieve=RFC3339 + r" (?:stdout|stderr)(?: |$)",
    alone=True,
)

FORMATS: Final = (K8S_CRI,)
