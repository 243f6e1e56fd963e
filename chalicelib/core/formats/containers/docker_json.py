r"""Docker's json-file logs: an object a line, with the line that the container wrote in it.

Docker cuts what is longer than 16 KiB; a part that is not the last has no ``\n`` at its end. Parts of
one stream are joined where the next one ends the line, has the same time (that of all parts of a line), or the
first is as long as parts are; a stack trace is joined with the line before it. A part of which no more is seen has
`log.iostream.partial`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from chalicelib.core.formats import Format
from chalicelib.core.formats.nested import carried
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_OBJECT
from chalicelib.core.formats.streams import framing_of_streams
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_STRING: Final = r'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+'
_TO_MEMBER: Final = r'(?:"|(?:[^"\n]*+")+?(?<!\\"))'
"""From quote to quote up to one that nothing escapes: the name behind it is the next, however long the strings are."""
_IS: Final = r'"[ \t]*+:[ \t]*+"'
_PARTS: Final = (
    rf'[ \t]*+\{{(?={_TO_MEMBER}log{_IS}(?P<quoted>{_STRING})"[ \t]*+[,}}])(?:"log":"{_STRING}",)?+'
    rf'(?={_TO_MEMBER}stream{_IS}(?P<stream>[a-z]{{1,8}}+)")(?:"stream":"[a-z]++",)?+'
    rf'(?:(?={_TO_MEMBER}time{_IS}(?P<time>[^"\n]{{1,64}}+)"))?+'
)
"""Members that stand first, as they mostly do, are passed over, so that the next is close."""
_NAMES: Final = frozenset(("log", "stream", "time", "attrs"))


def _make_parser(context: ParseContext) -> Parse:
    of_text = Times(context.last_modified).of_text
    explain = context.explain

    def parse(entry: str) -> Record | Reject:
        log = ""
        first = None
        for line in entry.split("\n") if "\n" in entry else (entry,):
            try:
                loaded = orjson.loads(line)
            except orjson.JSONDecodeError:
                return OTHER_OBJECT
            if type(loaded) is not dict or not _NAMES.issuperset(loaded):
                return OTHER_OBJECT
            part = loaded.get("log")
            if type(part) is not str or type(loaded.get("stream")) is not str:
                return OTHER_OBJECT
            log = log + part if log else part
            first = first or loaded
        if first is None or type(first.get("time")) is not str:
            return OTHER_OBJECT
        stamp = of_text(first["time"])
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {"log.iostream": first["stream"]}
        attrs = first.get("attrs")
        if type(attrs) is dict:
            for name, value in attrs.items():
                fields[f"docker.attrs.{name}"] = value if type(value) is str else orjson.dumps(value).decode()
        elif attrs is not None:
            return OTHER_OBJECT
        if log[-1:] == "\n":
            log = log[:-2] if log[-2:] == "\r\n" else log[:-1]
            log = log.replace("\r\n", "\n").rstrip("\n") if "\n" in log else log
        else:
            fields["log.iostream.partial"] = True
        return carried(explain, log, stamp, fields)

    return parse


DOCKER_JSON: Final = Format(
    name="docker_json",
    title="Docker json-file driver, with the line of the container in it",
    source="https://docs.docker.com/engine/logging/drivers/json-file/",
    samples=(
        r'{"log":"ready to accept orders\n","stream":"stdout","time":"2024-03-14T09:26:53.123456789Z"}',
        r'{"log":"192.0.2.17 - - [14/Mar/2024:09:26:54 +0000] \"GET / HTTP/1.1\" 200 5316\n","stream":"stdout",'
        r'"attrs":{"tag":"shop/web-1"},"time":"2024-03-14T09:26:54.000000001Z"}',
        r'{"log":"level=warn msg=\"disk is slow\" took=12\r\n","stream":"stderr","time":"2024-03-14T09:26:55.1Z"}',
        r'{"log":"\n","stream":"stderr","time":"2024-03-14T09:26:56Z"}',
    ),
    make_parser=_make_parser,
    specificity=0.999,
    framing=framing_of_streams(_PARTS),
    sieve=r'[ \t]*+\{[ \t]*+"(?:log|stream|time|attrs)"[ \t]*+:',
    alone=True,
)

FORMATS: Final = (DOCKER_JSON,)
