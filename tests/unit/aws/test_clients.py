"""Calls to AWS end in time, whatever the other side does."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.aws import clients
from chalicelib.aws.clients import INVOCATION, make_client
from chalicelib.aws.errors import translated
from chalicelib.core.errors import TransientError
from chalicelib.delivery import Deadline
from chalicelib.handlers import begin

SERVICES = ("s3", "sqs", "sns", "dynamodb")
UNAVAILABLE = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: "e"\r\n\r\nhalf of it'
ANY = {
    "s3": lambda client: client.head_object(Bucket="b", Key="k"),
    "sqs": lambda client: client.send_message(QueueUrl=f"{client.meta.endpoint_url}/1/q", MessageBody="m"),
    "sns": lambda client: client.publish(TopicArn="arn:aws:sns:us-east-1:1:t", Message="m"),
    "dynamodb": lambda client: client.get_item(TableName="t", Key={"pk": {"S": "a"}}),
}


class Server:
    """Accepts every connection and says what it is given to say: nothing, by default."""

    def __init__(self, says: bytes = b"") -> None:
        self.accepted = 0
        self._says = says
        self._connections: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.accepted += 1
                self._connections.append(connection)
                if self._says:
                    connection.recv(65_536)
                    connection.sendall(self._says)

    def close(self) -> None:
        for each in (self._socket, *self._connections):
            each.close()


@pytest.fixture(autouse=True)
def _no_deadline() -> Iterator[None]:
    yield
    INVOCATION.deadline = None


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    servers: list[Server] = []

    def make(says: bytes = b"") -> Server:
        servers.append(Server(says))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def client_of(service: str, server: Server) -> Any:
    session = SimpleNamespace(
        client=lambda name, **options: boto3.client(
            name, region_name="us-east-1", endpoint_url=server.url, **options
        )
    )
    return make_client(service, session=session, connect_seconds=0.2, read_seconds=0.05)


@pytest.mark.parametrize("service", SERVICES)
def test_a_call_to_a_server_that_accepts_and_never_answers_fails_after_its_attempts(
    service: str, serve: Callable[..., Server]
) -> None:
    server = serve()
    with pytest.raises(TransientError), translated("asking"):
        ANY[service](client_of(service, server))
    assert server.accepted == clients.ATTEMPTS


@pytest.mark.parametrize("service", SERVICES)
def test_no_attempt_is_repeated_once_the_time_of_the_invocation_is_up(
    service: str, serve: Callable[..., Server]
) -> None:
    server = serve()
    INVOCATION.deadline = Deadline.after(-1)
    begun = time.monotonic()
    with pytest.raises(ReadTimeoutError):
        ANY[service](client_of(service, server))
    assert server.accepted == 1
    assert time.monotonic() - begun < 30  # the bound is 0.25 seconds; the machine may be busy


def test_a_deadline_that_comes_between_two_attempts_ends_the_call(serve: Callable[..., Server]) -> None:
    server = serve()

    class Clock(Deadline):
        @property
        def seconds_left(self) -> float:
            return 1.0 if server.accepted < 2 else 0.0

    INVOCATION.deadline = Clock(0)
    with pytest.raises(ReadTimeoutError):
        ANY["dynamodb"](client_of("dynamodb", server))
    assert server.accepted == 2


def test_what_the_server_refuses_is_said_as_it_is_when_no_time_is_left(serve: Callable[..., Server]) -> None:
    server = serve(UNAVAILABLE)
    INVOCATION.deadline = Deadline.after(-1)
    with pytest.raises(ClientError) as refusal:
        ANY["s3"](client_of("s3", server))
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert server.accepted == 1


def test_a_body_that_stops_in_the_middle_is_not_waited_for(serve: Callable[..., Server]) -> None:
    client = client_of("s3", serve(HALF))
    with pytest.raises(TransientError), translated("reading"):
        client.get_object(Bucket="b", Key="k")["Body"].read()


def test_the_deadline_is_that_of_the_invocation() -> None:
    begin(SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 30_000))
    assert 20 < INVOCATION.seconds_left < 28


@pytest.mark.parametrize(("service", "read"), [("s3", 30), ("sqs", 10), ("sns", 10), ("dynamodb", 10)])
def test_sockets_are_given_up_long_before_the_function_is(
    service: str, read: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    config = make_client(service, session=boto3.session.Session(region_name="us-east-1")).meta.config
    assert (config.connect_timeout, config.read_timeout, config.tcp_keepalive) == (3, read, True)
    assert config.retries["total_max_attempts"] == clients.ATTEMPTS
