"""What carries announcements from the bucket to the split queue: the topic's subscription, or the rule."""

import json
from collections.abc import Iterator
from typing import Any, Final

from froe.deployment.checks.access import as_argument, same_policy
from froe.deployment.checks.examined import Examined
from froe.deployment.checks.expected import expected_of
from froe.deployment.findings import Finding, fault, ok
from froe.deployment.templates import DATA

AREA: Final = "way in"


def check_announcing(examined: Examined) -> Iterator[Finding]:
    """Nothing where S3 calls the splitter, or sends to the queue by itself."""
    for expected in expected_of(examined, DATA, "AWS::SNS::TopicPolicy").values():
        yield from _topic_policy(examined, expected)
    if examined.stage.ingest == "topic":
        for expected in expected_of(examined, DATA, "AWS::SNS::Subscription").values():
            if expected["Protocol"] == "sqs":
                yield _subscription(examined, expected["TopicArn"], expected["Endpoint"])
    if examined.stage.ingest == "eventbridge":
        for expected in expected_of(examined, DATA, "AWS::Events::Rule").values():
            yield _rule(examined, expected)


def _topic_policy(examined: Examined, expected: dict[str, Any]) -> Iterator[Finding]:
    for topic in expected["Topics"]:
        reply = examined.ask("sns", "get_topic_attributes", TopicArn=topic)
        if reply is None:
            continue  # a finding of the stack's
        document, name = expected["PolicyDocument"], topic.rsplit(":", 1)[-1]
        if same_policy(reply["Attributes"].get("Policy"), document):
            yield ok(AREA, f"{name} has the policy of infra/data.json")
        else:
            put = (
                f"aws sns set-topic-attributes --topic-arn {topic} --attribute-name Policy --attribute-value "
            )
            yield fault(
                AREA, f"{name} does not have the policy of infra/data.json", put + as_argument(document)
            )


def _subscription(examined: Examined, topic: str, queue: str) -> Finding:
    pages = examined.pages("sns", "list_subscriptions_by_topic", TopicArn=topic)
    subscriptions = [each for page in pages for each in page["Subscriptions"]]
    name = topic.rsplit(":", 1)[-1]
    if any(each["Protocol"] == "sqs" and each["Endpoint"] == queue for each in subscriptions):
        return ok(AREA, f"{name} passes uploads on to the split queue")
    subscribe = f"aws sns subscribe --topic-arn {topic} --protocol sqs --notification-endpoint {queue}"
    return fault(AREA, f"{name} passes nothing on to the split queue", subscribe)


def _rule(examined: Examined, expected: dict[str, Any]) -> Finding:
    name, pattern, targets = expected["Name"], expected["EventPattern"], expected["Targets"]
    put = f"aws events put-rule --name {name} --state ENABLED --event-pattern {as_argument(pattern)}"
    aim = f"aws events put-targets --rule {name} --targets {as_argument(targets)}"
    rule = examined.ask("events", "describe_rule", Name=name)
    if rule is None:
        return fault(AREA, f"the rule {name} was deleted, so that no upload is seen", f"{put} && {aim}")
    if rule.get("State") != "ENABLED":
        return fault(
            AREA,
            f"the rule {name} is {rule.get('State')}, so that no upload is seen",
            f"aws events enable-rule --name {name}",
        )
    if json.loads(rule.get("EventPattern") or "{}") != pattern:
        return fault(AREA, f"the rule {name} has another pattern than infra/data.json", put)
    reply = examined.ask("events", "list_targets_by_rule", Rule=name) or {}
    if not {each["Arn"] for each in targets} <= {each["Arn"] for each in reply.get("Targets", ())}:
        return fault(AREA, f"the rule {name} passes nothing on to the split queue", aim)
    return ok(AREA, f"the rule {name} passes uploads on to the split queue")
