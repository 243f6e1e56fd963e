"""Nagios, Icinga and Naemon; InfluxDB before 2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import number
from chalicelib.core.formats.patterned import shaped
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_LINE: Final = re.compile(r"\[([0-9]{10})\] (?:([A-Z][A-Z ]{2,40}|Error|Warning|Info): ?)?(.*+)", re.DOTALL)
_SERVICE_STATE: Final = ("host", "service", "state", "state_type", "attempt", "output")
_HOST_STATE: Final = ("host", "state", "state_type", "attempt", "output")
_PARTS: Final = {
    "SERVICE ALERT": _SERVICE_STATE,
    "CURRENT SERVICE STATE": _SERVICE_STATE,
    "INITIAL SERVICE STATE": _SERVICE_STATE,
    "SERVICE EVENT HANDLER": ("host", "service", "state", "state_type", "attempt", "command"),
    "GLOBAL SERVICE EVENT HANDLER": ("host", "service", "state", "state_type", "attempt", "command"),
    "HOST ALERT": _HOST_STATE,
    "CURRENT HOST STATE": _HOST_STATE,
    "INITIAL HOST STATE": _HOST_STATE,
    "HOST EVENT HANDLER": ("host", "state", "state_type", "attempt", "command"),
    "GLOBAL HOST EVENT HANDLER": ("host", "state", "state_type", "attempt", "command"),
    "SERVICE NOTIFICATION": ("contact", "host", "service", "state", "command", "output"),
    "HOST NOTIFICATION": ("contact", "host", "state", "command", "output"),
    "PASSIVE SERVICE CHECK": ("host", "service", "state", "output"),
    "PASSIVE HOST CHECK": ("host", "state", "output"),
    "SERVICE FLAPPING ALERT": ("host", "service", "state", "output"),
    "HOST FLAPPING ALERT": ("host", "state", "output"),
    "SERVICE DOWNTIME ALERT": ("host", "service", "state", "output"),
    "HOST DOWNTIME ALERT": ("host", "state", "output"),
    "SERVICE ACKNOWLEDGEMENT ALERT": ("host", "service", "state", "author", "output"),
    "HOST ACKNOWLEDGEMENT ALERT": ("host", "state", "author", "output"),
    "TIMEPERIOD TRANSITION": ("timeperiod", "from", "to"),
    "EXTERNAL COMMAND": ("command", "arguments"),
    "LOG ROTATION": ("rotation",),
    "LOG VERSION": ("version",),
    "wproc": (),
}
"""https://github.com/NagiosEnterprises/nagioscore/blob/master/base/logging.c: fields between semicolons."""
_DOWNTIME: Final = ("start_time", "end_time", "fixed", "trigger_id", "duration", "author", "comment")
_COMMANDS: Final = {
    "SCHEDULE_HOST_DOWNTIME": ("host", *_DOWNTIME),
    "SCHEDULE_HOST_SVC_DOWNTIME": ("host", *_DOWNTIME),
    "SCHEDULE_SVC_DOWNTIME": ("host", "service", *_DOWNTIME),
    "PROCESS_SERVICE_CHECK_RESULT": ("host", "service", "state", "output"),
    "PROCESS_HOST_CHECK_RESULT": ("host", "state", "output"),
    "ACKNOWLEDGE_HOST_PROBLEM": ("host", "sticky", "notify", "persistent", "author", "comment"),
    "ACKNOWLEDGE_SVC_PROBLEM": ("host", "service", "sticky", "notify", "persistent", "author", "comment"),
    "SCHEDULE_FORCED_SVC_CHECK": ("host", "service", "start_time"),
    "SCHEDULE_FORCED_HOST_CHECK": ("host", "start_time"),
    "SCHEDULE_HOST_CHECK": ("host", "start_time"),
    "SCHEDULE_SVC_CHECK": ("host", "service", "start_time"),
}
"""https://assets.nagios.com/downloads/nagioscore/docs/externalcmds/"""
_SEVERITIES: Final = {
    "OK": 9, "UP": 9, "WARNING": 13, "UNKNOWN": 13, "CRITICAL": 17, "DOWN": 17, "UNREACHABLE": 17,
    "Error": 17, "Warning": 13, "Info": 9,
}  # fmt: skip


def _make_nagios_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        match = _LINE.fullmatch(line)
        if match is None:
            return OTHER_SHAPE
        epoch, kind, rest = match.groups()
        if kind is None and rest[:1] in ("[", "{", '"', ""):
            return OTHER_SHAPE
        stamp = times.of_number(epoch)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        word = kind if kind in _SEVERITIES else None
        if kind is not None and word is None:
            fields["nagios.type"] = kind
            _add(fields, _PARTS.get(kind, ()), rest)
            arguments = fields.pop("nagios.arguments", None)
            if type(arguments) is str:
                names = _COMMANDS.get(str(fields.get("nagios.command")))
                _add(fields, names or ("arguments",), arguments)
            state = fields.get("nagios.state")
            word = state if type(state) is str and state in _SEVERITIES else None
        body = rest if kind is None or word == kind else f"{kind}: {rest}"
        return Record(*stamp, word, _SEVERITIES.get(word or ""), body or None, fields)

    return parse


def _add(fields: dict[str, Value], names: tuple[str, ...], text: str) -> None:
    """Adds what stands between the semicolons; the last name takes the rest."""
    if not names:
        return
    for name, value in zip(names, text.split(";", len(names) - 1), strict=False):
        if value:
            attribute = "host.name" if name == "host" else f"nagios.{name}"
            fields[attribute] = (
                value if name in ("host", "service", "output", "comment", "author") else number(value)
            )


NAGIOS: Final = Format(
    name="nagios",
    title="Nagios, Icinga 1 and Naemon log",
    source="https://github.com/NagiosEnterprises/nagioscore/blob/master/base/logging.c",
    samples=(
        "[1710408413] SERVICE ALERT: web-1;HTTP;CRITICAL;SOFT;1;Connection refused; port 80",
        "[1710408414] TIMEPERIOD TRANSITION: 24X7;-1;1",
        "[1710408415] EXTERNAL COMMAND: SCHEDULE_HOST_DOWNTIME;web-1;1710412000;1710415600;1;0;120;ada;update",
        "[1710408416] Auto-save of retention data completed successfully.",
        "[1710408417] Warning: Return code of 127 for check of host 'web-1' was out of bounds.",
    ),
    make_parser=_make_nagios_parser,
    specificity=0.9,
    sieve=r"\[1[0-9]{9}\] (?:(?:GLOBAL )?(?:SERVICE|HOST|CURRENT|INITIAL|PASSIVE|TIMEPERIOD|EXTERNAL|LOG) [A-Z ]{4,30}:|Auto-save "
    r"|Nagios |Icinga |Naemon |wproc: |nerd: |qh: |Warning: |Error: |Caught SIG|Successfully |Event |Finished daemon|Lockfile |Local time )",
)

INFLUXDB: Final = shaped(
    "influxdb",
    "InfluxDB 1.x log: HTTP requests, and lines before 1.5",
    "https://docs.influxdata.com/influxdb/v1/administration/logs/",
    samples=(
        '[httpd] 192.0.2.17 - ada [14/Mar/2024:09:26:53 +0000] "POST /write?db=shop HTTP/1.1" 204 0 "-" "Telegraf/1.29"'
        " 5b2a4d10-e1db-11ee-8001-0242ac110002 4711",
        "[I] 2024-03-14T09:26:54Z Listening for signals",
        "[E] 2024-03-14T09:26:55.123Z failed to open shard service=store",
    ),
    templates=(
        r"\[httpd\] {client=[^\s,]{1,64}}(?:, ?{text=[^\s]{1,64}:influxdb.via})? {text=[^\s]{1,64}:ident} {user=[^\s]{1,255}}"
        r" \[{time=[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:{clock} [+-][0-9]{4}}\] \"{body={method} {path=[^\s?\"]{1,8192}}"
        r"(?:\?{query=[^\s\"]{0,8192}})? HTTP/{version}} ?\" {status} {size=[0-9]{1,18}|-} \"{referer=[^\"\n]{0,4096}}\""
        r" \"{agent=[^\"\n]{0,4096}}\" {text=[0-9a-f-]{8,40}:influxdb.request_id} {int=[0-9]{1,18}:influxdb.duration_us}",
        r"\[{level=[IWED]}\] {time={day}T{clock}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})} {body=.*?}"
        r"(?: service={service=[\w-]{1,64}})?",
    ),
    start=r"\[(?:httpd|[IWED])\] ",
    sieve=r"\[(?:httpd\] [^\s]|[IWED]\] [0-9]{4}-[0-9]{2}-[0-9]{2}T)",
    specificity=0.95,
    alone=False,
)

FORMATS: Final = (NAGIOS, INFLUXDB)
