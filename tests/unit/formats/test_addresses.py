"""An address is one that parses, or the name of a host; whatever else stands in its place is kept under another name."""

from __future__ import annotations

import pytest

from chalicelib.core.formats.kinds import ADDRESSES, is_place, place_addresses, settle
from chalicelib.core.records import Record
from tests.lines_of_formats import read

ACCESS = '192.0.2.7 - - [14/Sep/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 1'
COMBINED = ACCESS + ' "-" "curl"'
GIN = '[GIN] 2026/09/14 - 08:00:00 | 200 |     1.2ms |      192.0.2.7 | GET      "/ping"'
FORTINET = 'date=2026-09-14 time=08:00:00 devname="fw" devid="F" logid="13" type="traffic" srcip=192.0.2.7 dstip=192.0.2.8'
NGINX = "2026/09/14 08:00:00 [error] 7#7: *1 x, client: 192.0.2.7, server: shop"
APACHE = "[Mon Sep 14 08:00:00 2026] [error] [client 192.0.2.7] File does not exist: /srv/a"
SSHD = "Sep 14 08:00:00 web sshd[1]: Accepted password for ada from 192.0.2.7 port 22 ssh2"
CEF = "CEF:0|V|P|1|1|deny|5|src=192.0.2.7 spt=8 dst=192.0.2.8 dpt=0 proto=TCP rt=1789372800000"
SNORT = "09/14-08:00:00.000001  [**] [1:469:3] PING [**] [Priority: 2] {UDP} [2001:db8::7]:500 -> [2001:db8::1]:501"


@pytest.mark.parametrize("odd", ["192.0.2.7!", "\ufffd" * 20 + "192.0.2.7", "a@b", "<bad>"])
@pytest.mark.parametrize("line", [ACCESS, COMBINED, GIN, FORTINET, NGINX, APACHE, SSHD, CEF])
@pytest.mark.parametrize("count", [0, 9])
def test_what_is_no_address_is_none(line: str, odd: str, count: int) -> None:
    data = f"{line}\n" * count + line.replace("192.0.2.7", odd) + "\n"
    _, outcomes = read(data.encode().replace("\ufffd".encode(), b"\xff"))
    for outcome in outcomes:
        if isinstance(outcome.result, Record):
            values = {name: value for name, value in outcome.result.attributes.items() if name in ADDRESSES}
            assert all(type(value) is str and is_place(value) for value in values.values()), values
    last = outcomes[-1].result
    if isinstance(last, Record):
        assert odd in f"{last.body} {last.attributes}"


def test_what_a_format_calls_an_ip_is_no_name() -> None:
    (outcome,) = read(FORTINET.replace("192.0.2.7", "bad").encode())[1]
    assert isinstance(outcome.result, Record)
    assert outcome.result.attributes["fortinet.srcip"] == "bad"
    assert "source.address" not in outcome.result.attributes


def test_brackets_are_not_part_of_an_address() -> None:
    (outcome,) = read(SNORT.encode())[1]
    assert isinstance(outcome.result, Record)
    fields = outcome.result.attributes
    assert (fields["source.address"], fields["source.port"]) == ("2001:db8::7", 500)
    assert (fields["destination.address"], fields["destination.port"]) == ("2001:db8::1", 501)


@pytest.mark.parametrize("how", [settle, place_addresses])
@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("192.0.2.7", {"client.address": "192.0.2.7"}),
        ("fe80::1%eth0", {"client.address": "fe80::1%eth0"}),
        ("web_1.shop-2.example", {"client.address": "web_1.shop-2.example"}),
        ("[2001:db8::7]", {"client.address": "2001:db8::7"}),
        ("203.0.113.4, 198.51.100.9", {"client.address": "203.0.113.4", "http.request.header.x_forwarded_for": "203.0.113.4, 198.51.100.9"}),
        ("192.0.2.7!", {"client.address.text": "192.0.2.7!"}),
        ("a, b", {"client.address.text": "a, b"}),
        ("unix:", {}),
    ],
)  # fmt: skip
def test_the_texts_of_addresses(how: object, text: str, fields: dict[str, str]) -> None:
    assert callable(how)
    actual = {"client.address": text}
    how(actual)
    assert actual == fields
