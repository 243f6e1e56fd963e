"""Stacks: they exist, are complete, match the template and the parameters, and none of their resources was deleted by hand."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from froe.deployment import existing_resources, stacks
from froe.deployment.checks.examined import Examined
from froe.deployment.deploy import EXISTING_BUCKET, KEY_SETTING, settings_in, templates_of
from froe.deployment.findings import Finding, compared, fault, ok
from froe.deployment.stage_files import parameters_file
from froe.deployment.templates import BACKFILL, LANES, StackTemplate
from froe.errors import FroeError
from froe.resources import TOKEN_SETTING

AREA: Final = "stacks"
SETTINGS: Final = "settings"
_WHOLE: Final = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}


def check_stacks(examined: Examined) -> Iterator[Finding]:
    """Each stack of the stage; that of backfills where it has one."""
    backfill = stacks.describe(examined.cloud, f"froe-{examined.stage.name}-{BACKFILL}") is not None
    templates = templates_of(
        examined.stage, examined.root, local=examined.cloud.local, with_backfill=backfill
    )
    for template in templates.values():
        examined = replace(examined, with_backfill=template.name == BACKFILL)
        name = template.stack_name(examined.stage.name)
        stack = stacks.describe(examined.cloud, name)
        if stack is None:
            yield fault(AREA, f"the stack {name} does not exist", f"{examined.deploy} makes it")
            continue
        if stack["StackStatus"] not in _WHOLE:
            yield fault(
                AREA, f"the stack {name} is {stack['StackStatus']}", f"{examined.deploy} says what to do"
            )
            continue
        yield ok(AREA, f"the stack {name} is {stack['StackStatus']}")
        yield from _lost(examined, name)
        yield _template(examined, name, template)
        yield from _parameters(examined, name, template, stack)


def check_settings(examined: Examined) -> Iterator[Finding]:
    """The settings in .chalice/config.json are what the data stack gives."""
    outputs = stacks.outputs(examined.cloud, f"froe-{examined.stage.name}")
    try:
        expected = settings_in(outputs, examined.root)
    except FroeError as error:
        yield fault(SETTINGS, error.message.rstrip("."), f"{examined.deploy} brings the stack up to date")
        return
    settings = examined.stage.settings
    for name, value in expected.items():
        remedy = f"{examined.deploy} writes it to .chalice/config.json"
        yield compared(SETTINGS, name, settings.get(name), value, remedy)
    digest = settings.get(TOKEN_SETTING, "")
    if len(digest) == 64 and set(digest) <= set("0123456789abcdef") and len(set(digest)) > 1:
        yield ok(SETTINGS, f"{TOKEN_SETTING} is the digest of a token")
    else:
        yield fault(
            SETTINGS,
            f"{TOKEN_SETTING} is not the SHA-256 of a token, so either nobody or anybody is let in",
            f"`froe token --stage {examined.stage.name}` makes one",
        )


def check_key(examined: Examined) -> Iterator[Finding]:
    """The stage's key can be used; nothing where it has none."""
    key = examined.stage.settings.get(KEY_SETTING)
    if not key:
        return
    reply = examined.ask("kms", "describe_key", KeyId=key)
    state = reply["KeyMetadata"]["KeyState"] if reply else "gone"
    if state == "Enabled":
        yield ok(AREA, f"the key {key.rsplit('/', 1)[-1]} is enabled")
    elif state == "PendingDeletion":
        cancel = f"aws kms cancel-key-deletion --key-id {key} && aws kms enable-key --key-id {key}"
        yield fault(
            AREA, f"the key {key} is scheduled for deletion, and with it all that it encrypts", cancel
        )
    else:
        yield fault(AREA, f"the key {key} is {state}", f"enable it (aws kms enable-key --key-id {key})")


def _lost(examined: Examined, name: str) -> Iterator[Finding]:
    named_elsewhere = set(examined.stage.settings.values())
    lost = {
        logical: attributes
        for logical, attributes in existing_resources.missing(examined.cloud, name).items()
        if attributes["Ref"] not in named_elsewhere
    }
    for logical, attributes in sorted(lost.items()):
        yield fault(
            AREA,
            f"{logical} ({attributes['Ref']}) of the stack {name} was deleted by hand",
            f"{examined.deploy} makes it again, without what was in it",
        )
    if not lost:
        yield ok(AREA, f"what else the stack {name} holds is there")


def _template(examined: Examined, name: str, template: StackTemplate) -> Finding:
    body = examined.cloud.client("cloudformation").get_template(StackName=name, TemplateStage="Original")[
        "TemplateBody"
    ]
    content = json.loads(body) if isinstance(body, str) else body
    source = "the lanes of the stage" if template.name == LANES else f"infra/{template.name}.json"
    if content == template.content:
        return ok(AREA, f"the stack {name} has the template of {source}")
    return fault(
        AREA,
        f"the stack {name} differs from {source}",
        f"{examined.deploy} updates it",
    )


def _parameters(
    examined: Examined, name: str, template: StackTemplate, stack: Mapping[str, Any]
) -> Iterator[Finding]:
    current = {each["ParameterKey"]: each.get("ParameterValue") for each in stack.get("Parameters", ())}
    source = parameters_file(examined.stage.name)
    expected = template.taken(examined.stage.given)
    for parameter, value in expected.items():
        if current.get(parameter) != value:
            yield fault(
                AREA,
                f"the parameter {parameter} of the stack {name} is {current.get(parameter)}, not {value}",
                f"{examined.deploy} changes it",
            )
    outputs = stacks.outputs(examined.cloud, f"froe-{examined.stage.name}")
    for parameter, definition in template.parameters.items():
        default = definition.get("Default")
        given = parameter in expected or parameter in outputs
        if not given and parameter in current and default is not None and current[parameter] != str(default):
            yield fault(
                AREA,
                f"the parameter {parameter} of the stack {name} is {current[parameter]}, which is in no file "
                f"(the default is {default})",
                f"write it into {source}",
            )
    if EXISTING_BUCKET in template.parameters and current.get(EXISTING_BUCKET):
        yield _versioned(examined, str(current[EXISTING_BUCKET]))


def _versioned(examined: Examined, bucket: str) -> Finding:
    reply = examined.ask("s3", "get_bucket_versioning", Bucket=bucket)
    if reply is None:
        return fault(AREA, f"your bucket {bucket} does not exist", f"make it, or change {EXISTING_BUCKET}")
    if reply.get("Status") == "Enabled":
        return ok(AREA, f"your bucket {bucket} keeps versions")
    return ok(
        AREA,
        f"your bucket {bucket} keeps no versions: an object that is overwritten while it is read is SUPERSEDED",
    )
