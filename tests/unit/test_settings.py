"""A missing or wrong setting names itself and the remedy."""

from __future__ import annotations

import pytest

from chalicelib.core.plan.afterwards import Action, Afterwards
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.settings import RESOURCE_NAMES, TUNING_DEFAULTS, Settings, SettingsError

COMPLETE = {name: f"a-{name.lower()}" for name in RESOURCE_NAMES}


def test_defaults_are_those_of_the_contract() -> None:
    settings = Settings.from_environment(COMPLETE)
    limits = settings.limits
    assert (limits.batch_max_lines, limits.batch_max_bytes) == (5000, 720_000)
    assert (limits.entry_max_bytes, limits.split_bytes) == (256 * 1024, 64 * 1024 * 1024)
    assert settings.input_bucket == "a-input_bucket"


@pytest.mark.parametrize("name", RESOURCE_NAMES)
def test_a_missing_setting_is_named_with_the_commands_that_provide_it(name: str) -> None:
    with pytest.raises(SettingsError, match=f"missing {name}: `froe up` .* `froe deploy --stage dev`"):
        Settings.from_environment({**COMPLETE, name: ""})


@pytest.mark.parametrize("name", TUNING_DEFAULTS)
@pytest.mark.parametrize("wrong", ["many", "-2", "1e3", "99999999999999999"])
def test_a_wrong_number_is_named_with_its_range(name: str, wrong: str) -> None:
    with pytest.raises(
        SettingsError, match=rf"{name} is '{wrong}': set it to a whole number from -?\d+ to \d+"
    ):
        Settings.from_environment({**COMPLETE, name: wrong})


def test_an_entry_must_fit_a_batch() -> None:
    with pytest.raises(SettingsError, match="ENTRY_MAX_BYTES is 262144: set it to at most BATCH_MAX_BYTES"):
        Settings.from_environment({**COMPLETE, "BATCH_MAX_BYTES": "100000"})


def test_a_deployment_is_local_and_traced_by_x_ray_unless_it_says_otherwise() -> None:
    settings = Settings.from_environment(COMPLETE)
    assert (settings.stage, settings.tracing) == ("local", "xray")
    settings = Settings.from_environment({**COMPLETE, "STAGE": "dev", "TRACING": "opentelemetry"})
    assert (settings.stage, settings.tracing) == ("dev", "opentelemetry")


def test_other_input_buckets_are_none_unless_they_are_named() -> None:
    assert Settings.from_environment(COMPLETE).other_inputs == {}
    settings = Settings.from_environment({**COMPLETE, "INPUT_BUCKETS": "eu-logs: *.gz; us-logs"})
    assert {name: keys.text for name, keys in settings.other_inputs.items()} == {
        "eu-logs": "*.gz",
        "us-logs": "",
    }
    with pytest.raises(SettingsError, match="INPUT_BUCKETS is 'eu_logs': 'eu_logs' is not a bucket name"):
        Settings.from_environment({**COMPLETE, "INPUT_BUCKETS": "eu_logs"})
    with pytest.raises(
        SettingsError, match="INPUT_BUCKETS names logs, the stage's own bucket: use INPUT_KEYS"
    ):
        Settings.from_environment({**COMPLETE, "INPUT_BUCKET": "logs", "INPUT_BUCKETS": "logs"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("delete", "SETTLED_OBJECTS is 'delete': set it to leave, tag or move:PREFIX/"),
        ("tag:x", "set it to leave, tag or move:PREFIX/"),
        ("move", "give a prefix that ends with /"),
        ("move:done", "give a prefix that ends with /"),
        ("move:/done/", "give a prefix that ends with / and does not begin with one"),
        ("move:done/", r"INPUT_KEYS includes that prefix, so they would be read again; add !done/\* to it"),
    ],
)
def test_what_becomes_of_settled_objects_is_refused_with_the_remedy(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        Settings.from_environment({**COMPLETE, "SETTLED_OBJECTS": text})


@pytest.mark.parametrize("keys", ["!done/*", "logs/*", "logs/*, !*.tmp", "*, !do*"])
def test_objects_are_moved_to_where_nobody_reads_them(keys: str) -> None:
    moving = {**COMPLETE, "SETTLED_OBJECTS": "move:done/"}
    settings = Settings.from_environment({**moving, "INPUT_KEYS": keys})
    assert settings.afterwards == Afterwards(Action.MOVE, "done/")
    others = {**moving, "INPUT_KEYS": keys, "INPUT_BUCKETS": "eu-logs"}
    with pytest.raises(SettingsError, match="INPUT_BUCKETS includes that prefix"):
        Settings.from_environment(others)
    assert Settings.from_environment(COMPLETE).afterwards.action is Action.LEAVE


def test_a_tracing_that_nobody_knows_is_named_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="TRACING is 'jaeger': set it to xray, opentelemetry or off"):
        Settings.from_environment({**COMPLETE, "TRACING": "jaeger"})


def test_a_layout_that_nobody_knows_is_named_with_those_there_are() -> None:
    assert Settings.from_environment(COMPLETE).layout is Layout.ITEMS
    assert Settings.from_environment({**COMPLETE, "RECORDS_LAYOUT": "packed"}).layout is Layout.PACKED
    assert Settings.from_environment(COMPLETE).calls_directly
    assert not Settings.from_environment({**COMPLETE, "HOT_CALLS": "botocore"}).calls_directly
    with pytest.raises(SettingsError, match="HOT_CALLS is 'aws': set it to direct or botocore"):
        Settings.from_environment({**COMPLETE, "HOT_CALLS": "aws"})
    assert Settings.from_environment(COMPLETE).events
    assert not Settings.from_environment({**COMPLETE, "EVENTS": "off"}).events
    with pytest.raises(SettingsError, match="EVENTS is 'no': set it to on or off"):
        Settings.from_environment({**COMPLETE, "EVENTS": "no"})
    with pytest.raises(SettingsError, match="RECORDS_LAYOUT is 'woven': set it to items or packed or none"):
        Settings.from_environment({**COMPLETE, "RECORDS_LAYOUT": "woven"})


def test_a_sink_needs_its_bucket_and_no_layout_a_sink() -> None:
    bucket = {**COMPLETE, "RESULTS_BUCKET": "results"}
    assert Settings.from_environment(bucket).sink is Sink.NONE
    settings = Settings.from_environment({**bucket, "SINK": "parquet", "RECORDS_LAYOUT": "none"})
    assert (settings.sink, settings.layout, settings.results_bucket) == (Sink.PARQUET, Layout.NONE, "results")
    for wrong, sentence in (
        ({**bucket, "SINK": "iceberg"}, "SINK is 'iceberg': set it to none or parquet"),
        ({**COMPLETE, "SINK": "parquet"}, "SINK is 'parquet' and RESULTS_BUCKET is missing: `froe deploy`"),
        ({**bucket, "RECORDS_LAYOUT": "none"}, "set SINK to parquet, or records go nowhere"),
    ):
        with pytest.raises(SettingsError, match=sentence):
            Settings.from_environment(wrong)


def test_a_way_in_that_does_not_exist_says_which_do() -> None:
    assert Settings.from_environment(COMPLETE).ingest == "direct"
    assert Settings.from_environment({**COMPLETE, "INGEST": "queue"}).ingest == "queue"
    with pytest.raises(SettingsError, match="INGEST is 'mail': set it to one of direct, queue, topic"):
        Settings.from_environment({**COMPLETE, "INGEST": "mail"})
