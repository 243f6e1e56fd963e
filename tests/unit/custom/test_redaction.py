"""Redaction lets nothing through that it promises to hide; filters count every byte that they drop."""

from __future__ import annotations

import itertools
import string
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.custom.finders import FINDERS, MAY_HOLD
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.redaction import _Rule
from chalicelib.core.custom.spec import Config, RedactionSpec
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record, Reject, Skip
from tests.fakes import opener
from tests.linear import assert_linear

KEY = "a key for tests only"
WHEN = datetime(2026, 3, 1, tzinfo=UTC)
ALL = "[[redact]]\nname = 'all'\nkinds = ['ip', 'email', 'card', 'token']\n"


def read(config: str | Config, data: bytes, format_name: str | None = None, **limits: int) -> list[Outcome]:
    """What becomes of a text; every byte is in exactly one outcome."""
    configuration = load(config, "froe.toml", KEY) if isinstance(config, str) else config
    head = ObjectHead(ObjectVersion("logs", "a.log", "v1", "e"), len(data), "", WHEN)
    reading = Reading(
        head, opener(data, 1000), limits=Limits(**limits), format_name=format_name, config=configuration
    )
    outcomes = list(reading)
    assert sum(outcome.length for outcome in outcomes) == len(data)
    assert reading.account.summary.counts.total.bytes == len(data)
    assert reading.account.summary.counts.total.lines == data.count(b"\n") + (data[-1:] not in (b"", b"\n"))
    return outcomes


def stored(outcomes: list[Outcome]) -> str:
    """All that would be stored of outcomes, as one text."""
    content: list[Any] = []
    for outcome in outcomes:
        if isinstance(outcome.result, Record):
            content.append(outcome.result._asdict())
        elif isinstance(outcome.result, Reject):
            content.append(outcome.raw.decode(errors="replace"))
    return orjson.dumps(content).decode()


def with_check_digit(digits: str) -> str:
    total = sum(
        (value - 9 if value > 9 else value)
        for value in (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    )
    return digits + str(-total % 10)


cards = st.from_regex(r"[2-9][0-9]{11,17}", fullmatch=True).map(with_check_digit)
spaced = st.tuples(cards, st.sampled_from(["", " ", "-", "+"])).map(
    lambda drawn: drawn[1].join(drawn[0][at : at + 4] for at in range(0, len(drawn[0]), 4))
)
emails = st.from_regex(
    r"[a-z][a-z0-9._+-]{0,20}[a-z0-9]@[a-z][a-z0-9-]{0,10}\.(com|org|co\.uk)", fullmatch=True
)
addresses = st.one_of(
    st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str).filter(lambda text: text.count(":") > 3)
)
secrets = st.one_of(spaced, emails, addresses)
around = st.text(alphabet=string.ascii_letters + " ,;=()<>[]/|'#é\t", max_size=12)


@settings(max_examples=400)
@given(secrets, around, around, st.integers(0, 4))
def test_no_card_number_e_mail_or_address_gets_through(
    secret: str, before: str, behind: str, shape: int
) -> None:
    """Wherever it stands: in a message, a nested member, a member's name, a number, a reject."""
    before, behind = f"{before} ", f" {behind}"
    text = f"{before}{secret}{behind}"
    value = int(secret) if secret.isdecimal() else secret
    data = [
        f"2026-02-01T10:00:00Z INFO {text}".encode(),
        orjson.dumps({"message": text, "a": {"b": [1, text, {"c": text}]}}),
        orjson.dumps({"x": 1, text: 1}),
        f'{{"x": {value}}}'.encode() if isinstance(value, int) else orjson.dumps({"x": secret}),
        b'{"broken": ' + text.encode(),
    ][shape]
    actual = stored(read(ALL, data + b"\n", ["timestamped", "json", "json", "json", "json"][shape]))
    assert secret not in actual
    assert secret not in actual.replace("\\\\", "\\")


tokens = st.sampled_from(
    ["password=x7", "eyJhbGciOiJIUzI1NiJ9.e30", "ghp_" + "a1B2" * 9, "Authorization: Bearer hunter22"]
)
pieces = st.lists(
    st.one_of(
        secrets, tokens, around, st.sampled_from(["a@", "::1", "1.2.3.4", "0000:", "%20", "4111 1111 "])
    ),
    max_size=4,
).map("".join)


@pytest.mark.parametrize("kind", sorted(FINDERS))
@given(st.lists(pieces, min_size=1, max_size=3))
def test_the_first_look_misses_nothing(kind: str, texts: list[str]) -> None:
    if any(list(FINDERS[kind](text)) for text in texts):
        assert MAY_HOLD[kind]("\0".join(texts))


values = st.recursive(
    st.one_of(pieces, st.none(), st.booleans(), st.integers(-(10**14), 10**18), st.floats(allow_nan=False), cards),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(pieces, inner, max_size=2)),
    max_leaves=4,
)  # fmt: skip
names = st.sampled_from(["a", "b.c", "user.password", "who@example.org", "4111111111111111", "hidden"])
SPECS = [
    RedactionSpec("kinds", kinds=("ip", "email", "card", "token")),
    RedactionSpec("fields", fields=("hidden", "body"), kinds=("ip",)),
    RedactionSpec("patterns", patterns=("^a.?", "[0-9]{3}$")),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
@given(records=st.lists(st.builds(Record, st.none(), st.none(), st.none() | pieces, st.none(), st.none() | pieces, st.dictionaries(names, values, max_size=3)), max_size=3))  # fmt: skip
def test_a_record_that_is_searched_at_once_comes_out_the_same(
    spec: RedactionSpec, records: list[Record]
) -> None:
    """Whatever records a rule has seen before, it does what looking at every text does."""
    rule = _Rule(spec, b"key")
    for record in (*records, *records):
        assert repr(rule.in_record(record)) == repr(_Rule(spec, b"key")._redacted(record))


@given(secrets, st.integers(0, 40))
def test_a_secret_cut_at_the_head_of_a_long_entry_is_hidden(secret: str, shift: int) -> None:
    head = b"x " * ((4096 - len(secret)) // 2) + b"y" * (shift % (len(secret) + 1)) + b" "
    actual = stored(
        read(ALL, b'{"a": "' + head + secret.encode() + b" z" * 90_000, "json", entry_max_bytes=4096)
    )
    assert secret not in actual
    assert secret[: len(secret) // 2 + 1] not in actual


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9,
        "xoxb-123456789012-abcdefghij", "sk_live_abcdefghijklmnop1234",
    ],
)  # fmt: skip
def test_a_token_that_shows_what_it_is_is_hidden(secret: str) -> None:
    assert secret not in stored(read(ALL, f"2026-02-01T10:00:00Z INFO used {secret} today\n".encode()))


@pytest.mark.parametrize(
    "line",
    ["password=hunter22", 'password: "hunter22"', "Authorization: Bearer hunter22", "GET /?api_key=hunter22&x=1", "client_secret='hunter22'"],
)  # fmt: skip
def test_a_secret_after_its_name_is_hidden(line: str) -> None:
    actual = stored(read(ALL, f"2026-02-01T10:00:00Z INFO {line}\n".encode()))
    assert "hunter22" not in actual
    assert "[token]" in actual


def test_a_secret_in_a_member_of_that_name_is_hidden() -> None:
    actual = stored(
        read(ALL, b'{"user": {"password": "hunter 22", "pin": 7}, "message": "hunter 22 came"}\n')
    )
    assert "hunter" not in actual
    assert '"user.pin":7' in actual


@pytest.mark.parametrize(
    "text",
    [
        r'password="ab\"hunter22"', r"password='a\'hunter22'", 'password=>"hunter22"', "https://ada:hunter22@host/", "run --password hunter22 now",
        "secretKey=hunter22", "Cookie: a=1; session=hunter22", "Set-Cookie: sid=hunter22; Path=/", r'{\"password\":\"ab\\\"hunter22\"}', "{:password => 'hunter22'}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", ["message", "json"])
def test_a_secret_in_another_notation_is_hidden(text: str, shape: str) -> None:
    line = f"2026-02-01T10:00:00Z INFO {text}".encode() if shape == "message" else orjson.dumps({"a": text})
    assert "hunter22" not in stored(read(ALL, line + b"\n"))


NAMED = "[[redact]]\nname = 'named'\nfields = ['users.password', 'password', 'customer.*']\n"
_parts = st.sampled_from(["users", "a", "customer", "b"])


@pytest.mark.parametrize("rule", [ALL, NAMED])
@pytest.mark.parametrize(
    "line",
    [
        b'{"password":"a1","password":"hunter22"}', b'{"x":{"password":"a1","password":"hunter22","password":"hunter22x"}}',
        b'{"users":[{"name":"eve","password":"hunter22"}]}', b'{"a":[[{"users":[{"password":{"b":["hunter22"]}}]}]]}',
        b'2026-02-01T10:00:00.1Z stdout F {"password":"a1","password":"hunter22"}',
        b'{"log":"{\\"password\\":\\"a1\\",\\"password\\":\\"hunter22\\"}\\n","stream":"stdout","time":"2026-02-01T10:00:00Z"}',
        b'{"headers":[{"name":"Password","value":"a1"},{"name":"password","value":"hunter22"}]}',
    ],
)  # fmt: skip
def test_a_member_is_hidden_where_its_name_is_repeated_or_in_a_list(rule: str, line: bytes) -> None:
    if rule == NAMED and b'"x"' in line:
        rule = "[[redact]]\nname = 'named'\nfields = ['x.password']\n"
    assert "hunter22" not in stored(read(rule, line + b"\n"))


def test_other_members_of_a_list_stay() -> None:
    (outcome,) = read(
        ALL + NAMED, b'{"users":[{"name":"eve","password":"hunter22","customer.id":"88"}, 7]}\n'
    )
    assert isinstance(outcome.result, Record)
    assert outcome.result.attributes["users"] == [
        {"name": "eve", "password": "[named]", "customer.id": "[named]"},
        7,
    ]


def test_a_pair_of_name_and_value_is_judged_by_its_name() -> None:
    line = b'{"request": {"headers": [{"name": "X-Api-Key", "value": "k3y"}, {"name": "Host", "value": "shop"}]}}\n'
    (outcome,) = read(ALL, line)
    assert isinstance(outcome.result, Record)
    assert outcome.result.attributes["request.headers"] == [
        {"name": "X-Api-Key", "value": "[all]"}, {"name": "Host", "value": "shop"},
    ]  # fmt: skip


@given(st.data())
def test_a_secret_member_is_hidden_at_every_depth(data: st.DataObject) -> None:
    """Objects and lists around it in any order, beside another of its name."""
    text = '{"password": "a", "password": "hunter22"}'
    for _ in range(data.draw(st.integers(0, 6))):
        part = data.draw(_parts)
        text = data.draw(
            st.sampled_from([f'{{"{part}": {text}}}', f"[{text}]", f'{{"{part}": [1, {text}]}}'])
        )
    for _ in range(2):  # the second time its names are known
        assert "hunter22" not in stored(read(ALL, f'{{"x": {text}}}\n'.encode(), "json"))


ACCESS = b'192.0.2.1 - ada [01/Feb/2026:10:00:00 +0000] "GET /x HTTP/1.1" 200 5 "-" "c"\n'


WHO = "[[redact]]\nname = 'who'\nfields = ['user.name']\n"


@pytest.mark.parametrize(
    ("data", "of_file"),
    [
        (b"ada came\nand went\n", "text"), (ACCESS * 20 + b"session of ada is open\n" * 3, "access_combined"),
        (ACCESS * 5 + b"192.0.2.1 - ada [01/Feb/2026:10:0\n", "access_combined"),
        (b"hello ada here\n" + ACCESS[:30] + b"\nfoo\n", "text"), (b'{"user.name": "x"}\n' * 5 + b'{"user.name": "ada\n', "json"),
    ],
)  # fmt: skip
def test_what_no_format_explains_keeps_nothing_that_a_rule_of_fields_hides(data: bytes, of_file: str) -> None:
    """Whether it is a record of plain text or a reject; of files of its formats where the rule names some."""
    for rule in (WHO, f"{WHO}formats = ['{of_file}']\n"):
        for outcome in read(rule, data):
            if isinstance(outcome.result, Record) and outcome.result.attributes:
                continue
            assert "ada" not in stored([outcome])


@pytest.mark.parametrize("option", ["rejects = 'search'\n", "formats = ['json']\n"])
def test_plain_text_stays_where_the_rule_says_so_or_speaks_of_another_format(option: str) -> None:
    assert "ada came" in stored(read(WHO + option, b"ada came\nand went\n"))


@pytest.mark.parametrize(
    "text",
    ["took 09:26:53", "std::string", "version 1.2.3", "1710408413000 ms", "order 4111111111111112", "a@b", "00:11:22:aa:bb:cc"],
)  # fmt: skip
def test_what_is_none_of_these_is_hidden(text: str) -> None:
    assert text in stored(read(ALL, f"2026-02-01T10:00:00Z INFO it {text} so\n".encode()))


def test_a_hidden_field_is_hidden_elsewhere_in_its_record() -> None:
    rule = "[[redact]]\nname = 'query'\nfields = ['url.query', 'user.*']\nwith = 'gone'\n"
    line = b'192.0.2.1 - ada [01/Feb/2026:10:00:00 +0000] "GET /shop?id=secret7 HTTP/1.1" 200 5 "-" "ada/1"\n'
    (outcome,) = read(rule, line)
    assert isinstance(outcome.result, Record)
    assert outcome.result.body == "GET /shop?gone HTTP/1.1"
    assert outcome.result.attributes["url.query"] == outcome.result.attributes["user.name"] == "gone"
    assert outcome.result.attributes["user_agent.original"] == "gone/1"


def test_a_reject_keeps_no_bytes_that_a_rule_of_fields_cannot_search() -> None:
    rule = "[[redact]]\nname = 'who'\nfields = ['user']\n"
    data = b'{"user": "ada"}\n{"user": "ada\n'
    assert "ada" not in stored(read(rule, data, "json"))
    assert "ada" in stored(read(rule + "rejects = 'search'\n", data, "json"))


def test_a_hash_is_the_same_for_the_same_value_and_key_only() -> None:
    rule = "[[redact]]\nname = 'r'\nkinds = ['ip']\nhash = true\n"
    data = b'{"a": "192.0.2.1", "b": "192.0.2.1", "c": "192.0.2.2"}\n'

    def values(key: str) -> list[object]:
        (outcome,) = read(load(rule, "froe.toml", key), data)
        assert isinstance(outcome.result, Record)
        return list(outcome.result.attributes.values())

    one, other = values(KEY), values(KEY + "!")
    assert one[0] == one[1] != one[2]
    assert str(one[0]).startswith("[ip:")
    assert one[0] not in other


lines = st.lists(
    st.sampled_from(
        [
            b'{"path": "/health", "level": "info"}', b'{"path": "/shop", "level": "warn"}', b'{"path": 7}', b"{broken /health", b"",
            b'{"level": "debug", "message": "x"}', b"\xff{", b'["/health"]',
        ]
    ),
    max_size=30,
)  # fmt: skip
RULES = [
    "exclude = { field = 'path', pattern = '^/health' }",
    "exclude = { pattern = '/health' }",
    "include = { severity = 'warn' }",
    "exclude = [{ severity = 'info', below = 'warn' }, { field = 'path', equals = [7] }]",
    "include = { field = 'path' }",
]


@given(lines, st.lists(st.sampled_from(RULES), max_size=3, unique=True))
def test_no_filter_loses_a_byte_or_a_line(parts: list[bytes], rules: list[str]) -> None:
    config = "".join(f"[[filter]]\nname = 'r{number}'\n{rule}\n" for number, rule in enumerate(rules))
    data = b"\n".join(parts)
    outcomes = read(config, data, "json", batch_max_lines=7)
    plain = read("", data, "json", batch_max_lines=7)
    assert [outcome[:3] for outcome in outcomes] == [outcome[:3] for outcome in plain]
    for outcome, before in zip(outcomes, plain, strict=True):
        if outcome.result != before.result:
            assert isinstance(outcome.result, Skip)
            assert outcome.result.reason in {f"filtered:r{number}" for number in range(3)}


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (RULES[0], [1, 2, 3, 5]),
        (RULES[1], [1, 2, 5]),
        (RULES[2], [1, 3]),
        (RULES[3], [1, 3, 5]),
        (RULES[4], [0, 1, 2, 3]),
    ],
)
def test_a_rule_drops_exactly_what_it_says(rule: str, kept: list[int]) -> None:
    """A reject (line 3) has no fields: only a pattern alone reaches it."""
    lines = [b'{"path": "/health", "level": "info"}', b'{"path": "/shop", "level": "warn"}', b'{"path": 7}', b"{broken /health", b"",
            b'{"level": "debug", "message": "x"}']  # fmt: skip
    outcomes = read(f"[[filter]]\nname = 'r'\n{rule}\n", b"\n".join(lines) + b"\n", "json")
    assert [number for number, outcome in enumerate(outcomes) if not isinstance(outcome.result, Skip)] == kept


def test_filters_see_what_redaction_hides() -> None:
    config = "[[filter]]\nname = 'office'\nexclude = { field = 'a', equals = '192.0.2.1' }\n" + ALL
    first, second = read(config, b'{"a": "192.0.2.1"}\n{"a": "192.0.2.2"}\n')
    assert first.result == Skip("filtered:office")
    assert "192.0.2" not in stored([second])


PIECES = ["a", "1", "a@", "1 ", "1-", ":", "::", "a:", "f::", "1.1.", "eyJ", "eyJa.", "password", "password=", 'password="', "%20", "a%40", "x-", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "sk-", "@a.", "bearer ", "0:0:0:0:0:0:0:0:"]  # fmt: skip


@pytest.mark.parametrize("kind", sorted(FINDERS))
def test_no_kind_is_slow_on_long_adversarial_text(kind: str) -> None:
    find = FINDERS[kind]
    for piece, tail in itertools.product(PIECES, ("", "@", "::")):

        def run(size: int, piece: str = piece, tail: str = tail) -> None:
            assert all(begin < end for begin, end in find(piece * (size // len(piece)) + tail))

        assert_linear(run, 40_000, 0.2)
