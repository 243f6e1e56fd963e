"""Deploys a stage: resources, settings, policies, functions, then a check of the result.

Promise: a second run changes only what differs and continues where the first stopped; the API token is shown once and
only its digest is stored. Limits: the files in .chalice name your account, but contain no secrets.
"""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import botocore.exceptions
import click

from chalicelib.configuration import PACKAGED, read_config
from froe import policies
from froe.deployment import (
    configured,
    drift,
    event_sources,
    existing_resources,
    leftovers,
    notifications,
    others,
    record,
    stacks,
)
from froe.deployment.chalice_runs import run_chalice
from froe.deployment.cloud import Cloud, connect
from froe.deployment.existing_bucket import check_bucket
from froe.deployment.rules import check_rules
from froe.deployment.stage_files import (
    new_stage,
    parameters_file,
    read_stage,
    unknown_stage,
    with_settings,
    with_workers,
    write_stage,
)
from froe.deployment.stages import DIRECT, Stage
from froe.deployment.templates import (
    BACKFILL,
    DATA,
    IMAGE,
    LANES,
    OBSERVABILITY,
    PROCESSES,
    StackTemplate,
    check_parameters,
    load,
)
from froe.errors import FroeError
from froe.lanes import unfit_lanes
from froe.resources import ROOT, TOKEN_SETTING, Report, read_template

EXISTING_BUCKET: Final = "ExistingInputBucket"
"""The parameter that names an input bucket of the user's own."""
KEY_SETTING: Final = "KEY_ARN"
KEY_OUTPUT: Final = "KeyArn"
"""The key of the stage: for the policies, which name it; no function reads the setting."""
SECONDS_SETTING: Final = "QUEUED_SPLITTER_SECONDS"
"""The timeout of the function that cuts what is compressed, which it has to know before it begins."""
TOKEN_BYTES: Final = 32
NO_PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stage whose resources are there; `cloud` is where."""

    cloud: Cloud
    stage: Stage


def say(line: str) -> None:
    """To the people at the terminal."""
    click.echo(line, err=True)


def deploy(
    name: str,
    *,
    parameters: Mapping[str, str] | None = None,
    with_backfill: bool = False,
    new_token: bool = False,
    is_new: Callable[[str], bool] = lambda _: True,
    report: Report = say,
    root: Path = ROOT,
) -> Prepared:
    """Bring the stage to what the checkout says; FroeError in one sentence if it cannot.

    `parameters` go before those of infra/parameters. `new_token` makes another API token, the one before ends with
    the deploy. `is_new` is asked whether a stage that there is none of is to be made, and is given the sentence.
    Raises ConfigError where the configuration file is wrong, or what `froe config put` put does not pass any more: then
    nothing is touched.
    """
    stage = read_stage(name, root)
    if stage is None:
        sentence = unknown_stage(name, root)
        if not is_new(sentence):
            raise FroeError(f"{sentence} `froe deploy --stage {name} --new` makes it.")
        stage = new_stage(name, root, report)
    check_config(stage, root)
    given = {**stage.parameters, **(parameters or {})}
    check_templates(stage, given, root, with_backfill=with_backfill)
    cloud = connect(name)
    refuse_together(cloud, stage, parameters or {}, root, with_backfill=with_backfill)
    with _refusals_told():
        bucket = given.get(EXISTING_BUCKET, existing_bucket_of(cloud, stage))
        if bucket:
            check_bucket(cloud, bucket, EXISTING_BUCKET, str(parameters_file(name)))
    anew = configured.check(cloud, stage, report)
    if new_token or not stage.settings.get(TOKEN_SETTING):
        token, stage = tokened(stage)
        write_stage(stage, root)  # before anything can fail: what was shown stays true
        report(f"API token, shown only once: {token}")
    prepared = prepare(
        cloud, stage, parameters=parameters, with_backfill=with_backfill, report=report, root=root
    )
    report(f"Deploying the functions with chalice deploy --stage {name}")
    run_chalice("deploy", name, root, f"`froe deploy --stage {name}`")
    finish(prepared, report)
    if anew:
        configured.put_anew(prepared.cloud, prepared.stage, anew, report)
    return prepared


def check_config(stage: Stage, root: Path) -> None:
    """Raises ConfigError where the configuration file of the functions is wrong, FroeError where it binds files to a lane that
    the stage does not have."""
    packaged = root / "chalicelib" / PACKAGED.name
    config = read_config(environment={**os.environ, **stage.settings}, packaged=packaged)
    if unfit := unfit_lanes(config, stage.lanes):
        raise FroeError(f"{unfit}.")


def check_templates(
    stage: Stage, given: Mapping[str, str], root: Path, *, with_backfill: bool = False
) -> None:
    """FroeError for a parameter that no template takes as it is given."""
    templates = list(templates_of(stage, root, local=False, with_backfill=with_backfill).values())
    check_parameters(given, templates, str(parameters_file(stage.name)))


def refuse_together(
    cloud: Cloud, stage: Stage, parameters: Mapping[str, str], root: Path, *, with_backfill: bool
) -> None:
    """FroeError for parameters that a template's rules refuse together, with what its stack keeps."""
    for template in templates_of(stage, root, local=False, with_backfill=with_backfill).values():
        kept = stacks.parameters(cloud, template.stack_name(stage.name))
        given = {"Stage": stage.name, **stage.given, **parameters}
        check_rules(template, given, kept, str(parameters_file(stage.name)))


def tokened(stage: Stage) -> tuple[str, Stage]:
    """A new API token, and the stage that knows its digest."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, with_settings(stage, {TOKEN_SETTING: hashlib.sha256(token.encode()).hexdigest()})


def prepare(
    cloud: Cloud,
    stage: Stage,
    *,
    parameters: Mapping[str, str] | None = None,
    with_backfill: bool = False,
    report: Report,
    root: Path,
) -> Prepared:
    """Everything that has to be there before Chalice deploys: resources, the settings that name them, policies."""
    stage = with_workers(stage)
    templates = templates_of(
        stage, root, local=cloud.local, with_backfill=with_backfill, parameters=parameters or {}
    )
    given = {**stage.given, **(parameters or {})}
    if stage.ingest != DIRECT and "Ingest" not in templates[DATA].parameters:
        raise FroeError(
            f"infra/data.json has no parameter Ingest: restore it, or set INGEST of {stage.name} to direct."
        )
    source = str(parameters_file(stage.name))
    check_parameters({**stage.parameters, **(parameters or {})}, list(templates.values()), source)
    report(
        f"Bringing the resources of stage {stage.name} up to date in account {cloud.account}, {cloud.region}"
    )
    with _refusals_told():
        others.check(cloud, stage)
        leftovers.refuse(cloud, stage)
        lanes = leftovers.with_left(cloud, stage, templates.get(LANES))
        templates |= {} if lanes is None else {LANES: lanes}
        before = stacks.parameters(cloud, f"froe-{stage.name}").get(others.PARAMETER, "")
        outputs = stacks.create_or_update(cloud, stage.name, templates[DATA], given, report)
        own = {
            "INGEST": stage.ingest,
            SECONDS_SETTING: str(stage.timeout_seconds("queued_splitter")),
        }
        stage = with_settings(stage, {**settings_in(outputs, root), **own})
        write_stage(stage, root)
        for template in (each for name, each in templates.items() if name != DATA):
            stacks.create_or_update(cloud, stage.name, template, {**outputs, **given}, report)
        for template in templates.values():
            drift.fix(cloud, stage.name, template, report, key=outputs.get(KEY_OUTPUT, ""))
        policies.write(stage.name, policies.values_of(stage.name, stage.settings), root, stage.others)
        record.bring_up_to_date(cloud, stage, root)
        others.announce(cloud, stage, filter(None, before.split(",")), report)
        if stage.ingest == DIRECT:
            # S3 refuses two entries for the same objects: ours goes before Chalice's.
            _announce(cloud, stage, report)
    return Prepared(cloud, stage)


def finish(prepared: Prepared, report: Report) -> None:
    """What can be done only once Chalice has let go: our entry in the notifications of a bucket that the user brought,
    the schedule that it made and leaves switched off, the mappings of sources that are no more."""
    cloud, stage = prepared.cloud, prepared.stage
    with _refusals_told():
        leftovers.remove(cloud, stage, report)
        event_sources.remove_strays(cloud, stage, report)
        drift.enable_rule(cloud, f"froe-{stage.name}-sweeper-event", report)
        if stage.ingest != DIRECT:
            _announce(cloud, stage, report)
            _restore_way_in(cloud, stage, report)


@contextlib.contextmanager
def _refusals_told() -> Iterator[None]:
    """FroeError, in one sentence, for what AWS refuses."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        raise FroeError(
            f"AWS refused {error.operation_name}: {error.response['Error']['Message']}"
        ) from error


def _announce(cloud: Cloud, stage: Stage, report: Report) -> None:
    bucket = existing_bucket_of(cloud, stage)
    target = announced_to(cloud, stage)
    if bucket and notifications.announce(
        cloud, bucket, stage.name, stage.ingest, target, report, stage.input_keys
    ):
        report(f"Brought the notifications of your bucket {bucket} up to date; entries of others stay")


def _restore_way_in(cloud: Cloud, stage: Stage, report: Report) -> None:
    """Where somebody changed the notifications of the bucket that the stack made."""
    if existing_bucket_of(cloud, stage):
        return
    bucket, target = stage.settings["INPUT_BUCKET"], announced_to(cloud, stage)
    splitter = cloud.arn("lambda", f"function:{stage.function_name('splitter')}")
    queue = cloud.arn("sqs", stage.settings["SPLIT_QUEUE"].rsplit("/", 1)[-1])
    own = {splitter: DIRECT, target: stage.ingest, queue: "queue"}
    current = notifications.read(cloud, bucket)
    expected = notifications.restored(current, stage.name, stage.ingest, target, own)
    if expected != current:
        notifications.put(cloud, bucket, expected, target, report)
        report(f"Brought the notifications of the bucket {bucket} back to {stage.ingest}")


def templates_of(
    stage: Stage,
    root: Path,
    *,
    local: bool,
    with_backfill: bool = False,
    parameters: Mapping[str, str] = NO_PARAMETERS,
) -> dict[str, StackTemplate]:
    """The templates that a stage is made of, by name, the data stack's first. parameters: that go before its own."""
    given = {**stage.parameters, **parameters}
    processes = (PROCESSES,) if given.get(IMAGE) else ()
    names = (DATA, LANES, OBSERVABILITY, *processes, *((BACKFILL,) if with_backfill else ()))
    lanes = stage.lane_seconds(given)
    templates = {name: load(name, root, local=local, lanes=lanes) for name in names}
    data = templates[DATA]
    if data is None:
        raise FroeError(
            "infra/data.json is missing: run froe in a project folder (`froe init DIR` makes one) or a checkout."
        )
    if with_backfill and templates[BACKFILL] is None:
        raise FroeError("infra/backfill.json is missing: deploy without the backfill.")
    return {DATA: data, **{name: each for name, each in templates.items() if each is not None}}


def settings_in(outputs: Mapping[str, str], root: Path) -> dict[str, str]:
    """The data stack's outputs as settings. FroeError if one is missing."""
    template = read_template(root)
    lacking = sorted(set(template.settings) - set(outputs))
    if lacking:
        raise FroeError(f"The data stack lacks the outputs {', '.join(lacking)}: look at its events.")
    settings = {setting: outputs[output] for output, setting in template.settings.items()}
    return settings | ({KEY_SETTING: outputs[KEY_OUTPUT]} if KEY_OUTPUT in outputs else {})


def existing_bucket_of(cloud: Cloud, stage: Stage) -> str:
    """The input bucket that the user brought; empty where it is ours."""
    return stacks.parameters(cloud, f"froe-{stage.name}").get(EXISTING_BUCKET, "")


def announced_to(cloud: Cloud, stage: Stage) -> str:
    """The ARN that a bucket's entry of ours names in the stage's way in."""
    if stage.ingest == "topic":
        for logical, (kind, physical) in existing_resources.resources(cloud, f"froe-{stage.name}").items():
            if kind == "AWS::SNS::Topic" and logical == "UploadsTopic":
                return physical
    return cloud.arn("sqs", stage.settings["SPLIT_QUEUE"].rsplit("/", 1)[-1])
