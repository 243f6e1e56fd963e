"""What .NET programs write: the console logger, NLog, Serilog and log4net as text."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.patterned import REST, TIME, patterned
from chalicelib.core.formats.starts import ANSI

_SHORT: Final = r"(?P<level>VRB|DBG|INF|WRN|ERR|FTL|[VDIWEF]|Verbose|Debug|Information|Warning|Error|Fatal)"
_SHORT_WORDS: Final = r"(?:VRB|DBG|INF|WRN|ERR|FTL|[VDIWEF]|Verbose|Debug|Information|Warning|Error|Fatal)"

CONSOLE: Final = patterned(
    "dotnet_console",
    ".NET console logger: level: category[event], message below or behind",
    "https://learn.microsoft.com/en-us/dotnet/core/extensions/console-log-formatter",
    samples=(
        "info: Microsoft.Hosting.Lifetime[14]\n      Now listening on: http://localhost:5000",
        "fail: Shop.Pay[0]\n      no money\n      System.InvalidOperationException: no money\n         at Shop.Pay.Send() in /srv/Pay.cs:line 42",
        "2024-03-14 09:26:53.123 +01:00 warn: Shop.Stock[17] => RequestId:0HM:1\n      only 3 left",
        "09:26:54 dbug: Shop.Open[0] opening",
    ),
    templates=(
        rf"(?:\[?{TIME}\]? ?|(?P<clock>\[?[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,7}})?\]?) )?(?P<level>trce|dbug|info|warn|fail|crit): (?P<logger>[\w.`+<>,-]{{1,300}})\[(?P<event>-?[0-9]{{1,10}})\]"
        r"(?:\n? {1,8}(?P<scope>=> [^\n]*+)(?=\n))?+(?:\n? {1,8}(?P<body>[^\n]*+))?+",
    ),
    start=r"(?:\[?[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{8,18}(?: ?(?:Z|[+-][0-9:]{4,6}))?\]? ?|\[?[0-9]{2}:[0-9]{2}:[0-9]{2}[^\s]{0,9} )?(?:trce|dbug|info|warn|fail|crit)"
    + ANSI
    + r": [^\s\[]{1,300}\[-?[0-9]{1,10}\]",
    specificity=0.96,
    levels={"crit": 21},
    names={"event": "event.id", "scope": "dotnet.scope", "clock": "time_of_day"},
    numbers=frozenset(("event",)),
)
NLOG: Final = patterned(
    "nlog",
    "NLog: time|level|logger|message (Radarr, Sonarr)",
    "https://github.com/NLog/NLog/wiki/SimpleLayout",
    samples=(
        "2024-03-14 09:26:53.1234|INFO|Shop.Pay|paid|17",
        "2024-03-14 09:26:54.1|Warn|Auth|Auth-Failure ip 192.0.2.17 username 'ada'",
        "2024-03-14 09:26:55.1234|ERROR|Shop.Pay|no money System.Exception: no money\n   at Shop.Pay.Send() in C:\\srv\\Pay.cs:line 42",
    ),
    templates=(
        rf"{TIME}\|(?:\[(?P<thread>[^|\n\]]{{1,100}})\]\|)?(?P<level>(?i:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)) {{0,2}}\|(?:(?P<logger>[\w.`+<>-]{{1,200}})\|)?{REST}",
    ),
    start=r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:[.,][0-9]{1,7})?\|(?:\[[^|\n\]]{1,100}\]\|)?(?i:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {0,2}\|",
    specificity=0.92,
)
SERILOG: Final = patterned(
    "serilog_text",
    "Serilog as text (Jellyfin)",
    "https://github.com/serilog/serilog/wiki/Configuration-Basics",
    samples=(
        "2024-03-14 09:26:53.123 +01:00 [INF] listening on http://localhost:5000",
        "[09:26:54 ERR] no money\nSystem.InvalidOperationException: no money\n   at Shop.Pay.Send() in /srv/Pay.cs:line 42",
        '[2024-03-14 09:26:55.123 +01:00] [INF] [79] Jellyfin.Users.UserManager: Authentication request for "ada" has been denied (IP: "192.0.2.17").',
        "<6> 2024-03-14 09:26:56.123 +00:00 [WRN] - old messages",
    ),
    templates=(
        rf"\[{TIME}\] \[{_SHORT}\] \[(?P<tid>[0-9]{{1,10}})\] (?:(?P<logger>[\w.`+<>]{{1,200}}): )?{REST}",
        rf"(?:<[0-9]{{1,3}}> ?)?\[?{TIME}\]? \[{_SHORT}\](?: \[?(?P<tid>[0-9]{{1,10}})\]?(?= ))?(?: \((?P<logger>[^()\n]{{1,200}})\))?(?: \[(?P<context>[\w.]{{1,200}})\])?(?: -(?= ))?(?: |(?=\n|$)){REST}",
        rf"\[(?P<clock>[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,7}})?) {_SHORT}\](?: \[(?P<context>[\w.]{{1,200}})\])?(?: |(?=\n|$)){REST}",
        rf"\[(?P<clock>[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,7}})?)\] \[{_SHORT}\](?: \[(?P<tid>[0-9]{{1,10}})\])? (?:(?P<logger>[\w.`+<>]{{1,200}}): )?{REST}",
        rf"\[{TIME} {_SHORT}\](?: \[(?P<context>[\w.]{{1,200}})\])?(?: |(?=\n|$)){REST}",
    ),
    start=rf"(?:<[0-9]{{1,3}}> ?)?\[?(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ])?[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}[^\[\]\n]{{0,18}}(?:\]? \[| ){_SHORT_WORDS}\]",
    specificity=0.9,
    names={"clock": "time_of_day", "context": "log.logger"},
)

FORMATS: Final = (CONSOLE, NLOG, SERILOG)
