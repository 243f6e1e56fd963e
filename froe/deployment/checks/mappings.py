"""What feeds the functions: one complete and enabled mapping each; exactly one way to announce objects; the schedule."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from chalicelib.core.plan.lanes import DEFAULT, lane_of, worker_of
from chalicelib.core.plan.layouts import Layout
from chalicelib.settings import SettingsError, tuning_number
from froe import mappings
from froe.deployment import event_sources, notifications
from froe.deployment.checks.concurrency import UNBOUNDED, pollers
from froe.deployment.checks.examined import Examined
from froe.deployment.deploy import announced_to
from froe.deployment.findings import Finding, fault, ok
from froe.deployment.fitting import CONCURRENCY, TIMEOUT_SECONDS, UNITS_AT_ONCE, held_units
from froe.deployment.stages import DIRECT
from froe.errors import FroeError
from froe.function_options import read_options

AREA: Final = "mappings"
WAY_IN: Final = "way in"
_FEEDING: Final = {"Enabled", "Enabling", "Updating", "Creating"}


def check_mappings(examined: Examined) -> Iterator[Finding]:
    """Each queue's and the stream's."""
    for function, source in event_sources.sources(examined.cloud, examined.stage).items():
        yield _mapping(examined, function, source)
        yield from _strays(examined, function, source)
    rule = f"froe-{examined.stage.name}-sweeper-event"
    schedule = examined.ask("events", "describe_rule", Name=rule)
    if schedule is None or schedule.get("State", "ENABLED") != "ENABLED":
        state = "does not exist" if schedule is None else f"is {schedule['State']}"
        yield fault(
            AREA, f"the schedule {rule} {state}, so that nothing is swept", f"{examined.deploy} fixes it"
        )
    else:
        yield ok(AREA, f"the sweeper runs at {schedule.get('ScheduleExpression')}")


def check_way_in(examined: Examined) -> Iterator[Finding]:
    """The input bucket's notifications reach this stage in the way INGEST says and in no other."""
    bucket = examined.stage.settings.get("INPUT_BUCKET", "")
    reply = examined.ask("s3", "get_bucket_notification_configuration", Bucket=bucket)
    if reply is None:
        yield fault(WAY_IN, f"the input bucket {bucket} does not exist", f"{examined.deploy} makes it, empty")
        return
    ingest = examined.stage.ingest
    splitter = examined.cloud.arn("lambda", f"function:{examined.stage.function_name('splitter')}")
    own = {splitter: "direct", announced_to(examined.cloud, examined.stage): ingest}
    own[examined.cloud.arn("sqs", examined.stage.settings["SPLIT_QUEUE"].rsplit("/", 1)[-1])] = "queue"
    ways = notifications.ways_in(reply, own)
    if ingest == "eventbridge" and notifications.EVENTBRIDGE in reply:
        ways.append("eventbridge")
    expected = [ingest]
    if ways == expected:
        yield ok(WAY_IN, f"{bucket} announces its objects in one way: {ingest}")
    elif not ways:
        yield fault(
            WAY_IN, f"{bucket} does not announce its objects to this stage", f"{examined.deploy} fixes it"
        )
    else:
        yield fault(
            WAY_IN,
            f"{bucket} announces its objects by {' and '.join(ways)}, not by {ingest} alone",
            f"{examined.deploy} fixes it",
        )
    if ingest == DIRECT and ways == expected:
        yield _permission(examined, bucket)


def _strays(examined: Examined, function: str, source: str) -> Iterator[Finding]:
    name = examined.stage.function_name(function)
    if source and examined.ask("lambda", "get_function_configuration", FunctionName=name):
        for each in mappings.strays(examined.cloud.client("lambda"), name, source):
            yield fault(
                AREA, f"{name} is fed from {each['EventSourceArn']} too", f"{examined.deploy} unmaps it"
            )


def _permission(examined: Examined, bucket: str) -> Finding:
    name = examined.stage.function_name("splitter")
    policy = (examined.ask("lambda", "get_policy", FunctionName=name) or {}).get("Policy", "")
    if f":s3:::{bucket}" in policy:
        return ok(WAY_IN, f"S3 may call {name}")
    return fault(WAY_IN, f"S3 may not call {name} for {bucket}", f"{examined.deploy} permits it")


def _mapping(examined: Examined, function: str, source: str) -> Finding:
    name = examined.stage.function_name(function)
    arn = examined.cloud.arn("lambda", f"function:{name}")
    pages = examined.pages("lambda", "list_event_source_mappings", EventSourceArn=source) if source else []
    listed: list[dict[str, Any]] = [
        each
        for page in pages
        for each in page["EventSourceMappings"]
        if each["FunctionArn"] == arn and each.get("State") != "Deleting"
    ]
    feeds = f"{source.split(':', 5)[-1].partition('/stream/')[0]} → {name}"
    if not listed:
        return fault(AREA, f"nothing feeds {name} from {source}", f"{examined.deploy} maps it")
    if len(listed) > 1:
        spare = " ".join(each["UUID"] for each in listed[1:])
        return fault(
            AREA,
            f"{feeds} is mapped {len(listed)} times",
            f"delete the spare ones (aws lambda delete-event-source-mapping --uuid {spare})",
        )
    (mapping,) = listed
    own = read_options(examined.stage)[name]
    if own.mapping_enabled != (mapping.get("State") in _FEEDING):
        does = "enables" if own.mapping_enabled else "disables"
        return fault(AREA, f"{feeds} is {mapping.get('State')}", f"{examined.deploy} {does} it")
    lacking = mappings.lacking(mapping)
    if lacking:
        return fault(
            AREA,
            f"{feeds} is without {', '.join(lacking)}, so that messages may be lost",
            f"{examined.deploy} adds it",
        )
    limit = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency")
    if limit != own.maximum_concurrency:
        what = f"{feeds} has a maximum concurrency of {limit}, not {own.maximum_concurrency}"
        return fault(AREA, what, f"{examined.deploy} sets it")
    if own.batch_size is not None and mapping.get("BatchSize", own.batch_size) != own.batch_size:
        what = f"{feeds} takes {mapping['BatchSize']} messages at once, not {own.batch_size}"
        return fault(AREA, what, f"{examined.deploy} sets it")
    if function == "notifier":
        waits, expected = mapping.get("MaximumBatchingWindowInSeconds", 0), _window_seconds(examined)
        if waits != expected:
            what = f"{feeds} gathers for {waits} s, and NOTICES_WINDOW_SECONDS is {expected}"
            return fault(AREA, what, f"{examined.deploy} sets it")
    if not own.mapping_enabled:
        return ok(AREA, f"{feeds} is disabled, as the configuration says: `froe consume` takes its messages")
    lane = lane_of(function)
    if lane is not None and (overload := _overload(examined, lane)):
        return overload
    return ok(AREA, f"{feeds} is mapped once, and reports failures one by one")


def _window_seconds(examined: Examined) -> int:
    try:
        return tuning_number(examined.stage.settings, "NOTICES_WINDOW_SECONDS")
    except SettingsError as error:
        raise FroeError(f"The stage {examined.stage.name}: {error}.") from error


def _overload(examined: Examined, lane: str) -> Finding | None:
    """Where the workers of all lanes together could not write their batches within their time: most would be in vain.

    By what the table really has: whoever gives it less than the parameters say is told here."""
    stage = examined.stage
    reply = examined.ask("dynamodb", "describe_table", TableName=stage.settings.get("RECORDS_TABLE", ""))
    expected, name = stage.fit_of(lane), worker_of(lane)
    units = held_units(reply["Table"]) if reply else expected.units_per_second
    fed = pollers(stage)
    workers = fed[name] or UNBOUNDED
    others = sum(fed[worker_of(each)] or UNBOUNDED for each in (DEFAULT, *stage.lanes) if each != lane)
    fit = replace(expected, units_per_second=units, maximum_concurrency=workers, other_workers=others)
    if examined.cloud.local:
        return None
    if units < (least := UNITS_AT_ONCE[stage.layout]):
        return fault(
            AREA,
            f"the records table takes {units:,} write units/s, and an item of the layout {stage.layout} up to {least} at once",
            f"set RecordsMaxWriteUnits to {least} or more, then {examined.deploy}",
        )
    if fit.holds:
        return None
    most, longer = fit.fitting_concurrency, fit.timeout_seconds < TIMEOUT_SECONDS[1]
    remedies = [
        f"set maximum_concurrency of {name} to at most {most:,}" if most >= CONCURRENCY[0] else "",
        f"take lambda_timeout and maximum_concurrency of {name} out" if longer else "",
        f"raise RecordsMaxWriteUnits to {fit.fitting_units:,}",
        "take the layout packed" if stage.layout is not Layout.PACKED else "",
    ]
    return fault(
        AREA,
        f"{workers} workers{f' of the lane {lane} and {others} of others' if others else ''} with {fit.units_per_batch:,} write units a batch need more than the {units:,} units/s of the"
        f" records table allow in their {fit.timeout_seconds} s: they would wait for each other at your cost",
        f"{', or '.join(filter(None, remedies))}; then {examined.deploy}",
    )
