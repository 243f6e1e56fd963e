"""Operating systems and their services."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "syslog_rfc5424": ("syslog_rfc5424",),
    "syslog_rfc3164": ("syslog_rfc3164",),
    "syslog_any": ("syslog",),
    "cisco": ("cisco_asa",),
    "by_program_logins": ("syslog_sshd", "syslog_sudo", "syslog_cron", "syslog_pam", "proxmox"),
    "by_program_mail": ("postfix", "dovecot", "exim"),
    "by_program_network": (
        "iptables", "bind", "vsftpd", "proftpd", "pureftpd", "openvpn", "asterisk", "junos_flow", "pf_filterlog",
    ),
    "routers": ("mikrotik",),
    "windows": ("windows_event_xml", "windows_event_text"),
    "audit": ("auditd", "laurel"),
    "journald": ("journald_json", "journald_export"),
    "traces": ("strace", "tcpdump"),
    "vmware": ("vmware",),
    "rsyncd": ("rsyncd",),
    "own_files": ("endlessh", "sshesame", "samba_auth", "cpanel", "webmin", "sssd"),
}  # fmt: skip
"""Module of this package → the formats in its `FORMATS`."""
