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


def postgresql() -> list[str]:
    source = random.Random(7)
    return [
        f"2024-03-14 09:26:{number // 400 % 60:02d}.{number % 1000:03d} UTC [{source.randrange(4000, 4060)}] ada@shop"
        f" LOG:  duration: {source.randrange(999)}.{source.randrange(999):03d} ms  statement: SELECT total FROM orders WHERE id = {number}"
        for number in range(_LINES)
    ]


def klog() -> list[str]:
    source = random.Random(7)
    return [
        f"{source.choice('IWE')}0314 09:26:{number // 400 % 60:02d}.{number % 1_000_000:06d} {source.randrange(1, 30000):>7}"
        f" server.go:{source.randrange(1, 999)}] order {number} accepted by the shop"
        for number in range(_LINES)
    ]


def s3_access() -> list[str]:
    source = random.Random(7)
    return [
        f"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be shop-logs [14/Mar/2024:09:26:{number // 400 % 60:02d} +0000]"
        f" 10.0.{source.randrange(256)}.{source.randrange(256)} arn:aws:iam::111122223333:user/ada {source.getrandbits(64):016X}"
        f' REST.GET.OBJECT photos/{number}.jpg "GET /shop-logs/photos/{number}.jpg HTTP/1.1" 200 - {source.randrange(1, 99999)}'
        f' {source.randrange(1, 99999)} {source.randrange(1, 99)} {source.randrange(1, 99)} "-" "{source.choice(_AGENTS)}" -'
        for number in range(_LINES)
    ]


def cloudfront() -> list[str]:
    """Behind the lines that name the columns."""
    source = random.Random(7)
    names = (
        "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent)"
        " cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken"
    )
    return ["#Version: 1.0", f"#Fields: {names}"] + [
        "\t".join((
            "2024-03-14", f"09:26:{number // 400 % 60:02d}", "LHR61-P2", str(source.randrange(1, 99999)),
            f"10.0.{source.randrange(256)}.{source.randrange(256)}", "GET", "d111111abcdef8.cloudfront.net", f"/item/{number}", "200",
            "https://example.org/", source.choice(_AGENTS).replace(" ", "%20"), "-", "-", source.choice(("Hit", "Miss")),
            f"{source.getrandbits(160):040x}==", "shop.example.org", "https", str(source.randrange(99)), f"0.{source.randrange(999):03d}",
        ))
        for number in range(_LINES)
    ]  # fmt: skip


def nginx_error() -> list[str]:
    source = random.Random(7)
    return [
        f"2024/03/14 09:26:{number // 400 % 60:02d} [error] {source.randrange(1, 99)}#{source.randrange(1, 99)}: *{number}"
        f' open() "/srv/www/{source.randrange(9999)}" failed (2: No such file or directory), client: 10.0.0.{number % 256},'
        f' server: example.org, request: "GET /item/{number} HTTP/1.1", host: "example.org"'
        for number in range(_LINES)
    ]


def cloudtrail() -> list[str]:
    """The records of a file, whose text holds them in one array."""
    source = random.Random(7)
    return [
        json.dumps({
            "eventVersion": "1.09",
            "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": "arn:aws:iam::111122223333:user/ada",
                             "accountId": "111122223333", "userName": "ada"},
            "eventTime": f"2024-03-14T09:26:{number // 400 % 60:02d}Z", "eventSource": "s3.amazonaws.com",
            "eventName": source.choice(("GetObject", "PutObject")), "awsRegion": "eu-west-1",
            "sourceIPAddress": f"10.0.0.{number % 256}", "userAgent": source.choice(_AGENTS),
            "requestParameters": {"bucketName": "shop-logs", "key": f"photos/{number}.jpg"}, "responseElements": None,
            "requestID": f"{source.getrandbits(64):016X}", "eventID": f"{source.getrandbits(128):032x}", "readOnly": True,
            "eventType": "AwsApiCall", "managementEvent": False, "recipientAccountId": "111122223333", "eventCategory": "Data",
        }, separators=(",", ":"))
        for number in range(_LINES // 4)
    ]  # fmt: skip


def cri() -> list[str]:
    return [
        f"2024-03-14T09:26:{number // 400 % 60:02d}.{number:09d}Z stdout F {line}"
        for number, line in enumerate(logfmt())
    ]


def csv_quoted() -> list[str]:
    source = random.Random(7)
    return ["time,level,host,message"] + [
        f'2024-03-14T09:26:{number // 400 % 60:02d}Z,INFO,web-{source.randrange(9)},"order {number} accepted, paid"'
        for number in range(_LINES)
    ]


def csv() -> list[str]:
    return [line.replace(", ", " ").replace('"', "") for line in csv_quoted()]


def traces() -> list[str]:
    """Stack traces among the lines: half of all lines are theirs."""
    trace = ["java.lang.IllegalStateException: no order"] + [
        f"\tat org.example.shop.Orders.place{n}(Orders.java:{n})" for n in range(9)
    ]
    return [
        line
        for number, each in enumerate(timestamped())
        for line in ([each, *trace] if number % 10 == 9 else [each])
    ]
