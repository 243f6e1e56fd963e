"""Security devices and sensors."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "cef": ("cef", "leef"),
    "vendors": ("sophos_utm", "sophos_firewall", "sonicwall", "watchguard", "meraki"),
    "kv": ("fortinet", "netscreen"),
    "suricata": ("suricata_eve", "suricata_fast"),
    "zeek": ("zeek", "zeek_json"),
    "fail2ban": ("fail2ban",),
    "palo_alto": ("palo_alto",),
    "audit_trails": ("okta", "microsoft_365", "zscaler"),
}
"""Module of this package → the formats in its `FORMATS`."""
