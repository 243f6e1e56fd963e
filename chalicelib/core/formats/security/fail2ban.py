"""fail2ban's own log: time, logger, process, level, jail, what it did and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import put
from chalicelib.core.formats.patterned import shaped

if TYPE_CHECKING:
    from chalicelib.core.records import Value


_AGAIN: Final = " already banned"


def _add_action(fields: dict[str, Value], message: str) -> None:
    if message.endswith(_AGAIN):
        fields["fail2ban.action"] = "AlreadyBanned"
        put(fields, "client.address", message.removesuffix(_AGAIN).rpartition(" ")[2])


FAIL2BAN: Final = shaped(
    "fail2ban",
    "fail2ban",
    "https://github.com/fail2ban/fail2ban",
    samples=(
        "2024-03-14 09:26:53,123 fail2ban.actions        [4711]: NOTICE  [sshd] Ban 192.0.2.17",
        "2024-03-14 09:26:54,001 fail2ban.filter         [4711]: INFO    [sshd] Found 2001:db8::5 - 2024-03-14 09:26:53",
        "2024-03-14 09:26:55,200 fail2ban.jail           [4711]: INFO    Jail 'sshd' started",
    ),
    templates=(
        r"{time={day} {clock}(?:,[0-9]{3})?|[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}(?= [\w.-]{1,255} fail2ban)} (?:(?!fail2ban){host=[\w.-]{1,255}} )?"
        r"{logger=fail2ban(?:\.[a-z0-9.]{1,64})?} {0,20}(?:\[{pid}\])?:? {1,8}{level=[A-Z]{3,8}} {1,8}{body}",
    ),
    finds=(
        r"\A\[{text=[^\]]{1,128}:fail2ban.jail}\](?: (?:Restore )?{text=Ban|Unban|Found|Ignore|Restore:fail2ban.action}(?: Ban)?"
        r"(?: {ip=[0-9A-Fa-f.:]{2,45}:client.address})?(?: - {text=[0-9-]{10} [0-9:]{8}:fail2ban.found_at})?)?",
    ),
    sieve=r"[^\n]{15,280}?fail2ban",
    specificity=0.98,
    single_line=True,
    details=_add_action,
)
FORMATS: Final = (FAIL2BAN,)
