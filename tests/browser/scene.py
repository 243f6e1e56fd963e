"""A stack as a small shop would have it on a bad day, for the pictures of the page."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

from froe.local import LocalStack
from tests.integration.letters import let_die, take_batches
from tests.integration.support import call_api, paused, settle, upload, wait_for

SAMPLES = Path(__file__).parents[2] / "sample_logs"
FOLDERS = {
    "shop-access.log.gz": "web/2026/09/14/", "static-access.csv": "web/2026/09/14/", "checkout.jsonl": "shop/", "mail.syslog": "mail/",
    "orders.log": "shop/", "till-07.txt": "tills/", "recommender.out": "shop/", "warehouse.log": "warehouse/",
    "handover.json": "notes/", "edge-firewall.log.zst": "edge/",
}  # fmt: skip
LEVELS = ["debug"] * 3 + ["info"] * 30 + ["warn"] * 3 + ["error"]
TORN = b'{"time": "2026-09-14T09:12:44Z", "level": "info", "msg": "card charg\n'
STRAY = b"\xff\xfe\x00 <b>not JSON</b> \x1b[31mat all\x1b[0m\n"


def orders(lines: int, hours: int, seed: int) -> bytes:
    """A service's log in JSON, busier at noon, with a bad quarter of an hour."""
    chance = random.Random(seed)
    moments = sorted(chance.gauss(0.5, 0.22) % 1 * hours * 3600 for _ in range(lines))
    written = []
    for number, second in enumerate(moments):
        is_bad = 0.61 < second / hours / 3600 < 0.64
        level = chance.choice(["error", "error", "warn"]) if is_bad else chance.choice(LEVELS)
        entry = {
            "time": f"2026-09-14T{6 + int(second) // 3600:02d}:{int(second) // 60 % 60:02d}:{second % 60:06.3f}Z",
            "level": level,
            "msg": "payment provider does not answer"
            if level == "error"
            else f"order SO-{100000 + number} placed",
            "order": {"id": f"SO-{100000 + number}", "total": round(chance.uniform(5, 400), 2)},
            "customer": {"country": chance.choice(["DE", "FR", "PL", "PT", "SE"])},
            "duration_ms": int(chance.lognormvariate(4.6, 0.6)),
        }
        written.append(json.dumps(entry).encode() + b"\n")
        if number % 1877 == 1876:
            written.append(STRAY if number % 2 else TORN)
    return b"".join(written)


def stage(stack: LocalStack) -> dict[str, str]:
    """Files that went well, files that did not, and one under way: name → file id."""
    names = {}

    def put(key: str, body: bytes) -> str:
        file_id = upload(stack, key, body).file_id
        names[key.rsplit("/", 1)[-1]] = file_id
        time.sleep(0.5)
        return file_id

    for name, folder in FOLDERS.items():
        put(folder + name, (SAMPLES / name).read_bytes())
    put("backup/till-screen.png", b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(4000))
    put("web/2026/09/13/shop-access.log.gz", (SAMPLES / "shop-access.log.gz").read_bytes()[:60_000])
    for file_id in [*names.values(), put("shop/orders-2026-09-14.jsonl", orders(60_000, 12, 5))]:
        settle(stack, file_id, 180)
    with paused(stack, "worker"):
        lost = put("shop/payments.jsonl", orders(24_000, 9, 7))
        for number in (2, 5):
            batch, taken = f"{lost}-000000-{number:06d}", {}
            wait_for(
                lambda batch=batch, taken=taken: taken.update(take_batches(stack, {batch})) or taken or None,
                batch,
            )  # type: ignore[misc]
            let_die(stack, taken[batch])
    settle(stack, lost, 180)
    with paused(stack, "worker"):
        moving = put("shop/orders-2026-09-15.jsonl", orders(60_000, 12, 9))
        late = {f"{moving}-000000-{number:06d}" for number in (9, 11, 12, 13, 14)}
        ids: dict[str, str] = {}
        wait_for(
            lambda: ids.update(take_batches(stack, late)) or len(ids) == len(late) or None,
            "batches that never come",
        )
    wait_for(
        lambda: call_api(stack, f"/files/{moving}").body["parsed"]["lines"] > 40_000 or None,
        "the others",
        120,
    )
    names["moving"] = moving
    return names
