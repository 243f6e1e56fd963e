"""What well-known programs say in their syslog messages, typed: program → what it says.

Modules are imported when a program of theirs is met.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalicelib.core.formats.systems.phrases import Say

_MODULES: Final[dict[str, tuple[str, ...]]] = {
    "logins": (
        "sshd", "sshd-session", "sshd-auth", "ssh", "dropbear", "sudo", "su", "cron", "crond", "anacron", "login",
        "useradd", "usermod", "userdel", "groupadd", "passwd", "systemd-logind", "systemd", "gdm-password", "polkitd",
        "pvedaemon", "pveproxy", "proxmox-backup-proxy", "audit", "php-fpm", "lightdm", "kdm", "gdm", "sftp-server",
        "internal-sftp", "atd", "runuser", "doas", "pkexec", "vpopmail", "newgrp", "chpasswd", "kscreenlocker_greet",
        "groupmod", "groupdel", "chage", "remote", "klogind", "telnetd", "rlogind", "rshd", "xinetd", "pam",
        "prowlarr", "radarr", "sonarr", "lidarr", "readarr", "mono", "wwsympa",
    ),
    "mail": ("postfix", "dovecot", "exim", "exim4", "sendmail", "sm-mta"),
    "network": (
        "kernel", "named", "dnsmasq", "dnsmasq-dhcp", "dhcpd", "dhclient", "ulogd", "openvpn", "ovpn-server",
        "asterisk", "charon", "rt_flow", "pure-ftpd", "proftpd", "vsftpd", "ftpd",
    ),
    "packets": ("filterlog",),
    "auditing": ("auditd", "audispd", "audisp-syslog"),
}  # fmt: skip
"""Module → the programs in its `PROGRAMS`, lower case."""
_HOMES: Final = {program: module for module, programs in _MODULES.items() for program in programs}
PROGRAMS: Final = frozenset(_HOMES)
"""The well-known programs."""


@cache
def _programs(module: str) -> dict[str, Say]:
    known: dict[str, Say] = import_module(f"{__name__}.{module}").PROGRAMS
    return known


def program_of(tag: str) -> str | None:
    """The well-known program of a tag: ``postfix/smtpd``, ``/usr/sbin/CRON``, ``ovpn-server1``, ``php-fpm8.2``."""
    tag = tag.lower()
    parts = tag.strip("/-()").split("/")
    for name in (tag, parts[-1] if tag.startswith("/") else parts[0], tag.rstrip("0123456789.-_@")):
        if name in _HOMES:
            return name
    return None


def say_of(tag: str) -> Say | None:
    """What the program of a tag says; None for one that is not known."""
    program = program_of(tag)
    return None if program is None else _programs(_HOMES[program]).get(program)
