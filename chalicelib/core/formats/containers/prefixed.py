"""Lines of others behind a short prefix: runit's svlogd, docker compose, Heroku's log stream."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.nested import carried
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_SVLOGD: Final = re.compile(
    r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2})_([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?+ "
    r"|\[([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})\] )(.*)",
    re.DOTALL,
)
_COMPOSE: Final = re.compile(r"([A-Za-z0-9][\w.-]{0,127}?)(?:[_-]([0-9]{1,4}))? {1,64}\| (.*)", re.DOTALL)
_HEROKU: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?+(Z|[+-][0-9]{2}:[0-9]{2}) "
    r"(heroku|app)\[([\w.-]{1,64})\]: (.*)",
    re.DOTALL,
)
_ACCESS: Final = ("access_common", "access_combined", "nginx", "apache")

_NO_PREFIX: Final = Reject("no-prefix")
_NOTHING_CARRIED: Final = Reject("nothing-carried")
_BAD_TIME: Final = Reject("invalid-timestamp")


def _svlogd(context: ParseContext) -> Parse:
    of_parts = Times(context.last_modified).of_parts
    explain = context.explain

    def parse(entry: str) -> Record | Reject:
        found = _SVLOGD.fullmatch(entry)
        if found is None:
            return _NO_PREFIX
        date, clock, fraction, boxed_date, boxed_clock, text = found.groups()
        stamp = of_parts(f"{date or boxed_date} {clock or boxed_clock}", fraction)
        if stamp is None:
            return _BAD_TIME
        record = carried(explain, text, (None, None), {})
        inner = record.attributes.get("log.record.format")
        if boxed_date is not None and not str(inner).startswith(_ACCESS):
            return _NOTHING_CARRIED
        if record.timestamp is None:
            return record._replace(timestamp=stamp[0], timestamp_assumed=stamp[1])
        record.attributes["svlogd.timestamp"] = stamp[0]
        return record

    return parse


def _compose(context: ParseContext) -> Parse:
    explain = context.explain

    def parse(entry: str) -> Record | Reject:
        found = _COMPOSE.fullmatch(entry)
        if found is None:
            return _NO_PREFIX
        service, number, text = found.groups()
        fields: dict[str, Value] = {"service.name": service}
        if number is not None:
            fields["docker.compose.container_number"] = int(number)
        record = carried(explain, text, (None, None), fields)
        return record if "log.record.format" in fields else _NOTHING_CARRIED

    return parse


def _heroku(context: ParseContext) -> Parse:
    of_parts = Times(context.last_modified).of_parts
    explain = context.explain

    def parse(entry: str) -> Record | Reject:
        found = _HEROKU.fullmatch(entry)
        if found is None:
            return _NO_PREFIX
        when, fraction, zone, source, dyno, text = found.groups()
        stamp = of_parts(when, fraction, zone)
        if stamp is None:
            return _BAD_TIME
        fields: dict[str, Value] = {"heroku.source": source, "heroku.dyno": dyno}
        return carried(explain, text, stamp, fields)

    return parse


SVLOGD: Final = Format(
    name="svlogd",
    title="runit's svlogd (GitLab Omnibus): a time before the line of another log",
    source="http://smarden.org/runit/svlogd.8",
    samples=(
        '2024-03-14_09:26:53.79384 192.0.2.17 - - [14/Mar/2024:09:26:53 +0000] "GET / HTTP/1.1" 200 5316',
        "2024-03-14_09:26:54.80225 ready to accept orders",
        '[2024-03-14 09:26:55] 192.0.2.17 - ada [14/Mar/2024:09:26:54 +0000] "GET / HTTP/1.1" 200 5316 "-" "curl/8.5.0"',
    ),
    make_parser=_svlogd,
    specificity=0.975,
    sieve=r"[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}:|\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\] [^ ]{2,64} [^ ]{1,64} [^ ]{1,64} \[",
    alone=True,
)
COMPOSE: Final = Format(
    name="docker_compose",
    title="docker compose: the service before the line of another log",
    source="https://docs.docker.com/reference/cli/docker/compose/logs/",
    samples=(
        'shop-1  | time=2024-03-14T09:26:53.307Z level=WARN msg="card declined" client_ip=192.0.2.17',
        'web     | 192.0.2.17 - - [14/Mar/2024:09:26:53 +0000] "GET / HTTP/1.1" 200 5316',
    ),
    make_parser=_compose,
    specificity=0.9,
    sieve=r"[A-Za-z0-9][\w.-]{0,127} {1,64}\| ",
    alone=False,
)
HEROKU: Final = Format(
    name="heroku",
    title="Heroku's log stream, with the line of the dyno or the router in it",
    source="https://devcenter.heroku.com/articles/http-routing#heroku-router-log-format",
    samples=(
        '2024-03-14T09:26:53.123456+00:00 heroku[router]: at=info method=GET path="/shop?q=1" host=shop.example.org'
        ' request_id=8601b555 fwd="192.0.2.17" dyno=web.1 connect=1ms service=18ms status=200 bytes=5316 protocol=https',
        "2024-03-14T09:26:54+00:00 app[web.1]: ready to accept orders",
    ),
    make_parser=_heroku,
    specificity=0.97,
    sieve=r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9]{2}:[0-9]{2}) (?:heroku|app)\[",
    alone=True,
)

FORMATS: Final = (SVLOGD, COMPOSE, HEROKU)
