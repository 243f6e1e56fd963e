"""What watches the stage: log groups with a retention, alarms that notify somebody, confirmed subscriptions."""

from collections.abc import Iterator
from typing import Final

from froe.deployment.checks.alarms import check_alarms
from froe.deployment.checks.examined import Examined
from froe.deployment.findings import Finding, fault, not_local, ok, warning
from froe.deployment.templates import OBSERVABILITY, load

AREA: Final = "observability"


def check_watching(examined: Examined) -> Iterator[Finding]:
    """Nothing of it where the checkout has no infra/observability.json."""
    yield from _subscriptions(examined)
    template = load(OBSERVABILITY, examined.root, local=examined.cloud.local)
    if template is None:
        return
    yield from _log_groups(examined)
    yield from check_alarms(examined)
    if examined.cloud.local:
        yield not_local(AREA, "whether an alarm would ring: the local AWS takes no metrics from logs")


def _log_groups(examined: Examined) -> Iterator[Finding]:
    for function in examined.stage.functions:
        name = f"/aws/lambda/{examined.stage.function_name(function)}"
        reply = examined.ask("logs", "describe_log_groups", logGroupNamePrefix=name) or {}
        groups = [each for each in reply.get("logGroups", ()) if each["logGroupName"] == name]
        if not groups:
            yield fault(AREA, f"the log group {name} does not exist", f"{examined.deploy} makes it")
        elif not groups[0].get("retentionInDays"):
            yield fault(AREA, f"the log group {name} never expires", f"{examined.deploy} sets its days")
        else:
            yield ok(AREA, f"{name} keeps {groups[0]['retentionInDays']} days")


def _subscriptions(examined: Examined) -> Iterator[Finding]:
    yield from _subscribed(examined, examined.stage.settings.get("NOTICES_TOPIC_ARN", ""))
    yield from _subscribed(examined, examined.cloud.arn("sns", f"froe-{examined.stage.name}-alarms"))


def _subscribed(examined: Examined, topic: str) -> Iterator[Finding]:
    if examined.ask("sns", "get_topic_attributes", TopicArn=topic) is None:
        yield fault(
            AREA,
            f"the topic {topic} does not exist",
            f"{examined.deploy} makes it again, without subscribers",
        )
        return
    pages = examined.pages("sns", "list_subscriptions_by_topic", TopicArn=topic)
    subscribed = [each for page in pages for each in page["Subscriptions"]]
    pending = [each["Endpoint"] for each in subscribed if each["SubscriptionArn"] == "PendingConfirmation"]
    for endpoint in pending:
        yield fault(
            AREA,
            f"{endpoint} has not confirmed its subscription to {topic.rsplit(':', 1)[-1]}",
            "follow the link in the mail that AWS sent, or deploy again for another mail",
        )
    summarises = examined.stage.settings.get("SUMMARY_HOUR", "-1") != "-1"
    if summarises and topic == examined.stage.settings.get("NOTICES_TOPIC_ARN") and not subscribed:
        yield warning(
            AREA,
            f"SUMMARY_HOUR is set, and nobody subscribes to {topic.rsplit(':', 1)[-1]}: the daily summary reaches nobody",
            f"set NoticesEmail, then {examined.deploy}",
        )
    if not pending:
        yield ok(AREA, f"every subscription to {topic.rsplit(':', 1)[-1]} is confirmed")
