"""Logins and what runs as whom: sshd, sudo, cron, PAM, Proxmox."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.systems.by_program import Program, format_of

FORMATS: Final = tuple(map(format_of, (
    Program(
        "syslog_sshd",
        "OpenSSH and Dropbear servers, as syslog has them",
        "https://github.com/openssh/openssh-portable",
        frozenset(("sshd", "sshd-session", "sshd-auth", "dropbear")),
        (
            "Mar 14 09:26:53 web-1 sshd[4711]: Accepted publickey for ada from 192.0.2.17 port 51022 ssh2: ED25519 SHA256:abcd",
            "<38>Mar 14 09:26:54 web-1 sshd[4712]: Failed password for invalid user bob from 2001:db8::5 port 51023 ssh2",
            "Bad PAM password attempt for 'ada' from 192.0.2.17:51024",
        ),
        bare=r"(?=(?:\[[0-9]{1,9}\] )?(?:Bad (?:PAM )?password attempt for '|Login attempt (?:for|with) |Child connection from [0-9]|Exit before auth"
        r"|Exit \([^()]{1,64}\)|(?:PAM )?[Pp]assword auth succeeded for '|Pubkey auth succeeded for '))(?:\[(?P<process__pid>[0-9]{1,9})\] )?(?P<message>.*)",
        bare_say="dropbear",
    ),
    Program(
        "syslog_sudo",
        "sudo, as syslog has it",
        "https://www.sudo.ws/docs/man/sudoers.man/#LOG_FORMAT",
        frozenset(("sudo",)),
        (
            "Mar 14 09:26:53 web-1 sudo:      ada : TTY=pts/0 ; PWD=/home/ada ; USER=root ; COMMAND=/usr/bin/apt update",
            "Mar 14 09:26:54 web-1 sudo: pam_unix(sudo:session): session opened for user root(uid=0) by ada(uid=1000)",
        ),
    ),
    Program(
        "syslog_cron",
        "cron, as syslog has it",
        "https://man7.org/linux/man-pages/man8/cron.8.html",
        frozenset(("cron", "crond", "anacron")),
        (
            "Mar 14 09:26:01 web-1 CRON[4711]: (root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.daily)",
            "Mar 14 09:26:02 web-1 crond[812]: (ada) RELOAD (/var/spool/cron/ada)",
        ),
    ),
    Program(
        "syslog_pam",
        "What PAM's modules say, as syslog has it",
        "https://github.com/linux-pam/linux-pam",
        frozenset(),
        (
            "Mar 14 09:26:53 web-1 su: pam_unix(su:auth): authentication failure; logname=ada uid=1000 euid=0 tty=/dev/pts/0 ruser=ada"
            " rhost=  user=root",
            "Mar 14 09:26:54 web-1 login: pam_tally2(login:auth): user ada (4001) tally 6, deny 5",
        ),
        needs=r"^pam_\w{2,24}\(",
        specificity=0.92,
    ),
    Program(
        "proxmox",
        "Proxmox VE and Backup Server: authentication, as syslog or its own file has it",
        "https://pve.proxmox.com/wiki/Fail2ban",
        frozenset(("pvedaemon", "pveproxy", "proxmox-backup-proxy")),
        (
            "Mar 14 09:26:53 pve pvedaemon[4711]: authentication failure; rhost=2001:db8::5 user=ada@pam msg=no such user ('ada@pam')",
            "2024-03-14T09:26:54+01:00: authentication failure; rhost=[::ffff:192.0.2.17]:47416 user=root@pbs msg=user account disabled or expired.",
        ),
        bare=r"(?P<message>(?:authentication failure; rhost=|successful auth for user ').*)",
        bare_say="pvedaemon",
    ),
)))  # fmt: skip
