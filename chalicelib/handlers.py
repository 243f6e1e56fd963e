"""What each handler of `app.py` does with its event. Errors of single messages end here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import orjson

from chalicelib import logs
from chalicelib.aws.clients import INVOCATION, READ_SECONDS
from chalicelib.core.errors import PermanentError
from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.core.wire.bodies import decode, is_message
from chalicelib.core.wire.messages import SplitMessage
from chalicelib.core.wire.notifications import (
    Announced,
    Unknown,
    announced_in,
    announced_in_body,
    announcement_of,
)
from chalicelib.delivery import PUT_OFF, Deadline, Incoming, Outgoing, consume
from chalicelib.pipeline import Pipeline

if TYPE_CHECKING:
    from chalicelib.services import Services

_ANSWER_SECONDS: Final = 3.0
"""Reserved in each invocation for returning its answer; in a long one it suffices for a last call that hangs."""

_LONG_ANSWER_SECONDS: Final = READ_SECONDS + 2
_ANSWER_SHARE: Final = 0.2


def deadline_of(context: Any) -> Deadline:
    """When the invocation must stop. The Lambda context says when it would be killed."""
    seconds = context.get_remaining_time_in_millis() / 1000
    return Deadline.after(seconds - max(_ANSWER_SECONDS, min(_LONG_ANSWER_SECONDS, _ANSWER_SHARE * seconds)))


def begin(context: Any) -> Deadline:
    """Give the log lines of the invocation its id, and stop retries of AWS calls at its deadline. Gives the deadline."""
    logs.begin(context.aws_request_id)
    INVOCATION.deadline = deadline = deadline_of(context)
    return deadline


@contextmanager
def _observed(services: Pipeline, context: Any) -> Iterator[Deadline]:
    """Publish the metrics of an invocation, however it ends. Gives its deadline."""
    deadline = begin(context)
    try:
        yield deadline
    finally:
        services.meter.flush()


def on_notification(services: Pipeline, event: dict[str, Any], context: Any) -> None:
    """S3 calls directly. Failures go to the queues, where they are retried or stored with their reason."""
    with _observed(services, context) as deadline:
        try:
            failed = services.splitter.ingest_each(announced_in(event), deadline)
        except PermanentError as refusal:
            failed = [(Unknown(refusal.reason), refusal)]
        seconds = services.settings.retry_base_seconds
        for news, _ in failed:
            if isinstance(news, Announced):
                message = Outgoing(announcement_of(news), seconds)
                services.split_queue.send_group([message], Deadline.after(_ANSWER_SECONDS))
        unknown = next((error for news, error in failed if isinstance(news, Unknown)), None)
        if unknown:
            services.failures.dead_letter_text(orjson.dumps(event).decode(), context.aws_request_id, unknown)


def on_split_messages(services: Pipeline, event: dict[str, Any], context: Any) -> dict[str, Any]:
    def handle(message: Incoming, deadline: Deadline) -> None:
        if not is_message(message.body):
            failed = services.splitter.ingest_each(announced_in_body(message.body), deadline)
            if failed:
                raise _first_to_retry([error for _, error in failed])
            return
        split = decode(message.body)
        if not isinstance(split, SplitMessage):
            raise PermanentError("a batch message has come to the split queue")
        services.splitter.cut(split, deadline)

    with _observed(services, context) as deadline:
        return consume(
            Incoming.all_of(event),
            lambda message: handle(message, deadline),
            services.split_queue,
            retry_base_seconds=services.settings.retry_base_seconds,
            failures=services.failures,
            deadline=deadline,
            anew=services.split_queue,
            meter=services.meter,
        )


def _first_to_retry(errors: list[Exception]) -> Exception:
    """Which of several failures decides: a message is refused only if no other kind is left."""
    return next((error for error in errors if not isinstance(error, PermanentError)), errors[0])


def on_batch_messages(
    services: Pipeline, event: dict[str, Any], context: Any, lane: str = DEFAULT
) -> dict[str, Any]:
    """lane: the lane whose queue the messages came from."""
    queue = services.batch_queue if lane == DEFAULT else services.other_lanes[lane]
    with _observed(services, context) as deadline:
        return consume(
            Incoming.all_of(event),
            lambda message: services.worker.handle(
                message.body,
                deadline,
                is_first=message.receives == 1 and PUT_OFF not in message.attributes,
                progress=services.failures.progress_of(message),
            ),
            queue,
            retry_base_seconds=services.settings.retry_base_seconds,
            failures=services.failures,
            deadline=deadline,
            anew=queue,
            meter=services.meter,
        )


def on_dead_letters(services: Services, event: dict[str, Any], context: Any) -> dict[str, Any]:
    with _observed(services, context) as deadline:
        return consume(
            Incoming.all_of(event),
            services.dead_letter_consumer.take,
            services.dead_letter_queue,
            retry_base_seconds=services.settings.retry_base_seconds,
            deadline=deadline,
        )


def on_ledger_records(services: Services, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A stream delivers everything from the first failure on again, so what follows may be reported twice
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)."""
    from chalicelib.aws.ledger_stream import changes_in  # no other function reads the stream

    with _observed(services, context) as deadline:
        failed = services.notifier.tell(changes_in(event), deadline)
        return {"batchItemFailures": [{"itemIdentifier": sequence_number} for sequence_number in failed]}


def on_schedule(services: Services, context: Any) -> dict[str, Any]:
    """Sweep once. Gives what was repaired, as numbers and names, for those who invoke the function by hand."""
    with _observed(services, context) as deadline:
        return asdict(services.sweeper.sweep(deadline))
