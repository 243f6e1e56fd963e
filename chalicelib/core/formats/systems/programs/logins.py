"""Logins and what people do with them: sshd, dropbear, sudo, su, PAM, cron, systemd-logind, Proxmox, pfSense.

Whoever tries to log in chooses the name, which may hold what looks like an address: the program's own
address is the last where the name stands before it (`most`), and the first where it stands behind.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import integer
from chalicelib.core.formats.systems.phrases import Say, first_of, phrases

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_PEER: Final = r"{word:client.address}(?: port {int:client.port})?"
_WHO: Final = r"(?:(?:invalid|illegal|authenticating|unknown|\S{1,64}) user |user )?{most:user.name}"
_PAM_FAILURE: Final = (
    r"(?:PAM \d+ more authentication failures?|pam_\w+\({name:pam.service}:{name:pam.type}\): authentication failure);"
    r"(?: logname=(?:{word:pam.logname})?)? uid={int:pam.uid} euid={int:pam.euid} tty=(?:{name:pam.tty}|{word:pam.tty})? "
)
PAM: Final = phrases(
    _PAM_FAILURE + r"ruser= rhost=(?:{word:client.address})?(?: +user=(?:{some:user.name})?)?[ .]*$",
    _PAM_FAILURE
    + r"ruser={most:pam.ruser} rhost=(?:{word:client.address})?(?: +user=(?:{word:user.name})?)?",
    r"pam_\w+\({name:pam.service}:{name:pam.type}\): session opened for user {host:user.name}(?:\(uid={int:user.id}\))?"
    r" by (?:{host:pam.by})?(?:\(uid={int:pam.by_uid}\))?",
    r"pam_\w+\({name:pam.service}:{name:pam.type}\): session closed for user {host:user.name}",
    r"pam_\w+\({name:pam.service}:{name:pam.type}\): user {host:user.name} \({int:user.id}\)",
    r"pam_\w+\({name:pam.service}:{name:pam.type}\): check pass; user unknown",
    r"pam_\w+\({name:pam.service}:{name:pam.type}\): (?:received for|Refused|requirement .{1,120}? not met by|[Aa]ccess denied for"
    r"|Consecutive login failures for|[Aa]ccount expired for|getting password for|request for|bad|unknown)"
    r" user(?:name)? [\[\"'`]?{host:user.name}(?=[\]\"'`:, ]|$)",
    r"pam_\w+\({name:pam.service}:{name:pam.type}\): {rest:pam.message}",
    r"pam_\w+\({name:pam.service}:{name:pam.type}\)\[{int}\]: {rest:pam.message}",
)
"""https://github.com/linux-pam/linux-pam"""
_SSHD: Final = phrases(
    r"Accepted {word:ssh.auth.method} for {some:user.name} from {word:client.address} port {int:client.port}"
    r"(?: {name:ssh.protocol}(?:: {word:ssh.key.type}(?: \S++ ID .{0,256}?)? {word:ssh.key.fingerprint})?)?",
    r"Failed {word:ssh.auth.method} for (?:invalid user |illegal user )?{most:user.name} from {word:client.address}"
    r" port {int:client.port}(?: {name:ssh.protocol}(?:: {word:ssh.key.type} {word:ssh.key.fingerprint})?)?",
    r"Postponed {word:ssh.auth.method} for (?:invalid user )?{most:user.name} from {word:client.address}"
    r" port {int:client.port}(?: {name:ssh.protocol})?",
    r"Partial {word:ssh.auth.method} for (?:invalid user )?{most:user.name} from {word:client.address}"
    r" port {int:client.port}(?: {name:ssh.protocol})?",
    r"Invalid user (?:{most:user.name} )?from {ip:client.address}(?: port {int:client.port})?",
    r"Illegal user (?:{most:user.name} )?from {ip:client.address}(?: port {int:client.port})?",
    r"Connection from {ip:client.address} port {int:client.port}(?: on {ip:server.address} port {int:server.port})?",
    r"Connection (?:closed|reset) by {ip:client.address}(?: port {int:client.port})?",
    rf"Connection (?:closed|reset) by {_WHO} {{ip:client.address}} port {{int:client.port}}",
    r"Disconnected from {ip:client.address}(?: port {int:client.port})?",
    rf"Disconnected from {_WHO} {{ip:client.address}} port {{int:client.port}}",
    rf"Disconnecting {_WHO.replace('most', 'some')} {{ip:client.address}} port {{int:client.port}}:"
    r" (?=Change of username or service not allowed: ){rest:ssh.reason}",
    rf"Disconnecting {_WHO} {{ip:client.address}} port {{int:client.port}}: {{rest:ssh.reason}}",
    r"Disconnecting: {rest:ssh.reason}",
    r"Received disconnect from {ip:client.address}(?: port {int:client.port})?: ?{int:ssh.disconnect.code}:"
    r" ?{rest:ssh.reason}",
    r"(?:Close|Starting) session: (?:{word:ssh.session.kind}(?: on {word:ssh.tty})?"
    r"(?: '{single:ssh.subsystem}')? for|user) {some:user.name} from {word:client.address} port {int:client.port}"
    r"(?: id {int:ssh.session.id})?",
    r"Unable to negotiate with {ip:client.address}(?: port {int:client.port})?: {rest:ssh.reason}",
    rf"ssh_dispatch_run_fatal: Connection from (?:{_WHO} )?{{ip:client.address}} port {{int:client.port}}: {{rest:ssh.reason}}",
    r"banner exchange: Connection from {ip:client.address} port {int:client.port}: {rest:ssh.reason}",
    r"refused connect from (?:{host:client.domain} \({ip:client.address}\)|{word:client.address})",
    r"Did not receive identification string from {ip:client.address}(?: port {int:client.port})?",
    r"Bad protocol version identification '{most:ssh.identification}' from {ip:client.address}(?: port {int:client.port})?",
    r"User {most:user.name} from {word:client.address} not allowed because {rest:ssh.reason}",
    r"User {some:user.name} not allowed because {rest:ssh.reason}",
    r"(?:error: )?maximum authentication attempts exceeded for (?:invalid user )?{most:user.name} from"
    r" {word:client.address} port {int:client.port}(?: {name:ssh.protocol})?",
    r"reverse mapping checking getaddrinfo for {host:client.domain}\.? \[{ip:client.address}\] failed",
    r"Address {ip:client.address} maps to {host:client.domain}, but",
    r"(?:error: )?PAM: {some:ssh.reason} for (?:illegal user )?{most:user.name} from {ip:client.address}",
    r"(?:error: )?PAM: {some:ssh.reason} for (?:illegal user )?{most:user.name} from (?=[\w-]+\.[\w.-]*[a-z](?: |$)){host:client.address}",
    r"error: Received disconnect from {ip:client.address}(?: port {int:client.port})?: ?{int:ssh.disconnect.code}:"
    r" ?{rest:ssh.reason}",
    r"(?:error: )?(?:kex_exchange_identification|kex_protocol_error|send_error): {rest:ssh.reason}",
    r"(?:fatal: )?Timeout before authentication for (?:connection from )?{ip:client.address}(?: port {int:client.port})?",
    r"(?:error: )?(?:drop connection|beginning MaxStartups|exited MaxStartups).{0,64}?(?: from \[{ip:client.address}\]"
    r":{int:client.port} on \[{ip:server.address}\]:{int:server.port})",
    r"input_userauth_request: invalid user {some:user.name}(?: \[preauth\])?$",
    r"subsystem request for {word:ssh.subsystem}(?: by)? user {word:user.name}",
    r"Server listening on {ip:server.address} port {int:server.port}",
    r"(?:fatal: )?(?:Read from socket failed|Write failed|Unable to negotiate a key exchange method).{0,64}?"
    r" {ip:client.address}",
    r"User child is on pid {int:ssh.child_pid}",
    r"session opened for local user {word:user.name} from \[{ip:client.address}\]",
    r"session closed for local user {word:user.name} from \[{ip:client.address}\]",
    r"Received signal {int:ssh.signal};",
    r"Authentication (?:tried|refused).{0,200}? for {some:user.name} with .{0,100}? from host {word:client.domain}"
    r"(?: \(ip={ip:client.address}\))?",
    r"srclimit_penalise: ipv[46]: new {ip:client.address}",
    r"Nasty PTR record \"{quoted:client.domain}\" is set up for {ip:client.address}",
    r"Starting session:.{0,200}? for {word:user.name} from {ip:client.address} port {int:client.port}",
)
"""https://github.com/openssh/openssh-portable: auth.c, auth-log, packet.c, sshd-session.c"""
DROPBEAR: Final = phrases(
    r"Bad (?:PAM )?password attempt for '{most:user.name}' from {ip:client.address}:{int:client.port}",
    r"Login attempt (?:for nonexistent|with wrong) user (?:'{most:user.name}' )?from {ip:client.address}:{int:client.port}",
    r"(?:Password|PAM password|Pubkey|Auth)\S* ?auth succeeded for '{single:user.name}'"
    r"(?: with (?:{word} )?key {word:ssh.key.fingerprint})? from {ip:client.address}:{int:client.port}",
    r"Child connection from {ip:client.address}:{int:client.port}",
    r"Exit before auth from <{ip:client.address}:{int:client.port}>: (?:\(user '{single:user.name}', {int:ssh.failures}"
    r" fails\): )?{rest:ssh.reason}",
    r"Exit before auth(?: \(user '{single:user.name}', {int:ssh.failures} fails\))?: {rest:ssh.reason}",
    r"Exit \({round:user.name}\)(?: from <{ip:client.address}:{int:client.port}>)?: {rest:ssh.reason}",
    r"Max auth tries reached - user '{most:user.name}' from {ip:client.address}:{int:client.port}",
)
"""https://github.com/mkj/dropbear"""
_SUDO: Final = phrases(
    r" *{name:user.name} : (?:{some:sudo.reason} ; )?TTY=(?:{name:sudo.tty}|{word:sudo.tty}) ; PWD={some:sudo.pwd} ;"
    r" USER={name:sudo.user} ;(?: GROUP={name:sudo.group} ;)?(?: TSID={word:sudo.tsid} ;)?(?: ENV={some:sudo.env} ;)?"
    r" COMMAND={rest:process.command_line}",
    r" *{name:user.name} : {rest:sudo.reason}",
)
"""https://www.sudo.ws/docs/man/sudoers.man/#LOG_FORMAT"""
_SU: Final = phrases(
    r"\(to {round:su.user}\) {name:user.name} on {word:su.tty}",
    r"(?:FAILED SU|Successful su|FAILED su) (?:\(to {round:su.user}\) {name:user.name} on {word:su.tty}"
    r"|for {name:su.user} by {name:user.name})",
    r"[+-] {word:su.tty} {name:user.name}:{name:su.user}",
)
_CRON: Final = phrases(
    r"\({round:user.name}\) CMD(?:END|OUT)? \( *{most:process.command_line}\)\s*$",
    r"\({round:user.name}\) CMD(?:END|OUT)? \( *{rest:process.command_line}",
    r"\({round:user.name}\) {name:cron.event} \( *{most:cron.message}\)\s*$",
    r"\({round:user.name}\) {name:cron.event} \( *{rest:cron.message}",
    r"\({round:user.name}\) {rest:cron.message}",
    r"Job `{some:cron.job}' {rest:cron.message}",
    r"Anacron {word:cron.version} started on {rest:cron.date}",
)
_LOGIND: Final = phrases(
    r"New session '?{stem:session.id}'? of user '?{stem:user.name}'?(?: with class '{single:session.class}'"
    r" and type '{single:session.type}')?",
    r"Removed session {stem:session.id}",
    r"Session {stem:session.id} logged out",
)
_SYSTEMD: Final = phrases(
    r"(?:Starting|Started|Stopping|Stopped|Reloading|Reloaded|Listening on|Reached target|Finished|Mounted|Created slice"
    r"|Failed to start) {unit:systemd.unit}(?: - .{0,300}?)?(?:\.\.\.|\.|…)?$",
    r"{unit:systemd.unit}: Main process exited, code={name:systemd.code}, status={rest:systemd.status}",
    r"{unit:systemd.unit}: Scheduled restart job, restart counter is at {int:systemd.restarts}",
    r"{unit:systemd.unit}: Consumed {some:systemd.cpu_time} CPU time",
    r"{unit:systemd.unit}: {rest:systemd.message}",
)
_USERS: Final = phrases(
    r"new user: name={name:user.name}, UID={int:user.id}, GID={int:user.gid}, home={name:user.home},"
    r" shell={name:user.shell}(?:, from={rest:user.from})?",
    r"new group: name={name:group.name}, GID={int:group.id}",
    r"delete user '{single:user.name}'",
    r"add '{single:user.name}' to (?:shadow )?group '{single:group.name}'",
    r"removed group '{single:group.name}' owned by '{single:user.name}'",
    r"password changed for {name:user.name}$",
    r"FAILED LOGIN(?: SESSION)?(?: \(?{int:login.attempt}\)?)? (?:ON|FROM|on) .{0,64}? FOR '?(?!UNKNOWN\b){name:user.name}",
    r"ROOT LOGIN +(?:ON|on) '?{host:login.tty}'?(?: FROM '?{host:client.address})?",
)
PROXMOX: Final = phrases(
    r"authentication failure; rhost=(?:\[{ip:client.address}\]:{int:client.port}|{word:client.address})"
    r" user={word:user.name} msg={rest:proxmox.reason}",
    r"<{angle:user.name}> successful auth for user '{single:proxmox.user}'",
    r"successful auth for user '{single:user.name}'",
    r"<{angle:user.name}> (?:starting|end) task {word:proxmox.task}(?: {rest:proxmox.status})?",
)
_WEB_LOGINS: Final = phrases(
    r"{path:url.path}: (?:webConfigurator|Web GUI) authentication error for (?:user )?'{most:user.name}' from:? {ip:client.address}",
    r"{path:url.path}: Successful login for user '{most:user.name}' from: {ip:client.address}",
    r"{path:url.path}: User logged out for user '{most:user.name}' from: {ip:client.address}",
    r"{path:url.path}: user {name:user.name} (?:authenticated|could not authenticate).{0,200}? from {ip:client.address}",
    r"\[{square:log.level}\] Auth: {name:auth.event} ip {ip:client.address} username '{single:user.name}'",
    r"{name:log.level} {word:code.function.name} (?:\[robot {square:sympa.robot}\] )?(?:\[session {square:sympa.session}\] )?"
    r"\[client {ip:client.address}\](?: \[user {square:user.name}\])?(?: \[list {square:sympa.list}\])?",
)
_REPEATED: Final = re.compile(r"message repeated ([0-9]{1,9}) times?: \[ ?(.*)\]", re.DOTALL)
_TALLY_BY_PAM: Final = re.compile(r"pam_|PAM ")


def _with_pam(*sayers: Say) -> Say:
    """PAM speaks in the name of every program; rsyslog folds what is repeated."""
    say_one = first_of(*sayers)

    def say(text: str, fields: dict[str, Value]) -> bool:
        if text.startswith("message repeated "):
            match = _REPEATED.fullmatch(text)
            if match:
                fields["syslog.repeated"] = integer(match[1])
                text = match[2]
        return PAM(text, fields) if _TALLY_BY_PAM.match(text) else say_one(text, fields)

    return say


SSHD: Final = _with_pam(_SSHD)
ANY_LOGIN: Final = _with_pam(_SUDO)
_ssh, _sudo, _su, _cron, _users = SSHD, ANY_LOGIN, _with_pam(_SU), _with_pam(_CRON), _with_pam(_USERS)
_pam_only = _with_pam()

PROGRAMS: Final[dict[str, Say]] = {
    **dict.fromkeys(("sshd", "sshd-session", "sshd-auth", "ssh", "sftp-server", "internal-sftp"), _ssh),
    "dropbear": _with_pam(DROPBEAR),
    **dict.fromkeys(("sudo", "doas", "pkexec"), _sudo),
    **dict.fromkeys(("su", "runuser"), _su),
    **dict.fromkeys(("cron", "crond", "anacron", "atd"), _cron),
    **dict.fromkeys(
        ("useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "passwd", "chpasswd", "chage", "login"),
        _users,
    ),
    "systemd-logind": _with_pam(_LOGIND),
    "systemd": _with_pam(_SYSTEMD),
    **dict.fromkeys(("pvedaemon", "pveproxy", "proxmox-backup-proxy"), _with_pam(PROXMOX)),
    **dict.fromkeys(
        ("audit", "php-fpm", "prowlarr", "radarr", "sonarr", "lidarr", "readarr", "mono", "wwsympa"),
        _with_pam(_WEB_LOGINS),
    ),
    **dict.fromkeys(
        ("lightdm", "kdm", "gdm", "gdm-password", "polkitd", "vpopmail", "newgrp", "kscreenlocker_greet", "remote",
         "klogind", "telnetd", "rlogind", "rshd", "xinetd", "pam"),
        _pam_only,
    ),
}  # fmt: skip
"""Program → what it says."""
