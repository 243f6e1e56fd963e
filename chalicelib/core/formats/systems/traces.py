"""What strace and tcpdump print.

https://man7.org/linux/man-pages/man1/strace.1.html, https://www.tcpdump.org/manpages/tcpdump.1.html
A time of day without a date is kept as `time_of_day`: the record has no timestamp.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import add_integer, decimal, integer, number, port
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_CLOCK: Final = r"([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)"
_STRACE: Final = re.compile(
    rf"(?:\[pid +([0-9]{{1,10}})\] |([0-9]{{1,8}}) +)?(?:{_CLOCK}|([0-9]{{9,11}}\.[0-9]{{1,9}})) (.*)",
    re.DOTALL,
)
_BARE: Final = re.compile(r"\[pid +([0-9]{1,10})\] (.*)", re.DOTALL)
_CALL: Final = re.compile(
    r"(?:<\.\.\. ([a-z_][a-z0-9_]{1,40}) resumed>|([a-z_][a-z0-9_]{1,40})\()(.*)", re.DOTALL
)
_RETURN: Final = re.compile(
    r"\) += (\?|-?[0-9]{1,20}|0x[0-9a-f]{1,16})(?: ([A-Z][A-Z0-9_]{1,40}))?(?: \(([^()]{0,200}(?:\([^()]{0,100}\))?[^()]{0,100})\))?(?:<[^<>]{0,300}>)?(?: <([0-9]{1,9}\.[0-9]{1,9})>)?\s*$"
)
_TAIL: Final = 900
_SIGNAL: Final = re.compile(
    r"--- (?:(SIG[A-Z0-9+]{2,12}) (.*)|stopped by (SIG\w{2,12})) ---|\+\+\+ (?:exited with ([0-9]{1,9})|killed by (SIG\w{2,12}).*) \+\+\+"
)


def _strace(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        match = _STRACE.fullmatch(line)
        if match is None:
            bare = _BARE.fullmatch(line)
            if bare is None:
                return OTHER_SHAPE
            process, clock, seconds, rest = bare[1], None, None, bare[2]
        else:
            process, clock, seconds, rest = match[1] or match[2], match[3], match[4], match[5]
        fields: dict[str, Value] = {}
        if process:
            fields["process.pid"] = integer(process)
        if clock:
            fields["time_of_day"] = clock
        stamp = times.of_number(seconds) if seconds else (None, None)
        if stamp is None:
            return BAD_TIME
        if found_signal := _SIGNAL.match(rest):
            signal, how, stopped, code, killed = found_signal.groups()
            if code:
                fields["process.exit.code"] = integer(code)
            else:
                fields["strace.signal"] = signal or stopped or killed
            return Record(stamp[0], stamp[1], None, None, how or rest, fields)
        call = _CALL.match(rest)
        if call is None:
            return OTHER_SHAPE
        fields["strace.syscall"] = call[1] or call[2]
        call_text = call[3]
        if call[1]:
            fields["strace.resumed"] = True
            call_text = call_text.removeprefix(" ") if call_text[:2] == " )" else call_text
        end = call_text.rfind(") ", max(0, len(call_text) - _TAIL))
        while end >= 0 and (result := _RETURN.match(call_text, end)) is None:
            end = call_text.rfind(") ", max(0, len(call_text) - _TAIL), end)
        if end >= 0 and result is not None:
            value, error, meaning, took = result.groups()
            fields["strace.result"] = number(value)
            if error:
                fields["error.type"] = error
            if meaning:
                fields["strace.meaning"] = meaning
            if took:
                fields["strace.duration_s"] = decimal(took)
            call_text = call_text[:end]
        elif call_text.rstrip().endswith("<unfinished ...>"):
            fields["strace.unfinished"] = True
            call_text = (
                call_text.rstrip().removesuffix("<unfinished ...>").removesuffix(" ")
                if call_text.endswith("> ") is False
                else call_text
            )
        else:
            return OTHER_SHAPE
        return Record(stamp[0], stamp[1], None, None, call_text or None, fields)

    return parse


_PACKET: Final = re.compile(
    r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9})|([0-9]{9,11}\.[0-9]{1,9})|([0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9})) "
    r"(?:(\S{1,20}) {1,2}(In|Out|B|M|P) {1,3})?(IP6?|ARP,|IP6? \(.{1,400}?\)) (.*)",
    re.DOTALL,
)
_PEERS: Final = re.compile(r" *(\S{1,255}) > (\S{1,255}): (.*)", re.DOTALL)
_LENGTH: Final = re.compile(r"length ([0-9]{1,9})\b")
_FLAGS: Final = re.compile(r"Flags \[([A-Z.]{1,10}|none)\]")


def _peer(text: str, side: str, fields: dict[str, Value], *, v6: bool) -> None:
    host, dot, service = text.rpartition(".")
    if dot and (
        (v6 and ":" in host) or (host.count(".") >= 3 or (host.count(".") >= 1 and port(service) is None))
    ):
        fields[f"{side}.address"] = host
        add_integer(fields, f"{side}.port", service)
    else:
        fields[f"{side}.address"] = text


def _tcpdump(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(line: str) -> Record | Reject:
        match = _PACKET.fullmatch(line)
        if match is None:
            return OTHER_SHAPE
        full, seconds, clock, interface, direction, kind, rest = match.groups()
        stamp = times.of_text(full) if full else times.of_number(seconds) if seconds else (None, None)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        if clock:
            fields["time_of_day"] = clock
        if interface:
            fields["network.interface.name"], fields["tcpdump.direction"] = interface, direction
        fields["network.type"] = "arp" if kind[0] == "A" else "ipv6" if kind[:3] == "IP6" else "ipv4"
        if "(" in kind:
            fields["tcpdump.header"] = kind.partition("(")[2][:-1]
        peers = _PEERS.match(rest)
        if peers is None and kind[0] != "A":
            return OTHER_SHAPE
        if peers is not None:
            _peer(peers[1], "source", fields, v6=kind[:3] == "IP6")
            _peer(peers[2], "destination", fields, v6=kind[:3] == "IP6")
            if flags := _FLAGS.match(peers[3]):
                fields["network.transport"], fields["tcp.flags"] = "tcp", flags[1]
            elif peers[3].startswith(("UDP", "ICMP")):
                fields["network.transport"] = "udp" if peers[3][0] == "U" else "icmp"
            lengths = _LENGTH.findall(peers[3])
            if lengths:
                fields["tcpdump.length"] = integer(lengths[-1])
            rest = peers[3]
        return Record(stamp[0], stamp[1], None, None, rest or None, fields)

    return parse


STRACE: Final = Format(
    name="strace",
    title="strace, with times or process ids",
    source="https://man7.org/linux/man-pages/man1/strace.1.html",
    samples=(
        '09:26:53.815943 access("/etc/ld.so.nohwcap", F_OK) = -1 ENOENT (No such file or directory) <0.000019>',
        "4711 1710404813.560493 poll([{fd=11, events=POLLIN}], 1, 49) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)",
        "1710404814.601613 --- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---",
        '[pid  4712] 09:26:54.386512 <... read resumed>"/usr/bin/x\\n", 128) = 17 <0.024012>',
        "4712 1710404815.004442 accept4(3,  <unfinished ...>",
    ),
    make_parser=_strace,
    specificity=0.95,
    sieve=rf"(?:\[pid +[0-9]{{1,10}}\] |[0-9]{{1,8}} +)?(?:(?:{_CLOCK}|[0-9]{{9,11}}\.[0-9]{{1,9}}) )?(?:[a-z_][a-z0-9_]{{1,40}}\(|<\.\.\. |--- |\+\+\+ )",
)
TCPDUMP: Final = Format(
    name="tcpdump",
    title="tcpdump, a line a packet",
    source="https://www.tcpdump.org/manpages/tcpdump.1.html",
    samples=(
        "09:26:53.550475 IP 192.0.2.17.43436 > 198.51.100.9.22: Flags [S], seq 2398030442, win 64240, options [mss 1460,sackOK], length 0",
        "2024-03-14 09:26:54.000001 IP6 2001:db8::5.5353 > 2001:db8::1.53: 17+ A? example.org. (29)",
        "09:26:55.100000 ARP, Request who-has 192.0.2.1 tell 192.0.2.17, length 28",
        "1710404816.000001 eth0  Out IP 192.0.2.17 > 198.51.100.9: ICMP echo request, id 7, seq 1, length 64",
    ),
    make_parser=_tcpdump,
    specificity=0.98,
    sieve=r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2} )?(?:[0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9]{9,11})\.[0-9]{1,9} (?:\S{1,20} {1,2}(?:In|Out|B|M|P) {1,3})?(?:IP6? |ARP, )",
    alone=True,
)
FORMATS: Final = (STRACE, TCPDUMP)
