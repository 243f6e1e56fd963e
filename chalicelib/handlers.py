"""What each handler of `app.py` does with its event; errors of single messages end here."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.aws.ledger_stream import changes_in
from chalicelib.core.errors import PermanentError
from chalicelib.core.messages import SplitMessage, decode, is_message
from chalicelib.core.notifications import announced_in, announced_in_body
from chalicelib.delivery import Deadline, Incoming, consume
from chalicelib.services import Services

_ANSWER_SECONDS: Final = 3.0
"""Kept back from an invocation's time for returning its answer."""


def deadline_of(context: Any) -> Deadline:
    """When the invocation must have stopped (the Lambda context says when it is killed)."""
    return Deadline.after(context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS)


def on_notification(services: Services, event: dict[str, Any], context: Any) -> None:
    services.splitter.ingest_all(announced_in(event), deadline_of(context))


def on_split_messages(services: Services, event: dict[str, Any], context: Any) -> dict[str, Any]:
    deadline = deadline_of(context)

    def handle(body: str) -> None:
        if not is_message(body):
            services.splitter.ingest_all(announced_in_body(body), deadline)
            return
        message = decode(body)
        if not isinstance(message, SplitMessage):
            raise PermanentError("a batch message has come to the split queue")
        services.splitter.cut(message, deadline)

    return consume(
        Incoming.all_of(event),
        handle,
        services.split_queue,
        retry_base_seconds=services.settings.retry_base_seconds,
    )


def on_batch_messages(services: Services, event: dict[str, Any], context: Any) -> dict[str, Any]:
    deadline = deadline_of(context)
    return consume(
        Incoming.all_of(event),
        lambda body: services.worker.handle(body, deadline),
        services.batch_queue,
        retry_base_seconds=services.settings.retry_base_seconds,
    )


def on_ledger_records(services: Services, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A stream is delivered again from its first failure on: what follows it may be told twice
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)."""
    failed = services.notifier.tell(changes_in(event), deadline_of(context))
    return {"batchItemFailures": [{"itemIdentifier": sequence_number} for sequence_number in failed]}
