"""What Cisco's firewalls say: ``%ASA-6-302013: Built outbound TCP connection …`` and access lists.

With or without a syslog header. https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/b_syslog.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import integer
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.systems.cisco_messages import add_device
from chalicelib.core.formats.systems.priorities import add_priority
from chalicelib.core.formats.times import MONTH, Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_HEAD: Final = re.compile(
    rf"(?:<[0-9]{{1,3}}>)?(?:({MONTH} [ 0-9]?[0-9] (?:[0-9]{{4}} )?[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,9}})?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9:]{4,6})?)(?: ([A-Z]{3,4}))?(?:: | ++))?+"
    r"(?:(?!%|ASA-|PIX-|FTD-|FWSM-|[aA]ccess-list )([^\s:%]{1,255}) ?:? )?(?:: )?"
    r"(?:%?((?:ASA|PIX|FTD|FWSM)(?:-\w{1,24})?)-([0-7])-([0-9]{3,7}): |(?=access-list \S{1,100} (?:permitted|denied|est-allowed) ))"
)
"""Time, zone, host, product, severity, message number."""
_PRI: Final = re.compile(r"<([0-9]{1,3})>")


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        match = _HEAD.match(line)
        if match is None:
            return OTHER_SHAPE
        when, zone, host, product, level, number = match.groups()
        if (when is None) and (host is not None or line[:1] == "<") and product is None:
            return OTHER_SHAPE
        stamp = (
            (None, None)
            if when is None
            else times.of_parts(when, None, zone and f" {zone}") or times.of_text(when)
        )
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        if priority := _PRI.match(line):
            fields["syslog.priority"] = integer(priority[1])
            add_priority(fields, line)
        if host:
            fields["host.name"] = host
        word = of_word = None
        if product:
            fields["cisco.facility"], fields["cisco.mnemonic"] = product, number
            word, of_word = severity.of_syslog(code := integer(level))
            fields["syslog.severity.code"] = code
        body = line[match.end() :]
        add_device(body, fields)
        return Record(
            stamp[0],
            stamp[1],
            word,
            of_word,
            line[match.start(4) - (line[match.start(4) - 1 : match.start(4)] == "%") :] if product else body,
            fields,
        )

    return parse


CISCO_ASA: Final = Format(
    name="cisco_asa",
    title="Cisco ASA, PIX, FWSM and FTD firewalls, with or without a syslog header",
    source="https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/b_syslog.html",
    samples=(
        "<166>Mar 14 2024 09:26:53 fw-1 : %ASA-6-302013: Built inbound TCP connection 4711 for outside:192.0.2.17/51022"
        " (192.0.2.17/51022) to dmz:198.51.100.9/443 (203.0.113.9/443)",
        '%ASA-4-106023: Deny tcp src outside:192.0.2.17/51022 dst inside:198.51.100.9/22 by access-group "outside_in" [0x0, 0x0]',
        "Mar 14 09:26:54 fw-1 %ASA-2-106001: Inbound TCP connection denied from 192.0.2.17/51022 to 198.51.100.9/23 flags SYN"
        "  on interface outside",
        "access-list inside_out permitted udp inside/198.51.100.9(5353) -> outside/192.0.2.17(53) hit-cnt 1 first hit [0x1, 0x0]",
    ),
    make_parser=_make_parser,
    specificity=0.98,
    sieve=r"[^\n]{0,120}?(?:%?(?:ASA|PIX|FTD|FWSM)-(?:\w{1,24}-)?[0-7]-[0-9]{3,7}: |access-list \S)",
    alone=True,
)
FORMATS: Final = (CISCO_ASA,)
