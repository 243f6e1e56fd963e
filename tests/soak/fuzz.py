"""Spoilt inputs of every reader, drawn from a seed: only errors of ours may come out, and every byte is accounted for.

Each reader gets what is right, changed at random: bytes flipped, cut, doubled and replaced, or values of JSON by others.
"""

from __future__ import annotations

import bz2
import gzip
import json
import warnings
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any, Final

import zstandard
from chalice.app import ChaliceViewError, Request
from isal import igzip

from chalicelib import routes
from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.loading import load
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.text import UTF_8, Text
from chalicelib.core.errors import FroeError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.letters import Kind, subject_of
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import (
    BatchMessage,
    SplitMessage,
    batch_message,
    encode_batch,
    encode_split,
)
from chalicelib.core.wire.notifications import Announced, Ignored, Unknown, announced_in_body
from chalicelib.worker import parsed
from tests.checkpoints import CountedObject, HeldCheckpoints, in_streams, lines
from tests.fakes import opener
from tests.faults.reading import assert_every_byte_is_accounted_for, head_of, read
from tests.soak.aws import Version
from tests.soak.stage import Uploaded, event_of
from tests.soak.texts import LogFile

ROOT: Final = Path(__file__).parents[2]
SMALL: Final = Limits(batch_max_lines=5, batch_max_bytes=2000, entry_max_bytes=900, split_bytes=700)
_HOSTILE: Final = (
    *(
        b"\x00",
        b"\x00" * 70,
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\n",
        b"\r\n",
        b"\r",
        b"\x1b[31m",
        b"\xed\xa0\x80",
    ),
    *(
        b'"',
        b'\\"',
        b"{",
        b"}",
        b"[" * 60,
        b"]",
        b",",
        b"<134>",
        b"\x85",
        b"\xe2\x80\xa8",
        b"\xc0\xaf",
        b"9" * 40,
        b"x" * 1500,
    ),
)
_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, 0, -1, 2**63, 1e308, "", "\x00", "\ud800", "\u202e", "x" * 3000, [], {}, [[[]]], {"v": 1}),
    *("2026-02-30T25:61:61Z", "1e999999999", "-", "null", "%ff%00", "../..", "💥" * 40),
)
CONFIGURATION: Final = r"""
[[format]]
name = "till"
title = "Journal of a till"
pattern = '(?<time>\S+)\|(?<till>[a-z0-9-]+)\|(?<kind>[A-Z]+)\|(?<amount>[0-9.]+)\|(?<message>.*)'
types = { amount = "float" }
rename = { till = "till.name", kind = "till.kind" }
time = { field = "time", format = "%d.%m.%Y/%H:%M:%S", zone = "+01:00" }
samples = ["14.03.2026/09:26:53|till-7|SALE|12.50|two coffees"]

[[bind]]
prefix = "shop/"
format = "till"

[[filter]]
name = "health-checks"
exclude = { field = "url.path", pattern = '^/health' }

[[redact]]
name = "customer"
fields = ["customer.*"]
patterns = ['\bC-[0-9]{6}\b']
with = "(hidden)"
"""
_TOML: Final = (
    *(
        "[[",
        "]]",
        "=",
        "''",
        '"',
        "\n",
        "[format]",
        "[[format]]",
        "name",
        "[[bind]]",
        "1979-05-27",
        "1e400",
        "true",
        "[]",
        "{}",
    ),
    *(
        "pattern = '('",
        "pattern = '(a+)+$'",
        "samples = 7",
        "format = []",
        "prefix = {}",
        "\x00",
        "\ud7ff",
        "'''",
        "inf",
        "[[a.b]]",
    ),
)


def spoilt_bytes(random: Random, data: bytes) -> bytes:
    """Some bytes changed."""
    spoilt = bytearray(data)
    for _ in range(random.choice([0, 1, 2, 5, 20])):
        at = random.randrange(len(spoilt) + 1)
        end = min(len(spoilt), at + random.choice([0, 1, 1, 5, 100]))
        match random.randrange(4):
            case 0:
                spoilt[at:end] = random.choice(_HOSTILE)
            case 1:
                spoilt[at:end] = bytes(random.choices(range(256), k=end - at))
            case 2:
                spoilt[at:end] = spoilt[at:end] * 2
            case _:
                del spoilt[at:end]
    return bytes(spoilt)


def spoilt_json(random: Random, value: Any) -> Any:
    """The same with some values taken away, doubled, or others in their place."""
    if random.random() < 0.06:
        return random.choice(_VALUES)
    if isinstance(value, dict):
        return {
            name if random.random() > 0.02 else str(random.choice(_VALUES))[:20]: spoilt_json(random, each)
            for name, each in value.items()
            if random.random() > 0.03
        }
    if isinstance(value, list):
        kept = [spoilt_json(random, each) for each in value if random.random() > 0.03]
        return kept * random.choice([1, 1, 1, 2])
    return value


@cache
def _samples() -> tuple[bytes, ...]:
    """The logs of the golden tests and of the demo."""
    paths = sorted((ROOT / "tests" / "golden").rglob("*.log")) + sorted((ROOT / "sample_logs").glob("*.log"))
    texts = [path.read_bytes()[:6000] for path in paths]
    return tuple(texts) or (b'{"message":"open"}\n' * 40,)


def _laid_out(random: Random, text: bytes) -> bytes:
    match random.randrange(7):
        case 0:
            return gzip.compress(text, mtime=0)
        case 1:
            return zstandard.ZstdCompressor(write_checksum=True).compress(text)
        case 2:
            return ("\ufeff" + text.decode(errors="replace")).encode("utf-16-le")
        case 3:
            return text.decode(errors="replace").encode("utf-16-be")
        case 4:
            return text.decode(errors="replace").encode("latin-1", errors="replace")
    return text


_COMPRESSIONS: Final[tuple[tuple[Compression, Callable[[bytes], bytes]], ...]] = (
    *((Compression.GZIP, partial(gzip.compress, compresslevel=level, mtime=0)) for level in (0, 1, 6, 9)),
    *((Compression.GZIP, partial(igzip.compress, compresslevel=level)) for level in (0, 2)),
    (Compression.ZSTD, zstandard.compress),
    (Compression.BZIP2, bz2.compress),
)
_CHARSETS = ("latin-1", "shift_jis", "gb18030", "euc_kr", "utf-16-le")
"""Said to hold for texts of whatever bytes."""


def text(random: Random) -> None:
    """A log of some format, charset and compression gives the same however its bytes arrive."""
    sample = random.choice(_samples())
    data = _laid_out(random, spoilt_bytes(random, sample))
    if random.random() < 0.3:
        data = spoilt_bytes(random, data)
    charset = random.choice([None, None, None, *_CHARSETS])
    whole = read(data, limits=SMALL, charset=charset)
    assert_every_byte_is_accounted_for(whole)
    pieces = read(data, limits=SMALL, piece_bytes=random.choice([1, 7, 64, 1000]), charset=charset)
    assert pieces == whole, "the pieces in which it arrives show"


def compressed(random: Random) -> None:
    """A compressed text, spoilt or not, is the same from any place on, whatever became of its check-points."""
    text = lines(random.randint(200_000, 600_000), random.randrange(50))
    kind, compress = random.choice(_COMPRESSIONS)
    size = random.choice([len(text), len(text) // 2, 50_000, 7_000])
    data = in_streams(text, size, compress)
    if random.random() < 0.5:
        data = spoilt_bytes(random, data)
    first = Text(CountedObject(data), kind, UTF_8)
    whole = b"".join(first)
    points = HeldCheckpoints(random.choice([1000, 30_000, 130_000]), holds_text=random.random() < 0.9)
    for _ in range(4):
        start = random.choice([0, random.randint(0, len(whole)), len(whole) + 1])
        rest = Text(CountedObject(data, random.choice([777, 70_000])), kind, UTF_8, start, checkpoints=points)
        assert b"".join(rest) == whole[start:], f"the text from {start:,} on is another"
        assert rest.damage == first.damage, (
            f"{rest.damage} from {start:,} on, {first.damage} from the first byte"
        )
        for place in [place for place in points.encoded if random.random() < 0.2]:
            points.encoded[place] = spoilt_bytes(random, points.encoded[place])


def envelope(random: Random) -> None:
    """A message is read or refused; what is read adds up when it is parsed, and its letter says what it is about."""
    body = _spoilt_message(random)
    try:
        message = decode(body)
    except FroeError:
        message = None
    subject = subject_of(body)
    if isinstance(message, BatchMessage):
        assert (subject.kind, subject.batch) == (Kind.BATCH, message.number)
        assert decode(encode_batch(message)) == message
        try:
            result = parsed(message)
        except FroeError:
            return
        total = result.mark.total
        assert (total.lines, total.bytes) == (message.lines, message.length)
    elif isinstance(message, SplitMessage):
        assert (subject.kind, subject.split) == (Kind.SPLIT, message.split)


def _spoilt_message(random: Random) -> str:
    data = random.choice(_samples())
    head = head_of(data)
    plan = make_plan(head, opener(data, 4096), SMALL, charset=random.choice([None, None, *_CHARSETS]))
    if random.random() < 0.25 or not _batches(data):
        body = encode_split(SplitMessage(plan.object, plan.file_id, 3, None))
    else:
        body = encode_batch(batch_message(plan, random.choice(_batches(data))))
    if random.random() < 0.3:
        return spoilt_bytes(random, body.encode()).decode(errors="replace")
    return json.dumps(spoilt_json(random, json.loads(body)))


@cache
def _batches(data: bytes) -> tuple[Any, ...]:
    from chalicelib.core.framing.cutting import Cutter

    plan = make_plan(head_of(data), opener(data, 4096), SMALL)
    text_of = plan.text(opener(data, 4096), 0)
    return tuple(Cutter(text_of, plan.framing, plan.limits, 0, aligned=True).cut(0))


def notification(random: Random) -> None:
    """Of every record it is said what it is; a shape that nobody knows is refused."""
    version = Version("v1", b"", "0" * 32, head_of(b"").last_modified)
    uploaded = Uploaded(
        random.choice(["a.log", "logs/ä b+c.log", "x/"]), version, LogFile(b"", "COMPLETE", ())
    )
    event = event_of(uploaded, random.choice(["queue", "topic", "eventbridge"]))
    if random.random() < 0.3:
        event = {"Type": "Notification", "Message": json.dumps(spoilt_json(random, event))}
    body = json.dumps(spoilt_json(random, event))
    if random.random() < 0.2:
        body = spoilt_bytes(random, body.encode()).decode(errors="replace")
    subject_of(body)
    try:
        objects = announced_in_body(body)
    except FroeError:
        return
    for each in objects:
        assert isinstance(each, Announced | Ignored | Unknown)
        if isinstance(each, Announced):
            assert each.time.tzinfo is not None
            assert len(ObjectVersion(each.bucket, each.key, each.version_id, each.etag or "").file_id) == 26


def configuration(random: Random) -> None:
    """A clumsy froe.toml ends as one sentence that names its line."""
    lines = CONFIGURATION.splitlines(keepends=True)
    for _ in range(random.choice([1, 1, 2, 4])):
        at = random.randrange(len(lines))
        match random.randrange(5):
            case 0:
                lines[at] = random.choice(_TOML) + "\n"
            case 1 if random.random() < 0.05:
                deep = random.choice([50, 5000])
                lines[at] = f"deep = {'[' * deep}{']' * deep}\n"
            case 1:
                name = lines[at].partition("=")[0]
                lines[at] = f"{name}= {random.choice(_TOML)}\n"
            case 2:
                lines[at] = spoilt_bytes(random, lines[at].encode()).decode(errors="replace")
            case 3:
                lines.insert(at, random.choice(lines))
            case _:
                name = lines[at].partition("=")[0].strip() or "x"
                lines[at] = f"{name} = {json.dumps(random.choice([*_VALUES[1:3], [], {}, [1], ['x']]))}\n"
    try:
        load("".join(lines), "froe.toml")
    except ConfigError as error:
        message = str(error)
    else:
        return
    assert message.startswith("froe.toml"), f"it does not name the file: {message}"
    assert "\n" not in message, f"it is not one line: {message!r}"


class _Refusing:
    """Services of which nothing may be asked for a request that is wrong."""

    def __getattr__(self, name: str) -> Any:
        raise FroeError("nothing is there")


def body(random: Random) -> None:
    """A body of POST is taken or refused with a status, however it is nested."""
    deep = random.choice([1, 50, 990, 5000, 200_000])
    raw = random.choice(
        [
            b'{"bucket":' * deep + b"1" + b"}" * deep,
            b"[" * deep,
            b"[" * deep + b"]" * deep,
            json.dumps(spoilt_json(random, {"bucket": "logs", "key": "a.log"})).encode(),
            spoilt_bytes(random, b'{"bucket":"logs","key":"a.log"}'),
        ]
    )
    try:
        routes.ingest(_Refusing, _request(raw))  # type: ignore[arg-type]
    except (ChaliceViewError, FroeError):
        return


def _request(raw: bytes) -> Request:
    event = {
        "multiValueQueryStringParameters": None,
        "headers": {"content-type": "application/json"},
        "pathParameters": {},
        "requestContext": {"httpMethod": "POST", "resourcePath": "/files"},
        "body": raw.decode(errors="replace"),
        "stageVariables": None,
        "isBase64Encoded": False,
    }
    return Request(event, None)


READERS: Final[Mapping[str, Callable[[Random], None]]] = {
    "text": text,
    "compressed": compressed,
    "envelope": envelope,
    "notification": notification,
    "configuration": configuration,
    "body": body,
}


def fault(reader: str, seed: object) -> str | None:
    """What goes wrong with the input of that seed, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of expressions that only look odd
            READERS[reader](Random(f"{reader} {seed}"))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return f"{reader} {seed}: {type(error).__name__}: {error}"[:400]
    return None
