"""What telephones, desktops and supercomputers write: logcat, HealthApp, macOS, Windows CBS, Proxifier, BGL, HPC."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.patterned import REST, patterned
from chalicelib.core.formats.starts import CLOCK
from chalicelib.core.formats.times import MONTH

_DAY: Final = r"(?:(?P<y>[0-9]{4})-)?(?P<mo>[0-9]{2})-(?P<d>[0-9]{2}) (?P<h>[0-9]{2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2})\.(?P<f>[0-9]{3,9})(?: (?P<z>[+-][0-9]{4}))?"
_DAY_START: Final = r"(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3,9}"
_PRIORITY: Final = r"(?P<level>[VDIWEFAS])"

LOGCAT: Final = patterned(
    "logcat",
    "Android logcat: threadtime, time, brief, thread, process, tag, long",
    "https://developer.android.com/tools/logcat#outputFormat",
    samples=(
        "03-14 09:26:53.811  1702  2395 D WindowManager: printFreezingDisplayLogsopening app wtoken = AppToken{9f4ef63}",
        "2024-03-14 09:26:53.812 10017  1702  2395 E AndroidRuntime: FATAL EXCEPTION: main",
        "03-14 09:26:53.813 W/PowerManager( 1702): lock=233570404",
        "I/ActivityManager( 1702): Start proc 4711:org.example.shop",
    ),
    templates=(
        rf"{_DAY} {{1,8}}(?:(?P<uid>[\w.]{{1,32}}) {{1,8}})??(?P<pid>[0-9]{{1,10}}) {{1,8}}(?P<tid>[0-9]{{1,10}}) {_PRIORITY} (?P<tag>[^\n]{{0,100}}?) *: {REST}",
        rf"{_DAY} {{1,8}}(?:(?P<uid>[\w.]{{1,32}}) {{1,8}})??(?P<pid>[0-9]{{1,10}}) {{1,8}}(?P<tid>[0-9]{{1,10}}) {_PRIORITY} (?P<tag>[^\n:]{{0,100}}?) *:(?=\n|$)",
        rf"{_DAY} {_PRIORITY}/(?P<tag>[^\n(]{{0,100}}?) *\( *(?P<pid>[0-9]{{1,10}})\): ?{REST}",
        rf"{_PRIORITY}/(?P<tag>[^\n(]{{0,100}}?) *\( *(?P<pid>[0-9]{{1,10}})\): ?{REST}",
        rf"{_PRIORITY}\( *(?P<pid>[0-9]{{1,10}}): *(?P<tid>[0-9]{{1,10}})\) {REST}",
        rf"{_PRIORITY}\( *(?P<pid>[0-9]{{1,10}})\) (?P<body>[^\n]*?)(?: {{1,4}}\((?P<tag>[\w.-]{{1,64}})\))?(?=\n|$)",
        rf"\[ {_DAY} {{1,8}}(?P<pid>[0-9]{{1,10}}): *(?P<tid>(?:0x)?[0-9a-f]{{1,10}}) {_PRIORITY}/(?P<tag>[^\n]{{0,100}}?) *\](?:\n(?P<body>[^\n]*+))?",
        rf"(?P<level>[VDIWEFA])/(?P<tag>[\w.:-]{{1,64}}) *: {REST}",
        r"-{9} (?P<body>(?:beginning of|switch to) [^\n]*+)",
    ),
    start=rf"(?:\[ )?{_DAY_START}(?: [^\n]{{1,60}}?)? [VDIWEFAS][ /]|[VDIWEFAS]/[^\n(:]{{0,100}}(?:\( *[0-9]{{1,10}}\))?: |[VDIWEFAS]\( *[0-9]{{1,10}}[:)]|-{{9}} (?:beginning of|switch to) ",
    specificity=0.9,
    names={"tag": "android.tag", "uid": "user.id"},
    levels={"A": 21, "S": 21},
    alone=False,
)
HEALTH_APP: Final = patterned(
    "health_app",
    "HealthApp: time|component|pid|message",
    "https://github.com/logpai/loghub/tree/master/HealthApp",
    samples=(
        "20240314-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579",
        "20240314-9:5:3:7|Step_StandReportReceiver|30002312|onReceive action: org.example.SCREEN_ON",
    ),
    templates=(
        rf"(?P<y>[0-9]{{4}})(?P<mo>[0-9]{{2}})(?P<d>[0-9]{{2}})-(?P<h>[0-9]{{1,2}}):(?P<mi>[0-9]{{1,2}}):(?P<s>[0-9]{{1,2}}):(?P<ms>[0-9]{{1,3}})\|(?P<component>[^|\n]{{1,100}})\|(?P<pid>[0-9]{{1,12}})\|{REST}",
    ),
    start=r"[0-9]{8}-[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,3}\|",
    specificity=0.97,
    names={"component": "log.logger"},
)
PROXIFIER: Final = patterned(
    "proxifier",
    "Proxifier",
    "https://www.proxifier.com/docs/win-v4/log.html",
    samples=(
        "[03.14 09:26:53] chrome.exe - shop.example.org:443 open through proxy proxy.example.org:5070 HTTPS",
        "[03.14 09:26:54] chrome.exe *64 - 192.0.2.17:80 close, 451 bytes sent, 18,846 bytes (18.4 KB) received, lifetime <1 sec",
        "[03.14 09:26:55] Dropbox.exe - error : Could not connect through proxy - timeout",
    ),
    templates=(
        r"\[(?:(?P<y>[0-9]{4})\.)?(?P<mo>[0-9]{2})\.(?P<d>[0-9]{2}) (?P<h>[0-9]{2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2})\] (?P<process>[^\n]{1,200}?)(?: \*(?P<bits>[0-9]{2}))?(?: \((?P<pid>[0-9]{1,10})\))? - "
        r"(?P<server>[^\s:]{1,255}):(?P<server_port>[0-9]{1,5}) (?P<body>[^\n]{0,64}?"
        r"(?:(?P<sent>[0-9,]{1,20}) bytes(?: \([^)\n]{1,20}\))? sent, (?P<received>[0-9,]{1,20}) bytes(?: \([^)\n]{1,20}\))? received, lifetime (?P<lifetime>[^\n]{1,20})|through proxy (?P<proxy>\S{1,255})[^\n]*+))(?=\n|$)",
        r"\[(?:(?P<y>[0-9]{4})\.)?(?P<mo>[0-9]{2})\.(?P<d>[0-9]{2}) (?P<h>[0-9]{2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2})\] (?P<process>[^\n]{1,200}?)(?: \*(?P<bits>[0-9]{2}))?(?: \((?P<pid>[0-9]{1,10})\))? - "
        rf"(?:(?P<server>[^\s:]{{1,255}}):(?P<server_port>[0-9]{{1,5}}) )?{REST}",
        rf"\[(?:(?P<y>[0-9]{{4}})\.)?(?P<mo>[0-9]{{2}})\.(?P<d>[0-9]{{2}}) (?P<h>[0-9]{{2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}})\] {REST}",
    ),
    start=r"\[(?:[0-9]{4}\.)?[0-9]{2}\.[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\] ",
    specificity=0.94,
    names={
        "bits": "proxifier.process_bits", "sent": "proxifier.bytes_sent", "received": "proxifier.bytes_received",
        "lifetime": "proxifier.lifetime", "proxy": "proxifier.proxy",
    },
    numbers=frozenset(("bits", "sent", "received")),
)  # fmt: skip
WINDOWS_CBS: Final = patterned(
    "windows_cbs",
    "Windows component-based servicing (CBS.log, DISM, WindowsUpdate)",
    "https://learn.microsoft.com/en-us/troubleshoot/windows-client/setup-upgrade-and-drivers/analyze-sfc-program-log-file-entries",
    samples=(
        "2024-03-14 09:26:53, Info                  CBS    Loaded Servicing Stack v6.1.7601.23505 with Core: C:\\Windows\\winsxs\\cbscore.dll",
        "2024-03-14 09:26:54, Info                  CSI    00000001@2024/3/14:09:26:54.455 WcpInitialize called",
        "2024-03-14 09:26:55, Error                 CBS    Failed to open package. [HRESULT = 0x800f0805]",
        "2024-03-14 09:26:56, Warning               DISM   DISM Package Manager: PID=1760 TID=2904 Failed to open",
    ),
    templates=(
        rf"(?P<time>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}), (?P<level>Info|Warning|Error|Perf|Fatal) {{1,30}}(?P<component>[A-Z][A-Za-z]{{1,15}})(?: {{1,10}}|(?=\n|$)){REST}",
        rf"(?P<time>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}), (?P<level>Info|Warning|Error|Perf|Fatal) {{1,30}}{REST}",
    ),
    start=r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}, (?:Info|Warning|Error|Perf|Fatal) ",
    specificity=0.96,
    names={"component": "log.logger"},
    levels={"Perf": 9},
)
MACOS: Final = patterned(
    "macos_unified",
    "macOS unified log as text (log show, syslog and compact style)",
    "https://developer.apple.com/documentation/os/viewing-log-messages",
    samples=(
        "2024-03-14 09:26:53.123456+0100 0x1a2b     Default     0x0                  123    0    kernel: (Sandbox) deny(1) file-read-data",
        "2024-03-14 09:26:54.123456+0100 0x1a2c     Error       0x7a1                398    14   mDNSResponder: [com.apple.mDNSResponder:Default] lost",
        "2024-03-14 09:26:55.123 Df mDNSResponder[398:1a2c] [com.apple.mDNSResponder:Default] found",
    ),
    templates=(
        r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{6}[+-][0-9]{4}) {1,4}(?P<thread>0x[0-9a-f]{1,16}) {1,12}(?P<level>Default|Info|Debug|Error|Fault|Activity|Create|Signpost|State|Release|Loss|Use) {1,16}(?P<activity>0x[0-9a-f]{1,16}) {1,24}(?P<pid>[0-9]{1,10})"
        rf" {{1,12}}(?P<ttl>[0-9]{{1,6}}) {{1,8}}(?P<process>[^:\n]{{1,200}}): (?:\((?P<library>[^)\n]{{1,200}})\) ?)?(?:\[(?P<logger>[\w.-]{{1,200}}:[^\]\n]{{0,100}})\] ?)?{REST}",
        r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3}) (?P<level>Df|In? |Db|Er?|Ft?|Ac?|A ) (?P<process>[^\[\n]{1,200})\[(?P<pid>[0-9]{1,10}):(?P<thread>[0-9a-f]{1,16})\] "
        rf"(?:\[(?P<logger>[\w.-]{{1,200}}:[^\]\n]{{0,100}})\] ?)?{REST}",
    ),
    start=r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3}(?:[0-9]{3}[+-][0-9]{4} {1,4}0x[0-9a-f]{1,16} | [A-Z][a-z ] {1,2}[^\[\n]{1,200}\[[0-9]{1,10}:[0-9a-f]{1,16}\] )",
    specificity=0.96,
    names={
        "activity": "macos.activity_id",
        "ttl": "macos.ttl",
        "library": "macos.sender",
    },
    numbers=frozenset(("ttl",)),
    levels={
        "Default": 9,
        "Fault": 21,
        "Activity": 9,
        "Df": 9,
        "In": 9,
        "Db": 5,
        "Er": 17,
        "Ft": 21,
        "Create": 9,
        "Release": 9,
    },
)
BGL: Final = patterned(
    "bgl",
    "Blue Gene/L RAS log",
    "https://github.com/logpai/loghub/tree/master/BGL",
    samples=(
        "- 1710408413 2024.03.14 R02-M1-N0-C:J12-U11 2024-03-14-09.26.53.675872 R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error corrected",
        "APPREAD 1710408414 2024.03.14 R04-M1-N4-I:J18-U11 2024-03-14-09.26.54.980276 R04-M1-N4-I:J18-U11 RAS APP FATAL ciod: failed to read message prefix",
        "- 1710408415 2024.03.14 UNKNOWN_LOCATION 2024-03-14-09.26.55.000001 NULL DISCOVERY ERROR node card missing",
    ),
    templates=(
        r"(?P<alert>-|[A-Z0-9_]{2,32}) (?P<epoch>[0-9]{9,11}) [0-9]{4}\.[0-9]{2}\.[0-9]{2} (?P<host>\S{1,64}) (?P<y>[0-9]{4})-(?P<mo>[0-9]{2})-(?P<d>[0-9]{2})-(?P<h>[0-9]{2})\.(?P<mi>[0-9]{2})\.(?P<s>[0-9]{2})\.(?P<f>[0-9]{1,9}) "
        rf"(?P<location>\S{{1,64}}) (?:(?P<type>[A-Z]{{2,10}}) )?(?P<component>[A-Z_]{{2,16}}) (?P<level>INFO|WARNING|ERROR|SEVERE|FATAL|FAILURE)(?: |(?=\n|$)){REST}",
        r"(?P<alert>-|[A-Z0-9_]{2,32}) (?P<epoch>[0-9]{9,11}) [0-9]{4}\.[0-9]{2}\.[0-9]{2} (?P<host>\S{1,64}) (?P<y>[0-9]{4})-(?P<mo>[0-9]{2})-(?P<d>[0-9]{2})-(?P<h>[0-9]{2})\.(?P<mi>[0-9]{2})\.(?P<s>[0-9]{2})\.(?P<f>[0-9]{1,9}) "
        rf"(?P<location>\S{{1,64}})(?: |(?=\n|$)){REST}",
    ),
    start=r"(?:-|[A-Z0-9_]{2,32}) [0-9]{9,11} [0-9]{4}\.[0-9]{2}\.[0-9]{2} \S{1,64} [0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}\.",
    specificity=0.98,
    names={
        "alert": "bgl.alert",
        "epoch": "bgl.epoch",
        "location": "bgl.location",
        "type": "bgl.type",
        "component": "log.logger",
    },
    numbers=frozenset(("epoch",)),
    levels={"FAILURE": 21},
)
THUNDERBIRD: Final = patterned(
    "thunderbird",
    "Thunderbird, Spirit and Liberty supercomputers: syslog with alert and epoch",
    "https://github.com/logpai/loghub/tree/master/Thunderbird",
    samples=(
        "- 1710408413 2024.03.14 dn228 Mar 14 09:26:53 dn228/dn228 crond(pam_unix)[2915]: session closed for user root",
        "- 1710408414 2024.03.14 tbird-admin1 Mar 14 09:26:54 local@tbird-admin1 /apps/x86_64/system/ganglia/bin/gmetad[1682]: data_thread() got not answer from any [Thunderbird_A8] datasource",
        "EXT_CCISS 1710408415 2024.03.14 sn209 Mar  4 09:26:55 sn209/sn209 kernel: cciss: cmd has CHECK CONDITION",
    ),
    templates=(
        r"(?P<alert>-|[A-Z0-9_]{2,32}) (?P<epoch>[0-9]{9,11}) (?P<y>[0-9]{4})\.[0-9]{2}\.[0-9]{2} (?P<host>\S{1,64}) "
        rf"(?P<mo>{MONTH}) (?P<d>[ 0-9]?[0-9]) (?P<h>[0-9]{{2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}}) (?P<location>\S{{1,128}}) (?:(?P<service>[^\s:\[]{{1,128}})(?:\[(?P<pid>[0-9]{{1,10}})\])?: )?{REST}",
    ),
    start=rf"(?:-|[A-Z0-9_]{{2,32}}) [0-9]{{9,11}} [0-9]{{4}}\.[0-9]{{2}}\.[0-9]{{2}} \S{{1,64}} {MONTH} [ 0-9]?[0-9] {CLOCK} ",
    specificity=0.98,
    names={"alert": "thunderbird.alert", "epoch": "thunderbird.epoch", "location": "thunderbird.location"},
    numbers=frozenset(("epoch",)),
)
HPC: Final = patterned(
    "hpc",
    "HPC cluster events",
    "https://github.com/logpai/loghub/tree/master/HPC",
    samples=(
        "134681 node-246 unix.hw state_change.unavailable 1710408413 1 Component State Change: Component \\042alt0\\042 is in the unavailable state (HWID=1234)",
        "350766 node-109 unix.hw net.niff.up 1710408414 1 NIFF: node node-109 detected an available network connection on network 5.5.224.0",
    ),
    templates=(
        rf"(?P<id>[0-9]{{1,12}}) (?P<host>[\w.-]{{1,64}}) (?P<component>[\w.]{{1,64}}) (?P<event>[\w.-]{{1,100}}) (?P<time>[0-9]{{9,11}}) (?P<flag>[0-9]{{1,4}}) {REST}",
    ),
    start=r"[0-9]{1,12} [\w.-]{1,64} [\w.]{1,64} [\w.-]{1,100} [0-9]{9,11} [0-9]{1,4} ",
    specificity=0.94,
    names={"id": "hpc.log_id", "component": "log.logger", "flag": "hpc.flag"},
    numbers=frozenset(("id", "flag")),
    single_line=True,
)

FORMATS: Final = (LOGCAT, HEALTH_APP, PROXIFIER, WINDOWS_CBS, MACOS, BGL, THUNDERBIRD, HPC)
