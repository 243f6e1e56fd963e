"""Synthetic lines of well-known logs, the same in every run: 20,000 of each."""

from __future__ import annotations

import json
import random

_LINES = 20_000
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0",
    "curl/8.5.0",
)


def access(*, combined: bool) -> list[str]:
    source = random.Random(7)
    lines = []
    for number in range(_LINES):
        line = (
            f"10.{source.randrange(256)}.{source.randrange(256)}.{source.randrange(256)} - - "
            f"[14/Mar/2024:09:{number // 3600 % 60:02d}:{number // 60 % 60:02d} +0100] "
            f'"{source.choice(("GET", "GET", "POST"))} /shop/item/{source.randrange(99999)}'
            f'{source.choice(("", "?page=2"))} HTTP/1.1" {source.choice((200, 200, 304, 404))} '
            f"{source.randrange(200000)}"
        )
        if combined:
            line += f' "https://example.org/{source.randrange(999)}" "{source.choice(_AGENTS)}"'
        lines.append(line)
    return lines


def json_nested() -> list[str]:
    source = random.Random(7)
    return [
        json.dumps({
            "time": f"2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z",
            "level": source.choice(("info", "warn", "error")),
            "msg": f"order {number} accepted",
            "service": "shop",
            "trace_id": f"{source.getrandbits(128):032x}",
            "http": {"method": "GET", "status": 200, "path": f"/item/{source.randrange(9999)}"},
            "took_ms": round(source.random() * 100, 3),
            "retry": False,
        }, separators=(",", ":"))
        for number in range(_LINES)
    ]  # fmt: skip


def json_flat() -> list[str]:
    source = random.Random(7)
    return [
        json.dumps({
            "time": f"2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z",
            "level": "info", "msg": f"order {number} accepted", "service": "shop", "host": "web-1",
            "trace_id": f"{source.getrandbits(128):032x}", "status": 200, "path": "/item", "user": "ada",
        })
        for number in range(_LINES)
    ]  # fmt: skip


def rfc5424() -> list[str]:
    source = random.Random(7)
    return [
        f"<165>1 2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z web-{source.randrange(9)}"
        f' shop {source.randrange(9999)} ORDER [shop@32473 id="{number}" kind="new"] order {number} accepted'
        for number in range(_LINES)
    ]


def rfc3164() -> list[str]:
    source = random.Random(7)
    return [
        f"Mar 14 09:{number // 2400 % 60:02d}:{number // 40 % 60:02d} web-{source.randrange(9)}"
        f" sshd[{source.randrange(9999)}]: Failed password for root from 10.0.0.{number % 256} port 4711 ssh2"
        for number in range(_LINES)
    ]


def logfmt() -> list[str]:
    source = random.Random(7)
    return [
        f"ts=2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z level={source.choice(('info', 'warn', 'error'))}"
        f' msg="order {number} accepted" service=shop order={number} took=12.5ms path=/item/{source.randrange(9999)}'
        for number in range(_LINES)
    ]


def bunyan() -> list[str]:
    source = random.Random(7)
    return [
        json.dumps({
            "name": "shop", "hostname": "web-1", "pid": 4711, "level": source.choice((30, 40, 50)),
            "order": number, "msg": f"order {number} accepted",
            "time": f"2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z", "v": 0,
        }, separators=(",", ":"))
        for number in range(_LINES)
    ]  # fmt: skip


def docker() -> list[str]:
    return [
        json.dumps({
            "log": line + "\n", "stream": "stdout",
            "time": f"2024-03-14T09:26:{number // 400 % 60:02d}.{number:06d}Z",
        }, separators=(",", ":"))
        for number, line in enumerate(logfmt())
    ]  # fmt: skip


def timestamped() -> list[str]:
    source = random.Random(7)
    return [
        f"2024-03-14 09:26:{number // 400 % 60:02d},{number % 1000:03d} [worker-{source.randrange(9)}]"
        f" {source.choice(('INFO ', 'WARN ', 'ERROR'))} org.example.shop.Orders - order {number} accepted"
        for number in range(_LINES)
    ]


def alb() -> list[str]:
    source = random.Random(7)
    return [
        f"https 2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}641Z app/shop/0a1b2c3d4e5f6071"
        f" 10.{source.randrange(256)}.0.{source.randrange(256)}:{source.randrange(1024, 65536)}"
        f" 10.1.0.{source.randrange(9)}:8080 0.{source.randrange(9):03d} 0.{source.randrange(400):03d} 0.000"
        f" {source.choice((200, 200, 304, 404))} 200 {source.randrange(900)} {source.randrange(200000)}"
        f' "GET https://shop.example.org:443/item/{source.randrange(99999)}{source.choice(("", "?page=2"))} HTTP/1.1"'
        f' "{source.choice(_AGENTS)}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2'
        " arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/0f1e2d3c4b5a6978"
        f' "Root=1-65f2c1ad-{source.getrandbits(96):024x}" "shop.example.org"'
        ' "arn:aws:acm:eu-west-1:111122223333:certificate/00000000-1111-2222-3333-444444444444" 3'
        f" 2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}000Z"
        f' "forward" "-" "-" "10.1.0.1:8080" "200" "-" "-" TID_{source.getrandbits(128):032x}'
        for number in range(_LINES)
    ]


def vpc_flow() -> list[str]:
    source = random.Random(7)
    return [
        f"2 111122223333 eni-0a1b2c3d4e5f6071{source.randrange(9)} 10.0.{source.randrange(256)}.{source.randrange(256)}"
        f" 10.1.0.{source.randrange(256)} {source.randrange(1024, 65536)} 443 6 {source.randrange(1, 99)}"
        f" {source.randrange(99999)} {1710404813 + number // 500} {1710404873 + number // 500} ACCEPT OK"
        for number in range(_LINES)
    ]
