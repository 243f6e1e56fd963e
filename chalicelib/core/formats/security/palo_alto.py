"""Palo Alto Networks PAN-OS: the comma-separated logs that firewalls send, with or without a syslog header.

The columns are those of the vendor's page, in its order; a later release appends columns, which are kept under
their number. https://docs.paloaltonetworks.com/pan-os/10-1/pan-os-admin/monitoring/use-syslog-for-monitoring/syslog-field-descriptions
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import number
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.security.kv import Headed
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_HEAD: Final = ". receive_time serial type subtype . time_generated"
_FLOW: Final = (
    " source.address destination.address natsrc natdst rule user.name dstuser app vsys from to inbound_if outbound_if logset . sessionid"
    " repeatcnt source.port destination.port natsport natdport flags network.transport action"
)
_GROUPS: Final = " dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name host.name"
_COLUMNS: Final = {
    "TRAFFIC": _HEAD + _FLOW + " bytes bytes_sent bytes_received packets start elapsed category . seqno actionflags srcloc dstloc ."
    " pkts_sent pkts_received session_end_reason" + _GROUPS + " action_source src_uuid dst_uuid tunnelid monitortag parent_session_id"
    " parent_start_time tunnel assoc_id chunks chunks_sent chunks_received rule_uuid http2_connection",
    "THREAT": _HEAD + _FLOW + " misc threatid category severity direction seqno actionflags srcloc dstloc . contenttype pcap_id filedigest"
    " cloud url_idx user_agent.original filetype xff referer sender subject recipient reportid" + _GROUPS
    + " . src_uuid dst_uuid http.request.method tunnel_id monitortag parent_session_id parent_start_time tunnel thr_category contentver ."
    " assoc_id ppid http_headers url_category_list rule_uuid http2_connection",
    "SYSTEM": _HEAD + " vsys eventid object . . module severity opaque seqno actionflags" + _GROUPS,
    "CONFIG": _HEAD + " client.address vsys cmd user.name client result path seqno actionflags" + _GROUPS,
    "GLOBALPROTECT": _HEAD + " vsys eventid stage auth_method tunnel_type user.name srcregion machinename client.address public_ipv6"
    " private_ip private_ipv6 hostid serialnumber client_ver client_os client_os_ver repeatcnt reason error opaque status location"
    " login_duration connect_method error_code portal seqno actionflags",
    "USERID": _HEAD + " vsys source.address user.name datasourcename eventid repeatcnt timeout source.port destination.port datasource"
    " datasourcetype seqno actionflags" + _GROUPS,
    "HIPMATCH": _HEAD + " user.name vsys machinename os source.address matchname repeatcnt matchtype . . seqno actionflags" + _GROUPS,
    "DECRYPTION": _HEAD + _FLOW,
    "CORRELATION": _HEAD + " source.address user.name vsys category severity",
    "AUTHENTICATION": _HEAD + " vsys source.address user.name normalize_user object authpolicy repeatcnt authid vendor logset serverprofile"
    " desc clienttype event factorno seqno actionflags" + _GROUPS,
}  # fmt: skip
_NAMES: Final = {
    kind: tuple(
        "" if name == "." else name if "." in name else f"panos.{name}" for name in columns.split(" ")
    )
    for kind, columns in _COLUMNS.items()
}
_START: Final = re.compile(
    r"(?:^|[\s,])((?:[01]|future_use)?,[0-9]{4}[/-][0-9]{2}[/-][0-9]{2}[ T][0-9:.]{8,15}Z?,[0-9A-Za-z-]{1,24},"
    r"(TRAFFIC|THREAT|SYSTEM|CONFIG|GLOBALPROTECT|USERID|HIPMATCH|DECRYPTION|CORRELATION|AUTHENTICATION),)"
)
_FIELD: Final = re.compile(r'(?:"((?:[^"]|"")*+)"|([^,]*+))(?:,|$)')
_TEXT: Final = frozenset(("panos.serial", "panos.seqno", "panos.eventid", "panos.vsys"))
_COLUMNS_MAX: Final = 250
_LEVELS: Final = {"informational": "info", "medium": "warning", "high": "error", "low": "notice"}


def _fields_of(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",", _COLUMNS_MAX)
    values: list[str] = []
    at = 0
    while at <= len(text) and len(values) < _COLUMNS_MAX:
        match = _FIELD.match(text, at)
        if match is None:
            values.append(text[at:])
            break
        values.append(match[2] if match[1] is None else match[1].replace('""', '"'))
        if match.end() == len(text) and not text.endswith(",", match.start()):
            break
        at = match.end()
        if at >= len(text):
            break
    return values


def _make_parser(context: ParseContext) -> Parse:
    times, headed = Times(context.last_modified), Headed(context)

    def parse(line: str) -> Record | Reject:
        match = _START.search(line, 0, 400)
        if match is None:
            return OTHER_SHAPE
        at, kind = match.start(1), match[2]
        fields: dict[str, Value] = {}
        if line[:at].strip():
            header = headed.head(line[:at])
            if header is None:
                return OTHER_SHAPE
            for name in ("syslog.facility.code", "syslog.severity.code", "host.name"):
                if name in header[1]:
                    fields["panos.collector" if name == "host.name" else name] = header[1][name]
        names = _NAMES[kind]
        word: str | None = None
        when = generated = ""
        for place, value in enumerate(_fields_of(line[at:])):
            name = names[place] if place < len(names) else f"panos.column_{place + 1}"
            if not value:
                continue
            if name == "panos.receive_time":
                when = value
            elif name == "panos.time_generated":
                generated = value
            elif name == "panos.severity":
                word = value
            elif name:
                fields[name] = value if name in _TEXT else number(value)
            elif place not in (0, 5):
                fields[f"panos.column_{place + 1}"] = value
        stamp = times.of_text(generated or when)
        if stamp is None:
            return BAD_TIME
        if when and when != generated:
            fields["panos.receive_time"] = when
        level = severity.of_word(_LEVELS.get(word.lower(), word)) if word else None
        if word and level is None and not severity.is_word(word):
            fields["panos.severity"], word = word, None
        body = fields.get("panos.opaque") or fields.get("panos.threatid") or fields.get("panos.cmd")
        if type(body) is not str:
            subtype = fields.get("panos.subtype")
            subtype = subtype if type(subtype) is str else fields.get("panos.eventid", "")
            body = f"{kind} {subtype} {fields.get('panos.action', fields.get('panos.status', ''))}".rstrip()
        return Record(*stamp, word, level, body, fields)

    return parse


PALO_ALTO: Final = Format(
    name="palo_alto",
    title="Palo Alto Networks PAN-OS, with or without a syslog header",
    source="https://docs.paloaltonetworks.com/pan-os/10-1/pan-os-admin/monitoring/use-syslog-for-monitoring/syslog-field-descriptions",
    samples=(
        "Mar 14 09:26:54 fw-1 1,2024/03/14 09:26:54,012501000001,TRAFFIC,end,2561,2024/03/14 09:26:53,192.0.2.17,198.51.100.9,203.0.113.1,"
        "198.51.100.9,allow-web,example\\ada,,ssl,vsys1,trust,untrust,ethernet1/23,ethernet1/24,fwd,2024/03/14 09:26:53,72568134,1,51022,443,"
        "50464,443,0x40441a,tcp,allow,7312,2228,5084,22,2024/03/14 09:26:40,16,any,,7253419119627122716,0x0,10.0.0.0-10.255.255.255,Japan,,12,"
        "10,tcp-rst-from-client,34,0,0,0,,fw-1,from-policy",
        "1,2024/03/14 09:26:55,012501000001,THREAT,vulnerability,2561,2024/03/14 09:26:55,192.0.2.17,198.51.100.9,,,rule-0,,,ssh,vsys1,Untrust,"
        'DMZ,vlan.1,vlan.2,fwd,2024/03/14 09:26:55,238810,23,47094,22,0,0,0x402400,tcp,reset-both,"a, ""quoted"" name",SSH Brute Force(40015),any,'
        "high,client-to-server,1,0x0,Germany,France",
        "<14>Mar 14 09:26:56 fw-1 1,2024/03/14 09:26:56,012501000001,SYSTEM,auth,0,2024/03/14 09:26:56,,auth-fail,,0,0,general,medium,"
        "\"failed authentication for user 'ada'. Reason: Invalid username/password. From: 192.0.2.17.\",17,0x0",
    ),
    make_parser=_make_parser,
    specificity=0.99,
    sieve=r"[^\n]{0,400}?,[0-9]{4}[/-][0-9]{2}[/-][0-9]{2}[ T][0-9:.]{8,15}Z?,[0-9A-Za-z-]{1,24},[A-Z]{6,14},",
    alone=True,
)
FORMATS: Final = (PALO_ALTO,)
