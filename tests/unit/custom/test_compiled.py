"""A configuration is proved when the functions are packaged; what they read of it means the same."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.configuration import COMPILED, compile_config, read_config
from chalicelib.core.custom.compiled import NoKeyError, compiled, config_of
from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.spec import Config
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from tests.fakes import opener

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "custom-formats.md").read_text(encoding="utf-8")
BLOCKS = "".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
KEY = "a key for tests only"
HASHED = "[[redact]]\nname = 'hashes'\nkinds = ['ip']\nhash = true\n"
SLOW = r"""
[[format]]
name = "slow"
grok = '%{DATA:a},%{DATA:b},%{DATA:c};%{GREEDYDATA:message}'
samples = ["1,2,3;four"]
"""


def read(config: Config, key: str, data: bytes) -> list[object]:
    head = ObjectHead(ObjectVersion("logs", key, "v1", "e"), len(data), "", datetime(2026, 4, 1, tzinfo=UTC))
    reading = Reading(head, opener(data, 1000), config=config)
    return [reading.plan, *reading]


def test_a_compiled_configuration_says_what_the_file_says() -> None:
    written = load(BLOCKS + HASHED, "froe.toml", KEY)
    made = config_of(compiled(written), KEY)
    assert (made.text, made.bindings, made.collections) == (
        written.text,
        written.bindings,
        written.collections,
    )
    assert made.key == KEY
    samples = [sample.encode() + b"\n" for each in written.rules.formats for sample in each.samples]
    for sample in (*samples, b"of ada@example.org from 192.0.2.7\n"):
        assert read(made, "tills/a.log", sample) == read(written, "tills/a.log", sample)
        assert read(made, "b.log", sample) == read(written, "b.log", sample)


def test_it_is_the_same_whatever_the_key_is_and_holds_none(tmp_path: Path) -> None:
    file = tmp_path / "froe.toml"
    file.write_text(HASHED)
    made = compile_config(file)
    assert made == compiled(load(HASHED, "froe.toml", KEY))
    assert KEY.encode() not in made
    with pytest.raises(NoKeyError, match="set it in the environment"):
        config_of(made, "")


def test_a_mistake_is_told_when_the_file_is_compiled(tmp_path: Path) -> None:
    file = tmp_path / "froe.toml"
    file.write_text(SLOW.replace("%{DATA:b}", "(?:b+)+"))
    with pytest.raises(ConfigError, match=r"line 4: format 'slow': its `grok` cannot be used"):
        compile_config(file)


def test_a_package_has_the_compiled_file_in_place_of_the_written_one(tmp_path: Path) -> None:
    file = tmp_path / "froe.toml"
    file.write_text(SLOW + HASHED)
    (tmp_path / COMPILED).write_bytes(compile_config(file))
    file.unlink()
    config = read_config(environment={"REDACTION_KEY": KEY}, packaged=file)
    assert config.text == load(SLOW + HASHED, "froe.toml", KEY).text
    with pytest.raises(ConfigError, match="needs the setting REDACTION_KEY"):
        read_config(environment={}, packaged=file)


def test_reading_it_proves_nothing_and_neither_does_reading_a_log_with_it(tmp_path: Path) -> None:
    (tmp_path / COMPILED).write_bytes(compiled(load(SLOW, "froe.toml")))
    script = (
        "import sys, pathlib\n"
        "from chalicelib.configuration import read_config\n"
        "from chalicelib.core.custom import custom_of\n"
        "from chalicelib.core.formats import ParseContext\n"
        "from datetime import datetime, UTC\n"
        f"config = read_config(environment={{}}, packaged=pathlib.Path({str(tmp_path / 'froe.toml')!r}))\n"
        "parse = custom_of(config.text, '').by_name('slow').make_parser(ParseContext(datetime(2026, 4, 1, tzinfo=UTC)))\n"
        "assert parse('1,2,3;four').attributes == {'a': '1', 'b': '2', 'c': '3'}, parse('1,2,3;four')\n"
        "print(*(name.rpartition('.')[2] for name in sys.modules if name.startswith('chalicelib.core.custom.')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    proving = {"loading", "proofs", "safety", "automaton", "loops", "ways", "ends", "grok", "expressions"}
    assert "matching" in done.stdout
    assert not proving & set(done.stdout.split())
