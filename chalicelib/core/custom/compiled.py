"""A configuration that was checked and proved when it was packaged or put, as the text that functions read.

Functions check nothing again. The key of hashes is a secret of the functions and not part of the text.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Final

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
from chalicelib.core.plan.notice_scope import NoticeScope

FORMS: Final = (1,)
"""Forms that are read; the last one is written. A new form is needed when code that reads the old one would misread a
configuration."""


class NoKeyError(Exception):
    """The configuration hides values by a keyed hash, and there is no key."""


class OtherFormError(Exception):
    """Another version of Froe compiled it."""


def compiled(config: Config) -> bytes:
    """The compiled form; the same for the same configuration, whatever the key is."""
    stored = {
        "form": FORMS[-1],
        "rules": encoded(replace(config.rules, key_id=None)),
        "bindings": [asdict(each) for each in config.bindings],
        "collections": [asdict(each) for each in config.collections],
    }
    return orjson.dumps(stored, option=orjson.OPT_SORT_KEYS)


def config_of(data: bytes, key: str, version: int = 0) -> Config:
    """The configuration that was compiled. key: REDACTION_KEY, empty if there is none. version: as `Config` has it.

    Raises NoKeyError and OtherFormError.
    """
    try:
        stored = orjson.loads(data)
        if stored["form"] not in FORMS:
            raise OtherFormError(f"it is compiled in form {stored['form']}, and this Froe reads {FORMS[-1]}")
        rules = Rules() if stored["rules"] is None else decoded(stored["rules"])
        bindings = tuple(map(_binding, stored["bindings"]))
        collections = tuple(Collection(**each) for each in stored["collections"])
    except (KeyError, TypeError, ValueError) as error:
        raise OtherFormError(f"another Froe compiled it ({error})") from error
    if any(each.hashed for each in rules.redactions):
        if len(key) < KEY_MIN_CHARS:
            raise NoKeyError(no_key("The configuration"))
        rules = replace(rules, key_id=key_id_of(key))
    return Config(rules, bindings, collections, encoded(rules), key, version)


def no_key(what: str) -> str:
    return (
        f"{what} needs the setting {KEY_SETTING}, of {KEY_MIN_CHARS} characters at least; set it in the environment of the"
        " functions and of this command, never in the configuration"
    )


def _binding(stored: dict[str, Any]) -> Binding:
    layout, notices = stored.get("layout"), stored.get("notices")
    read = {
        "layout": Layout(layout) if layout else None,
        "notices": NoticeScope(notices) if notices else None,
    }
    return Binding(**stored | read)
