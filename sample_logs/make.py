"""Makes the sample logs: what a small web shop's machines wrote on one September morning.

Every text is a pure function of its file's name: the same bytes on every run and Python from 3.11 on
(only `Random.random` is used, the one method whose sequence Python promises to keep). The texts are
what is promised; the compressed bytes may differ between versions of zlib and libzstd.

    python sample_logs/make.py        writes the files beside this script and says how large they are
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import zstandard

T = TypeVar("T")

MORNING = datetime(2026, 9, 14, 6, 0, 0)  # noqa: DTZ001 - each log writes the zone its own way
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
PRODUCTS = ("oak-shelf", "ash-stool", "drawknife", "froe-8-inch", "shaving-horse", "linseed-oil-1l")
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
    'ShopMonitor/2.1 (+https://status.example.com; \\"synthetic\\")',
    "curl/8.9.1",
)


class Dice:
    """Choices from a seed."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def below(self, end: int) -> int:
        return int(self._random() * end)

    def between(self, first: int, last: int) -> int:
        return first + self.below(last - first + 1)

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def chance(self, one_in: int) -> bool:
        return self.below(one_in) == 0

    def hex(self, digits: int) -> str:
        return "".join(self.pick("0123456789abcdef") for _ in range(digits))

    def client(self) -> str:
        """An address from the ranges that RFC 5737 and RFC 3849 keep for documentation."""
        if self.chance(6):
            return f"2001:db8:{self.below(0x10000):x}::{self.between(1, 0xFFFF):x}"
        return f"{self.pick(('192.0.2', '198.51.100', '203.0.113'))}.{self.between(1, 254)}"

    def moments(self, count: int, step_ms: int) -> Iterator[datetime]:
        """`count` rising times, `step_ms` apart on average."""
        now = MORNING
        for _ in range(count):
            now += timedelta(milliseconds=self.between(0, 2 * step_ms))
            yield now


def _request(dice: Dice) -> tuple[str, str, int, str]:
    """Request line, referrer, status and body size of one page view."""
    product = dice.pick(PRODUCTS)
    path = dice.pick(
        (
            "/",
            f"/products/{product}",
            f"/search?q={product.split('-', maxsplit=1)[0]}&page={dice.between(1, 9)}",
            f"/cart/{dice.hex(12)}",
            f"/static/{dice.hex(8)}.css",
        )
    )
    method = "POST" if path.startswith("/cart") else "GET"
    status = dice.pick((200,) * 16 + (304, 304, 301, 404, 499, 503))
    size = "-" if status == 304 else str(dice.between(180, 90_000))
    referrer = dice.pick(("-", "https://shop.example.com/", f"https://shop.example.com/products/{product}"))
    return f"{method} {path} HTTP/{dice.pick(('1.1', '2.0'))}", referrer, status, size


def _access(dice: Dice, now: datetime, *, zone: str) -> tuple[str, str]:
    """A line of the common log format, and the referrer that the combined one adds."""
    request, referrer, status, size = _request(dice)
    user = dice.pick(("-",) * 9 + ("m.sawyer",))
    stamp = f"{now.day:02}/{MONTHS[now.month - 1]}/{now.year}:{now:%H:%M:%S} {zone}"
    return f'{dice.client()} - {user} [{stamp}] "{request}" {status} {size}', referrer


def shop_access(dice: Dice) -> Iterator[bytes]:
    for number, now in enumerate(dice.moments(8000, 1400)):
        line, referrer = _access(dice, now, zone="+0200")
        if number % 2500 == 1200:  # a TLS greeting sent to the port for plain HTTP
            start = line[: line.index("]") + 1]
            yield rf'{start} "\x16\x03\x01\x02\x00\x01" 400 157 "-" "-"'.encode() + b"\n"
        elif number % 2500 == 2000:
            yield b"nginx: worker process 2217 exited on signal 11\n"
        else:
            yield f'{line} "{referrer}" "{dice.pick(BROWSERS)}"\n'.encode()


def static_access(dice: Dice) -> Iterator[bytes]:
    for number, now in enumerate(dice.moments(2600, 4000)):
        yield b"\n" * (number > 0) + _access(dice, now, zone="+0000")[0].encode()


def checkout(dice: Dice) -> Iterator[bytes]:
    for number, now in enumerate(dice.moments(3000, 3500)):
        level = dice.pick(("info",) * 12 + ("debug", "debug", "warn", "error"))
        total = dice.below(90_000) / 100
        order = {"id": f"SO-{100_000 + number}", "lines": dice.between(1, 7), "total": total}
        event: dict[str, object] = {
            "time": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z",
            "level": level,
            "msg": dice.pick(("order placed", "payment authorised", "basket priced", "coupon refused")),
            "service": {"name": "checkout", "version": "4.12.0"},
            "order": order,
            "customer": {"country": dice.pick(("DE", "FR", "SE", "PL")), "returning": dice.chance(2)},
            "duration_ms": dice.between(3, 900),
        }
        if level == "error":
            event["error"] = {"type": "CardDeclined", "codes": [dice.between(10, 99), dice.between(10, 99)]}
        if dice.chance(40):
            event["note"] = "Lieferung an Frau Öztürk, 3. Stock — bitte klingeln ☎"
        line = json.dumps(event, ensure_ascii=False).encode()
        if number % 900 == 450:
            yield line[: len(line) // 2] + b"\n"  # the container was killed in mid-write
        elif number == 1700:
            yield b"npm warn config production Use `--omit=dev` instead.\n"
        else:
            yield line + b"\n"


def mail(dice: Dice) -> Iterator[bytes]:
    for now in dice.moments(2500, 4200):
        queue_id = dice.hex(10).upper()
        program, severity, text = dice.pick(
            (
                ("postfix/smtpd", 6, f"connect from mx{dice.between(1, 9)}.example.net[{dice.client()}]"),
                ("postfix/qmgr", 6, f"{queue_id}: from=<orders@shop.example.com>, size={dice.below(9000)}"),
                ("postfix/smtp", 4, "lost connection with mail.example.org while sending RCPT TO"),
                ("opendkim", 5, f"{queue_id}: DKIM-Signature field added (s=2026, d=shop.example.com)"),
            )
        )
        data = rf'[origin ip="192.0.2.25"][queue@32473 depth="{dice.below(40)}" note="\"slow\" route"]'
        stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond:06}+02:00"
        head = f"<{2 * 8 + severity}>1 {stamp} mail.shop.example.com {program} {dice.between(300, 9000)}"
        mark = "\ufeff" if dice.chance(5) else ""  # RFC 5424 puts it before a message in UTF-8
        yield f"{head} - {data if dice.chance(3) else '-'} {mark}{text}\n".encode()


def firewall(dice: Dice) -> Iterator[bytes]:
    for number, now in enumerate(dice.moments(5000, 2100)):
        stamp = f"{MONTHS[now.month - 1]} {now.day:2} {now:%H:%M:%S}"
        user, port = dice.pick(("admin", "git", "pi")), dice.between(1024, 65535)
        dropped = f"IN=eth0 SRC=203.0.113.{dice.below(255)} DST=192.0.2.10 PROTO=TCP SPT={port} DPT=22"
        text = dice.pick(
            (
                f"<4>{stamp} edge1 kernel: [{84000 + number}.{dice.below(10**6):06}] nft-drop: {dropped}",
                f"<86>{stamp} edge1 sshd[{dice.between(900, 30000)}]: Invalid user {user} from {dice.client()}",
                f"<30>{stamp} edge1 systemd[1]: Started session-{number}.scope - Session of user deploy.",
                f"<30>{stamp} edge1 dhcpd[712]: DHCPACK on 192.0.2.{dice.between(100, 200)} via eth1",
            )
        )
        repeated = number % 1600 == 800
        yield b"        last message repeated 4 times\n" if repeated else text.encode() + b"\n"


def orders(dice: Dice) -> Iterator[bytes]:
    package = "com.example.shop.orders"
    for now in dice.moments(2900, 3600):
        stamp = f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03}"
        level = dice.pick(("INFO ",) * 14 + ("DEBUG", "DEBUG", "WARN ", "ERROR"))
        thread = f"http-nio-8080-exec-{dice.between(1, 20)}"
        head = f"{stamp} {level} [{thread}] {package}.{dice.pick(('Router', 'Stock', 'Mailer'))}"
        order = f"SO-{dice.between(100_000, 103_000)}"
        if level != "ERROR":
            what = dice.pick(("reserved", "packed", "handed over", "queued"))
            yield f"{head} - {what} {order}\n".encode()
            continue
        yield f"{head} - cannot reserve {order}\njava.lang.IllegalStateException: row is locked\n".encode()
        for _ in range(dice.between(4, 18)):
            method = dice.pick(("Stock.reserve", "Router.route"))
            yield f"\tat {package}.{method}(Stock.java:{dice.between(20, 400)})\n".encode()
        yield b"Caused by: java.sql.SQLTransientException: Lock wait timeout exceeded\n"
        yield b"\tat com.mysql.cj.jdbc.ClientPreparedStatement.execute(ClientPreparedStatement.java:1047)\n"
        yield b"\t... 31 more\n"


def recommender(dice: Dice) -> Iterator[bytes]:
    for now in dice.moments(1600, 6500):
        level = dice.pick(("INFO",) * 14 + ("WARNING", "WARNING", "ERROR"))
        stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond:06}Z"
        head = f"{stamp} {level} [worker-{dice.between(1, 4)}] shop.recommender"
        if level != "ERROR":
            yield f"{head} - ranked {dice.between(3, 60)} items\n".encode()
            continue
        yield f"{head} - no neighbours for {dice.pick(PRODUCTS)}\n".encode()
        yield b"Traceback (most recent call last):\n"
        for name in ("serve", "rank", "nearest"):
            where = f'File "/srv/recommender/{name}.py", line {dice.between(9, 300)}, in {name}'
            yield f"  {where}\n    return {name}(basket, limit={dice.between(3, 12)})\n".encode()
        yield f"KeyError: '{dice.hex(8)}'\n".encode()


def till(dice: Dice) -> Iterator[bytes]:
    levels = (b"\x1b[32mINFO\x1b[0m",) * 3 + (b"\x1b[1;33mWARN\x1b[0m", b"\x1b[31mERROR\x1b[m")
    for number, now in enumerate(dice.moments(1000, 9000)):
        level = dice.pick(levels)
        text = dice.pick(
            (
                "Beleg gedruckt für Käufer Müller, 12,50 €".encode("cp1252"),  # not UTF-8
                f"Bon imprimé, reçu nº {number}".encode("latin-1"),
                b"drawer opened",
                b"card reader: \x1b[36mready\x1b[0m\rcard reader: approved",  # a lone CR stays in the line
                "scale reads 1.250 kg\u2028tare 0.020 kg".encode(),
            )
        )
        line = f"{now:%Y-%m-%d %H:%M:%S} ".encode() + level + b" [till-07] pos.till - " + text + b"\r\n"
        if number == 0:
            line = line[30:]  # the log was rotated in mid-line
        elif number % 240 == 120:
            line = b"\0" * 64 + line  # the power was cut: what the file system never wrote
        elif number % 240 == 200:
            line = line[: dice.between(3, 18)] + b"\r\n"
        yield line


def warehouse(dice: Dice) -> Iterator[bytes]:
    yield "\ufeff".encode("utf-16-le")
    for now in dice.moments(450, 20_000):
        text = dice.pick(("scanned pallet", "Förderband läuft", "棚卸し完了", "printer out of paper 🖨"))
        level = dice.pick(("INFO", "INFO", "WARN", "FATAL"))
        scanner = f"scanner-{dice.between(1, 6)}"
        yield f"{now:%Y-%m-%d %H:%M:%S} {level} [{scanner}] warehouse.scan - {text}\r\n".encode("utf-16-le")


def handover(dice: Dice) -> Iterator[bytes]:
    for shift in ("night", "early", "late"):
        yield f"Handover of the {shift} shift\n\n".encode()
        for _ in range(14):
            who = dice.pick(("Mia", "Jonas", "Lena"))
            what = dice.pick(("restarted the label printer", "called the carrier", "counted the drawknives"))
            yield f"  * {who} {what}; ticket {dice.between(2000, 2999)} stays open.\n".encode()
        yield b"\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """One file: its text, as the machine wrote it, and how it is packed.

    members: into how many gzip members or zstd frames, with borders inside lines; 0 is plain.
    """

    name: str
    write: Callable[[Dice], Iterable[bytes]]
    packing: str = "plain"
    members: int = 0

    def text(self) -> bytes:
        """The unpacked bytes, UTF-16 where the file is."""
        return b"".join(self.write(Dice(self.name)))

    def pack(self) -> bytes:
        """The bytes of the file."""
        text = self.text()
        if self.packing == "plain":
            return text
        stride = len(text) // self.members + 1
        parts = [text[start : start + stride] for start in range(0, len(text), stride)]
        if self.packing == "gzip":
            return b"".join(gzip.compress(part, compresslevel=9, mtime=0) for part in parts)
        return b"".join(zstandard.ZstdCompressor(level=19).compress(part) for part in parts)


SAMPLES = (
    Sample("shop-access.log.gz", shop_access, "gzip", 3),
    Sample("static-access.csv", static_access),
    Sample("checkout.jsonl", checkout),
    Sample("mail.syslog", mail),
    Sample("edge-firewall.log.zst", firewall, "zstd", 2),
    Sample("orders.log", orders, "gzip", 1),
    Sample("recommender.out", recommender),
    Sample("till-07.txt", till),
    Sample("warehouse.log", warehouse),
    Sample("handover.json", handover),
    Sample("rotated.log", lambda _dice: ()),
)


def main() -> None:
    """Write every sample beside this script and say how large it became."""
    for sample in SAMPLES:
        path = Path(__file__).with_name(sample.name)
        path.write_bytes(sample.pack())
        lines = sample.text().count(b"\n")
        print(f"{path.stat().st_size:>9,} B  {lines:>6,} lines  {sample.name}")


if __name__ == "__main__":
    main()
