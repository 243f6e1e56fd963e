"""A template as the stage's stack of it resolves it."""

from collections.abc import Mapping

from froe.deployment import existing_resources, stacks
from froe.deployment.cloud import Cloud
from froe.deployment.template_resolver import Resolver
from froe.deployment.templates import StackTemplate


def resolver_of(
    cloud: Cloud, stage: str, template: StackTemplate, given: Mapping[str, str], *, key: str, topic: str
) -> Resolver:
    """By the parameters that the stack has; `given` and defaults stand in for those that it lacks.

    key, topic: ARNs of the stage's key and of its topic for notices, which other stacks import.
    """
    name = template.stack_name(stage)
    deployed = stacks.parameters(cloud, name)
    defaults = {name: str(each["Default"]) for name, each in template.parameters.items() if "Default" in each}
    pseudo = {
        "AWS::AccountId": cloud.account,
        "AWS::Region": cloud.region,
        "AWS::Partition": cloud.partition,
        "AWS::StackName": name,
    }
    return Resolver(
        conditions=template.content.get("Conditions", {}),
        values={**defaults, **template.taken(given), **deployed, **pseudo},
        attributes={
            **_attributes(cloud, name),
            **({"Key": {"Ref": key.rsplit("/", 1)[-1], "Arn": key}} if key else {}),
        },
        exports={
            **({f"froe-{stage}-key": key} if key else {}),
            **({f"froe-{stage}-notices": topic} if topic else {}),
            f"froe-{stage}-alarms": cloud.arn("sns", f"froe-{stage}-alarms"),
        },
    )


def _attributes(cloud: Cloud, stack_name: str) -> dict[str, dict[str, str]]:
    return {
        logical: {"Ref": physical, **existing_resources.attributes(cloud, kind, physical)}
        for logical, (kind, physical) in existing_resources.resources(cloud, stack_name).items()
    }
