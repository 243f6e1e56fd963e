"""What a template asks of a stage: its properties as the stack of the stage resolves them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from froe.deployment import holdings, stacks
from froe.deployment.checks.examined import Examined
from froe.deployment.deploy import KEY_SETTING
from froe.deployment.resolving import Resolver
from froe.deployment.templates import StackTemplate, load


def wanted_of(examined: Examined, name: str, kind: str) -> dict[str, dict[str, Any]]:
    """Logical name → resolved properties of the resources of that type that the stack should hold.

    By the parameters that the stack has; where they are not what the checkout says, that is a finding of its own.
    Nothing where the checkout has no such template.
    """
    template = load(name, examined.root, local=examined.cloud.local)
    if template is None:
        return {}
    resolver = resolver_of(examined, template)
    found = {}
    for logical, resource in template.resources.items():
        if resource["Type"] == kind and (
            "Condition" not in resource or resolver.holds(resource["Condition"])
        ):
            with suppress(KeyError):  # names what the stack does not hold: that stack is a fault already
                found[logical] = resolver.properties(resource)
    return found


def resolver_of(examined: Examined, template: StackTemplate) -> Resolver:
    """For the stage's stack of the template."""
    cloud, stage = examined.cloud, examined.stage
    stack_name = template.stack_name(stage.name)
    stack = stacks.describe(cloud, stack_name) or {}
    held = {each["ParameterKey"]: str(each["ParameterValue"]) for each in stack.get("Parameters", ())}
    defaults = {name: str(each["Default"]) for name, each in template.parameters.items() if "Default" in each}
    pseudo = {
        "AWS::AccountId": cloud.account,
        "AWS::Region": cloud.region,
        "AWS::Partition": cloud.partition,
        "AWS::StackName": stack_name,
    }
    key, topic = stage.settings.get(KEY_SETTING, ""), stage.settings.get("NOTICES_TOPIC_ARN", "")
    return Resolver(
        conditions=template.content.get("Conditions", {}),
        values={**defaults, **template.taken(stage.given), **held, **pseudo},
        attributes=_attributes(examined, stack_name),
        exports={f"froe-{stage.name}-key": key, f"froe-{stage.name}-notices": topic},
    )


def _attributes(examined: Examined, stack_name: str) -> Mapping[str, Mapping[str, str]]:
    key = examined.stage.settings.get(KEY_SETTING, "")
    found = {
        logical: {"Ref": physical, **holdings.attributes(examined.cloud, kind, physical)}
        for logical, (kind, physical) in holdings.resources(examined.cloud, stack_name).items()
    }
    return {**found, "Key": {"Ref": key.rsplit("/", 1)[-1], "Arn": key}}
