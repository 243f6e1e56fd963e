"""A configuration that is put for a stage: only what passes is registered, only what is registered is used."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("click", reason="needs click: make setup")

from click.testing import CliRunner

from chalicelib import metrics
from chalicelib.audit import Audit
from chalicelib.aws.access_table import DynamoAudit
from chalicelib.aws.plan_items import from_plan, to_plan
from chalicelib.aws.versions_store import StoredVersions
from chalicelib.configuration_versions import LOOK_SECONDS, CurrentConfiguration, Version, digest_of
from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.spec import Config
from chalicelib.core.errors import ConfigurationRefusedError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan.layouts import Sink
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import SplitMessage
from froe import cli, configuring, inquiry, target
from froe.configuration_differences import differences
from froe.configuring import Configuring, Written, checked
from froe.deployment import configured
from froe.deployment.checks.configuration import check_configuration
from froe.deployment.findings import Verdict
from froe.errors import FroeError
from tests.fakes import FakeMeter, Pipeline, in_time
from tests.soak.aws import QUARANTINE, S3
from tests.soak.dynamodb import DynamoDB
from tests.soak.world import World
from tests.stage_answers import examined
from tests.unit.test_dead_letters import drain

TILL = r"""
[[format]]
name = "till"
pattern = 'till(?<till>[0-9]+) (?<count>[0-9]+) (?<message>.*)'
samples = ["till7 12 coffees"]

[[bind]]
prefix = "tills/"
format = "till"
"""
TYPED = TILL.replace("samples", 'types = { count = "int" }\nsamples')
HIDING = TILL + "\n[[redact]]\nname = 'counts'\nfields = ['count']\n"
HASHING = TILL + "\n[[redact]]\nname = 'counts'\nfields = ['count']\nhash = true\n"
LINES = b"".join(b"till7 %d coffees and a cake\n" % number for number in range(12))


class Stage:
    """The ledger and the bucket of a stage, what people do with them, and a function that reads them."""

    def __init__(self, key: str = "") -> None:
        world = World("calm")
        self.dynamodb, self.s3 = DynamoDB(world, lambda *_: None), S3(world)
        self.store = StoredVersions(self.dynamodb, "ledger", self.s3, QUARANTINE)
        self.audit = Audit(DynamoAudit(self.dynamodb, "ledger"), lambda: datetime.now(UTC), "froe")
        self.people = self.person("ann")
        self.now, self.meter = 1e9, FakeMeter()
        self.deployed = load("[[filter]]\nname = 'none'\nexclude = { pattern = 'nothing' }\n", "froe.toml")
        self.current = CurrentConfiguration(
            self.store, self.deployed, key=key, clock=lambda: self.now, meter=self.meter
        )

    def person(self, who: str) -> Configuring:
        return Configuring(self.store, self.audit, who, lanes=("bulk",))

    def put(self, text: str) -> Version:
        made = self.people.put(checked(text, "froe.toml"))
        assert made
        return made

    def in_use(self) -> Config:
        """Of a function that looks again."""
        self.now += LOOK_SECONDS
        return self.current()

    def objects(self) -> dict[str, Any]:
        return {key: versions for (_, key), versions in self.s3.stored.items()}

    def overwrite(self, data: bytes) -> None:
        """What functions read of the newest version."""
        newest = self.store.newest()
        assert newest
        self.s3.add(QUARANTINE, f"configuration/{newest.digest}.json", data)

    def delete(self) -> None:
        newest = self.store.newest()
        assert newest
        del self.s3.stored[QUARANTINE, f"configuration/{newest.digest}.json"]

    def register_otherwise(self, change: Callable[[dict[str, Any]], None]) -> None:
        """As another Froe would have compiled the newest version."""
        newest = self.store.newest()
        assert newest
        stored = json.loads(self.objects()[f"configuration/{newest.digest}.json"][0].data)
        change(stored)
        data = json.dumps(stored).encode()
        self.store.put(f"{digest_of(data)}.json", data)
        number = newest.number + 1
        assert self.store.register(newest._replace(number=number, digest=digest_of(data), froe="0.1"))


def test_a_function_takes_a_new_version_after_some_seconds_and_says_which_it_is() -> None:
    stage = Stage()
    assert stage.current() is stage.deployed
    stage.put(TILL)
    assert stage.current() is stage.deployed
    assert (stage.in_use().version, stage.current().format_bound_to("tills/a")) == (1, "till")
    stage.put(HIDING)
    assert stage.current().version == 1
    assert [each.name for each in stage.in_use().rules.redactions] == ["counts"]


def test_a_clock_that_is_set_back_does_not_keep_a_function_from_looking() -> None:
    stage = Stage()
    stage.current()
    stage.put(TILL)
    stage.now -= 3600
    assert stage.current().version == 1


def test_a_stage_that_has_none_asks_the_ledger_once_in_that_time_and_the_bucket_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage, asked = Stage(), []
    query = stage.dynamodb.query
    monkeypatch.setattr(stage.dynamodb, "query", lambda **request: asked.append(request) or query(**request))
    monkeypatch.setattr(stage.s3, "get_object", lambda **request: pytest.fail(str(request)))
    for _ in range(1000):
        stage.current()
    assert [(each["Limit"], each["ScanIndexForward"]) for each in asked] == [(1, False)]
    stage.in_use()
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (TILL.replace("(?<till>[0-9]+)", "(a+)+(?<till>[0-9]+)"), 4, "has no bound"),
        (TILL.replace("till7 12", "till7 no"), 5, "goes as far as"),
        (TILL.replace('format = "till"', 'format = "tll"'), 9, "tll"),
        ("[[format", 1, "it is not TOML"),
    ],
)
def test_what_does_not_pass_is_refused_with_its_line_and_nothing_is_kept(
    text: str, line: int, reason: str, tmp_path: Path
) -> None:
    stage, file = Stage(), tmp_path / "froe.toml"
    file.write_text(text)
    result = commands(stage)("config", "put", str(file))
    assert result.exit_code == 2
    assert f"{file}, line {line}: " in result.output
    assert reason in result.output
    assert (stage.people.listed(), stage.objects()) == ([], {})


def _other_form(stored: dict[str, Any]) -> None:
    stored["form"] = 99


def _no_form(stored: dict[str, Any]) -> None:
    del stored["form"]


def _unknown_key(stored: dict[str, Any]) -> None:
    stored["bindings"][0]["owner"] = "ann"


REFUSED: list[tuple[Callable[[Stage], None], str]] = [
    (lambda stage: stage.overwrite(b"{}"), "was overwritten: it has not the SHA-256"),
    (lambda stage: stage.overwrite(b""), "was overwritten"),
    (Stage.delete, "is gone, or may not be read"),
    (lambda stage: stage.register_otherwise(_other_form), "compiled in form 99"),
    (lambda stage: stage.register_otherwise(_no_form), "another Froe compiled it"),
    (lambda stage: stage.register_otherwise(_unknown_key), "another Froe compiled it"),
]


@pytest.mark.parametrize(("spoil", "reason"), REFUSED)
def test_what_is_not_as_it_was_registered_is_refused_and_what_was_deployed_is_used(
    spoil: Callable[[Stage], None], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage()
    stage.put(TYPED)
    spoil(stage)
    with caplog.at_level(logging.ERROR, "froe"):
        assert stage.current() is stage.deployed
        assert stage.current() is stage.deployed
    (line,) = caplog.records
    assert line.message == "configuration_refused"
    assert reason in vars(line)["reason"]
    assert stage.meter.sum(metrics.CONFIGURATIONS_REFUSED) == 1
    stage.put(TYPED + "\n# once more\n")
    newest = stage.store.newest()
    assert newest
    assert stage.in_use().version == newest.number


def test_a_function_that_has_a_former_version_goes_on_with_that() -> None:
    stage = Stage()
    stage.put(TILL)
    assert stage.in_use().version == 1
    stage.put(TYPED)
    stage.delete()
    assert stage.in_use().version == 1


@pytest.mark.parametrize(("spoil", "reason"), REFUSED)
def test_no_file_is_opened_without_what_hides_its_fields(spoil: Callable[[Stage], None], reason: str) -> None:
    stage = Stage()
    stage.put(HIDING)
    spoil(stage)
    for _ in range(2):
        with pytest.raises(ConfigurationRefusedError, match=reason):
            stage.current()
    stage.people.roll_back("deployed")
    assert stage.in_use() is stage.deployed


def test_a_keyed_hash_needs_the_key_of_the_functions() -> None:
    stage = Stage()
    stage.put(HASHING)
    with pytest.raises(ConfigurationRefusedError, match="REDACTION_KEY"):
        stage.current()
    keyed = Stage(key="a key for tests only")
    keyed.put(HASHING)
    assert keyed.current().rules.key_id


def test_an_overwritten_object_is_put_again_with_the_same_file() -> None:
    stage = Stage()
    stage.put(HIDING)
    stage.overwrite(b"{}")
    assert stage.people.put(checked(HIDING, "froe.toml")) is None
    assert stage.in_use().version == 1


def test_of_two_who_put_at_once_one_is_refused_and_sees_why(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    stage.put(TILL)
    seen = stage.store.newest()
    bob = stage.person("bob")
    with monkeypatch.context() as before:
        before.setattr(stage.store, "newest", lambda: seen)
        stage.put(TYPED)
        with pytest.raises(FroeError, match="Somebody else put version 2 meanwhile"):
            bob.put(checked(HIDING, "froe.toml"))
    with pytest.raises(FroeError, match="Version 2 is in use, which ann put, not 1"):
        bob.put(checked(HIDING, "froe.toml"), replaces=1)
    made = bob.put(checked(HIDING, "froe.toml"), replaces=2)
    assert made
    assert [(each.number, each.by) for each in stage.people.listed()] == [(3, "bob"), (2, "ann"), (1, "ann")]


def test_a_rollback_is_a_version_of_its_own_and_passes_the_checks_again() -> None:
    stage = Stage()
    with pytest.raises(FroeError, match="No configuration was ever put"):
        stage.people.roll_back()
    stage.put(TILL)
    stage.put(HIDING)
    made = stage.people.roll_back()
    assert (made.number, made.of, made.how, made.redacts) == (3, 1, "rollback", False)
    assert stage.people.source(made) == TILL
    assert (stage.in_use().version, stage.current().rules.redactions) == (3, ())
    assert stage.people.roll_back(2).redacts
    with pytest.raises(FroeError, match="what version 4 does, which is in use"):
        stage.people.roll_back(2)
    with pytest.raises(FroeError, match="There is no version 9"):
        stage.people.roll_back(9)
    assert stage.people.roll_back("deployed").is_deployed
    assert stage.in_use() is stage.deployed
    with pytest.raises(FroeError, match="in use already"):
        stage.people.roll_back("deployed")
    assert stage.people.roll_back().of == 4
    actions = [deed["action"] for deed in stage.audit.page()["items"]]
    assert sorted(actions) == [*["config-put"] * 2, *["config-rollback"] * 4]


def test_the_first_version_rolls_back_to_what_was_deployed() -> None:
    stage = Stage()
    stage.put(TILL)
    assert stage.people.roll_back().is_deployed


def test_a_rollback_to_a_file_that_is_gone_or_passes_no_more_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    first = stage.put(TILL)
    stage.put(TYPED)
    with monkeypatch.context() as stricter:
        stricter.setattr(configuring, "load", refusing)
        with pytest.raises(ConfigError, match="version 1, line 4"):
            stage.people.roll_back()
    del stage.s3.stored[QUARANTINE, f"configuration/{first.source}.toml"]
    with pytest.raises(
        FroeError, match=r"Version 1 of the configuration cannot be read: its object \S+ is gone"
    ):
        stage.people.roll_back()
    assert len(stage.people.listed()) == 2


def refusing(_text: str, file: str, _key: str | None) -> Config:
    raise ConfigError(file, 4, "its pattern has no bound")


def test_a_file_keeps_the_version_that_it_was_opened_with() -> None:
    """Its splits are queued before the put, cut and parsed after it."""
    stage, pipeline = Stage(), Pipeline(Limits(split_bytes=100, batch_max_lines=3), piece_bytes=64)
    pipeline.set_limits(Limits(split_bytes=100, batch_max_lines=3), stage.current)
    stage.put(HIDING)
    before = pipeline.splitter.ingest(pipeline.objects.add("tills/a.log", LINES), in_time())
    queued = [decode(each.body) for each in pipeline.split_queue.messages]
    assert sum(isinstance(each, SplitMessage) for each in queued) > 1
    stage.put(TYPED)
    stage.now += LOOK_SECONDS
    after = pipeline.splitter.ingest(pipeline.objects.add("tills/b.log", LINES), in_time())
    assert before
    assert after
    drain(pipeline)
    plans = [pipeline.table.files[file_id].plan for file_id in (before, after)]
    assert [plan.configuration for plan in plans] == [1, 2]
    assert [to_plan(from_plan(plan)) for plan in plans] == plans
    counts = [
        {str(record["attributes"]["count"]) for record in records_of(pipeline, file_id)}
        for file_id in (before, after)
    ]
    assert counts == [{"[counts]"}, {str(number) for number in range(12)}]


def records_of(pipeline: Pipeline, file_id: str) -> list[dict[str, Any]]:
    from tests.unit.test_reprocessing import status_of

    records = status_of(pipeline).records(file_id, limit=100)["items"]
    assert len(records) == 12
    return list(records)


def test_the_status_shows_the_version_and_a_reprocess_takes_the_one_of_today() -> None:
    from tests.unit.test_reprocessing import status_of

    stage, pipeline = Stage(), Pipeline(Limits(), piece_bytes=64)
    pipeline.set_limits(Limits(), stage.current)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("tills/a.log", LINES), in_time())
    assert file_id
    drain(pipeline)
    assert status_of(pipeline).file(file_id)["configuration"] is None
    stage.put(TILL)
    stage.now += LOOK_SECONDS
    pipeline.reprocessing.begin(file_id)
    drain(pipeline)
    pipeline.clock.advance(7200)
    pipeline.sweeper.sweep(in_time())
    assert status_of(pipeline).file(file_id)["configuration"] == 1


def test_differences_are_said_in_words() -> None:
    old = TILL + "\n[[filter]]\nname = 'free'\nexclude = { field = 'count', equals = 0 }\n"
    new = TYPED.replace('format = "till"', 'format = "json"') + (
        "\n[[redact]]\nname = 'people'\nkinds = ['ip']\n\n[[format]]\nname = 'shop'\npattern = 'shop (?<message>.*)'\n"
        "samples = ['shop x']\n"
    )
    before, after = load(old, "a"), load(new, "b")
    assert [str(each) for each in differences(before, after)] == [
        "format till changed: fields",
        "format shop added",
        "binding tills/ changed: format",
        "filter free removed",
        "redaction people added",
    ]
    assert differences(before, before) == []
    turned = replace(after, rules=replace(after.rules, formats=after.rules.formats[::-1]))
    assert [str(each) for each in differences(after, turned)] == ["formats: in another order"]


def commands(stage: Stage) -> Callable[..., Any]:
    settings = SimpleNamespace(lanes=("audit",), sink=Sink.NONE)
    services = SimpleNamespace(versions=stage.store, audit=stage.audit, settings=settings)

    def froe(*words: str) -> Any:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(target, "find_target", lambda stage: stage)
            patched.setattr(inquiry, "services_of", lambda _: services)
            return CliRunner().invoke(cli.main, words)

    return froe


@pytest.mark.parametrize(
    ("rule", "drops"),
    [
        ("exclude = { pattern = '.' }", True),
        ("exclude = [{ pattern = '^x$' }, { pattern = '^' }]", True),
        ("exclude = { pattern = '[a-z]' }", False),
        ("exclude = { pattern = '^.$' }", False),
        ("exclude = { pattern = '.', field = 'user.name' }", False),
        ("include = { pattern = '.' }", False),
    ],
)
def test_a_filter_that_drops_every_line_is_warned_of(tmp_path: Path, *, rule: str, drops: bool) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f"{TILL}\n[[filter]]\nname = 'noise'\n{rule}\n")
    froe = commands(Stage())
    for command in ("diff", "put"):
        result = froe("config", command, str(file))
        assert result.exit_code == 0, result.output
        assert ("Filter noise drops every line of any format" in result.stderr) == drops


def test_the_commands_put_list_show_compare_and_roll_back(tmp_path: Path) -> None:
    stage, file = Stage(), tmp_path / "mine.toml"
    froe = commands(stage)
    assert "No configuration was put" in froe("config").stderr
    assert "No configuration was put here" in froe("config", "get").output
    file.write_text(TILL)
    assert froe("config", "diff", str(file)).stdout == "  format till added\n  binding tills/ added\n"
    assert froe("config", "put", str(file)).stdout == (
        "Version 1 of the configuration holds for files that are opened in 10 seconds and later.\n"
        "  format till added\n  binding tills/ added\n"
    )
    assert "Version 1 says the same" in froe("config", "put", str(file)).stdout
    file.write_text(TILL, encoding="utf-8-sig")
    assert "Version 1 says the same" in froe("config", "put", str(file)).stdout, (
        "whatever mark it begins with"
    )
    file.write_text(HIDING)
    assert froe("config", "diff", str(file)).stdout == "  redaction counts added\n"
    made = json.loads(froe("config", "put", str(file), "--json").stdout)
    assert (made["version"], made["changes"]) == (2, ["redaction counts added"])
    assert froe("config", "get", "1").stdout == TILL
    assert json.loads(froe("config", "get", "--json").stdout)["text"] == HIDING
    (only,) = map(json.loads, froe("config", "diff", "2", "1", "--json").stdout.splitlines())
    assert only == {"kind": "redaction", "name": "counts", "change": "removed", "what": []}
    assert "what version 1 says" in froe("config", "rollback").stdout
    assert "what was deployed" in froe("config", "rollback", "deployed").stdout
    assert "no version: give its number" in froe("config", "rollback", "yesterday").output
    listed = [json.loads(line) for line in froe("config", "--json").stdout.splitlines()]
    assert [(each["version"], each["how"], each["in_use"]) for each in listed] == [
        (4, "rollback", True),
        (3, "rollback", False),
        (2, "put", False),
        (1, "put", False),
    ]
    table = froe("config").stdout
    assert "rollback to 1" in table
    assert "in use" in table


@pytest.mark.parametrize(
    ("binding", "reason"),
    [("lane = 'bulk'", "the lane bulk, which the stage does not have"), ("layout = 'none'", "no sink")],
)
def test_a_binding_to_what_the_stage_does_not_have_is_refused(
    binding: str, reason: str, tmp_path: Path
) -> None:
    stage, file = Stage(), tmp_path / "froe.toml"
    froe = commands(stage)
    stage.put(f"[[bind]]\nprefix = 'a/'\n{binding}\n")
    file.write_text("[[bind]]\nprefix = 'a/'\nlane = 'audit'\n")
    assert froe("config", "put", str(file)).exit_code == 0
    file.write_text(f"[[bind]]\nprefix = 'b/'\n{binding}\n")
    for refused in (froe("config", "put", str(file)), froe("config", "rollback")):
        assert (refused.exit_code, reason in refused.output) == (1, True)
    assert [each.number for each in stage.people.listed()] == [2, 1]


def test_an_object_that_was_overwritten_is_not_given_back() -> None:
    stage = Stage()
    made = stage.put(TILL)
    stage.s3.add(QUARANTINE, f"configuration/{made.source}.toml", b"[[format]]")
    result = commands(stage)("config", "get")
    assert (result.exit_code, "has not the SHA-256" in result.output) == (1, True)


def deploying(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> tuple[Written | None, list[str]]:
    """What a deploy is to put anew, and what it says."""
    monkeypatch.setattr(configured, "configuring", lambda *_: stage.person("carl"))
    lines: list[str] = []
    return configured.check(examined({}).cloud, examined({}).stage, lines.append), lines


def test_a_deploy_compiles_anew_what_another_froe_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    assert deploying(stage, monkeypatch) == (None, [])
    stage.put(HIDING)
    anew, (line,) = deploying(stage, monkeypatch)
    assert anew is None
    assert "Version 1 of the configuration, which ann put, stays in use" in line
    stage.register_otherwise(lambda stored: stored.update(remark="of another Froe"))
    assert stage.in_use().version == 2, "functions of a new version read what the one before compiled"
    anew, _ = deploying(stage, monkeypatch)
    assert anew
    configured.put_anew(examined({}).cloud, examined({}).stage, anew, lambda _: None)
    newest = stage.store.newest()
    assert newest
    assert (newest.number, newest.how, newest.by, newest.redacts) == (3, "deploy", "carl", True)
    assert stage.in_use().version == 3
    assert deploying(stage, monkeypatch)[0] is None
    stage.people.roll_back("deployed")
    assert deploying(stage, monkeypatch) == (None, [])


def test_a_deploy_stops_at_what_does_not_pass_the_checks_of_its_froe(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    stage.put(TILL)
    monkeypatch.setattr(configuring, "load", refusing)
    with pytest.raises(ConfigError, match="version 1, line 4"):
        deploying(stage, monkeypatch)


def test_a_file_that_is_gone_does_not_keep_a_deploy_back(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    made = stage.put(TILL)
    del stage.s3.stored[QUARANTINE, f"configuration/{made.source}.toml"]
    anew, lines = deploying(stage, monkeypatch)
    assert anew is None
    assert "It is not compiled anew: Version 1 of the configuration cannot be read" in lines[-1]
    assert stage.in_use().version == 1


def findings_of(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Verdict, str]]:
    monkeypatch.setattr(configured, "configuring", lambda *_: stage.people)
    return [(each.verdict, f"{each.what}: {each.remedy}") for each in check_configuration(examined({}))]


def test_the_doctor_says_nothing_where_none_was_put_and_names_what_functions_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    assert findings_of(stage, monkeypatch) == []
    stage.put(TILL)
    ((verdict, what),) = findings_of(stage, monkeypatch)
    assert (verdict, "is in use in place of the deployed froe.toml" in what) == (Verdict.OK, True)
    stage.register_otherwise(lambda stored: stored.update(remark="of another Froe"))
    ((verdict, what),) = findings_of(stage, monkeypatch)
    assert (verdict, "compiled by Froe 0.1" in what) == (Verdict.WARNING, True)
    stage.register_otherwise(_other_form)
    ((verdict, what),) = findings_of(stage, monkeypatch)
    assert (verdict, "is not used: it is compiled in form 99" in what) == (Verdict.FAULT, True)
    stage.put(HASHING)
    ((verdict, what),) = findings_of(stage, monkeypatch)
    assert (verdict, "REDACTION_KEY" in what) == (Verdict.FAULT, True)
    stage.put(TYPED)
    with monkeypatch.context() as stricter:
        stricter.setattr(configuring, "load", refusing)
        ((verdict, what),) = findings_of(stage, monkeypatch)
    assert (verdict, "does not pass the checks of this Froe" in what) == (Verdict.FAULT, True)
    stage.delete()
    ((verdict, what),) = findings_of(stage, monkeypatch)
    assert (verdict, "is gone" in what) == (Verdict.FAULT, True)


def test_versions_are_listed_by_number_whatever_the_clocks_of_people_say() -> None:
    stage = Stage()
    stage.put(TILL)
    newest = stage.store.newest()
    assert newest
    stage.store.register(newest._replace(number=2, at=newest.at - timedelta(days=1)))
    stage.store.register(newest._replace(number=10))
    assert [each.number for each in stage.people.listed()] == [10, 2, 1]
