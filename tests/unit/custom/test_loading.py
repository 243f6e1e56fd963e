"""A configuration file: what is wrong names the file, the line and the remedy; what is right stays what it was."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.configuration import read_config
from chalicelib.core.custom import NOTHING, RedactionKeyError, custom_of
from chalicelib.core.custom.compiled import compiled, config_of
from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.formats import format_of
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.spec import Config, decoded, encoded
from chalicelib.core.errors import PermanentError
from chalicelib.core.formats import ParseContext
from chalicelib.core.records import Record

KEY = "a key for tests only"
TILL = r"""
[[format]]
name = "till"
grok = '%{TIMESTAMP_ISO8601:time}\|%{WORD:till}\|%{NUMBER:amount:float}\|%{GREEDYDATA:message}'
time = "time"
samples = ["2024-03-14T09:26:53Z|till7|12.50|two coffees"]
"""
ORDERS = """
[[format]]
name = "orders"
template = '{time} {level}: {word:shop.order} from {endpoint:client} {body}'
samples = ["2024-03-14T09:26:53Z WARN: o-17 from 192.0.2.7:443 declined"]
"""
FAULTS = [
    (
        ORDERS.replace("{word", "{wrod"),
        4,
        "its `template` cannot be used: a field .* is of no kind: 'wrod'; known are .*word",
    ),
    (
        ORDERS.replace("{word:shop.order} from", "{word=(?:a+)+:x}"),
        4,
        "has no bound; make the inner one possessive",
    ),
    (ORDERS.replace("{body}", "{body"), 4, "has no end"),
    (ORDERS.replace("from 1", "of 1"), 5, "goes as far as '.*o-17 ' and then expects 'from"),
    (ORDERS + "pattern = 'x'\n", 2, "give it a `template`, a `pattern` .*, one of them"),
    (
        TILL.replace("|12.50|", "|x|"),
        6,
        r"goes as far as '.*till7\|' and not on to 'x\|two coffees'; fix `grok`",
    ),
    (TILL.replace('"till"', '"Till"'), 3, "use lower-case letters"),
    (TILL.replace('= "time"', '= "tme"'), 5, "`time` says 'tme'; write 'time'"),
    (TILL.replace("%{WORD", "%{WRD"), 4, "no grok pattern is called 'WRD'; define it"),
    (TILL.replace("grok", "grk"), 4, "there is no key `grk`; write `grok`"),
    (TILL.replace("WORD:till}", "WORD:till}(a+)+"), 4, "has no bound; make the inner one possessive"),
    (
        TILL.replace("samples", 'types = { amnt = "int" }\nsamples'),
        6,
        "'amnt', which the pattern has not; it has amount",
    ),
    (TILL.replace('= "till"', "= till"), 3, "it is not TOML"),
    (TILL.replace('time = "time"', 'multiline = { start = "^x" }'), 5, "does not begin as `multiline` says"),
    (
        TILL.replace('time = "time"', 'time = { field = "time", format = "%d" }'),
        5,
        "has no month and no hour",
    ),
    (
        TILL.replace('time = "time"', 'time = { field = "time", zone = "Europe/Berlin" }'),
        5,
        "such as \\+01:00",
    ),
    (TILL.replace("samples = [", "samples = []\nx = ["), 7, "there is no key `x`"),
    (TILL + TILL, 9, "another one has that name"),
    (TILL.rpartition("samples")[0], 2, "it has no `samples`"),
    ("[[filter]]\nname = 'a'\nexclude = { severty = 'warn' }", 3, "`severty` in `exclude`; write `severity`"),
    ("[[filter]]\nname = 'a'\nexclude = { pattern = '[0-9]+x' }", 3, "grows faster than the text"),
    ("[[filter]]\nname = 'a b'\nexclude = { pattern = 'x' }", 2, "use up to 64 letters"),
    ("[[filter]]\nname = 'a'\n", 1, "either `include` or `exclude`"),
    ("[[filter]]\nname = 'a'\nexclude = { pattern = 'x' }\nformats = ['jsn']", 4, "write 'json'"),
    *(
        (f"[[filter]]\nname = 'a'\nexclude = {value}", 3, "`exclude` is .*; write a table")
        for value in ("true", "7", "1.5", "'x'", "[7]", "1979-05-27")
    ),
    ("[[filter]]\nname = 'a'\nexclude = " + "[" * 5000 + "]" * 5000, 3, "it is nested too deeply to be read"),
    (
        "[[filter]]\nname = 'a'\nexclude = { field = 'a', equals = 1" + "0" * 5000 + " }",
        3,
        "too long to be read",
    ),
    (
        TILL + "\n[[bind]]\nprefix = 'a/'\nformat = 'till'\n\n[[bind]]\nprefix = 'a/'\nformat = 'json'",
        14,
        "of that prefix",
    ),
    ("\nx = " + "{a=" * 5000 + "1" + "}" * 5000, 2, "it is nested too deeply to be read"),
    ("[[redact]]\nname = 'a'\nkinds = ['ipp']", 3, "write 'ip'"),
    ("[[redact]]\nname = 'a'\n", 1, "it hides nothing"),
    ("[[redact]]\nname = 'a'\nkinds = ['ip']\nwith = 'x'\nhash = true", 5, "both `with` and `hash`"),
    ("[[bind]]\nprefix = 'a/'\nformat = 'nope'", 3, "known are"),
    ("[[bind]]\nprefix = 'a/'\nlayout = 'pakced'", 3, "`layout` says 'pakced'; write 'packed'"),
    ("[[bind]]\nprefix = 'a/'\nlayout = 'rows'", 3, "`layout` says 'rows'; known are items, packed"),
    ("[[bind]]\nprefix = 'a/'\nlayout = 7", 3, "layout"),
    ("[[bind]]\nprefix = 'a/'\nnotices = 'loud'", 3, "`notices` says 'loud'; known are all, attention"),
    (
        TILL.replace("%{WORD:till}", "%{WORD:level}").replace(
            'time = "time"', 'severity = { field = "level", words = { Z = "eror" } }'
        ),
        5,
        "'eror' is no severity; write trace, debug, info, warn, error or fatal",
    ),
    ("[[filter]]\nname = 'a'\nexclude = { severity = 'eror' }", 3, "write trace, debug, info"),
    *(
        (
            f"[[redact]]\nname = 'a'\npatterns = ['{pattern}']",
            3,
            "matches the empty text, which is everywhere",
        )
        for pattern in ("x*", "(?:a|)", "^", "[0-9]{0,3}")
    ),
    *(
        (f"[[collection]]\nfield = '{field}'", 2, "a member has no name; write a name before each")
        for field in ("a[].b[].[]", "[]", "a[]..b[]")
    ),
    ("[[bind]]\nprefix = 'a/'\nlane = 'Bulk!'", 3, "cannot be a lane: take 1 to 16 lower-case letters"),
    ("[[bind]]\nlane = 'bulk'\nfamily = 'webb'", 3, "`family` says 'webb'; write 'web'"),
    ("[[bind]]\nfamily = 'web'", 2, "says which formats take a `lane`"),
    ("[[bind]]\nfamily = 'web'\nlane = 'bulk'\nformat = 'json'", 2, "without it"),
    ("[[bind]]\nprefix = ''\nformat = 'json'", 2, "its `prefix` is empty; give it one"),
    ("[[format]]\n[[forms]]\n", 2, "the tables are"),
    ("x = 1", 1, "the tables are"),
]


@pytest.mark.parametrize(("text", "line", "remedy"), FAULTS)
def test_a_mistake_names_the_file_the_line_and_the_remedy(text: str, line: int, remedy: str) -> None:
    with pytest.raises(ConfigError, match=remedy) as caught:
        load(text, "froe.toml", KEY)
    assert str(caught.value).startswith(f"froe.toml, line {line}: ")
    assert "\n" not in str(caught.value)


def test_the_source_of_a_format_is_the_file_that_it_stands_in() -> None:
    assert [each.source for each in load(TILL, "own/e.toml").rules.formats] == ["own/e.toml"]


def test_a_hash_needs_a_key_of_some_length() -> None:
    for key in ("", "short"):
        with pytest.raises(ConfigError, match="REDACTION_KEY, of 16 characters"):
            load("[[redact]]\nname='a'\nkinds=['ip']\nhash=true", "froe.toml", key)


def test_a_configuration_too_large_for_a_message_is_refused() -> None:
    many = "".join(
        f"[[filter]]\nname = 'r{number}'\nexclude = {{ pattern = '{hash(str(number)):x}{number * 7919**7:x}' }}\n"
        for number in range(1500)
    )
    with pytest.raises(ConfigError, match="a batch message has room for"):
        load(many, "froe.toml")


def test_a_template_types_its_fields_and_those_travel_with_a_plan() -> None:
    config = load(
        ORDERS.replace("samples", "severity = { field = 'level', words = { WARN = 'error' } }\nsamples"), "x"
    )
    assert config.text is not None
    (travelled,) = decoded(config.text).formats
    parse = format_of(travelled).make_parser(ParseContext(datetime(2026, 1, 1, tzinfo=UTC)))
    assert parse(config.rules.formats[0].samples[0]) == Record(
        "2024-03-14T09:26:53Z",
        None,
        "WARN",
        17,
        "declined",
        {"shop.order": "o-17", "client.address": "192.0.2.7", "client.port": 443},
    )


def test_what_travels_with_a_plan_comes_back_the_same_and_holds_no_key() -> None:
    text = (
        TILL
        + "[[filter]]\nname='f'\ninclude=[{severity='warn'},{field='till',equals=['x', 1]}]\nformats=['till']\n"
        + "[[redact]]\nname='r'\nkinds=['ip']\npatterns=['x=[0-9]{1,9}']\nfields=['till']\nhash=true\n"
        + "[[bind]]\nprefix='tills/'\nformat='till'\n"
    )
    config = load(text, "froe.toml", KEY)
    assert config.text is not None
    assert KEY not in config.text
    assert KEY not in repr(config)
    assert encoded(decoded(config.text)) == config.text
    assert load(text, "other", KEY).text == config.text
    assert custom_of(config.text, KEY).by_name("till").name == "till"


def test_another_key_than_that_of_the_plan_is_told_instead_of_other_hashes() -> None:
    config = load("[[redact]]\nname='r'\nkinds=['ip']\nhash=true\n", "froe.toml", KEY)
    for key in ("", "another key than that"):
        with pytest.raises(RedactionKeyError, match="put that one back"):
            custom_of(config.text, key)


def test_a_text_that_is_no_configuration_is_refused_for_good() -> None:
    for text in ("{", "[]", '{"formats":[{}]}'):
        with pytest.raises(PermanentError, match="cannot be read"):
            custom_of(text, "")


def test_the_longest_prefix_that_fits_is_bound() -> None:
    config = load(
        "".join(f"[[bind]]\nprefix='{p}'\nformat='{f}'\n" for p, f in (("a/", "json"), ("a/b/", "text"))), "x"
    )
    assert [config.format_bound_to(key) for key in ("a/x", "a/b/x", "b/x")] == ["json", "text", None]
    assert config.text is None


def test_a_layout_is_bound_with_a_format_or_without_one() -> None:
    bound = "[[bind]]\nprefix='a/'\nlayout='packed'\n[[bind]]\nprefix='a/b/'\nlayout='items'\nformat='json'\n"
    config = load(bound, "x")
    assert [config.layout_bound_to(key) for key in ("a/x", "a/b/x", "b/x")] == ["packed", "items", None]
    assert [config.format_bound_to(key) for key in ("a/x", "a/b/x", "b/x")] == [None, "json", None]
    assert config.text is None


def test_a_prefix_is_bound_to_be_quiet_with_a_format_or_without_one() -> None:
    bound = (
        "[[bind]]\nprefix='a/'\nnotices='none'\n[[bind]]\nprefix='a/b/'\nnotices='attention'\nformat='json'\n"
    )
    config = load(bound, "x")
    assert [config.notices_bound_to(key) for key in ("a/x", "a/b/x", "b/x")] == ["none", "attention", None]
    assert config.text is None


def test_a_lane_is_bound_by_prefix_and_by_the_family_of_the_format() -> None:
    bound = """
[[bind]]
prefix = "a/"
lane = "bulk"
[[bind]]
prefix = "a/b/"
lane = "default"
[[bind]]
prefix = "a/"
family = "aws"
lane = "audit"
[[bind]]
family = "custom"
lane = "own"
"""
    config = load(bound, "x")
    asked = [
        ("a/x", "web"),
        ("a/b/x", "web"),
        ("a/x", "aws"),
        ("a/b/x", "aws"),
        ("c/x", "custom"),
        ("c/x", "web"),
    ]
    expected = ["bulk", "default", "audit", "default", "own", None]
    assert [config.lane_bound_to(*each) for each in asked] == expected
    assert config_of(compiled(config), "").bindings == config.bindings
    assert config.text is None


def test_a_format_that_explains_anything_takes_only_what_nothing_else_does() -> None:
    any_line = load("[[format]]\nname='any'\npattern='(?<line>.*)'\nsamples=['x']", "x").rules.formats[0]
    till = load(TILL, "x").rules.formats[0]
    assert any_line.specificity < 0.5 < till.specificity


def test_without_a_file_nothing_is_configured(tmp_path: Path) -> None:
    assert read_config(environment={}, packaged=tmp_path / "froe.toml") == Config()
    assert custom_of(None, "") is NOTHING
    assert not NOTHING.changes_outcomes


def test_a_file_that_is_named_and_missing_or_broken_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .No such file"):
        read_config(environment={"FROE_CONFIG": str(tmp_path / "none.toml")})
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        read_config(broken)
