"""A configuration that was checked and proved when it was packaged, as the text that functions read.

Nothing in it is checked again. The key of hashes is a secret of the functions and not in it.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import orjson

from chalicelib.core.custom.spec import (
    KEY_MIN_CHARS,
    KEY_SETTING,
    Binding,
    Collection,
    Config,
    Rules,
    decoded,
    encoded,
    key_id_of,
)
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.plan.telling import Telling


class NoKeyError(Exception):
    """The configuration hides by a keyed hash, and there is no key."""


def compiled(config: Config) -> bytes:
    """Always the same for the same configuration, whatever the key is."""
    stored = {
        "rules": encoded(replace(config.rules, key_id=None)),
        "bindings": [asdict(each) for each in config.bindings],
        "collections": [asdict(each) for each in config.collections],
    }
    return orjson.dumps(stored, option=orjson.OPT_SORT_KEYS)


def config_of(data: bytes, key: str) -> Config:
    """The configuration that was compiled. key: REDACTION_KEY, empty where there is none. Raises NoKeyError."""
    stored = orjson.loads(data)
    rules = Rules() if stored["rules"] is None else decoded(stored["rules"])
    if any(each.hashed for each in rules.redactions):
        if len(key) < KEY_MIN_CHARS:
            raise NoKeyError(no_key("The configuration"))
        rules = replace(rules, key_id=key_id_of(key))
    bindings = tuple(_binding(each) for each in stored["bindings"])
    collections = tuple(Collection(**each) for each in stored["collections"])
    return Config(rules, bindings, collections, encoded(rules), key)


def no_key(what: str) -> str:
    return (
        f"{what} needs the setting {KEY_SETTING}, of {KEY_MIN_CHARS} characters at least; set it in the environment of the"
        " functions and of this command, never in the configuration"
    )


def _binding(stored: dict[str, Any]) -> Binding:
    layout, notices = stored["layout"], stored["notices"]
    return Binding(
        stored["prefix"],
        stored["format"],
        stored["charset"],
        Layout(layout) if layout else None,
        Telling(notices) if notices else None,
    )
