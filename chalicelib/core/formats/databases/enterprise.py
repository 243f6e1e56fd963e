"""SQL Server's ERRORLOG, Db2's diagnostic log, MarkLogic's logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.dates import DAY
from chalicelib.core.formats.kinds import integer, number
from chalicelib.core.formats.patterned import shaped
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import own_start
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

MSSQL: Final = shaped(
    "mssql",
    "Microsoft SQL Server ERRORLOG",
    "https://learn.microsoft.com/en-us/sql/tools/configuration-manager/viewing-the-sql-server-error-log",
    samples=(
        "2024-03-14 09:26:53.59 Logon       Login failed for user 'SA'. Reason: Password did not match. [CLIENT: 192.0.2.17]",
        "2024-03-14 09:26:53.59 Logon       Error: 18456, Severity: 14, State: 8.",
        "2024-03-14 09:26:54.01 spid51      Warning: The join order has been enforced because a local join hint is used.",
        "2024-03-14 09:26:55.00 Server      Microsoft SQL Server 2022 (RTM) - 16.0.1000.6 (X64) \n"
        "\tOct  8 2022 05:58:25 \n\tCopyright (C) 2022 Microsoft Corporation",
    ),
    templates=(
        r"{time={day} {clock}\.[0-9]{2}} {thread=spid[0-9]{1,6}s?|Logon|Server|Backup} {1,12}{body={level=Error}: .*+}",
        r"{time={day} {clock}\.[0-9]{2}} {thread=spid[0-9]{1,6}s?|Logon|Server|Backup} {1,12}"
        r"(?:{level=Warning|Informational|Information}: )?{body}",
    ),
    finds=(
        r"^Login {text=failed|succeeded:mssql.outcome} for user '{user=(?:[^'\n]|'(?=\w)){0,256}}'",
        r"\[CLIENT: {client=[^\]\n<]{1,64}}\]",
        r"^Error: {int=[0-9]{1,9}:mssql.error}, Severity: {int=[0-9]{1,3}:mssql.severity}, State: {int=[0-9]{1,6}:mssql.state}",
        r"[Dd]atabase '{text=[^'\n]{1,128}:db.namespace}'",
    ),
    specificity=0.97,
)

_KEYS: Final = (
    "LEVEL|PID|TID|PROC|INSTANCE|NODE|DB|APPHDL|APPID|UOWID|ACTID|AUTHID|HOSTNAME|EDUID|EDUNAME|FUNCTION|MESSAGE|CHANGE|START"
    "|STOP|IMPACT|CALLED|RETCODE|OSERR|CALLSTCK|EVENT|ARG #[0-9]{1,3}|DATA #[0-9]{1,3}|MEMBER|LOADID|XID|CORRELATOR|LAST|SHMID"
)
_DB2_HEAD: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}\.[0-9]{2}\.[0-9]{2})\.([0-9]{6})([+-])([0-9]{3}) {1,3}([EIAH][0-9]{1,18}[A-Z]?[0-9]{0,12})\s{1,32}(?=LEVEL ?:)"
)
_DB2_FIELD: Final = re.compile(rf"(?:^|(?<=\s))({_KEYS}) {{0,8}}: ?", re.MULTILINE)
_DB2_NAMES: Final = {
    "PID": "process.pid", "TID": "thread.id", "PROC": "process.executable.name", "HOSTNAME": "host.name",
    "DB": "db.namespace", "AUTHID": "user.name", "EDUNAME": "thread.name", "FUNCTION": "code.function.name",
}  # fmt: skip
_DB2_LEVELS: Final = {"Event": 9, "Info": 9, "Warning": 13, "Error": 17, "Severe": 17, "Critical": 21}
_DB2_NUMBERS: Final = frozenset(("PID", "TID", "EDUID"))
_DB2_REST: Final = frozenset(
    ("MESSAGE", "CHANGE", "CALLED", "START", "STOP", "IMPACT", "RETCODE", "OSERR", "CALLSTCK", "EVENT")
)


def _make_db2_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(entry: str) -> Record | Reject:
        head = _DB2_HEAD.match(entry)
        if head is None:
            return OTHER_SHAPE
        when, fraction, sign, minutes, identifier = head.groups()
        # the offset is in minutes
        offset = integer(minutes) or 0
        stamp = times.of_parts(when, fraction, f"{sign}{offset // 60:02d}{offset % 60:02d}")
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {"db2.record_id": identifier}
        word = None
        body_from = len(entry)
        places = list(_DB2_FIELD.finditer(entry, head.end()))
        for place, following in zip(places, [*places[1:], None], strict=True):
            key = place[1]
            if key in _DB2_REST or key.startswith(("DATA", "ARG")):
                body_from = place.start()
                break
            value = " ".join(entry[place.end() : following.start() if following else len(entry)].split())
            if key == "LEVEL":
                word = value
            elif value:
                fields[_DB2_NAMES.get(key, f"db2.{key.lower()}")] = (
                    number(value) if key in _DB2_NUMBERS else value
                )
        body = entry[body_from:].strip()
        rank = _DB2_LEVELS.get(word or "")
        if word and rank is None and not severity.is_word(word):
            fields["db2.level"], word = word, None
        return Record(*stamp, word or None, rank, body or None, fields)

    return parse


DB2: Final = Format(
    name="db2diag",
    title="IBM Db2 diagnostic log (db2diag.log)",
    source="https://www.ibm.com/docs/en/db2/11.5?topic=files-interpreting-diagnostic-log-file-entries",
    samples=(
        "2024-03-14-09.26.53.899662+060 I214165E540           LEVEL: Event\n"
        "PID     : 565                  TID : 140148880697088 PROC : db2sysc\n"
        "INSTANCE: db2inst1             NODE : 000            DB   : SHOP\n"
        "APPHDL  : 0-22                 APPID: *LOCAL.db2inst1.240314082653\n"
        "AUTHID  : ADA                  HOSTNAME: db-1.example.org\n"
        "EDUID   : 22                   EDUNAME: db2agent (SHOP)\n"
        "FUNCTION: DB2 UDB, config/install, sqlfLogUpdateCfgParam, probe:20\n"
        'CHANGE  : CFG DB SHOP : "Database_memory" From: "62992" <automatic>  To: "64320" <automatic>',
        "2024-03-14-09.26.54.067170-300 I3618738814E536       LEVEL: Error PID     : 261583 TID : 7 PROC : db2sysc 0"
        " INSTANCE: db2inst1 NODE : 000 DB   : SHOP HOSTNAME: db-2 EDUID   : 18337 EDUNAME: db2hadrp.0.1 (SHOP) 0"
        " FUNCTION: DB2 UDB, High Availability, hdrSend, probe:31070 MESSAGE : ZRC=0xFFFFFFFF=-1 DATA #1 : <preformatted> no",
    ),
    make_parser=_make_db2_parser,
    specificity=0.98,
    framing=Framing(
        entry_start=own_start(rf"{DAY}-[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{6}}[+-][0-9]{{3}} ")
    ),
    sieve=rf"{DAY}-[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{6}}[+-][0-9]{{3}} ",
    alone=True,
    whole=True,
)

MARKLOGIC: Final = shaped(
    "marklogic",
    "MarkLogic error log",
    "https://docs.marklogic.com/guide/admin/logfiles",
    samples=(
        "2024-03-14 09:26:53.275 Fine: Meters inserting document /14079118751028291617/1540335600/usage.xml",
        "2024-03-14 09:26:54.000 Notice: XDMP-UPDEXTIME: (err:XDMP) Transaction too slow",
        "2024-03-14 09:26:54.000 Notice:+in /shop/order.xqy, at 17:2 [1.0-ml]",
    ),
    templates=(
        r"{time={day} {clock}\.[0-9]{3}} {level=Finest|Finer|Fine|Debug|Config|Info|Notice|Warning|Error|Critical|Alert"
        r"|Emergency}:{text=\+:marklogic.continued}?(?: |(?<=\+)|$)(?:{text=TaskServer|TaskManager:marklogic.task}: )?{body}",
    ),
    specificity=0.93,
    single_line=True,
    alone=False,
)
MARKLOGIC_ACCESS: Final = shaped(
    "marklogic_access",
    "MarkLogic access log",
    "https://docs.marklogic.com/guide/admin/logfiles#id_63287",
    samples=(
        '192.0.2.17 - ada [14/Mar/2024:09:26:53 +0100] "POST /eval XDBC/1.0" 200 138 - "Java/17 MarkLogicXCC/11.0"',
        '192.0.2.17 - - [14/Mar/2024:09:26:54 +0100] "GET /orders?id=17 HTTP/1.1" 404 12 - "curl/8.4.0"',
    ),
    templates=(
        r"{client=[^\s]{1,64}} {text=[^\s]{1,64}:ident} {user=[^\s]{1,255}}"
        r" \[{time=[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:{clock} [+-][0-9]{4}}\] \"{body={method} {path=[^\s?\"]{1,8192}}"
        r"(?:\?{query=[^\s\"]{0,8192}})? {text=HTTP|XDBC|ODBC:network.protocol.name}/{version}}\" {status} {size=[0-9]{1,18}|-}"
        r" {referer=-|[^\s\"]{1,4096}} \"{agent=[^\"\n]{0,4096}}\"",
    ),
    start=r"[^\s]{1,64} [^\s]{1,64} [^\s]{1,255} \[[^\]\n]{26}\] \"[^\"\n]{1,8192}\" [0-9]{3} [0-9-]{1,18} [^\s\"]{1,4096} [\"-]",
    specificity=0.98,
    single_line=True,
    alone=False,
)

FORMATS: Final = (MSSQL, DB2, MARKLOGIC, MARKLOGIC_ACCESS)
