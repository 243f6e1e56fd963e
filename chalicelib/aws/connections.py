"""HTTP/1.1 on persistent connections, for requests and answers that fit into memory.

Promise: it fails with botocore's own exceptions, so that botocore's retries recognise them; a connection whose answer
was not completely read is not used again. Limits: no proxies, redirects or compressed answers; botocore handles those.
"""

from __future__ import annotations

import select
import socket
import ssl
import weakref
from collections import deque
from string import hexdigits
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import create_urllib3_context, get_cert_path

_READ_BYTES: Final = 64 * 1024
_HEAD_MAX_BYTES: Final = 64 * 1024
_SENT_AT_ONCE_BYTES: Final = 64 * 1024
"""Up to this size a copy is cheaper than a second system call."""
_PORTS: Final = {"http": 80, "https": 443}


class Answer(NamedTuple):
    """headers: by name in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class UnreadableError(Exception):
    """The other side closed the connection, or does not speak HTTP."""


class Connections:
    """url: of the endpoint. verify: as botocore has it: True, False, or the path of a bundle. kept: the most idle
    connections; as many are open as there are concurrent requests."""

    def __init__(
        self, url: str, *, connect_seconds: float, read_seconds: float, verify: bool | str, kept: int
    ) -> None:
        parts = urlsplit(url)
        self._url = url
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._context = _context(verify=verify) if parts.scheme == "https" else None
        self._idle: deque[socket.socket] = deque()
        self._kept = kept
        weakref.finalize(self, _close_all, self._idle)

    def ask(self, head: bytes, body: bytes) -> Answer:
        """head: including the empty line. Raises botocore's HTTPClientError."""
        connection = self._open()
        try:
            answer, reusable = _asked(connection, head, body)
        except TimeoutError as error:
            connection.close()
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except (OSError, UnreadableError, ValueError) as error:
            connection.close()
            raise ConnectionClosedError(endpoint_url=self._url, error=error) from error
        except BaseException:
            connection.close()
            raise
        if reusable and len(self._idle) < self._kept:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _open(self) -> socket.socket:
        """The connection used last, unless the other side has closed it or sent something unasked; else a new one."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._connected()
            if not _readable(connection):
                return connection
            connection.close()

    def _connected(self) -> socket.socket:
        try:
            connection = socket.create_connection((self._host, self._port), self._connect_seconds)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if self._context:
                connection = self._context.wrap_socket(connection, server_hostname=self._host)
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=self._url, error=error) from error
        except ssl.SSLError as error:
            raise SSLError(endpoint_url=self._url, error=error) from error
        except (OSError, UnicodeError) as error:  # a label that no host has is a UnicodeError
            raise EndpointConnectionError(endpoint_url=self._url, error=error) from error
        connection.settimeout(self._read_seconds)
        return connection


def _close_all(idle: deque[socket.socket]) -> None:
    for connection in idle:
        connection.close()


def _context(*, verify: bool | str) -> ssl.SSLContext:
    """botocore's own context, with the bundle that it trusts."""
    context: ssl.SSLContext = create_urllib3_context()
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(get_cert_path(verify))
        context.check_hostname = True
    return context


def _readable(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _sends(connection: socket.socket, head: bytes, body: bytes) -> bool:
    """Whether the other side took all of it. A server that refuses a request may answer why, and close."""
    try:
        if len(body) <= _SENT_AT_ONCE_BYTES:
            connection.sendall(head + body)
        else:
            connection.sendall(head)
            connection.sendall(body)
    except BrokenPipeError:
        return False
    return True


def _asked(connection: socket.socket, head: bytes, body: bytes) -> tuple[Answer, bool]:
    """The answer, and whether the connection may be used again."""
    is_sent = _sends(connection, head, body)
    data = b""
    while True:
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > _HEAD_MAX_BYTES:
                raise UnreadableError("the answer has no end of its headers")
            data += _received(connection)
        first, *lines = data[:end].decode("latin-1").split("\r\n")
        data = data[end + 4 :]
        version, status = first[:9], int(first[9:12])
        if version not in ("HTTP/1.1 ", "HTTP/1.0 "):
            raise UnreadableError("the answer is no HTTP")
        if status >= 200:
            break
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    keeps = is_sent and version == "HTTP/1.1 " and headers.get("connection", "").lower() != "close"
    if "transfer-encoding" in headers:
        answer, data = _chunks(connection, data, headers["transfer-encoding"])
    elif "content-length" in headers:
        length = _size(headers["content-length"], 10)
        answer, data = _exactly(connection, data, length)
    elif status in (204, 304):
        answer = b""
    else:
        keeps = False
        answer, data = _to_the_end(connection, data), b""
    return Answer(status, headers, answer), keeps and not data


def _size(text: str, base: int) -> int:
    """The size of a body or a chunk, in bytes."""
    if text.strip(hexdigits):
        raise UnreadableError("the answer has a length that is no number")
    return int(text, base)


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(_READ_BYTES)
    if not data:
        raise UnreadableError("the connection was closed before the answer was complete")
    return data


def _exactly(connection: socket.socket, data: bytes, length: int) -> tuple[bytes, bytes]:
    """So many bytes, and what came behind them."""
    if len(data) < length:
        pieces, missing = [data], length - len(data)
        while missing > 0:
            pieces.append(_received(connection))
            missing -= len(pieces[-1])
        data = b"".join(pieces)
    return data[:length], data[length:]


def _chunks(connection: socket.socket, data: bytes, coding: str) -> tuple[bytes, bytes]:
    if coding.lower() != "chunked":
        raise UnreadableError("the answer has a transfer coding other than chunked")
    pieces = []
    while True:
        size, data = _line(connection, data)
        length = _size(size.partition(b";")[0].decode("latin-1").strip(), 16)
        if not length:
            break
        piece, data = _exactly(connection, data, length + 2)
        pieces.append(piece[:-2])
    while True:
        trailer, data = _line(connection, data)
        if not trailer:
            return b"".join(pieces), data


def _line(connection: socket.socket, data: bytes) -> tuple[bytes, bytes]:
    while (end := data.find(b"\r\n")) < 0:
        if len(data) > _HEAD_MAX_BYTES:
            raise UnreadableError("the answer has a line without an end")
        data += _received(connection)
    return data[:end], data[end + 2 :]


def _to_the_end(connection: socket.socket, data: bytes) -> bytes:
    pieces = [data]
    while piece := connection.recv(_READ_BYTES):
        pieces.append(piece)
    return b"".join(pieces)
