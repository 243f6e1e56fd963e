"""VMware ESXi and vCenter: vmkernel, hostd, vpxa, vpxd and their like, virtual machines, shells; in files and in syslog.

ESXi 8 writes severity, program and thread the same way everywhere; before that each service had its own.
https://techdocs.broadcom.com/us/en/vmware-cis/vsphere/vsphere/8-0/esxi-installation-and-setup-8-0.html ("Log File Formats")
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.kinds import is_ip
from chalicelib.core.formats.patterned import REST, TIME, patterned

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_WORDS: Final = "trivia|verbose|debug|info|warning|error|panic|critical|Info|Warning|Error"
_CODES: Final = "Em|Al|Cr|Er|Wa|No|In|Db"
_ORIGINATOR: Final = (
    r"(?:\[Originator@[0-9]{1,9}(?: sub=(?P<logger>[^\]\n]{1,256}?))?(?: item=(?P<item>[^\]\n]{1,256}?))?(?: opID=(?P<opid>[^\s\]]{1,256}))?"
    r"(?: sid=(?P<session>[^\s\]]{1,64}))?(?: user=(?P<user>[^\]\n]{1,256}?))?(?: update=[0-9]{1,9})?\] ?)?"
)
_KERNEL: Final = r"cpu(?P<cpu>[0-9]{1,4}):(?P<world>[0-9]{1,10})(?: opID=(?P<kernel_opid>[\w-]{1,64}))? ?\)"
_PROGRAM: Final = r"(?P<service>[A-Za-z][\w.-]{0,63})(?:\[(?P<tid>[0-9A-Fa-f]{1,16})\])?"
_SERVICES: Final = (
    "hostd", "vpxa", "vpxd", "vpxd-svcs", "rhttpproxy", "vmkernel", "vmkwarning", "vobd", "fdm", "vsanmgmtd", "vsansystem", "vmauthd", "esxtokend",
    "apiforwarder", "settingsd", "envoy-access", "healthd", "hostprofiletrace", "loadesx", "vvold", "nfcd", "iofiltervpd", "hostd-probe",
)  # fmt: skip
_KNOWN: Final = rf"(?i:{'|'.join(_SERVICES)})"
_OWN: Final = rf"(?={_KNOWN}(?:\[[0-9A-Fa-f]{{1,16}}\])? |[A-Za-z][\w.-]{{0,63}}(?:\[[0-9A-Fa-f]{{1,16}}\])? \[Originator@[0-9])"
"""Behind a level: a service that is VMware's, or what only VMware's write. Any other word is the message of another log."""
_LEVELS: Final = {
    "Em": 21,
    "Al": 19,
    "Cr": 18,
    "Er": 17,
    "Wa": 13,
    "No": 10,
    "In": 9,
    "Db": 5,
    "trivia": 1,
    "critical": 18,
}
_LOGIN: Final = re.compile(
    r"(?:Event [0-9]{1,18} : )?(?:User (?P<user>[^\s@]{1,128})@(?P<address>[0-9A-Fa-f.:]{2,45}) logged (?:in|out)"
    r"|Cannot login (?:user )?(?P<refused>[^\s@]{1,128})@(?P<from>[0-9A-Fa-f.:]{2,45})|Accepted password for user (?P<accepted>[^\s]{1,128}) from (?P<at>[0-9A-Fa-f.:]{2,45}))"
)


def _details(fields: dict[str, Value], body: str) -> None:
    if (opid := fields.pop("vmware.kernel_opid", None)) is not None:
        fields.setdefault("vmware.opid", opid)
    user = fields.get("user.name")
    if type(user) is str and ":" in user:
        fields["user.name"], _, fields["vmware.on_behalf_of"] = user.partition(":")
    login = _LOGIN.match(body)
    if login is not None:
        name, address = next((login.group(*pair) for pair in _PAIRS if login[pair[0]]), ("", ""))
        if is_ip(address):
            if fields.get("user.name") not in (None, name):
                fields["vmware.session_user"] = fields["user.name"]
            fields["user.name"], fields["client.address"] = name, address


def _without_bracket(fields: dict[str, Value], body: str) -> str:
    return body.removesuffix("]") if "vmware.event_id" in fields else body


_PAIRS: Final = (("user", "address"), ("refused", "from"), ("accepted", "at"))

_VMWARE: Final = patterned(
    "vmware",
    "VMware ESXi and vCenter: hostd, vpxd, vmkernel and their like, virtual machines, shells",
    "https://knowledge.broadcom.com/external/article/306962/location-of-esxi-log-files.html",
    samples=(
        "2024-03-14T09:26:53.352Z info vpxd[27059] [Originator@6876 sub=drmLogger opID=SWI-5441881e] worker starts for host web-1",
        "2024-03-14T09:26:54.001Z cpu3:2097)NMP: nmp_ThrottleLogForDevice:3872: Cmd 0x85 failed",
        "[2024-03-14 09:26:55.203 F5A5AB90 info 'vm:/vmfs/volumes/4d65/a.vmx' opID=F6FC49D5-000007E6-d] VMotionPrepare: dstMgmtIp=192.0.2.17",
        "2024-03-14T09:26:56.243Z Section for vdtc, pid=4774, version=e.x.p, build=19889761, option=Release",
        "2024-03-14T09:26:57.873Z In(182) vmkernel: cpu2:2098 )Vol3: 3141: failed to open volume",
        "2024-03-14T09:26:58.100Z Er(163) Hostd[2099522]: [Originator@6876 sub=Hostsvc] Could not start:\n--> cause = vmodl.fault.HostCommunication",
        "2024-03-14T09:26:59.100Z| vcpu-0| W115: Guest: toolbox: no answer",
        "2024-03-14T09:27:00Z shell[2099000]: [root]: esxcli system version get",
    ),
    templates=(
        rf"{TIME} (?P<level>{_WORDS}) {_OWN}{_PROGRAM} {_ORIGINATOR}{REST}",
        rf"{TIME} (?P<level>{_CODES})\((?P<code>[0-9]{{1,3}})\)(?: ?\[\+\]|\+)? {_PROGRAM}: {_KERNEL}{REST}",
        rf"{TIME} (?P<level>{_CODES})\((?P<code>[0-9]{{1,3}})\)(?: ?\[\+\]|\+)? {_PROGRAM}: \[(?P<user>[\w.\\@-]{{1,64}})\]: {REST}",
        rf"{TIME} (?P<level>{_CODES})\((?P<code>[0-9]{{1,3}})\)(?: ?\[\+\]|\+)? {_PROGRAM}: +{_ORIGINATOR}{REST}",
        rf"{TIME} (?P<level>{_CODES})\((?P<value>[0-9]{{1,3}})\)(?: ?\[\+\]|\+)? (?P<thread>[^\s]{{1,64}}) (?:-|(?P<opid>[^\s]{{1,64}})) {REST}",
        rf"{TIME} {_KERNEL}(?:(?P<level>WARNING|ALERT): )?{REST}",
        rf"{TIME} \[(?P<thread>[0-9A-F]{{5,16}}) (?P<level>[a-z]{{4,8}}) '(?P<logger>[^'\n]{{0,300}})'(?: opID=(?P<opid>[^\]\n]{{1,128}}))?\] ?{REST}",
        rf"\[{TIME} (?P<thread>[0-9A-F]{{5,16}}|[0-9]{{5}}) (?P<level>[a-z]{{4,8}}) '(?P<logger>[^'\n]{{0,300}})'(?: opID=(?P<opid>[^\]\n]{{1,128}}))?\] ?{REST}",
        rf"{TIME}\| (?P<thread>[^|\n]{{1,64}})\| (?P<level>[EWIVD])(?P<value>[0-9]{{3}})(?::|\+) {REST}",
        rf"{TIME}: \[(?P<logger>\w{{1,64}}Correlator)\] (?P<uptime>[0-9]{{1,20}})us: {REST}",
        rf"{TIME} (?P<service>shell|ESXShell)\[(?P<tid>[0-9]{{1,10}})\]: \[(?P<user>[\w.\\@-]{{1,64}})\]: {REST}",
        rf" ?Event \[(?P<event_id>[0-9]{{1,18}})\] \[[^\]\n]{{0,16}}\] \[{TIME}\] \[(?P<event>[\w.]{{1,128}})\] \[(?P<level>[a-z]{{4,8}})\]"
        rf" \[(?P<user>[^\]\n]{{0,128}})\] \[(?P<datacenter>[^\]\n]{{0,128}})\] \[[0-9]{{0,18}}\] \[{REST}",
        rf"{TIME} (?P<body>(?:- (?:last log rotation time|time the service was last started),? ?[^\n]{{0,200}}?)?Section for [\w.-]{{1,64}}, pid=[^\n]*+)",
    ),
    start=rf"(?:{ISO}(?: (?:(?:{_WORDS}) {_OWN}|(?:{_CODES})\([0-9]{{1,3}}\)|cpu[0-9]{{1,4}}:[0-9]|\[[0-9A-F]{{5,16}} [a-z]{{4,8}} '"
    r"|(?:shell|ESXShell)\[[0-9]{1,10}\]: \[|Section for [\w.-]{1,64}, pid=|- (?:last|time))|\| [^|\n]{1,64}\| [EWIVD][0-9]{3}[:+] |: \[\w{1,64}Correlator\] )"
    rf"|\[{ISO} [0-9A-F]{{5,16}} [a-z]{{4,8}} ')",
    specificity=0.965,
    names={
        "cpu": "vmware.cpu", "world": "vmware.world", "opid": "vmware.opid", "kernel_opid": "vmware.kernel_opid", "code": "syslog.priority",
        "value": "vmware.level_value", "item": "vmware.item", "session": "session.id", "uptime": "vmware.uptime_us",
        "event_id": "vmware.event_id", "datacenter": "vmware.datacenter",
    },
    numbers=frozenset(("cpu", "code", "uptime")),
    levels=_LEVELS,
    details=_details,
    rewrite=_without_bracket,
    alone=True,
)  # fmt: skip
VMWARE: Final = replace(_VMWARE, programs=_SERVICES, unstamped="2000-01-01T00:00:00Z ")

FORMATS: Final = (VMWARE,)
