"""Hot calls that are sent without botocore: alike request by request, refused alike, and left to botocore where it must be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from zlib import crc32

import boto3
import botocore.session
import pytest
import wrapt
from botocore.client import BaseClient
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)
from moto import mock_aws

from chalicelib import metrics
from chalicelib.aws import calls
from chalicelib.aws.answers import as_botocore
from chalicelib.aws.calls import Calls, calls_of
from chalicelib.aws.clients import ATTEMPTS, INVOCATION, make_client
from chalicelib.aws.connections import Answer, Connections
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.delivery import Deadline
from tests.certificates import authority
from tests.endpoints import HANG, RESET, Endpoint, Request, answer, refusal
from tests.fakes import FakeMeter, in_time

ITEM = {
    "pk": {"S": "f#00"},
    "sk": {"S": ""},
    "text": {"S": 'héllo \0 \u2028 "B" \\ \U0001f4be'},
    "raw": {"B": b"\xff\0\xfe" * 50},
    "raws": {"BS": [b"", b"\x80"]},
    "numbers": {"NS": ["1", "-2.5E+30"]},
    "list": {"L": [{"NULL": True}, {"BOOL": False}, {"M": {}}, {"L": []}]},
    "large": {"S": "é" * 200_000},
}
KEY = {"pk": {"S": "f#00"}, "sk": {"S": "ä"}}
ASKED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "put_item": (
        "PutItem",
        {"TableName": "t", "Item": ITEM, "ConditionExpression": "attribute_not_exists(pk)"},
    ),
    "update_item": (
        "UpdateItem",
        {
            "TableName": "t",
            "Key": KEY,
            "UpdateExpression": "SET #0 = :0",
            "ExpressionAttributeNames": {"#0": "ä"},
            "ExpressionAttributeValues": {":0": {"B": b"\0"}},
        },
    ),
    "get_item": ("GetItem", {"TableName": "t", "Key": KEY, "ConsistentRead": True}),
    "query": ("Query", {"TableName": "t", "ExpressionAttributeValues": {":pk": {"S": ""}}, "Limit": 1}),
    "batch_get_item": ("BatchGetItem", {"RequestItems": {"t": {"Keys": [KEY], "ConsistentRead": False}}}),
    "batch_write_item": ("BatchWriteItem", {"RequestItems": {"t": [{"PutRequest": {"Item": ITEM}}]}}),
    "send_message_batch": (
        "SendMessageBatch",
        {
            "QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q",
            "Entries": [
                {
                    "Id": "0",
                    "MessageBody": "ä\n" * 100_000,
                    "DelaySeconds": 3,
                    "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": b"\xff"}},
                },
                {"Id": "1", "MessageBody": ""},
            ],
        },
    ),
}
SESSION = boto3.Session("AKIDFIRST", "secret/one")
OF_EACH_REQUEST = {"authorization", "x-amz-date", "amz-sdk-invocation-id"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_SESSION_TOKEN",
        "AWS_CA_BUNDLE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDFIRST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret/one")
    yield
    INVOCATION.deadline = None


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as made:
        yield made


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Of our own retries, in whose place nobody waits."""
    seconds: list[float] = []
    monkeypatch.setattr(calls, "time", SimpleNamespace(time=calls.time.time, sleep=seconds.append))
    return seconds


def service_of(method: str) -> str:
    return "sqs" if method == "send_message_batch" else "dynamodb"


def client_of(
    endpoint: Endpoint, service: str = "dynamodb", *, direct: bool = True, session: Any = SESSION
) -> Any:
    placed = SimpleNamespace(
        client=lambda name, **options: session.client(
            name, region_name="us-east-1", endpoint_url=endpoint.url, **options
        )
    )
    return make_client(service, session=placed, connect_seconds=1, read_seconds=0.3, direct=direct)


def get(client: Any, key: dict[str, Any] = KEY) -> dict[str, Any]:
    item: dict[str, Any] = client.get_item(TableName="t", Key=key)
    return item


def taught(endpoint: Endpoint, method: str = "get_item") -> Any:
    """A client that has made its first call of a kind."""
    client = client_of(endpoint, service_of(method))
    operation, parameters = ASKED[method]
    getattr(client, method)(**parameters)
    assert operation in client._known
    endpoint.requests.clear()
    return client


# Alike


@pytest.mark.parametrize("token", ["", "session+token/=="])
@pytest.mark.parametrize("method", ASKED)
def test_a_request_of_ours_is_botocores_but_for_its_date_and_number(
    method: str, token: str, endpoint: Endpoint
) -> None:
    operation, parameters = ASKED[method]
    session = boto3.Session("AKIDFIRST", "secret/one", token) if token else SESSION
    client = client_of(endpoint, service_of(method), session=session)
    for _ in range(3):
        getattr(client, method)(**parameters)
    theirs, *ours = endpoint.requests
    assert operation in client._known
    for request in ours:
        assert request.is_signed()
        assert request.operation == operation
        assert request.parameters == theirs.parameters
        assert request.headers.keys() == theirs.headers.keys()
        same = request.headers.keys() - OF_EACH_REQUEST - {"content-length"}
        assert {name: request.headers[name] for name in same} == {name: theirs.headers[name] for name in same}
        assert request.headers.get("x-amz-security-token", "") == token
    assert len({request.headers["amz-sdk-invocation-id"] for request in endpoint.requests}) == 3


def test_a_body_that_is_written_already_goes_out_as_it_is(endpoint: Endpoint) -> None:
    body = b'{"RequestItems": {"t": [{"PutRequest": {"Item": {"pk": {"S": "\xc3\xa4"}}}}]}}'
    for direct in (True, False):
        client = client_of(endpoint, direct=direct)
        for _ in range(2):
            client.send("BatchWriteItem", body, RequestItems={"t": []})
    assert [request.body for request in endpoint.requests] == [body] * 4
    assert all(request.is_signed() for request in endpoint.requests)


def test_a_character_that_no_utf8_has_is_left_to_botocore(endpoint: Endpoint) -> None:
    client = taught(endpoint)
    get(client, {"pk": {"S": "\ud800"}})
    assert endpoint.requests[0].parameters["Key"] == {"pk": {"S": "\ud800"}}
    assert endpoint.requests[0].is_signed()


ANSWERS: Mapping[str, bytes] = {
    "an item": answer(
        {"Item": {"a": {"S": "x"}, "n": {"N": "1"}}, "ConsumedCapacity": {"CapacityUnits": 1.0}}
    ),
    "binary values": answer({"Item": {"a": {"B": "/wA="}, "l": {"L": [{"BS": ["/wA=", ""]}]}}}),
    "nothing": answer({}),
    "no body": answer(b""),
    "a member that is null": answer({"Item": None, "ConsumedCapacity": {"CapacityUnits": 1.0}}),
    "no number of the request": answer({"Item": {}}).replace(b"x-amzn-requestid", b"x-another"),
    "a number of many digits": answer({"Item": {}, "ConsumedCapacity": {"CapacityUnits": 0.1}}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_read_as_botocore_reads_it(name: str, endpoint: Endpoint) -> None:
    client = taught(endpoint)
    endpoint.says = [ANSWERS[name]]
    ours = get(client)
    endpoint.says = [ANSWERS[name]]
    assert ours == get(client_of(endpoint, direct=False))


SLOW_DOWN = refusal("ProvisionedThroughputExceededException", "slow down")
QUERY_CODE = {"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"}
REFUSALS: Mapping[str, tuple[str, list[bytes]]] = {
    "a condition that failed, with the item": (
        "put_item",
        [refusal("ConditionalCheckFailedException", Item={"pk": {"S": "a"}, "raw": {"B": "/wA="}})],
    ),
    "a table that is not there": ("get_item", [refusal("ResourceNotFoundException")]),
    "a code that nobody knows": ("get_item", [refusal("BrandNewException", "new")]),
    "a queue that is not there": ("send_message_batch", [refusal("QueueDoesNotExist", headers=QUERY_CODE)]),
    "throttled to the end": ("update_item", [SLOW_DOWN] * ATTEMPTS),
    "throttled twice": ("update_item", [SLOW_DOWN] * 2),
    "500, then well": ("get_item", [refusal("InternalServerError", status=500)]),
    "503 of a proxy, to the end": ("get_item", [answer(b"<html>", 503)] * ATTEMPTS),
    "400 without JSON": ("get_item", [answer(b"no", 400)]),
    "expired credentials": ("get_item", [refusal("ExpiredTokenException", "The security token is expired")]),
    "another checksum, then well": ("get_item", [answer({}, x_amz_crc32="7")]),
    "another checksum, to the end": ("get_item", [answer({}, x_amz_crc32="7")] * ATTEMPTS),
    "a reset, then well": ("get_item", [RESET]),
    "closed at once, to the end": ("get_item", [b"\r\n"] * ATTEMPTS),
    "half of an answer, to the end": ("get_item", [answer({"Item": {}})[:-5]] * ATTEMPTS),
}


def outcome(call: Callable[[], dict[str, Any]]) -> tuple[Any, ...]:
    """What a caller sees: the answer, or the type and the content of the error; texts of sockets apart."""
    try:
        return (call(),)
    except ClientError as error:
        return type(error).__name__, str(error), error.response
    except (BotoCoreError, HTTPClientError) as error:
        return (type(error).__name__,)


@pytest.mark.parametrize("name", REFUSALS)
def test_what_fails_fails_as_with_botocore(
    name: str, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)
    method, says = REFUSALS[name]
    clients = taught(endpoint, method), client_of(endpoint, service_of(method), direct=False)
    seen, attempts = [], []
    for client in clients:
        endpoint.says, before = list(says), len(endpoint.requests)
        seen.append(outcome(lambda client=client: getattr(client, method)(**ASKED[method][1])))
        attempts.append(
            [request.headers["amz-sdk-request"].split("; ")[-2:] for request in endpoint.requests[before:]]
        )
    ours, theirs = seen
    assert ours == theirs
    assert attempts[0] == attempts[1]
    assert len(attempts[0]) == min(len(says) + ("well" in name or "twice" in name), ATTEMPTS)


def test_each_attempt_is_signed_anew_under_one_number(endpoint: Endpoint, pauses: list[float]) -> None:
    client = taught(endpoint)
    endpoint.says = [SLOW_DOWN, RESET, answer(b"", 500)]
    assert get(client)["ResponseMetadata"]["RetryAttempts"] == 3
    assert all(request.is_signed() for request in endpoint.requests)
    assert len({request.headers["amz-sdk-invocation-id"] for request in endpoint.requests}) == 1
    assert len(pauses) == 3
    assert all(0 <= pause <= 2**number for number, pause in enumerate(pauses, start=0))


def test_botocores_quota_bounds_the_retries_of_all_calls_together(
    endpoint: Endpoint, pauses: list[float]
) -> None:
    """500 units, of which each retry takes 5: a server that always fails is not asked four times for ever."""
    client = taught(endpoint)
    endpoint.says = lambda _: answer(b"", 500)
    for _ in range(40):
        with pytest.raises(ClientError):
            get(client)
    assert len(pauses) == 100
    endpoint.says = lambda _: answer()
    for _ in range(30):
        get(client)
    endpoint.says = [answer(b"", 500)]
    get(client)
    assert len(pauses) == 101, "successes give it back"


def test_half_of_the_headers_is_no_success(endpoint: Endpoint, pauses: list[float]) -> None:
    """As it is for botocore, which finds an empty answer."""
    client = taught(endpoint)
    endpoint.says = [b"HTTP/1.1 200 OK\r\ncontent-le", answer({"Item": KEY})]
    assert get(client)["Item"] == KEY


def test_a_server_that_hangs_is_given_up_after_its_attempts(endpoint: Endpoint, pauses: list[float]) -> None:
    client = taught(endpoint)
    endpoint.says = [HANG] * ATTEMPTS
    with pytest.raises(ReadTimeoutError):
        get(client)
    assert len(endpoint.requests) == ATTEMPTS


def test_no_attempt_is_repeated_once_the_time_is_up(endpoint: Endpoint) -> None:
    client = taught(endpoint)
    INVOCATION.deadline = Deadline.after(-1)
    endpoint.says = [RESET]
    with pytest.raises(ConnectionClosedError):
        get(client)
    endpoint.says = [SLOW_DOWN]
    with pytest.raises(ClientError, match="slow down"):
        get(client)
    assert len(endpoint.requests) == 2


def test_a_checksum_that_fits_is_no_reason_to_ask_again(endpoint: Endpoint) -> None:
    client = taught(endpoint)
    endpoint.says = [answer(b'{"Item":{}}', x_amz_crc32=str(crc32(b'{"Item":{}}')))]
    assert get(client)["Item"] == {}
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("direct", [True, False])
def test_items_that_come_back_are_sent_again_as_they_were(
    direct: bool, endpoint: Endpoint, pauses: list[float]
) -> None:
    """Binary values among them; and what botocore's rules wait out is counted as throttled."""
    meter = FakeMeter()
    records = DynamoRecords(client_of(endpoint, direct=direct), "t", threads=1, meter=meter)
    items = [b'{"pk":{"S":"f#00"},"sk":{"S":"%d"},"raw":{"B":"/wA="}}' % number for number in range(25)]
    records.put(items, in_time())
    puts = endpoint.requests[0].parameters["RequestItems"]["t"]
    endpoint.says = [
        SLOW_DOWN,
        answer({"UnprocessedItems": {"t": puts[3:5]}}),
        answer({"UnprocessedItems": {}}),
    ]
    records.put(items, in_time())
    _, whole, again, rest = (request.parameters["RequestItems"]["t"] for request in endpoint.requests)
    assert whole == again == puts
    assert rest == puts[3:5]
    assert meter.sum(metrics.WRITE_THROTTLES) == 2
    assert meter.sum(metrics.WRITE_RETRIES) == 2


# Connections


def test_calls_share_connections_and_open_one_for_each_thread(endpoint: Endpoint) -> None:
    client = taught(endpoint)
    for _ in range(5):
        get(client)
    assert {request.connection for request in endpoint.requests} == {1}, "the first, 0, is botocore's"
    together = threading.Barrier(4)

    def echo(request: Request) -> bytes:
        return answer({"Item": request.parameters["Key"]})

    def ask(number: int) -> bool:
        together.wait(60)
        return all(
            get(client, {"pk": {"S": f"{number}-{n}"}})["Item"]["pk"]["S"] == f"{number}-{n}"
            for n in range(20)
        )

    endpoint.says = echo
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(4)))
    assert endpoint.connections <= 5


def test_a_connection_that_the_server_has_closed_meanwhile_is_no_failure(endpoint: Endpoint) -> None:
    client = taught(endpoint)
    get(client)
    endpoint.close_idle()
    assert get(client)["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize(
    ("data", "body", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
        (b"HTTP/1.1 200\r\nContent-Length:0\r\n\r\n", b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", b"a", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\nA\r\n0123456789\r\n0\r\nT: t\r\n\r\n", b"ab0123456789", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na", b"a", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", b"a", False),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", b"to the end", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na, and more", b"a", False),
        (b"HTTP/1.1 204 None\r\n\r\n", b"", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_an_answer_is_read_in_whatever_pieces_it_comes(
    data: bytes, body: bytes, reusable: bool, step: int
) -> None:
    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(1000)
            size = len(data) if data.endswith(b"and more") else step  # what comes later is noticed later
            for at in range(0, len(data), size):
                connection.sendall(data[at : at + size])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        connections = Connections(url, connect_seconds=5, read_seconds=5, verify=True, kept=1)
        response = connections.ask(b"POST / HTTP/1.1\r\n\r\n", b"")
        thread.join()
        assert (response.body, len(connections._idle)) == (body, int(reusable))
        for each in connections._idle:
            each.close()


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: -1\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: gzip, chunked\r\nContent-Length: 2\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n0;" + b"x" * 200_000 + b"\r\n\r\n",
    ],
)
def test_an_answer_with_wrong_lengths_is_a_connection_that_failed(data: bytes) -> None:
    near, far = socket.socketpair()

    def write() -> None:
        with suppress(OSError):
            far.sendall(b"HTTP/1.1 200 OK\r\n" + data)
            far.shutdown(socket.SHUT_WR)

    with near, far:
        writer = threading.Thread(target=write)
        writer.start()
        connections = Connections("http://a", connect_seconds=1, read_seconds=1, verify=True, kept=1)
        with (
            mock.patch.object(connections, "_open", return_value=near),
            pytest.raises(ConnectionClosedError) as raised,
        ):
            connections.ask(b"", b"")
        assert "the answer has" in str(raised.value.__cause__)
        near.close()
        writer.join()
        assert not connections._idle


@pytest.mark.parametrize("host", ["a" * 70 + ".x", "a..b"])
def test_a_host_that_no_name_can_be_is_an_endpoint_out_of_reach(host: str) -> None:
    connections = Connections(f"http://{host}", connect_seconds=1, read_seconds=1, verify=True, kept=1)
    with pytest.raises(EndpointConnectionError):
        connections.ask(b"", b"")


def test_a_connection_that_took_half_of_a_request_is_not_used_again() -> None:
    connection = mock.Mock(spec=socket.socket)
    connection.sendall.side_effect = BrokenPipeError
    connection.recv.return_value = b"HTTP/1.1 413 Too Long\r\nContent-Length: 0\r\n\r\n"
    connections = Connections("http://a", connect_seconds=1, read_seconds=1, verify=True, kept=1)
    with mock.patch.object(connections, "_open", return_value=connection):
        assert connections.ask(b"", b"").status == 413
    assert not connections._idle
    connection.close.assert_called_once()


def test_a_request_that_is_refused_before_it_is_read_says_why(endpoint: Endpoint) -> None:
    """DynamoDB answers 413 to what is too long, and closes."""
    client = taught(endpoint)
    endpoint.says = [refusal("ValidationException", "too long", 413, {"connection": "close"})]
    with pytest.raises(ClientError, match="too long"):
        get(client, {"pk": {"S": "x" * 3_000_000}})


# Credentials, clocks and traces


def test_credentials_that_expire_in_the_middle_are_refreshed(endpoint: Endpoint) -> None:
    keys = iter(["AKIDSECOND"])

    def refresh() -> dict[str, str]:
        return {
            "access_key": next(keys),
            "secret_key": "secret+two",
            "token": "second",
            "expiry_time": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        }

    made = RefreshableCredentials(
        "AKIDFIRST", "secret/one", "first", datetime.now(UTC) + timedelta(hours=1), refresh, "test"
    )
    session = botocore.session.get_session()
    session._credentials = made
    client = client_of(endpoint, session=boto3.Session(botocore_session=session))
    get(client)
    get(client)
    made._expiry_time = datetime.now(UTC) - timedelta(seconds=1)
    get(client)
    assert [request.key_id for request in endpoint.requests] == ["AKIDFIRST", "AKIDFIRST", "AKIDSECOND"]
    assert [request.headers["x-amz-security-token"] for request in endpoint.requests] == [
        "first",
        "first",
        "second",
    ]
    assert all(request.is_signed() for request in endpoint.requests)


@pytest.mark.parametrize("hours", [-7, 5])
@pytest.mark.parametrize("first", [True, False])
def test_a_clock_that_is_off_is_set_by_the_servers_date(first: bool, hours: int, endpoint: Endpoint) -> None:
    """first: whether it is off from the first call on, which is botocore's."""
    client = client_of(endpoint) if first else taught(endpoint)
    endpoint.says = strict_about(hours)
    get(client)
    assert len(endpoint.requests) == 2
    get(client)
    assert len(endpoint.requests) == 3
    client.query(TableName="t")  # its first call is botocore's, by the local clock
    assert len(endpoint.requests) == 5
    assert all(request.is_signed() for request in endpoint.requests)


def test_a_clock_that_is_off_is_so_for_calls_under_way_on_all_threads(endpoint: Endpoint) -> None:
    client, refuse = taught(endpoint), strict_about(1)
    together = threading.Barrier(4)

    def strict(request: Request) -> bytes:
        answered = refuse(request)
        if b"InvalidSignature" in answered:
            together.wait(5)
        return answered

    endpoint.says = strict
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(get, client) for _ in range(4)]:
            future.result()
    assert len(endpoint.requests) == 8


def strict_about(hours: int) -> Callable[[Request], bytes]:
    """Answers of a server whose clock is so far ahead of ours."""

    def strict(request: Request) -> bytes:
        now = datetime.now(UTC) + timedelta(hours=hours)
        date = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        dated = {"date": format_datetime(now, usegmt=True)}
        if abs(now - date) > timedelta(minutes=5):
            return refusal("InvalidSignatureException", "Signature expired", headers=dated)
        return answer({}, **dated)

    return strict


def test_a_signature_that_is_wrong_for_another_reason_is_an_error(endpoint: Endpoint) -> None:
    client = taught(endpoint)
    now = {"date": format_datetime(datetime.now(UTC), usegmt=True)}
    endpoint.says = [refusal("InvalidSignatureException", "wrong", headers=now)] * 2
    with pytest.raises(ClientError, match="wrong"):
        get(client)
    assert len(endpoint.requests) == 1


def test_the_trace_of_the_invocation_goes_along(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    client = taught(endpoint)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "worker")
    for number in range(2):
        monkeypatch.setenv(
            "_X_AMZN_TRACE_ID", f"Root=1-5759e988-{number:024x};Parent=53995c3f42cd8ad8;Sampled=1"
        )
        get(client)
    assert [request.headers["x-amzn-trace-id"][:40] for request in endpoint.requests] == [
        f"Root=1-5759e988-{number:024x}"[:40] for number in range(2)
    ]
    monkeypatch.delenv("_X_AMZN_TRACE_ID")
    get(client)
    assert "x-amzn-trace-id" not in endpoint.requests[-1].headers


# Endpoints


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "dynamodb.eu-west-1.amazonaws.com"),
        ("cn-north-1", "dynamodb.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "dynamodb.us-gov-west-1.amazonaws.com"),
    ],
)
def test_endpoints_of_every_partition_are_those_that_botocore_finds(
    region: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent: botocore's session and our connections are ends of the wire."""
    sent: list[tuple[str, str]] = []

    def answered(session: Any, request: Any) -> Any:
        sent.append((request.url, request.headers["Authorization"].decode()))
        response = as_botocore(Answer(200, {}, b"{}"))
        response.raw = wrapped_raw
        return response

    from urllib3.response import HTTPResponse

    wrapped_raw = HTTPResponse(b"{}")
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", answered)
    monkeypatch.setattr(
        Connections,
        "ask",
        lambda self, head, body: sent.append((self._url, head.decode())) or Answer(200, {}, b"{}"),
    )
    client = make_client("dynamodb", session=boto3.Session(region_name=region), direct=True)
    get(client)
    get(client)
    (theirs, signed), (ours, head) = sent
    assert ours == theirs == f"https://{host}/"
    assert f"Host: {host}\r\n" in head
    scope = signed.split("Credential=")[1].split(",")[0]
    assert f"Credential={scope}," in head
    assert f"/{region}/dynamodb/aws4_request" in scope


def test_an_endpoint_of_the_environment_is_used(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint.url)
    client = make_client("dynamodb", session=boto3.Session(region_name="us-east-1"), direct=True)
    get(client)
    get(client)
    assert "GetItem" in client._known
    assert len(endpoint.requests) == 2


def test_an_endpoint_below_a_path_is_left_to_botocore(endpoint: Endpoint) -> None:
    endpoint.url += "/below"
    client = client_of(endpoint)
    get(client)
    get(client)
    assert client._known == {}
    assert [request.target for request in endpoint.requests] == ["/below", "/below"]


def test_an_address_of_version_6_is_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint(host="::1") as endpoint:
        client = taught(endpoint)
        get(client)
        assert endpoint.requests[0].headers["host"] == f"[::1]:{endpoint.port}"
        assert endpoint.requests[0].is_signed()


def test_a_bundle_of_the_environment_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, bundle = authority(tmp_path)
    with Endpoint(tls=context) as endpoint:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        client = taught(endpoint)
        get(client)
        get(client)
        assert all(request.is_signed("https") for request in endpoint.requests)
        monkeypatch.delenv("AWS_CA_BUNDLE")
        stranger = Connections(endpoint.url, connect_seconds=5, read_seconds=5, verify=True, kept=1)
        with pytest.raises(SSLError):
            stranger.ask(b"", b"")


def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path) -> None:
    context, bundle = authority(tmp_path, host="other.example.com")
    with Endpoint(tls=context) as endpoint:
        connections = Connections(endpoint.url, connect_seconds=5, read_seconds=5, verify=str(bundle), kept=1)
        with pytest.raises(SSLError):
            connections.ask(b"", b"")


class Proxy:
    """Forwards what is asked of it, by CONNECT or by whole addresses."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        try:
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._forward, args=(near,), daemon=True).start()
        except OSError:
            return

    def _forward(self, near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(65_536)
        verb, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        self.asked.append(f"{verb} {target}")
        host, port = (target if verb == "CONNECT" else target.split("/")[2]).rsplit(":", 1)
        far = socket.create_connection((host, int(port)))
        if verb == "CONNECT":
            near.sendall(b"HTTP/1.1 200 Established\r\n\r\n")
        else:
            far.sendall(head.replace(f"{verb} {target}".encode(), f"{verb} /".encode()))
        back = threading.Thread(target=_pour, args=(far, near), daemon=True)
        back.start()
        _pour(near, far)

    def close(self) -> None:
        self._listener.close()


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
    except OSError:
        return


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_behind_a_proxy_every_call_goes_through_it(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, bundle = authority(tmp_path)
    proxy = Proxy()
    monkeypatch.setenv(f"{scheme}_proxy", proxy.url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("no_proxy", "")
    with Endpoint(tls=context if scheme == "https" else None) as endpoint:
        client = client_of(endpoint)
        for _ in range(3):
            get(client)
        assert client._known == {}
        assert len(endpoint.requests) == 3
        assert endpoint.connections == len(proxy.asked)
        assert {each.split(" ")[0] for each in proxy.asked} == {"CONNECT" if scheme == "https" else "POST"}
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert "GetItem" in taught(endpoint)._known
    proxy.close()


# Left to botocore


def test_what_answers_in_the_place_of_aws_answers_every_call() -> None:
    with mock_aws():
        client = calls_of(boto3.client("dynamodb", region_name="us-east-1"), direct=True)
        for _ in range(2):
            assert client.batch_get_item(RequestItems={})["ResponseMetadata"]["HTTPStatusCode"] == 200
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                get(client)
        assert client._known == {}


def test_botocore_is_used_as_soon_as_its_call_is_wrapped(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As X-Ray's and OpenTelemetry's instrumentation do it: each call must be seen."""
    client, seen = taught(endpoint), []

    def note(wrapped: Any, instance: Any, arguments: Any, named: Any) -> Any:
        seen.append(arguments[0])
        return wrapped(*arguments, **named)

    wrapper = wrapt.FunctionWrapper(BaseClient.__dict__["_make_api_call"], note)
    monkeypatch.setattr(BaseClient, "_make_api_call", wrapper)
    get(client)
    get(client)
    client.send("BatchWriteItem", b"{}", RequestItems={})
    assert seen == ["GetItem", "GetItem", "BatchWriteItem"]
    assert len(endpoint.requests) == 3


def test_botocore_sends_everything_where_it_is_asked_to(endpoint: Endpoint) -> None:
    client = client_of(endpoint, direct=False)
    for _ in range(3):
        get(client)
    assert client._known == {}


def test_all_else_is_the_clients_own(endpoint: Endpoint) -> None:
    client = client_of(endpoint)
    client.delete_item(TableName="t", Key=KEY)
    assert endpoint.requests[0].operation == "DeleteItem"
    assert client.meta.region_name == "us-east-1"
    assert not isinstance(
        make_client("s3", session=boto3.Session(region_name="us-east-1"), direct=True), Calls
    )
