"""Network services: packet filters, names, files, tunnels, calls."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.systems.by_program import Program, format_of

FORMATS: Final = tuple(map(format_of, (
    Program(
        "iptables",
        "Packets that netfilter logs (iptables, nftables, UFW), as syslog or the kernel has them",
        "https://man7.org/linux/man-pages/man8/iptables-extensions.8.html",
        frozenset(),
        (
            "Mar 14 09:26:53 web-1 kernel: [ 1042.117] [UFW BLOCK] IN=eth0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00"
            " SRC=192.0.2.17 DST=198.51.100.9 LEN=40 TOS=0x00 PREC=0x00 TTL=245 ID=37308 DF PROTO=TCP SPT=51022 DPT=22 WINDOW=1024"
            " RES=0x00 SYN URGP=0",
            'Mar 14 09:26:54 gw [WAN_LOCAL-A-1] DESCR="[WAN_LOCAL]Block" IN=eth8 OUT= MAC= SRC=192.0.2.17 DST=198.51.100.9 LEN=122'
            " TOS=00 PREC=0x00 TTL=49 ID=45366 DF PROTO=UDP SPT=38451 DPT=54329 LEN=102 MARK=1a0000",
            "0 3 PVEFW-HOST-IN 20/Jun/2022:13:09:14 +0200 policy DROP: IN=vmbr0 MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00"
            " SRC=192.0.2.17 DST=198.51.100.9 LEN=52 TOS=0x00 PREC=0xC0 TTL=255 ID=64317 DF PROTO=UDP SPT=49152 DPT=3784 LEN=32",
        ),
        bare=r"(?:(?P<proxmox__vmid>[0-9]{1,9}) (?P<proxmox__level>[0-7]) (?P<netfilter__chain>[\w-]{1,64})"
        r" (?P<when>[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}) |\[ *[0-9]{1,12}\.[0-9]{1,9}\] )?(?P<message>[^=\n]{0,100}?\bIN=\S{0,40} (?:OUT=\S{0,40} )?(?:MAC=\S{0,80} )?SRC=[0-9A-Fa-f.:]+ DST=.*)",
        bare_say="ulogd",
        needs=r"\bIN=.*\bSRC=[0-9A-Fa-f.:]+ DST=",
        specificity=0.95,
    ),
    Program(
        "bind",
        "BIND name server: queries and other channels, as syslog or its own files have them",
        "https://bind9.readthedocs.io/en/latest/reference.html#logging-block-grammar",
        frozenset(("named",)),
        (
            "14-Mar-2024 09:26:53.123 queries: info: client @0x7f8ac00071e8 192.0.2.17#51022 (example.org): query: example.org IN A +E(0)K"
            " (198.51.100.9)",
            "Mar 14 09:26:54 ns named[4711]: client @0x7f6520147ae8 192.0.2.17#55590 (example.org): zone transfer 'example.org/AXFR/IN' denied",
            "client @0x7f8ac00071e8 2001:db8::5#62524 (example.org): zone transfer 'example.org/AXFR/IN' denied",
        ),
        bare=r"(?P<message>(?:[a-z][a-z-]{2,24}: )?(?:(?:critical|error|warning|notice|info|debug(?: [0-9]{1,3})?): )?"
        r"(?:client (?:@0x[0-9a-f]{1,16} )?[0-9A-Fa-f.:]{2,45}(?:%[\w.-]{1,32})?#[0-9]{1,5}[ :]|zone \S{1,255}/IN|lame server resolving '|network unreachable resolving '"
        r"|connection refused resolving '|validating \S|transfer of ').*)",
        bare_say="named",
    ),
    Program(
        "vsftpd",
        "vsftpd, as its own log or syslog has it",
        "https://security.appspot.com/vsftpd.html",
        frozenset(("vsftpd",)),
        (
            'Thu Mar 14 09:26:53 2024 [pid 4711] [ada] OK LOGIN: Client "192.0.2.17"',
            'Thu Mar 14 09:26:54 2024 [pid 4711] CONNECT: Client "::ffff:192.0.2.17"',
            'Thu Mar 14 09:26:55 2024 [pid 4711] [ada] FTP response: Client "192.0.2.17", "530 Permission denied."',
        ),
        bare=r"(?P<message>\[pid [0-9]{1,9}\] (?:\[[^\]]{0,64}\] )?(?:(?:OK|FAIL|FTP) [A-Za-z]{2,16}|[A-Z]{3,16}): Client \".*)",
        bare_say="vsftpd",
        specificity=0.96,
    ),
    Program(
        "proftpd",
        "ProFTPD, as its own log or syslog has it",
        "http://www.proftpd.org/docs/howto/Logging.html",
        frozenset(("proftpd",)),
        (
            "2024-03-14 09:26:53,399 files proftpd[4711] files (192.0.2.17[192.0.2.17]): USER ada (Login failed): Incorrect password",
            "Mar 14 09:26:54 files proftpd[4711]: 198.51.100.9 (192.0.2.17[192.0.2.17]) - USER bob: no such user found from 192.0.2.17",
        ),
        bare=r"(?P<host__name>[\w.-]{1,255}) (?P<service__name>proftpd)\[(?P<process__pid>[0-9]{1,9})\]:? (?P<message>.*)",
        bare_say="proftpd",
        specificity=0.96,
    ),
    Program(
        "pureftpd",
        "Pure-FTPd, as syslog has it",
        "https://www.pureftpd.org/project/pure-ftpd/doc/",
        frozenset(("pure-ftpd",)),
        (
            "Mar 14 09:26:53 files pure-ftpd: (?@192.0.2.17) [WARNING] Authentication failed for user [ada]",
            "Mar 14 09:26:54 files pure-ftpd[4711]: (ada@192.0.2.17) [NOTICE] /home/ada/a.txt uploaded  (12 bytes, 1.50KB/sec)",
        ),
    ),
    Program(
        "openvpn",
        "OpenVPN, as its own log or syslog has it",
        "https://community.openvpn.net/",
        frozenset(("openvpn", "ovpn-server")),
        (
            "2024-03-14 09:26:53 192.0.2.17:52234 TLS Error: tls-crypt unwrapping failed from [AF_INET]192.0.2.17:52234",
            "Thu Mar 14 09:26:54 2024 ada/192.0.2.17:51022 MULTI: Learn: 10.8.0.2 -> ada/192.0.2.17:51022",
            "Mar 14 09:26:55 vpn ovpn-server[4711]: TCP connection established with [AF_INET]192.0.2.17:51022",
        ),
        bare=r"(?:us=(?P<openvpn__us>[0-9]{1,6}) )?(?P<message>(?:(?:[\w.@-]{1,64}/)?[0-9A-Fa-f.:]{3,45}:[0-9]{1,5} (?:\[\w{0,64}\] )?(?:TLS|VERIFY|MULTI|Peer Connection|SIGUSR1|SIGTERM|PUSH|"
        r"SENT CONTROL|Control Channel|Data Channel|Connection reset|peer info:|Outgoing Data|Incoming Data|AUTH|\[)|OpenVPN [0-9]\S* |"
        r"(?:TCP|UDP)(?:v[46])? (?:connection established with|link (?:local|remote))|Initialization Sequence Completed|MULTI: |library versions: OpenSSL).*)",
        bare_say="openvpn",
    ),
    Program(
        "asterisk",
        "Asterisk, as its own log or syslog has it",
        "https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Security-Event-Framework/",
        frozenset(("asterisk",)),
        (
            "Mar 14 09:26:53 pbx asterisk[4711]: SECURITY[4712]: res_security_log.c:114 in security_event_stasis_cb:"
            ' SecurityEvent="ChallengeResponseFailed",EventTV="2024-03-14T09:26:53.470+0100",Severity="Error",Service="PJSIP",'
            'AccountID="ada",LocalAddress="IPV4/TCP/198.51.100.9/5060",RemoteAddress="IPV4/TCP/192.0.2.17/46417"',
            "[2024-03-14 09:26:54] NOTICE[4711] chan_sip.c: Registration from '<sip:100@198.51.100.9>' failed for '192.0.2.17:5060' - Wrong password",
        ),
        bare=r"(?P<message>(?:NOTICE|WARNING|ERROR|VERBOSE|DEBUG|SECURITY|DTMF|FAX)\[[0-9]{1,9}\](?:\[C-[0-9a-f]{1,16}\])?:? [\w./-]{1,64}\.c:.*)",
        bare_say="asterisk",
        specificity=0.96,
    ),
    Program(
        "junos_flow",
        "Juniper SRX session logs, as syslog has them",
        "https://www.juniper.net/documentation/us/en/software/junos/network-mgmt/topics/topic-map/security-system-log-messages.html",
        frozenset(("rt_flow",)),
        (
            "Mar 14 09:26:53 srx-1 RT_FLOW: RT_FLOW_SESSION_CREATE: session created 192.0.2.17/51022->198.51.100.9/22 junos-ssh"
            " 192.0.2.17/51022->198.51.100.9/22 None None 6 allow-ssh untrust junos-host 5 N/A(N/A) ge-0/0/1.0",
            "Mar 14 09:26:54 RT_FLOW: RT_FLOW_SESSION_DENY: session denied 192.0.2.17/54924->198.51.100.9/53 junos-dns-udp 17(0)"
            " default-deny(global) trust trust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0 UNKNOWN policy deny",
        ),
        specificity=0.96,
    ),
    Program(
        "pf_filterlog",
        "pfSense and OPNsense packet filter (filterlog), as syslog has it",
        "https://docs.netgate.com/pfsense/en/latest/monitoring/logs/raw-filter-format.html",
        frozenset(("filterlog",)),
        (
            "Mar 14 09:26:53 fw-1 filterlog[4711]: 5,,,1000000103,igb0,match,block,in,4,0x0,,64,0,0,DF,6,tcp,60,192.0.2.17,198.51.100.9,"
            "51022,22,0,S,2982213793,,64240,,mss;sackOK",
            "<134>Mar 14 09:26:54 filterlog: 7,,,1000000105,igb1,match,pass,out,6,0x00,0x00000,64,UDP,17,48,2001:db8::5,2001:db8::53,51022,53,40",
        ),
        needs=r"^[0-9]{1,5},[^,]{0,16},[^,]{0,64},[^,]{0,32},[^,]{1,32},\w{1,32},(?:pass|block|reject|rdr|nat|binat|unknown)[^,]{0,8},",
        specificity=0.96,
    ),
)))  # fmt: skip
