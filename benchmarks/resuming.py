"""`python -m benchmarks.resuming`: how much of a compressed object is read when its splitter is killed ten times, against its size,
with check-points and without; and what making them costs. Splits are smaller here than the 64 MiB of a stage, so that as many of
them fit a file of this size as would be in one of some GB. Pipeline and queues are in memory, kills are drawn from a seed."""

from __future__ import annotations

import gzip
import time
from random import Random
from typing import Any, Final

import zstandard

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan import ObjectHead
from chalicelib.core.wire.bodies import decode
from tests.checkpoints import CountedObject, in_streams, lines
from tests.fakes import Crash, Pipeline, in_time
from tests.tars import tar

_MIB: Final = 1024 * 1024
SPLITS: Final = 80
KILLS: Final = 10
_LIMITS: Final = Limits(batch_max_lines=20_000, split_bytes=2 * _MIB)


class _Forgetful(dict[tuple[str, int], bytes]):
    """Keeps nothing."""

    def update(self, *_: Any, **__: Any) -> None:
        """As if it had expired."""


class Run:
    """Cuts an object; read_bytes: how much of it was read. keeps: whether check-points are there when they are looked for."""

    def __init__(self, data: bytes, *, keeps: bool) -> None:
        self._object = CountedObject(data, piece_bytes=64 * 1024)
        self._pipeline = Pipeline(_LIMITS)
        self._pipeline.objects.opener = self._opener  # type: ignore[method-assign]
        self._announced = self._pipeline.objects.add("a", data)
        if not keeps:
            self._pipeline.table.checkpoints = _Forgetful()

    def _opener(self, _head: ObjectHead) -> CountedObject:
        return self._object

    def effects(self) -> int:
        """How many there are where nothing is killed."""
        self.cut(0)
        return self._pipeline.effects.count

    def cut(self, kills: int, effects_in_all: int = 0, seed: int = 1) -> tuple[int, int]:
        """Bytes read, and the splits of the file that has most."""
        pipeline, random, effects = self._pipeline, Random(seed), self._pipeline.effects
        a_tenth = effects_in_all // (KILLS + 1)
        while not pipeline.table.files or pipeline.split_queue.messages:
            effects.crash_at = effects.count + random.randint(a_tenth // 2, a_tenth) if kills else None
            message = pipeline.split_queue.messages[-1] if pipeline.split_queue.messages else None
            try:
                if message is None:
                    pipeline.splitter.ingest(self._announced, in_time(3600))
                else:
                    pipeline.splitter.cut(decode(message.body), in_time(3600))  # type: ignore[arg-type]
                    pipeline.split_queue.messages.remove(message)
            except Crash:
                kills -= 1
            pipeline.batch_queue.messages.clear()
        assert kills == 0, f"{kills} kills are left"
        return self._object.read_bytes, max(split for _, split in pipeline.table.seals) + 1


def main() -> None:
    text = lines(SPLITS * _LIMITS.split_bytes - _MIB)
    objects = {
        "gzip": gzip.compress(text, 1),
        "gzip, members of 512 KiB": in_streams(text, _MIB // 2, lambda part: gzip.compress(part, 1)),
        "zstd, frames of 512 KiB": in_streams(text, _MIB // 2, zstandard.compress),
        "tar.gz, of one member": gzip.compress(tar([("a.log", text)]), 1),
        "gzip in a tar": tar([("a.log.gz", gzip.compress(text, 1))]),
    }
    print(f"{SPLITS} splits, killed {KILLS} times")
    print(
        f"{'read / size':24} {'check-points':>12} {'none':>6}    {'aim':>5}    CPU to make them, of an undisturbed cut"
    )
    for name, data in objects.items():
        count = Run(data, keeps=True).effects()
        read = [Run(data, keeps=keeps).cut(KILLS, count) for keeps in (True, False)]
        assert read[0][1] == read[1][1] == SPLITS
        ours, plain = (each[0] / len(data) for each in read)
        print(f"{name:24} {ours:12.2f} {plain:6.2f}    ≤ 1.2    {_share(data):.0%}")


def _share(data: bytes) -> float:
    """The CPU time of check-points, of that of cutting: decoding alone, with and without, against the whole."""
    from chalicelib.core.decoding.compressions import Compression  # noqa: PLC0415 - only here
    from chalicelib.core.decoding.decompressed import Decompressed  # noqa: PLC0415
    from chalicelib.core.plan.planning import make_plan  # noqa: PLC0415
    from tests.checkpoints import HeldCheckpoints  # noqa: PLC0415

    pipeline = Pipeline(_LIMITS)
    head = pipeline.objects.head(pipeline.objects.add("a", data))
    kind = make_plan(head, CountedObject(data), _LIMITS).compression
    if kind is Compression.NONE:  # it is its member that is compressed
        kind, data = Compression.GZIP, data[data.index(b"\x1f\x8b") :]
    spent = []
    for checkpoints in (HeldCheckpoints(64 * _MIB), None):
        begun = time.process_time()
        for _ in Decompressed(CountedObject(data), kind, None, checkpoints):
            pass
        spent.append(time.process_time() - begun)
    begun = time.process_time()
    Run(data, keeps=True).cut(0)
    whole = time.process_time() - begun
    return max(0.0, spent[0] - spent[1]) / whole


if __name__ == "__main__":
    main()
