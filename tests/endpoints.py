"""An endpoint of AWS over a real socket: notes what comes, recomputes each signature, and answers as it is told to."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

KEYS: Final = {"AKIDFIRST": "secret/one", "AKIDSECOND": "secret+two"}
HANG: Final = b"\0hang"
RESET: Final = b"\0reset"


@dataclass(frozen=True, slots=True)
class Request:
    """headers: names in lower case. connection: which one it came over, from 0 on."""

    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def operation(self) -> str:
        return self.headers["x-amz-target"].rsplit(".", 1)[-1]

    @property
    def parameters(self) -> dict[str, Any]:
        arguments: dict[str, Any] = json.loads(self.body)
        return arguments

    @property
    def key_id(self) -> str:
        return self.headers["authorization"].split("Credential=")[1].split("/")[0]

    def is_signed(self, scheme: str = "http") -> bool:
        """Whether botocore signs what was sent the same, with the secret of the key that it names."""
        fields = dict(
            part.strip().split("=", 1) for part in self.headers["authorization"].split(" ", 1)[1].split(",")
        )
        _, _, region, service, _ = fields["Credential"].split("/")
        names = fields["SignedHeaders"].split(";")
        url = f"{scheme}://{self.headers['host']}{self.target}"
        again = AWSRequest(
            "POST", url, {name: self.headers[name] for name in names if name != "host"}, self.body
        )
        again.context["timestamp"] = self.headers["x-amz-date"]
        token = self.headers.get("x-amz-security-token")
        referee = SigV4Auth(ReadOnlyCredentials(self.key_id, KEYS[self.key_id], token), service, region)
        signature = referee.signature(referee.string_to_sign(again, referee.canonical_request(again)), again)
        return {"host", "x-amz-date", "x-amz-target"} <= {*names} and fields["Signature"] == signature


Says = Callable[[Request], bytes]


def answer(body: Any = None, status: int = 200, **headers: str) -> bytes:
    """A whole answer; body: what becomes JSON, or bytes as they are. headers: with _ for -."""
    data = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
    lines = {"content-length": str(len(data)), "x-amzn-requestid": "r-1", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Any\r\n{head}\r\n".encode() + data


def refusal(
    code: str, message: str = "no", status: int = 400, headers: Mapping[str, str] = {}, **more: Any
) -> bytes:
    return answer({"__type": f"com.amazonaws.any#{code}", "message": message, **more}, status, **headers)


class Endpoint:
    """says: what the next requests are answered with, one by one, then plain successes; or a function of all of them. An
    answer that does not promise to end there closes its connection."""

    def __init__(
        self,
        says: Says | list[bytes] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.requests: list[Request] = []
        self.says: Says | list[bytes] = [] if says is None else says
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family)
        self._open: list[socket.socket] = []
        self.port: int = self._socket.getsockname()[1]
        named = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{named}:{self.port}"
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._socket, *self._open):
            each.close()

    def close_idle(self) -> None:
        """As a server does with connections that nobody has used for long."""
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                number, self.connections = self.connections, self.connections + 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection.makefile("rb") as lines:
                while request := self._read(lines, number):
                    self.requests.append(request)
                    if not self._answers(connection, request):
                        return

    def _read(self, lines: Any, number: int) -> Request | None:
        first = lines.readline().decode()
        if not first:
            return None
        headers = {}
        while line := lines.readline().decode().rstrip("\r\n"):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = lines.read(int(headers.get("content-length", 0)))
        return Request(first.split(" ")[1], headers, body, number)

    def _next(self, _: Request) -> bytes:
        assert isinstance(self.says, list)
        return self.says.pop(0) if self.says else answer()

    def _answers(self, connection: socket.socket, request: Request) -> bool:
        """Whether the connection goes on."""
        says = self.says if callable(self.says) else self._next
        data = says(request)
        if data == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return False
        if data == HANG:
            threading.Event().wait(5)
            return False
        connection.sendall(data)
        head, _, rest = data.partition(b"\r\n\r\n")
        if b"content-length: %d" % len(rest) in head.lower() and b"connection: close" not in head.lower():
            return True
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        return False
