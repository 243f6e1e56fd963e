"""The character set of a text: as the configuration or the upload says, where the bytes do not say it themselves."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.aws.plan_items import from_plan, to_plan
from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.loading import load
from chalicelib.core.decoding.charsets import REMEDY, charset_in, charset_named, is_by_line
from chalicelib.core.decoding.guessing import guessed_charset
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record, Reject, Skip
from chalicelib.notices import file_notice
from chalicelib.status_json import file_json
from froe.account import account_lines
from tests.fakes import Pipeline, opener
from tests.layouts import entries_in
from tests.unit.test_deliveries import run_quietly

SMALL = Limits(batch_max_lines=7, batch_max_bytes=700, entry_max_bytes=400, split_bytes=600)

LINE = "2026-09-14 08:00:00 INFO Grüße\n"


def read(
    data: bytes,
    toml: str = "",
    content_type: str = "text/plain",
    key: str = "branch/a.log",
    given: str | None = None,
) -> tuple[str, list[str | None]]:
    head = ObjectHead(
        ObjectVersion("logs", key, "v1", "e"), len(data), content_type, datetime(2026, 11, 1, tzinfo=UTC)
    )
    reading = Reading(head, opener(data, 7), config=load(toml, "froe.toml"), charset=given)
    outcomes = list(reading)
    assert reading.account.text_bytes == sum(outcome.length for outcome in outcomes)
    return reading.plan.charset, [each.result.body for each in outcomes if isinstance(each.result, Record)]


@pytest.mark.parametrize("charset", ["latin-1", "cp1252", "utf-16-le", "ISO-8859-15"])
def test_a_binding_names_the_character_set(charset: str) -> None:
    toml = f'[[bind]]\nprefix = "branch/"\ncharset = "{charset}"\n'
    plan_charset, bodies = read((LINE * 3).encode(charset), toml)
    assert plan_charset == charset_named(charset)
    assert bodies == ["Grüße"] * 3
    assert read(LINE.encode(), toml, key="other/a.log") == ("utf-8", ["Grüße"])


def test_a_binding_may_name_format_and_character_set_apart() -> None:
    toml = '[[bind]]\nprefix = "branch/"\nformat = "text"\n[[bind]]\nprefix = "br"\ncharset = "latin-1"\n'
    assert read(LINE.encode("latin-1"), toml) == ("iso8859-1", ["Grüße"])


@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_byte_order_mark_is_surer_than_a_binding_an_upload_and_who_reads(charset: str) -> None:
    data = f"\ufeff{LINE}{LINE}".encode(charset)
    bound, upload = '[[bind]]\nprefix = "branch/"\ncharset = "latin-1"\n', "text/plain; charset=latin-1"
    actual = read(data, bound), read(data, content_type=upload), read(data, given="latin-1")
    assert actual == ((charset, ["Grüße"] * 2),) * 3


def test_who_reads_a_text_without_a_mark_overrides_its_binding() -> None:
    bound = '[[bind]]\nprefix = "branch/"\ncharset = "cp1251"\n'
    assert read(LINE.encode("latin-1"), bound, given="latin-1") == ("latin-1", ["Grüße"])


def test_an_upload_names_it_by_its_content_type_unless_the_text_is_utf_8() -> None:
    content_type = "text/plain; charset=ISO-8859-1"
    assert read(LINE.encode("latin-1"), content_type=content_type) == ("iso8859-1", ["Grüße"])
    assert read(LINE.encode(), content_type=content_type) == ("utf-8", ["Grüße"])
    assert read(LINE.encode(), content_type="text/plain; charset=us-ascii") == ("utf-8", ["Grüße"])
    assert read(LINE.encode("utf-16"), content_type=content_type) == ("utf-16-le", ["Grüße"])


@pytest.mark.parametrize(
    "name", ["nonsense", "hex", "idna", "utf-16", "utf-7", "iso2022_jp", "hz", "rot13", ""]
)
def test_what_cannot_be_read_piece_by_piece_is_no_character_set(name: str) -> None:
    assert charset_named(name) is None
    assert charset_in(f"text/plain; charset={name}") is None
    if name:
        with pytest.raises(ConfigError, match=r"line 3.*cannot be read piece by piece; .*latin-1.*gb18030"):
            load(f'[[bind]]\nprefix = "a"\ncharset = "{name}"\n', "froe.toml")


def test_every_character_set_that_the_remedy_names_is_read() -> None:
    words = re.split(r"[ ,()…]+", REMEDY.partition(": ")[2])
    names = [
        word
        for word in words
        if re.search(r"\d", word) or word in ("mac-roman", "gbk", "shift_jis", "euc-jp")
    ]
    assert len(names) > 25
    assert not [name for name in names if charset_named(name) is None]


def test_a_binding_needs_a_format_a_mapping_or_a_character_set() -> None:
    with pytest.raises(ConfigError, match="it has no `format`"):
        load('[[bind]]\nprefix = "a"\n', "froe.toml")


PLAIN = "2026-09-14 08:00:{:02} INFO worker: {}\n"
STACK = "2026-09-14 08:00:{:02} ERROR worker: {}\njava.lang.IllegalStateException: {}\n\tat app.Shop.open(Shop.java:12)\n"
CSV = '2026-09-14T08:00:{:02}Z,INFO,{},"{}, he said\nand ""left"""\n'
WORDS = {
    "cp1252": "Grüße „café“ €",
    "koi8-r": "Ошибка базы",
    "cp1251": "Ошибка базы",
    "iso8859-15": "Größe €",
    "shift_jis": "表示ソ能|十",  # the second bytes of these are 0x5C, of others 0x7C
    "cp932": "ソ表ポ①",
    "euc_jp": "接続失敗",
    "gb18030": "乗俓㐀€连",  # of two and of four bytes
    "gbk": "乗俓連",
    "big5": "許功蓋",
    "euc_kr": "데이터",
    "cp949": "뢔데이터",
}


def texts(word: str) -> dict[str, str]:
    numbers = range(12)
    rows = "".join(CSV.format(number, number, word) for number in numbers)
    return {
        "lines": "".join(PLAIN.format(number, f"{word} {number}") for number in numbers),
        "entries": "".join(STACK.format(number, word, word) for number in numbers),
        "table": f"timestamp,level,{word[0] if word[0].isalpha() else 'n'},message\n{rows}",
        "text": "".join(f"{word}\\{number}\n" for number in numbers),
    }


def outcomes_of(data: bytes, charset: str | None, limits: Limits = SMALL) -> tuple[Reading, list[Outcome]]:
    head = ObjectHead(ObjectVersion("logs", "a", "v1", "e"), len(data), "", datetime(2026, 11, 1, tzinfo=UTC))
    reading = Reading(head, opener(data, 7), charset=charset, limits=limits)
    outcomes = list(reading)
    assert reading.account.text_bytes == sum(outcome.length for outcome in outcomes)
    assert reading.account.state is State.COMPLETE
    return reading, outcomes


@pytest.mark.parametrize("kind", ["lines", "entries", "table", "text"])
@pytest.mark.parametrize("charset", WORDS)
def test_a_text_in_its_own_bytes_says_what_the_same_text_says_in_utf_8(charset: str, kind: str) -> None:
    """Each entry lies where its bytes lie in the object, though a 0x5C or a 0x7C be half a character."""
    text = texts(WORDS[charset])[kind]
    data = text.encode(charset)
    reading, outcomes = outcomes_of(data, charset)
    _, expected = outcomes_of(text.encode(), None)
    assert [each.result for each in outcomes] == [each.result for each in expected]
    assert not any(each.replaced for each in outcomes)
    assert reading.account.text_bytes == len(data)
    assert reading.plan.version == 6
    for own, recoded in zip(outcomes, expected, strict=True):
        assert data[own.offset : own.offset + own.length].decode(charset) == recoded.raw.decode()
    assert reading.plan.parallel == (kind != "table")
    assert outcomes_of(gzip.compress(data), charset)[1] == outcomes


@pytest.mark.parametrize("charset", ["cp1252", "shift_jis", "gb18030"])
def test_a_bad_character_costs_no_more_than_itself(charset: str) -> None:
    """Half a character before a line end takes no line end with it."""
    data = b"".join(b"line %d \x81\n" % number for number in range(10))
    _, outcomes = outcomes_of(data, charset)
    assert len(outcomes) == 10
    assert all(each.replaced for each in outcomes)
    assert [each.result.body for each in outcomes if isinstance(each.result, Record)] == [
        f"line {number} \ufffd" for number in range(10)
    ]


@pytest.mark.parametrize("charset", ["shift_jis", "big5", "latin-1"])
def test_an_array_in_another_character_set_is_recoded_as_a_whole(charset: str) -> None:
    """There a 0x5C that is half a character would escape a quote."""
    word = {"shift_jis": "表", "big5": "功", "latin-1": "é"}[charset]
    text = "[\n" + ",\n".join(f'{{"n": {number}, "message": "{word}"}}' for number in range(9)) + "\n]\n"
    reading, outcomes = outcomes_of(text.encode(charset), charset)
    assert [each.result.body for each in outcomes if isinstance(each.result, Record)] == [word] * 9
    assert reading.account.text_bytes == len(text.encode())
    assert reading.plan.version < 6
    lines = text[2:-3].replace(",\n", "\n").encode(charset)
    reading, outcomes = outcomes_of(lines, charset)
    assert [each.result.body for each in outcomes if isinstance(each.result, Record)] == [word] * 9
    assert reading.account.text_bytes == len(lines)


def test_a_file_that_was_opened_by_an_earlier_version_is_recoded_to_its_end() -> None:
    data = texts("Grüße")["lines"].encode("latin-1")
    reading, _ = outcomes_of(data, "iso8859-1")
    plan = replace(reading.plan, framing=replace(reading.plan.framing, charset=None), parallel=False)
    assert b"".join(plan.text(opener(data, 7))) == data.decode("latin-1").encode()
    assert b"".join(reading.plan.text(opener(data, 7))) == data


def test_rules_see_the_text_of_rejects_and_leave_the_bytes_that_they_do_not_hide() -> None:
    toml = '[[bind]]\nprefix = "a"\ncharset = "shift_jis"\nformat = "cef"\n[[redact]]\nname = "who"\npatterns = ["表[0-9]+"]\n'
    toml += '[[filter]]\nname = "noise"\nexclude = [{ pattern = "^ソ" }]\n'
    data = "表1 表示 b\n示 c\nソ d\n".encode("shift_jis") + b"\x81 e\n"
    head = ObjectHead(ObjectVersion("logs", "a", "v1", "e"), len(data), "", datetime(2026, 11, 1, tzinfo=UTC))
    outcomes = list(Reading(head, opener(data, 7), config=load(toml, "froe.toml")))
    assert [each.raw for each in outcomes] == [
        "[who] 表示 b\n".encode("shift_jis"), "示 c\n".encode("shift_jis"), "ソ d\n".encode("shift_jis"), b"\x81 e\n",
    ]  # fmt: skip
    assert [type(each.result) for each in outcomes] == [Reject, Reject, Skip, Reject]
    assert [each.length for each in outcomes] == [len(line) for line in data.splitlines(keepends=True)]


@pytest.mark.parametrize("kind", ["lines", "entries"])
@pytest.mark.parametrize("charset", ["shift_jis", "latin-1", "koi8-r"])
def test_the_pipeline_stores_what_a_reading_gives(charset: str, kind: str) -> None:
    word = {"shift_jis": "表", "latin-1": "é", "koi8-r": "Ошибка"}[charset]
    data = texts(word)[kind].encode(charset) * 9
    pipeline = Pipeline(SMALL)
    content_type = f"text/plain; charset={charset}"
    run_quietly(pipeline, pipeline.objects.add("a", data, content_type=content_type))
    _, outcomes = outcomes_of(data, charset)
    stored = sorted(entries_in(pipeline.records.items).values(), key=lambda item: int(item["offset"]["N"]))
    assert [(int(each["offset"]["N"]), int(each["length"]["N"]), each["body"]["S"]) for each in stored] == [
        (each.offset, each.length, each.result.body) for each in outcomes if isinstance(each.result, Record)
    ]
    (file,) = pipeline.table.files.values()
    assert (file.account.state, file.account.text_bytes) == (State.COMPLETE, len(data))
    assert file.plan.known_splits == file.account.splits > 3


def test_an_upload_that_names_its_character_set_knows_better_than_its_prefix() -> None:
    toml = '[[bind]]\nprefix = "branch/"\ncharset = "koi8-r"\n'
    assert read(LINE.encode("latin-1"), toml, "text/plain; charset=latin-1") == ("iso8859-1", ["Grüße"])
    said_of_any = "text/plain; charset=utf-8"
    assert read("Ошибка\n".encode("koi8-r"), toml, said_of_any) == ("koi8-r", ["Ошибка"])


@pytest.mark.parametrize("charset", ["ascii", "latin-1", "cp1252", "koi8-r", "shift_jis", "gb18030", "euc-kr", "big5", "mac-roman"])  # fmt: skip
def test_most_character_sets_are_read_line_by_line(charset: str) -> None:
    assert is_by_line(charset)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16-le", "utf-32-be", "cp037", "cp500", "shift_jisx0213", "johab"])  # fmt: skip
def test_where_ascii_is_something_else_the_text_is_recoded(charset: str) -> None:
    assert not is_by_line(charset)


@pytest.mark.parametrize(
    ("charset", "word"),
    [
        ("cp1252", "Größe überschritten für Müller"), ("cp1251", "Ошибка подключения к базе данных"),
        ("koi8-r", "Ошибка подключения к базе данных"), ("cp932", "接続に失敗しました。タイムアウトのエラー"),
        ("gb18030", "连接数据库失败超时错误"), ("big5", "連接資料庫失敗逾時錯誤"), ("cp1253", "Σφάλμα στον διακομιστή"),
    ],
)  # fmt: skip
def test_what_a_text_may_be_in_is_said_and_not_applied(charset: str, word: str) -> None:
    data = "".join(PLAIN.format(number, word) for number in range(40)).encode(charset)
    reading, outcomes = outcomes_of(data, None)
    plan = reading.plan
    assert (plan.charset, plan.charset_guess, plan.version) == ("utf-8", charset, 1)
    assert all(each.replaced for each in outcomes)
    opened = outcomes_of(data, charset)[0].plan
    assert opened.charset_guess is None
    assert [to_plan(from_plan(each)) for each in (plan, opened)] == [plan, opened]


def test_the_guess_stands_in_the_status_and_in_the_notice() -> None:
    pipeline = Pipeline(SMALL)
    run_quietly(pipeline, pipeline.objects.add("a", "Größe überschritten\n".encode("latin-1") * 9))
    (file,) = pipeline.table.files.values()
    answer = file_json(file, file.account, None)
    assert (answer["charset"], answer["charset_guess"]) == ("utf-8", "cp1252")
    assert "charset: its head is not UTF-8, and may be cp1252" in file_notice(file).text
    assert "its head is not UTF-8, and may be cp1252" in "\n".join(account_lines(answer, 80))


def test_a_character_set_that_was_said_stands_in_the_status_and_in_the_notice() -> None:
    pipeline = Pipeline(SMALL)
    data = "Größe überschritten\n".encode("latin-1") * 9
    run_quietly(pipeline, pipeline.objects.add("a", data, content_type="text/plain; charset=latin-1"))
    (file,) = pipeline.table.files.values()
    answer = file_json(file, file.account, None)
    assert (answer["charset"], answer["charset_guess"]) == ("iso8859-1", None)
    assert "charset: iso8859-1\n" in file_notice(file).text
    assert re.search(r"charset +iso8859-1", "\n".join(account_lines(answer, 80)))


@pytest.mark.parametrize("data", [b"plain\n", "Grüße\n".encode(), "Grüße Öl ".encode() + b"\xff\n", "Grüße".encode()[:-2]])  # fmt: skip
def test_no_guess_is_made_of_what_is_ascii_or_mostly_utf_8(data: bytes) -> None:
    assert guessed_charset(data) is None


def test_a_format_of_ones_own_sees_the_letters_of_the_character_set() -> None:
    toml = r"""
    [[bind]]
    prefix = "a"
    charset = "shift_jis"
    [[format]]
    name = "till"
    pattern = '表ソ (?P<number>\d+) (?P<body>.*)'
    multiline = { start = '[^ ]+ [0-9]+ ' }
    types = { number = "int" }
    samples = ["表ソ 1 open"]
    """
    data = "".join(f"表ソ {number} 能\n  ソ: {number}\n" for number in range(20)).encode("shift_jis")
    head = ObjectHead(ObjectVersion("logs", "a", "v1", "e"), len(data), "", datetime(2026, 11, 1, tzinfo=UTC))
    reading = Reading(head, opener(data, 7), config=load(toml, "froe.toml"), limits=SMALL)
    records = [each.result for each in reading if isinstance(each.result, Record)]
    assert reading.plan.parallel
    assert [(each.attributes["number"], each.attributes["body"]) for each in records] == [
        (number, f"能\n  ソ: {number}") for number in range(20)
    ]
