"""On a bad day of AWS every file still ends COMPLETE, with the tables of a good day and a bounded number of calls.

The handlers run in this process, against a local AWS behind the proxy of faulty.py: some hundred times quicker than
deploying them anew for each kind of fault. One run is with the functions as they are deployed.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest

pytest.importorskip("ministack", reason="needs ministack: make setup")

from botocore.config import Config

from chalicelib import handlers
from chalicelib.aws.clients import INVOCATION
from chalicelib.core.errors import FroeError
from chalicelib.services import Services
from chalicelib.settings import RESOURCE_NAMES, Settings
from froe.local import LocalStack, emulator
from froe.local.processes import clean_environment
from tests.faults.inputs import json_lines
from tests.integration.faulty import GROUPED, KINDS, Call, Choose, FaultProxy, fault_proxy
from tests.integration.support import (
    PATIENCE_SECONDS,
    Stored,
    Uploaded,
    all_normalised,
    event_of,
    normalised,
    reach,
    states_of,
    upload,
)
from tests.local_aws import ACCOUNT, BareAws, bare_aws
from tests.unit.aws.conftest import table_description

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A client leaves the socket of a call that hung to the garbage collector."""

LIMITS = {
    "BATCH_MAX_LINES": "20",
    "BATCH_MAX_BYTES": "8192",
    "ENTRY_MAX_BYTES": "1024",
    "SPLIT_BYTES": "1024",
    "SPLIT_DELAY_SECONDS": "0",
    "RETRY_BASE_SECONDS": "0",
    "STALL_SECONDS": "0",
    "TRACING": "off",
}
FILES: Mapping[str, bytes] = {
    "lines.jsonl": json_lines(25),
    "packed.jsonl.gz": gzip.compress(json_lines(25), mtime=0),
    "access.log": b"".join(
        b'192.0.2.7 - - [14/Sep/2026:06:00:%02d +0200] "GET /%d HTTP/1.1" 200 12\n' % (n % 60, n)
        for n in range(21)
    )
    + b"odd\n",
}
READ_SECONDS = 0.5
FUNCTION_SECONDS = 40
MAX_RECEIVES = 10
"""Of a message, before SQS makes a dead letter of it (`infra/data.json`)."""

ASYNC_TRIES = 3
IDLE_SECONDS = 0.5
"""After which the schedule comes round."""


class Session:
    """Makes clients that come through the proxy and lose patience quickly."""

    def __init__(self, url: str) -> None:
        self._url = url

    def client(self, service: str, config: Config) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._url,
            region_name=emulator.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config.merge(Config(read_timeout=READ_SECONDS)),
        )


@dataclass
class Context:
    """What Lambda tells a function of its invocation."""

    begun: float
    aws_request_id: str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

    def get_remaining_time_in_millis(self) -> float:
        return 1000 * (FUNCTION_SECONDS - (time.monotonic() - self.begun))


class Pipeline:
    """The functions on a local AWS behind a proxy: events come as Lambda gives them, failures as it takes them."""

    def __init__(self, aws: BareAws, proxy: FaultProxy) -> None:
        self.proxy = proxy
        self.client = aws.client
        self.sqs = aws.client("sqs")
        self.info = SimpleNamespace(**self._made())
        settings = {name.upper(): str(value) for name, value in vars(self.info).items()}
        self.services = Services(Settings.from_environment({**settings, **LIMITS}), Session(proxy.url))
        self.most_receives = 0

    def _made(self) -> dict[str, str]:
        s3, dynamodb = self.client("s3"), self.client("dynamodb")
        names = {name.lower(): "x" for name in RESOURCE_NAMES}
        for name in ("input_bucket", "quarantine_bucket"):
            names[name] = name.replace("_", "-")
            s3.create_bucket(Bucket=names[name])
        s3.put_bucket_versioning(Bucket=names["input_bucket"], VersioningConfiguration={"Status": "Enabled"})
        for name, logical_id in (("records_table", "RecordsTable"), ("ledger_table", "LedgerTable")):
            names[name] = logical_id
            dynamodb.create_table(TableName=logical_id, **table_description(logical_id))
        for name in ("split_queue", "batch_queue", "dead_letter_queue"):
            queue = self.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "1"})
            names[name] = queue["QueueUrl"]
        names["notices_topic_arn"] = self.client("sns").create_topic(Name="notices")["TopicArn"]
        names["ledger_stream_arn"] = (
            f"arn:aws:dynamodb:{emulator.REGION}:{ACCOUNT}:table/LedgerTable/stream/1"
        )
        names["api_token_sha256"] = "0" * 64
        return names

    @property
    def as_stack(self) -> LocalStack:
        """For what looks into a stack from outside: it asks for no more than clients and names."""
        return cast("LocalStack", self)

    def run(self, name: str, choose: Choose) -> list[Stored]:
        """Send each file through; what is stored of each. AssertionError if one is not COMPLETE in time."""
        self.proxy.plan(choose)
        self.most_receives = 0
        uploads = [upload(self.as_stack, f"{name}/{key}", data) for key, data in FILES.items()]
        for each in uploads:
            self._announce(each)
        ids = [each.file_id for each in uploads]
        deadline, idle_since = time.monotonic() + PATIENCE_SECONDS, time.monotonic()
        while states_of(self.as_stack, ids) != dict.fromkeys(ids, "COMPLETE"):
            assert time.monotonic() < deadline, (name, states_of(self.as_stack, ids), self.proxy.faults)
            worked = [self._poll("split_queue", handlers.on_split_messages, 1)]
            worked.append(self._poll("batch_queue", handlers.on_batch_messages, 4))
            if any(worked):
                idle_since = time.monotonic()
            elif time.monotonic() > idle_since + IDLE_SECONDS:
                self._sweep()
                idle_since = time.monotonic()
            else:
                time.sleep(0.05)
        self.proxy.plan(lambda _: None)
        while self._poll("split_queue", handlers.on_split_messages, 1):
            pass
        stored = all_normalised(self.as_stack)
        assert not self._received("dead_letter_queue", 1), "nothing that passes is a dead letter"
        return [stored[file_id] for file_id in ids]

    def _announce(self, uploaded: Uploaded) -> None:
        """As Lambda does for S3: it tries three times, then the sweeper has to find the object."""
        event = event_of(self.as_stack, uploaded)
        for _ in range(ASYNC_TRIES):
            with suppress(FroeError):
                handlers.on_notification(self.services, event, Context(time.monotonic()))
                return

    def _sweep(self) -> None:
        with suppress(FroeError):
            handlers.on_schedule(self.services, Context(time.monotonic()))

    def _poll(self, name: str, handle: Any, at_once: int) -> bool:
        """Hand over what is in a queue, and take back what failed; whether there was anything."""
        messages = self._received(name, at_once)
        if not messages:
            return False
        records = [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"],
            }
            for each in messages
        ]
        counts = [int(each["Attributes"]["ApproximateReceiveCount"]) for each in messages]
        self.most_receives = max(self.most_receives, *counts)
        answer = handle(self.services, {"Records": records}, Context(time.monotonic()))
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for each in messages:
            if each["MessageId"] not in failed:
                self.sqs.delete_message(
                    QueueUrl=getattr(self.info, name), ReceiptHandle=each["ReceiptHandle"]
                )
        return True

    def _received(self, name: str, at_once: int) -> Sequence[Any]:
        answer = self.sqs.receive_message(
            QueueUrl=getattr(self.info, name), MaxNumberOfMessages=at_once, AttributeNames=["All"]
        )
        return answer.get("Messages", [])


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with (
        pytest.MonkeyPatch.context() as patched,
        bare_aws(tmp_path_factory.mktemp("aws")) as aws,
        fault_proxy(aws.endpoint, hang_seconds=2 * READ_SECONDS) as proxy,
    ):
        for name in set(os.environ) - set(clean_environment()):
            patched.delenv(name)
        # botocore waits a second and more between its attempts: here a twentieth of it.
        shorter = SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / 20))
        patched.setattr("botocore.endpoint.time", shorter)
        yield Pipeline(aws, proxy)
        INVOCATION.deadline = None


@dataclass(frozen=True)
class Calm:
    stored: list[Stored]
    calls: int


@pytest.fixture(scope="module")
def calm(pipeline: Pipeline) -> Calm:
    stored = pipeline.run("calm", lambda _: None)
    assert [len(each.records) for each in stored] == [25, 25, 22]
    return Calm(stored, 0)


def first(kind: str) -> Choose:
    """The first five calls of each operation, then every seventh; fewer, where a call takes its time or where botocore
    does not repeat it, so that each costs a receive."""
    times, every = {"hang": (1, 20), "expired": (2, 30)}.get(kind, (5, 7))
    return lambda call: kind if call.number < times or call.number % every == 0 else None


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_complete_whatever_kind_of_fault_comes(
    pipeline: Pipeline, calm: Calm, kind: str
) -> None:
    """Five at once are more than botocore repeats a call by itself, so messages come back too."""
    faults, calls = 0, 0

    def choose(call: Call) -> str | None:
        nonlocal faults, calls
        calls += 1
        chosen = first(kind)(call)
        faults += bool(chosen) and (kind != "partial" or call.operation in GROUPED)
        return chosen

    assert pipeline.run(kind, choose) == calm.stored
    assert faults >= 5
    assert calls < 1500
    assert pipeline.most_receives <= MAX_RECEIVES


@pytest.mark.parametrize("seed", [1])
def test_every_file_is_complete_on_a_day_with_faults_of_all_kinds(
    pipeline: Pipeline, calm: Calm, seed: int
) -> None:
    chance, calls = random.Random(seed), 0

    def choose(_: Call) -> str | None:
        nonlocal calls
        calls += 1
        return chance.choice(KINDS) if chance.random() < 0.2 else None

    assert pipeline.run(f"mixed-{seed}", choose) == calm.stored
    assert calls < 1500
    assert pipeline.most_receives <= MAX_RECEIVES


def test_the_deployed_functions_complete_every_file_through_faults(
    make_stack: Callable[..., LocalStack],
) -> None:
    stack = make_stack(settings={"SPLIT_DELAY_SECONDS": "2", "RETRY_BASE_SECONDS": "1"})
    chance = random.Random(3)
    kinds = [kind for kind in KINDS if kind != "hang"]
    with fault_proxy(stack.env["AWS_ENDPOINT_URL"]) as proxy:
        _led_through(stack, proxy.url)
        undisturbed = [upload(stack, f"sound/{key}", data) for key, data in FILES.items()]
        reach(stack, {"COMPLETE"}, *(each.file_id for each in undisturbed))
        proxy.plan(lambda _: chance.choice(kinds) if chance.random() < 0.15 else None)
        disturbed = [upload(stack, f"faulty/{key}", data) for key, data in FILES.items()]
        reach(stack, {"COMPLETE"}, *(each.file_id for each in disturbed))
        assert proxy.faults.total() > 5
        assert proxy.calls.total() < 1500
        proxy.plan(lambda _: None)
        for one, other in zip(disturbed, undisturbed, strict=True):
            assert normalised(stack, one) == normalised(stack, other)


def _led_through(stack: LocalStack, url: str) -> None:
    """Have the functions call AWS at this URL."""
    client = stack.client("lambda")
    for function in ("splitter", "queued_splitter", "worker"):
        name = f"froe-local-{function}"
        former = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables = {**former, "AWS_ENDPOINT_URL": url}
        client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        client.get_waiter("function_updated_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
        )


def test_the_proxy_forwards_what_it_is_not_to_spoil(pipeline: Pipeline, tmp_path: Path) -> None:
    s3 = Session(pipeline.proxy.url).client("s3", Config())
    bucket = pipeline.info.quarantine_bucket
    data = random.Random(1).randbytes(300_000)
    s3.put_object(Bucket=bucket, Key="a b/ü", Body=data)
    assert s3.get_object(Bucket=bucket, Key="a b/ü")["Body"].read() == data
    assert s3.head_object(Bucket=bucket, Key="a b/ü")["ContentLength"] == len(data)
    path = tmp_path / "large"
    path.write_bytes(data * 40)
    s3.upload_file(str(path), bucket, "large")
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == 40 * len(data)
    assert json.loads(json.dumps(pipeline.proxy.faults)) == {}
