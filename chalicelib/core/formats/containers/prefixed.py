"""Lines of others behind a short prefix: runit's svlogd, docker compose, kubectl, stern, Heroku's log stream.

Where the prefix names a stream (a service, a pod) or a time alone, traces are joined within it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.dates import CLOCK, DAY, RFC3339
from chalicelib.core.formats.kinds import integer
from chalicelib.core.formats.nested import carried
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.streams import framing_of_streams
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Explain, Parse, ParseContext
    from chalicelib.core.framing import Framing
    from chalicelib.core.records import Value

_SVLOGD: Final = re.compile(
    rf"(?:({DAY})_({CLOCK})(?:\.([0-9]{{1,9}}))?+ |\[({DAY}) ({CLOCK})\] )(.*)",
    re.DOTALL,
)
_WHEN_NANOSECONDS: Final = RFC3339.replace(r"(?:\.[0-9]{1,9})?+", r"\.[0-9]{8,9}")
"""As runtimes write it. Behind a head a shorter one is nearly always that of the program."""
_SHORT: Final = re.compile(rf"({RFC3339}) (.*)", re.DOTALL)
_POD: Final = r"[a-z0-9](?:[a-z0-9.-]{0,240}[a-z0-9])?-(?:[a-z0-9]{5}|[0-9]{1,4})"
_SERVICE: Final = r"[A-Za-z0-9][\w.-]{0,127}"
_COMPOSE_HEAD: Final = rf"(?:{_SERVICE} {{1,64}}\| )"
_KUBECTL_HEAD: Final = r"(?:\[pod/[a-z0-9.-]{1,253}/[a-z0-9-]{1,63}\] )"
_STERN_HEAD: Final = rf"(?:(?:[a-z0-9-]{{1,63}} )?{_POD} [a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])? )"
_HEROKU: Final = re.compile(
    rf"({DAY}T{CLOCK})(?:\.([0-9]{{1,9}}))?+(Z|[+-][0-9]{{2}}:[0-9]{{2}}) "
    r"(heroku|app)\[([\w.-]{1,64})\]: (.*)",
    re.DOTALL,
)
_ACCESS: Final = ("access_common", "access_combined", "nginx", "apache")

_INSIDE: Final = ("log.record.format", "exception.stacktrace")
"""What a record has whose inside is explained."""

_NOTHING_CARRIED: Final = Reject("nothing-carried")


def _svlogd(context: ParseContext) -> Parse:
    of_parts = Times(context.last_modified).of_parts
    explain = context.explain

    def parse(entry: str) -> Record | Reject:
        match = _SVLOGD.fullmatch(entry)
        if match is None:
            return OTHER_SHAPE
        date, clock, fraction, boxed_date, boxed_clock, text = match.groups()
        stamp = of_parts(f"{date or boxed_date} {clock or boxed_clock}", fraction)
        if stamp is None:
            return BAD_TIME
        record = carried(explain, text, (None, None), {})
        inner = record.attributes.get("log.record.format")
        if boxed_date is not None and not str(inner).startswith(_ACCESS):
            return _NOTHING_CARRIED
        if record.timestamp is None:
            return record._replace(timestamp=stamp[0], timestamp_assumed=stamp[1])
        record.attributes["svlogd.timestamp"] = stamp[0]
        return record

    return parse


@dataclass(frozen=True, slots=True)
class _Prefix:
    """Prefixes of one kind. head: with groups whose names are fields (``__`` is a dot); numbers: those that are
    numbers. A time of the runtime may stand between it and the line; any other is one only before a line of a
    known format, behind a head only before one with a time of its own."""

    head: str
    numbers: frozenset[str] = frozenset()

    def make_parser(self, context: ParseContext) -> Parse:
        of_text = Times(context.last_modified).of_text
        explain = context.explain
        time = f"(?:(?P<when>{_WHEN_NANOSECONDS}) )?" if self.head else f"(?P<when>{RFC3339}) "
        match = re.compile(rf"{self.head}{time}(?P<text>[^\n]*+)").match
        is_runtimes = re.compile(_WHEN_NANOSECONDS).fullmatch

        def parse(entry: str) -> Record | Reject:
            texts, first = [], None
            for line in entry.split("\n"):
                matched = match(line)
                if matched is None:
                    return OTHER_SHAPE
                first = first or matched.groupdict()
                texts.append(matched["text"].removesuffix("\r"))
            assert first is not None, "a text has a line"
            when = first.pop("when")
            del first["text"]
            fields: dict[str, Value] = {
                name.replace("__", "."): integer(value) if name in self.numbers else value
                for name, value in first.items()
                if value is not None
            }
            text = "\n".join(texts).rstrip("\n")
            if when is None and (short := _SHORT.match(text)) and _has_time(explain, short[2]):
                when, text = short.groups()
            stamp = of_text(when) if when else (None, None)
            if stamp is None:
                return BAD_TIME
            record = carried(explain, text, stamp, dict(fields))
            is_known = not record.attributes.keys().isdisjoint(_INSIDE)
            if is_known or when is None:
                return record
            if not self.head:
                return record if text and is_runtimes(when) else _NOTHING_CARRIED
            whole = carried(explain, f"{when} {text}", (None, None), fields)
            return record if whole.severity_number is None else whole

        return parse

    def framing(self, stream: str) -> Framing:
        """stream: the expression of what stands before the line, without groups."""
        time = rf"(?:(?P<time>{_WHEN_NANOSECONDS}) )?+" if self.head else rf"(?P<time>{RFC3339}) "
        return framing_of_streams(rf"(?P<stream>{stream}){time}(?P<text>[^\n]*)")


def _has_time(explain: Explain, text: str) -> bool:
    """Whether a line is explained by itself, its time included."""
    explained = explain(text.partition("\n")[0])
    return explained is not None and explained[1].timestamp is not None


_COMPOSE: Final = _Prefix(
    rf"(?P<service__name>{_SERVICE}?)(?:[_-](?P<docker__compose__container_number>[0-9]{{1,4}}))? {{1,64}}\| ",
    frozenset(("docker__compose__container_number",)),
)
_COMPOSE_SAYS: Final = re.compile(
    rf"(?P<service>{_SERVICE}?)(?:[_-](?P<number>[0-9]{{1,4}}))? (?:exited with code (?P<code>[0-9]{{1,10}})(?: \(restarting\))?|has been recreated)"
    r"|Attaching to [^\n]+|Gracefully stopping\.\.\.[^\n]*|Aborting on container exit\.\.\."
)
"""What Compose itself writes among the lines of the services."""


def _compose(context: ParseContext) -> Parse:
    carried_line = _COMPOSE.make_parser(context)

    def parse(entry: str) -> Record | Reject:
        match = _COMPOSE_SAYS.fullmatch(entry)
        if match is None:
            return carried_line(entry)
        service, number, code = match.groups()
        fields: dict[str, Value] = {}
        if service is not None:
            fields["service.name"] = service
        if number is not None:
            fields["docker.compose.container_number"] = integer(number)
        if code is not None:
            fields["process.exit.code"] = integer(code)
        return Record(None, None, None, None, entry, fields)

    return parse


_KUBECTL: Final = _Prefix(
    r"\[pod/(?P<k8s__pod__name>[a-z0-9.-]{1,253})/(?P<k8s__container__name>[a-z0-9-]{1,63})\] "
)
_STERN: Final = _Prefix(
    rf"(?:(?P<k8s__namespace__name>[a-z0-9-]{{1,63}}) )?(?P<k8s__pod__name>{_POD}) "
    r"(?P<k8s__container__name>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?) "
)
_TIMES: Final = _Prefix("")


def _heroku(context: ParseContext) -> Parse:
    of_parts = Times(context.last_modified).of_parts
    explain = context.explain

    def parse(entry: str) -> Record | Reject:
        match = _HEROKU.fullmatch(entry)
        if match is None:
            return OTHER_SHAPE
        when, fraction, zone, source, dyno, text = match.groups()
        stamp = of_parts(when, fraction, zone)
        if stamp is None:
            return BAD_TIME
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
    framing=_COMPOSE.framing(_COMPOSE_HEAD),
    sieve=_COMPOSE_HEAD,
    bare=0.4,
    carrier=True,
)
KUBECTL_PREFIX: Final = Format(
    name="kubectl_prefix",
    title="kubectl logs --prefix, with or without times: pod and container before the line of another log",
    source="https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/",
    samples=(
        '[pod/shop-6d4cf56db6-x7k2p/web] {"level":"warn","msg":"card declined"}',
        "[pod/shop-0/web] 2024-03-14T09:26:53.123456789Z ready to accept orders",
        "[pod/shop-0/web] order 17 accepted",
    ),
    make_parser=_KUBECTL.make_parser,
    specificity=0.99,
    framing=_KUBECTL.framing(_KUBECTL_HEAD),
    sieve=_KUBECTL_HEAD,
    alone=True,
)
STERN: Final = Format(
    name="stern",
    title="stern and kubetail, with or without times: pod and container before the line of another log",
    source="https://github.com/stern/stern#output",
    samples=(
        'shop-6d4cf56db6-x7k2p web {"level":"warn","msg":"card declined"}',
        "shop-0 web 2024-03-14T09:26:53.123456789Z ready to accept orders",
        'prod shop-6d4cf56db6-x7k2p web 192.0.2.17 - - [14/Mar/2024:09:26:53 +0000] "GET / HTTP/1.1" 200 5316',
    ),
    make_parser=_STERN.make_parser,
    specificity=0.93,
    framing=_STERN.framing(_STERN_HEAD),
    sieve=_STERN_HEAD,
    bare=0.5,
    carrier=True,
    banner=r"[+-] \S{1,253} \u203a \S{1,253}(?: \u203a \S{1,63})?",
)
CONTAINER_TIMES: Final = Format(
    name="container_times",
    title="kubectl logs --timestamps, docker logs -t, podman logs -t: a time before the line of another log",
    source="https://docs.docker.com/reference/cli/docker/container/logs/",
    samples=(
        '2024-03-14T09:26:53.123456789Z {"level":"warn","msg":"card declined"}',
        '2024-03-14T09:26:54.000000001Z 192.0.2.17 - - [14/Mar/2024:09:26:53 +0000] "GET / HTTP/1.1" 200 5316',
        '2024-03-14T09:26:55.123456789+01:00 level=warn msg="disk is slow" took=12',
        '2024-03-14T09:26:56.123456789Z Exception in thread "main" java.lang.IllegalStateException: no stock\n'
        "2024-03-14T09:26:56.123456790Z \tat org.example.Shop.sell(Shop.java:17)",
    ),
    make_parser=_TIMES.make_parser,
    specificity=0.91,
    framing=_TIMES.framing(""),
    sieve=RFC3339 + " ",
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

FORMATS: Final = (SVLOGD, COMPOSE, KUBECTL_PREFIX, STERN, CONTAINER_TIMES, HEROKU)
