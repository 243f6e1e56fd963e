"""Operating systems and their services."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "syslog_rfc5424": ("syslog_rfc5424",),
    "syslog_rfc3164": ("syslog_rfc3164",),
    "cisco": ("cisco_asa",),
    "by_program": (
        "syslog_sshd", "syslog_sudo", "syslog_cron", "iptables", "postfix", "dovecot", "bind", "exim", "vsftpd", "proftpd",
        "pureftpd", "openvpn", "syslog_pam", "proxmox", "asterisk", "junos_flow",
    ),
    "audit": ("auditd", "laurel"),
    "journald": ("journald_json", "journald_export"),
    "traces": ("strace", "tcpdump"),
    "own_files": ("vmware", "endlessh", "sshesame", "samba_auth", "cpanel", "webmin", "sssd"),
}  # fmt: skip
"""Module of this package → the formats in its `FORMATS`."""
