"""A file on its way, stopped at every state and taken up again: what one version of the code leaves to the next.

`python -m tests.versions FOLDER` writes `NAME.states` beside each file NAME of tests/golden/versions/FOLDER: what this
code leaves in both tables and both queues, a line of JSON for each state. Before plans, messages or ledger items change, record those of the
version before; tests/unit/aws/test_versions.py goes on from every state of each.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import boto3
from botocore.config import Config
from moto import mock_aws

from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.wire.bodies import decode
from chalicelib.delivery import Deadline, Outgoing
from chalicelib.ledger import Ledger
from chalicelib.splitter import Splitter
from chalicelib.tracing import NoTracer
from chalicelib.worker import Worker
from tests.fakes import WHEN, Crash, Effects, FakeObjects, FakeQueue, FakeRecords, FakeResults

ROOT: Final = Path(__file__).parents[1]
RECORDED: Final = Path("tests") / "golden" / "versions"
LIMITS: Final = Limits(batch_max_lines=3, batch_max_bytes=400, entry_max_bytes=300, split_bytes=700)
RETENTION_DAYS: Final = 30
NO_TIME, FOR_ONE_SPLIT, TIME = 0.0, 4.0, 60.0
LEDGER: Final = "ledger"
SUFFIX: Final = ".states"

State: TypeAlias = Mapping[str, Sequence[Any]]
"""`ledger` and `records`: items in DynamoDB's typed JSON; `split_queue` and `batch_queue`: message bodies; `objects`: the
keys in the results bucket."""


class Way:
    """The functions and what lies between them, for one file. client: DynamoDB, with an empty ledger."""

    def __init__(
        self,
        client: Any,
        key: str,
        data: bytes,
        limits: Limits = LIMITS,
        layout: Layout = Layout.ITEMS,
        sink: Sink = Sink.NONE,
    ) -> None:
        self._client = client
        self._effects = Effects()
        objects = FakeObjects(64)
        self._announced = objects.add(key, data, content_type=type_of(key))
        self._splits, self._batches = FakeQueue(self._effects), FakeQueue(self._effects)
        self._records, self._results = FakeRecords(Effects()), FakeResults(Effects())
        ledger = Ledger(DynamoLedger(client, LEDGER), lambda: WHEN)
        self._splitter = Splitter(
            objects,
            ledger,
            self._splits,
            self._batches,
            NoTracer(),
            limits=limits,
            retention_days=RETENTION_DAYS,
            split_delay_seconds=300,
            layout=layout,
            sink=sink,
        )
        self._worker = Worker(self._records, ledger, NoTracer(), results=self._results)

    def state(self) -> State:
        items = self._client.scan(TableName=LEDGER, ConsistentRead=True)["Items"]
        return {
            "ledger": sorted(items, key=lambda item: item["sk"]["S"]),
            "split_queue": [message.body for message in self._splits.messages],
            "batch_queue": [message.body for message in self._batches.messages],
            "records": [item for _, item in sorted(self._records.items.items())],
            "objects": sorted(self._results.objects),
        }

    def take_up(self, state: State) -> None:
        """Go on from what was left behind."""
        for item in state["ledger"]:
            self._client.put_item(TableName=LEDGER, Item=item)
        self._splits.messages = [Outgoing(body) for body in state["split_queue"]]
        self._batches.messages = [Outgoing(body) for body in state["batch_queue"]]
        self._records.items = {(item["pk"]["S"], item["sk"]["S"]): item for item in state["records"]}

    def states(self) -> Iterator[tuple[str, State]]:
        """Every state on the way, by name; the last one is that of a file that is done."""
        self._splitter.ingest(self._announced, Deadline.after(NO_TIME))
        yield "opened", self.state()
        self._die_before_a_seal()
        self.work(1)
        yield "sent but not sealed", self.state()
        self.cut(FOR_ONE_SPLIT, 1)
        self.work(2)
        yield "half cut", self.state()
        self.cut(TIME)
        yield "cut", self.state()
        self.work(len(self._batches.messages) // 2)
        yield "cut and half marked", self.state()
        self.finish()
        yield "complete", self.state()

    def finish(self) -> None:
        """Handle all that is queued, newest first, and all that follows from it."""
        self.cut(TIME)
        self.work(len(self._batches.messages))

    def cut(self, seconds: float, messages: int | None = None) -> None:
        """Hand so many messages, or all, to the queued splitter, which has so many seconds for each."""
        while self._splits.messages and messages != 0:
            self._splitter.cut(decode(self._splits.messages.pop().body), Deadline.after(seconds))
            messages = None if messages is None else messages - 1

    def work(self, messages: int) -> None:
        for _ in range(messages):
            self._worker.handle(self._batches.messages.pop(0).body, Deadline.after(TIME))

    def _die_before_a_seal(self) -> None:
        """The function that cuts the first split dies once its batches are sent; its message comes back."""
        self._effects.crash_at, self._effects.after = self._effects.count + 1, True
        try:
            self._splitter.cut(decode(self._splits.messages[-1].body), Deadline.after(TIME))
        except Crash:
            return
        raise AssertionError("the splitter was to die")


def texts_in(folder: Path) -> list[Path]:
    """The files whose ways are recorded there."""
    return [path for path in sorted(folder.iterdir()) if path.suffix != SUFFIX]


def type_of(key: str) -> str:
    """The Content-Type of an upload, which names the character set that stands in its key."""
    return "text/plain; charset=latin-1" if ".latin-1." in key else "text/plain"


def layout_of(path: Path) -> Layout:
    """Which the file was opened with: from version 4 on it is another than `items`."""
    return Layout.PACKED if path.parent.name >= "4" else Layout.ITEMS


def sink_of(path: Path) -> Sink:
    """Version 5 is that of a file that has one."""
    return Sink.PARQUET if path.parent.name >= "5" else Sink.NONE


def states_of(path: Path) -> dict[str, State]:
    """What was recorded of a file, by the names of the states."""
    text = path.with_name(path.name + SUFFIX).read_text(encoding="utf-8")
    return dict(json.loads(line) for line in text.splitlines())


def on_empty_ledger(act: Callable[[Any], None]) -> None:
    """Call it with a client of a DynamoDB that holds nothing but the ledger's table."""
    template = json.loads((ROOT / "infra" / "data.json").read_text(encoding="utf-8"))
    properties = template["Resources"]["LedgerTable"]["Properties"]
    members = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1", config=Config(parameter_validation=False))
        client.create_table(TableName=LEDGER, **{name: properties[name] for name in members})
        act(client)


def record(path: Path) -> None:
    """Write the states of a file beside it."""

    def write(client: Any) -> None:
        states = Way(
            client, path.name, path.read_bytes(), layout=layout_of(path), sink=sink_of(path)
        ).states()
        text = "".join(f"{json.dumps(named)}\n" for named in states)
        path.with_name(path.name + SUFFIX).write_text(text, encoding="utf-8")

    on_empty_ledger(write)


ADDED = {"digests", "used", "opening_used", "shelf", "u", "t"}
"""What code that is not the newest passes over, and does without."""


def said_by_all(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What items say to every version: no reason why nothing is amiss, nor where a mark lies, nor how often a sum has
    changed."""
    left_out = ADDED | {"reason", "revision"}
    return [
        {name: without_place(value) for name, value in unspread(item).items() if name not in left_out}
        for item in items
    ]


def without_place(value: Any) -> Any:
    if "S" in value:
        return re.sub(r"^([123])~[^|]*\|", r"\1|", value["S"])
    left_out = ADDED | {"revision"}
    return (
        {name: each for name, each in value["M"].items() if name not in left_out} if "M" in value else value
    )


def unspread(item: Mapping[str, Any]) -> dict[str, Any]:
    """With the state alone, as the versions before spread it over no partitions of the index."""
    state = {"state": {"S": item["state"]["S"].partition("#")[0]}} if "state" in item else {}
    return dict(item) | state


if __name__ == "__main__":
    for each in texts_in(RECORDED / sys.argv[1]):
        record(each)
