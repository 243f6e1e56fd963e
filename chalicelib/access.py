"""Who may do what over HTTP: tokens with names and roles. Each can be revoked alone, and only their digests are stored.

The first administrator's token is the setting API_TOKEN_SHA256; it needs no table. Limits: the gateway caches its
decision about a token for a minute.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

from chalicelib.core.wire.fields import quoted
from chalicelib.pages import BadQueryError
from chalicelib.status_json import time_json

FIRST: Final = "administrator"
"""Who bears the token of the setting."""
_PREFIX: Final = "froe_"
_TOKEN: Final = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{43}}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Role(StrEnum):
    READ = "read"
    OPERATE = "operate"
    ADMINISTER = "administer"

    @property
    def routes(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Paths, with the methods that the role may call; `*`: all. SQL only reads, whatever its method."""
        if self is Role.READ:
            return (("/*", ("GET",)), ("/queries", ("POST",)), ("/queries/*", ("DELETE",)))
        return (("/*", ("*",)),)


class Person(NamedTuple):
    """Who sends a request. name: of the token."""

    name: str
    role: Role


class NamedToken(NamedTuple):
    """digest: SHA-256 in hexadecimal, of the token. by: who made it."""

    digest: str
    name: str
    role: Role
    created_at: datetime
    by: str
    revoked_at: datetime | None = None

    def json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "role": self.role.value,
            "created_at": time_json(self.created_at),
            "by": self.by,
            "revoked_at": time_json(self.revoked_at),
        }


class TokensTable(Protocol):
    def get(self, digest: str) -> NamedToken | None: ...

    def all(self) -> Iterable[NamedToken]: ...

    def put(self, token: NamedToken) -> None: ...

    def revoke(self, digest: str, now: datetime) -> None: ...


class Tokens:
    def __init__(self, table: TokensTable, now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now

    def person(self, authorization: str) -> Person | None:
        """Who bears the token of an Authorization header. The table is read only for what may be a token."""
        token = bearer(authorization)
        named = self._table.get(digest_of(token)) if token and _TOKEN.fullmatch(token) else None
        return Person(named.name, named.role) if named and named.revoked_at is None else None

    def listed(self) -> list[NamedToken]:
        """All tokens, sorted by name and then by the time at which they were made."""
        return sorted(self._table.all(), key=lambda token: (token.name, token.created_at))

    def create(self, name: str, role: Role, by: str) -> str:
        """Make a token and give it; nobody can get it again. Raises BadQueryError if a token that is not revoked has
        that name."""
        if not _NAME.fullmatch(name):
            raise BadQueryError(f"name is {quoted(name)}: give 1 to 64 letters, digits, '.', '_', '@' or '-'")
        if name == FIRST or self._valid(name):
            raise BadQueryError(
                f"there already is a token named {name}: revoke it first, or give another name"
            )
        token = _PREFIX + secrets.token_urlsafe(32)
        self._table.put(NamedToken(digest_of(token), name, role, self._now(), by))
        return token

    def revoke(self, name: str) -> None:
        """Revoke a token. Raises BadQueryError if there is none of that name."""
        valid = self._valid(name)
        if not valid:
            known = ", ".join(token.name for token in self.listed() if token.revoked_at is None) or "none"
            raise BadQueryError(f"there is no token named {quoted(name)}: there are {known}")
        for token in valid:
            self._table.revoke(token.digest, self._now())

    def _valid(self, name: str) -> list[NamedToken]:
        return [token for token in self._table.all() if token.name == name and token.revoked_at is None]


def may_be_named(authorization: str) -> bool:
    """Whether the header may contain a token that `Tokens.create` made."""
    return bool(_TOKEN.fullmatch(bearer(authorization) or ""))


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def bearer(authorization: str) -> str | None:
    """The token; RFC 6750 section 2.1; the scheme's name is case-insensitive (RFC 9110 section 11.1)."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def is_first(authorization: str, token_sha256: str) -> bool:
    """Whether an Authorization header bears the token of that SHA-256; compared in constant time."""
    token = bearer(authorization)
    return hmac.compare_digest(digest_of(token or ""), token_sha256.lower()) and token is not None
