"""The settings of a deployment: environment variables, read once; an error names a missing or wrong one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan.afterwards import LEFT, Afterwards, AfterwardsError, afterwards_in
from chalicelib.core.plan.keys import EVERY_KEY, KeyPatternError, KeyPatterns, buckets_in
from chalicelib.core.plan.lanes import SETTING as LANES_SETTING
from chalicelib.core.plan.lanes import LanesError, lanes_in
from chalicelib.core.plan.layouts import Layout, Sink

RESOURCE_NAMES: Final = (
    "INPUT_BUCKET",
    "SPLIT_QUEUE",
    "BATCH_QUEUE",
    "DEAD_LETTER_QUEUE",
    "RECORDS_TABLE",
    "LEDGER_TABLE",
    "LEDGER_STREAM_ARN",
    "QUARANTINE_BUCKET",
    "NOTICES_TOPIC_ARN",
    "API_TOKEN_SHA256",
)
"""What `infra/data.json` creates, and the digest of the administrator's token."""

TRACINGS: Final = ("xray", "opentelemetry", "off")
"""Values of TRACING; the first is the default."""

TUNING_DEFAULTS: Final[Mapping[str, int]] = {
    "BATCH_MAX_LINES": Limits().batch_max_lines,
    "BATCH_MAX_BYTES": Limits().batch_max_bytes,
    "ENTRY_MAX_BYTES": Limits().entry_max_bytes,
    "SPLIT_BYTES": Limits().split_bytes,
    "RETENTION_DAYS": 0,
    "SPLIT_DELAY_SECONDS": 300,
    "RETRY_BASE_SECONDS": 10,
    "WRITE_THREADS": 8,
    "SWEEP_MINUTES": 15,
    "STALL_SECONDS": 3600,
    "SWEEP_DAYS": 7,
    "QUEUED_SPLITTER_SECONDS": 900,
    "NOTICES_WINDOW_SECONDS": 5,
    "NOTICES_GROUPED_FROM": 10,
    "SUMMARY_HOUR": -1,
}
LAYOUTS: Final = tuple(layout.value for layout in Layout)
"""Values of RECORDS_LAYOUT; the first is the default."""
SINKS: Final = tuple(sink.value for sink in Sink)
"""Values of SINK; the first is the default."""
EVENTS: Final = ("on", "off")
"""Values of EVENTS; the first is the default."""
HOT_CALLS: Final = ("direct", "botocore")
"""Values of HOT_CALLS: who sends the hot calls of DynamoDB and SQS; the first is the default."""
INGEST_WAYS: Final = ("direct", "queue", "topic", "eventbridge")
"""How objects are announced: by S3 to the splitter, or through the split queue (from S3, SNS or EventBridge)."""

_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "BATCH_MAX_LINES": (1, 100_000),
    "BATCH_MAX_BYTES": (1024, 720_000),
    "ENTRY_MAX_BYTES": (1024, 262_144),
    "SPLIT_BYTES": (1024, 1 << 40),
    "RETENTION_DAYS": (0, 36_500),
    "SPLIT_DELAY_SECONDS": (0, 900),
    "RETRY_BASE_SECONDS": (0, 900),
    "WRITE_THREADS": (1, 64),
    "SWEEP_MINUTES": (1, 1440),
    "STALL_SECONDS": (0, 86_400),
    "SWEEP_DAYS": (0, 365),
    "QUEUED_SPLITTER_SECONDS": (1, 900),
    "NOTICES_WINDOW_SECONDS": (0, 300),
    "NOTICES_GROUPED_FROM": (2, 1000),
    "SUMMARY_HOUR": (-1, 23),
}


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Queues are URLs; limits in lines and bytes of text; api_token_sha256 in hexadecimal;
    redaction_key: REDACTION_KEY, a secret;
    console_region: where the AWS console shows this deployment; None on a local AWS;
    notices_window_seconds: how long the notifier gathers; notices_grouped_from: how many files at once are one notice;
    summary_hour: from which on, UTC, the day before is summed up; below 0: not at all; events: whether EventBridge is told of settled files;
    afterwards: SETTLED_OBJECTS, what becomes of an object whose file is settled;
    calls_directly: HOT_CALLS, whether the hot calls of DynamoDB and SQS are ours or botocore's;
    stage: STAGE, which tells deployments apart in metrics; tracing: one of `TRACINGS`;
    ingest: one of INGEST_WAYS; input_keys: which keys of the input bucket are logs; other_inputs: buckets that are read
    beside it, INPUT_BUCKETS, each with those of its keys; layout, sink: of files opened
    from now on; results_bucket: RESULTS_BUCKET, where the sink is, empty where the stage has none; lanes: LANES, those beside
    the default one."""

    input_bucket: str
    split_queue: str
    batch_queue: str
    dead_letter_queue: str
    records_table: str
    ledger_table: str
    ledger_stream_arn: str
    quarantine_bucket: str
    notices_topic_arn: str
    api_token_sha256: str
    limits: Limits
    retention_days: int
    split_delay_seconds: int
    retry_base_seconds: int
    write_threads: int
    sweep_minutes: int
    stall_seconds: int
    sweep_days: int
    queued_splitter_seconds: int
    notices_window_seconds: int
    notices_grouped_from: int
    summary_hour: int
    redaction_key: str = field(default="", repr=False)
    console_region: str | None = None
    stage: str = "local"
    tracing: str = TRACINGS[0]
    events: bool = True
    calls_directly: bool = True
    afterwards: Afterwards = LEFT
    ingest: str = INGEST_WAYS[0]
    input_keys: KeyPatterns = EVERY_KEY
    other_inputs: Mapping[str, KeyPatterns] = field(default_factory=dict)
    layout: Layout = Layout.ITEMS
    sink: Sink = Sink.NONE
    results_bucket: str = ""
    lanes: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Raises SettingsError."""
        missing = missing_names(environment)
        if missing:
            raise SettingsError(
                f"missing {', '.join(missing)}: `froe up` provides them for a local run,"
                " `froe deploy --stage dev` for an AWS account"
            )
        tuning = {name: tuning_number(environment, name) for name in TUNING_DEFAULTS}
        if tuning["ENTRY_MAX_BYTES"] > tuning["BATCH_MAX_BYTES"]:
            raise SettingsError(
                f"ENTRY_MAX_BYTES is {tuning['ENTRY_MAX_BYTES']}: set it to at most BATCH_MAX_BYTES"
                f" ({tuning['BATCH_MAX_BYTES']}), so that a whole entry fits a batch"
            )
        return cls(
            **{name.lower(): environment[name] for name in RESOURCE_NAMES},
            limits=Limits(
                batch_max_lines=tuning["BATCH_MAX_LINES"],
                batch_max_bytes=tuning["BATCH_MAX_BYTES"],
                entry_max_bytes=tuning["ENTRY_MAX_BYTES"],
                split_bytes=tuning["SPLIT_BYTES"],
            ),
            retention_days=tuning["RETENTION_DAYS"],
            split_delay_seconds=tuning["SPLIT_DELAY_SECONDS"],
            retry_base_seconds=tuning["RETRY_BASE_SECONDS"],
            write_threads=tuning["WRITE_THREADS"],
            sweep_minutes=tuning["SWEEP_MINUTES"],
            stall_seconds=tuning["STALL_SECONDS"],
            sweep_days=tuning["SWEEP_DAYS"],
            queued_splitter_seconds=tuning["QUEUED_SPLITTER_SECONDS"],
            notices_window_seconds=tuning["NOTICES_WINDOW_SECONDS"],
            notices_grouped_from=tuning["NOTICES_GROUPED_FROM"],
            summary_hour=tuning["SUMMARY_HOUR"],
            redaction_key=environment.get("REDACTION_KEY", ""),
            console_region=_console_region(environment),
            stage=environment.get("STAGE") or "local",
            tracing=_one_of(environment, "TRACING", TRACINGS),
            events=_one_of(environment, "EVENTS", EVENTS) == EVENTS[0],
            calls_directly=_one_of(environment, "HOT_CALLS", HOT_CALLS) == HOT_CALLS[0],
            afterwards=afterwards_of(environment),
            ingest=ingest_way(environment),
            input_keys=input_keys(environment),
            other_inputs=other_inputs(environment),
            layout=records_layout(environment),
            sink=sink_of(environment),
            results_bucket=environment.get("RESULTS_BUCKET", ""),
            lanes=lanes_of(environment),
        )


def missing_names(environment: Mapping[str, str]) -> list[str]:
    return [name for name in RESOURCE_NAMES if not environment.get(name)]


def tuning_number(environment: Mapping[str, str], name: str) -> int:
    """A tuning setting or its default; raises SettingsError if it is out of range."""
    text = environment.get(name) or str(TUNING_DEFAULTS[name])
    low, high = _RANGES[name]
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise SettingsError(f"{name} is {text!r}: set it to a whole number from {low} to {high}")
    return number


def _one_of(environment: Mapping[str, str], name: str, known: Sequence[str]) -> str:
    """A setting that must be one of these words, by default the first; raises SettingsError."""
    word = environment.get(name) or known[0]
    if word not in known:
        listed = f"{', '.join(known[:-1])} or {known[-1]}"
        raise SettingsError(f"{name} is {word!r}: set it to {listed}")
    return word


def ingest_way(environment: Mapping[str, str]) -> str:
    """INGEST or its default; raises SettingsError if it is not one of INGEST_WAYS."""
    way = environment.get("INGEST") or INGEST_WAYS[0]
    if way not in INGEST_WAYS:
        raise SettingsError(f"INGEST is {way!r}: set it to one of {', '.join(INGEST_WAYS)}")
    return way


def records_layout(environment: Mapping[str, str]) -> Layout:
    """RECORDS_LAYOUT or its default; raises SettingsError if it is not one of LAYOUTS."""
    name = environment.get("RECORDS_LAYOUT") or LAYOUTS[0]
    if name not in LAYOUTS:
        raise SettingsError(f"RECORDS_LAYOUT is {name!r}: set it to {' or '.join(LAYOUTS)}")
    if name == Layout.NONE and sink_of(environment) is Sink.NONE:
        raise SettingsError(
            "RECORDS_LAYOUT is 'none' and SINK is too: set SINK to parquet, or records go nowhere"
        )
    return Layout(name)


def sink_of(environment: Mapping[str, str]) -> Sink:
    """SINK or its default; raises SettingsError if it is not one of SINKS, or has no bucket."""
    name = environment.get("SINK") or SINKS[0]
    if name not in SINKS:
        raise SettingsError(f"SINK is {name!r}: set it to {' or '.join(SINKS)}")
    if name != Sink.NONE and not environment.get("RESULTS_BUCKET"):
        raise SettingsError(
            f"SINK is {name!r} and RESULTS_BUCKET is missing: `froe deploy` and `froe up` provide it"
        )
    return Sink(name)


def input_keys(environment: Mapping[str, str]) -> KeyPatterns:
    """INPUT_KEYS; raises SettingsError if it is wrong."""
    text = environment.get("INPUT_KEYS", "")
    try:
        return KeyPatterns(text)
    except KeyPatternError as error:
        raise SettingsError(f"INPUT_KEYS is {text!r}: {error}") from error


def afterwards_of(environment: Mapping[str, str]) -> Afterwards:
    """SETTLED_OBJECTS; raises SettingsError if it is wrong, or if a moved object would be read again."""
    text = environment.get("SETTLED_OBJECTS", "")
    try:
        afterwards = afterwards_in(text)
    except AfterwardsError as error:
        raise SettingsError(f"SETTLED_OBJECTS is {text!r}: {error}") from error
    buckets = (input_keys(environment), *other_inputs(environment).values()) if afterwards.prefix else ()
    for keys in buckets:
        if keys.may_take_below(afterwards.prefix):
            raise SettingsError(
                f"SETTLED_OBJECTS moves objects to {afterwards.prefix}, and {keys.setting} includes that prefix, so they would be "
                f"read again; add !{afterwards.prefix}* to it"
            )
    return afterwards


def lanes_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """LANES, the lanes beside the default one; raises SettingsError if it is wrong."""
    text = environment.get(LANES_SETTING, "")
    try:
        return lanes_in(text)
    except LanesError as error:
        raise SettingsError(f"{LANES_SETTING} is {text!r}: {error}") from error


def other_inputs(environment: Mapping[str, str]) -> dict[str, KeyPatterns]:
    """INPUT_BUCKETS, bucket → which of its keys are logs; raises SettingsError if it is wrong."""
    text = environment.get("INPUT_BUCKETS", "")
    try:
        inputs = buckets_in(text)
    except KeyPatternError as error:
        raise SettingsError(f"INPUT_BUCKETS is {text!r}: {error}") from error
    own = environment.get("INPUT_BUCKET")
    if own in inputs:
        raise SettingsError(f"INPUT_BUCKETS names {own}, the stage's own bucket: use INPUT_KEYS for it")
    return inputs


def _console_region(environment: Mapping[str, str]) -> str | None:
    """The stream's region; on your machine, that of the environment may be another one."""
    parts = environment["LEDGER_STREAM_ARN"].split(":")
    return None if environment.get("AWS_ENDPOINT_URL") or len(parts) < 4 else parts[3]
