"""What carries an announcement from the bucket to the split queue: the topic's subscription, or the rule."""

import json
from collections.abc import Iterator
from typing import Any, Final

from froe.deployment.checks.access import as_argument, same_policy
from froe.deployment.checks.examined import Examined
from froe.deployment.checks.wanted import wanted_of
from froe.deployment.findings import Finding, fault, ok
from froe.deployment.templates import DATA

AREA: Final = "way in"


def check_announcing(examined: Examined) -> Iterator[Finding]:
    """Nothing where S3 calls the splitter, or sends to the queue by itself."""
    for wanted in wanted_of(examined, DATA, "AWS::SNS::TopicPolicy").values():
        yield from _topic_policy(examined, wanted)
    if examined.stage.ingest == "topic":
        for wanted in wanted_of(examined, DATA, "AWS::SNS::Subscription").values():
            if wanted["Protocol"] == "sqs":
                yield _subscription(examined, wanted["TopicArn"], wanted["Endpoint"])
    if examined.stage.ingest == "eventbridge":
        for wanted in wanted_of(examined, DATA, "AWS::Events::Rule").values():
            yield _rule(examined, wanted)


def _topic_policy(examined: Examined, wanted: dict[str, Any]) -> Iterator[Finding]:
    for topic in wanted["Topics"]:
        reply = examined.ask("sns", "get_topic_attributes", TopicArn=topic)
        if reply is None:
            continue  # a finding of the stack's
        document, name = wanted["PolicyDocument"], topic.rsplit(":", 1)[-1]
        if same_policy(reply["Attributes"].get("Policy"), document):
            yield ok(AREA, f"{name} has the policy of infra/data.json")
        else:
            put = (
                f"aws sns set-topic-attributes --topic-arn {topic} --attribute-name Policy --attribute-value "
            )
            yield fault(AREA, f"{name} has not the policy of infra/data.json", put + as_argument(document))


def _subscription(examined: Examined, topic: str, queue: str) -> Finding:
    pages = examined.pages("sns", "list_subscriptions_by_topic", TopicArn=topic)
    held = [each for page in pages for each in page["Subscriptions"]]
    name = topic.rsplit(":", 1)[-1]
    if any(each["Protocol"] == "sqs" and each["Endpoint"] == queue for each in held):
        return ok(AREA, f"{name} passes uploads on to the split queue")
    subscribe = f"aws sns subscribe --topic-arn {topic} --protocol sqs --notification-endpoint {queue}"
    return fault(AREA, f"{name} passes nothing on to the split queue", subscribe)


def _rule(examined: Examined, wanted: dict[str, Any]) -> Finding:
    name, pattern, targets = wanted["Name"], wanted["EventPattern"], wanted["Targets"]
    put = f"aws events put-rule --name {name} --state ENABLED --event-pattern {as_argument(pattern)}"
    aim = f"aws events put-targets --rule {name} --targets {as_argument(targets)}"
    held = examined.ask("events", "describe_rule", Name=name)
    if held is None:
        return fault(AREA, f"the rule {name} was deleted, so that no upload is seen", f"{put} && {aim}")
    if held.get("State") != "ENABLED":
        return fault(
            AREA,
            f"the rule {name} is {held.get('State')}, so that no upload is seen",
            f"aws events enable-rule --name {name}",
        )
    if json.loads(held.get("EventPattern") or "{}") != pattern:
        return fault(AREA, f"the rule {name} has another pattern than infra/data.json", put)
    reply = examined.ask("events", "list_targets_by_rule", Rule=name) or {}
    if not {each["Arn"] for each in targets} <= {each["Arn"] for each in reply.get("Targets", ())}:
        return fault(AREA, f"the rule {name} passes nothing on to the split queue", aim)
    return ok(AREA, f"the rule {name} passes uploads on to the split queue")
