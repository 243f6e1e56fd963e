"""VMware's logs: time, level, program and thread are typed, operations and users too, and what is behind `-->` belongs to its entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.core.records import Record
from tests.lines_of_formats import read, records

if TYPE_CHECKING:
    from chalicelib.core.records import Value

EVENT = (
    "<14>1 2026-03-01T10:00:00.123456+00:00 vcenter vpxd 58650 - -  Event [575792] [1-1] [2026-03-01T10:00:00.26309Z] [vim.event.UserLoginSessionEvent]"
    " [info] [VSPHERE.LOCAL\\ada] [] [575792] [User VSPHERE.LOCAL\\ada@192.0.2.17 logged in as Go-http-client/1.1]"
)
T = "2026-03-01T10:00:00.123Z"
LINES: list[tuple[str, tuple[str | None, int | None], str, dict[str, Value]]] = [
    (f"{T} cpu4:2097597)ScsiDeviceIO: 3047: Cmd 0x1a failed", (None, None), "ScsiDeviceIO: 3047: Cmd 0x1a failed", {"vmware.cpu": 4, "vmware.world": "2097597"}),
    (f"{T} cpu4:2097597)WARNING: NMP: 640: Retry", ("WARNING", 13), "NMP: 640: Retry", {"vmware.cpu": 4}),
    (f"{T} cpu12:2098105 opID=7a3c1b2f)World: 12077: VC opID 5f6 maps", (None, None), "World: 12077: VC opID 5f6 maps", {"vmware.opid": "7a3c1b2f"}),
    (f"{T} In(182) vmkernel: cpu3:1001390085)DVFilter: 5984: Checking", ("In", 9), "DVFilter: 5984: Checking",
     {"service.name": "vmkernel", "syslog.priority": 182, "vmware.cpu": 3, "vmware.world": "1001390085"}),
    (f"{T} info hostd[2099518] [Originator@6876 sub=Vimsvc.ha-eventmgr opID=esxui-b370 user=root] Event 406 : User ada@192.0.2.17 logged in as VMware-client/6.5.0",
     ("info", 9), "Event 406 : User ada@192.0.2.17 logged in as VMware-client/6.5.0",
     {"service.name": "hostd", "thread.id": 2099518, "log.logger": "Vimsvc.ha-eventmgr", "vmware.opid": "esxui-b370", "user.name": "ada", "client.address": "192.0.2.17"}),
    (f"{T} In(166) Hostd[2099522]: [Originator@6876 sub=Vimsvc.TaskManager opID=5f6-7a user=vpxuser:VSPHERE.LOCAL\\Administrator] Task Created",
     ("In", 9), "Task Created", {"user.name": "vpxuser", "vmware.on_behalf_of": "VSPHERE.LOCAL\\Administrator", "vmware.opid": "5f6-7a"}),
    (f"{T} error vpxd[12345] [Originator@6876 sub=vpxdVmomi opID=5f6c1e] Got exception", ("error", 17), "Got exception", {"service.name": "vpxd"}),
    (f"{T} [7F2A9C7FA700 warning 'VpxProfiler' opID=HB] Took 1042 ms", ("warning", 13), "Took 1042 ms", {"log.logger": "VpxProfiler", "thread.name": "7F2A9C7FA700"}),
    (f"{T}| vcpu-0| W115: Guest: toolbox", ("W", 13), "Guest: toolbox", {"thread.name": "vcpu-0", "vmware.level_value": "115"}),
    (f"{T} In(05) vmx - Hostname=esx1", ("In", 9), "Hostname=esx1", {"thread.name": "vmx"}),
    (f"{T} shell[2099000]: [root]: esxcli system version get", (None, None), "esxcli system version get", {"user.name": "root", "thread.id": 2099000}),
    (f"{T} In(14) shell[2099000]: [root]: ls", ("In", 9), "ls", {"user.name": "root", "service.name": "shell"}),
    (f"{T} In(14) vobd[2097521]:  [UserLevelCorrelator] 1012726884193us: [vob.user.ssh.session.closed] SSH session was closed",
     ("In", 9), "[UserLevelCorrelator] 1012726884193us: [vob.user.ssh.session.closed] SSH session was closed", {"service.name": "vobd"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "severity", "body", "values"), LINES)
def test_each_part_of_a_line_is_typed(
    line: str, severity: tuple[str | None, int | None], body: str, values: dict[str, Value]
) -> None:
    name, outcomes = read(f"{line}\n".encode() * 3)
    assert name == "vmware"
    for outcome in outcomes:
        assert isinstance(outcome.result, Record)
        assert (outcome.result.timestamp, outcome.result.timestamp_assumed) == (
            "2026-03-01T10:00:00.123Z",
            None,
        )
        assert (outcome.result.severity_text, outcome.result.severity_number) == severity
        assert outcome.result.body == body
        assert {key: outcome.result.attributes.get(key) for key in values} == values


def test_lines_behind_an_arrow_belong_to_their_entry() -> None:
    head = "error hostd[2099519] [Originator@6876 sub=Default] Failed: (Fault cause: vmodl.fault.HostCommunication"
    text = f"{T} {head}\n--> )\n--> [context]zKq7[/context]\n{T} info hostd[7] [Originator@6876 sub=Default] ready\n"
    first, second = records(text)
    assert (
        first.body
        == "Failed: (Fault cause: vmodl.fault.HostCommunication\n--> )\n--> [context]zKq7[/context]"
    )
    assert (second.body, second.severity_text) == ("ready", "info")


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("<166>2026-03-01T10:00:00.123Z esx1 Hostd: info hostd[1053970] [Originator@6876 sub=Vimsvc opID=b370 user=root] Event 406",
         {"host.name": "esx1", "log.logger": "Vimsvc", "vmware.opid": "b370", "user.name": "root"}),
        ("<181>2026-03-01T10:00:00.123Z esx1 vmkernel: cpu3:2097597)WARNING: NMP: Retry", {"host.name": "esx1", "vmware.cpu": 3, "syslog.severity.code": 5}),
        (EVENT,
         {"host.name": "vcenter", "event.name": "vim.event.UserLoginSessionEvent", "user.name": "VSPHERE.LOCAL\\ada", "client.address": "192.0.2.17",
          "vmware.event_id": "575792"}),
    ],
)  # fmt: skip
def test_syslog_carries_them(line: str, values: dict[str, Value]) -> None:
    (record,) = records(line + "\n")
    assert record.timestamp is not None
    assert record.timestamp.startswith("2026-03-01T10:00:00.123")
    assert {key: record.attributes.get(key) for key in values} == values
    assert record.attributes["log.record.format"] == "vmware"
