"""What a template requires of a stage: its properties as the stack of the stage resolves them."""

from contextlib import suppress
from typing import Any

from froe.deployment import stack_resolver
from froe.deployment.checks.examined import Examined
from froe.deployment.deploy import KEY_SETTING
from froe.deployment.template_resolver import Resolver
from froe.deployment.templates import StackTemplate, load


def expected_of(examined: Examined, name: str, kind: str) -> dict[str, dict[str, Any]]:
    """Logical name → resolved properties of the resources of that type that the stack should hold.

    By the parameters that the stack has; where they are not what the checkout says, that is a finding of its own.
    Nothing where the checkout has no such template, or the stage no lanes.
    """
    lanes = examined.stage.lane_seconds(examined.stage.parameters)
    template = load(name, examined.root, local=examined.cloud.local, lanes=lanes)
    if template is None:
        return {}
    resolver = resolver_of(examined, template)
    expected = {}
    for logical, resource in template.resources.items():
        if resource["Type"] == kind and (
            "Condition" not in resource or resolver.holds(resource["Condition"])
        ):
            with suppress(KeyError):  # names what the stack does not hold: that stack is a fault already
                expected[logical] = resolver.properties(resource)
    return expected


def resolver_of(examined: Examined, template: StackTemplate) -> Resolver:
    """For the stage's stack of the template."""
    stage = examined.stage
    key, topic = stage.settings.get(KEY_SETTING, ""), stage.settings.get("NOTICES_TOPIC_ARN", "")
    return stack_resolver.resolver_of(examined.cloud, stage.name, template, stage.given, key=key, topic=topic)
