"""Wiring only: one decorated function per handler, each a single call."""

import gc
import os
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalice import AuthResponse, AuthRoute, Chalice, Rate, Response

from chalicelib import handlers, logs
from chalicelib.core.plan.lanes import queue_of, worker_of
from chalicelib.etags import conditional
from chalicelib.pipeline import Pipeline
from chalicelib.settings import Settings, ingest_way, input_keys, lanes_of, missing_names, tuning_number


class _Later:
    """A module that is imported on first use: only the API's function runs routes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


if TYPE_CHECKING:
    from chalicelib import query_routes, reprocess_routes, routes, upload_routes
    from chalicelib.dead_letters import routes as dead_letter_routes
    from chalicelib.services import Services
else:
    routes = _Later("chalicelib.routes")
    reprocess_routes = _Later("chalicelib.reprocess_routes")
    upload_routes = _Later("chalicelib.upload_routes")
    query_routes = _Later("chalicelib.query_routes")
    dead_letter_routes = _Later("chalicelib.dead_letters.routes")

if os.environ.get("AWS_CHALICE_CLI_MODE"):
    from froe import chalice_cli

    chalice_cli.install()

app = Chalice(app_name="froe", configure_logs=False)
logs.set_up()


def _setting(name: str) -> str:
    """Reads a setting. The placeholder lets `chalice local` serve /health without any resources."""
    return os.environ.get(name) or f"unset-{name.lower().replace('_', '-')}"


def _name(setting: str) -> str:
    """The name of a bucket, or of a queue, whose setting is its URL."""
    return _setting(setting).rsplit("/", 1)[-1]


@cache
def pipeline() -> Pipeline:
    """Everything that the splitter and the worker need."""
    return Pipeline(Settings.from_environment())


@cache
def services() -> "Services":
    from chalicelib.services import Services

    return Services(Settings.from_environment())


@app.middleware("http")
def observed(request: Any, get_response: Any) -> Any:
    handlers.begin(request.lambda_context)
    return conditional(request, get_response(request))


keys = input_keys(os.environ)
"""S3 can filter by one prefix and one suffix only; the splitter applies the whole patterns."""

if ingest_way(os.environ) == "direct":  # otherwise objects are announced to the split queue

    @app.on_s3_event(
        bucket=_name("INPUT_BUCKET"),
        events=["s3:ObjectCreated:*"],
        prefix=keys.prefix or None,
        suffix=keys.suffix or None,
        name="splitter",
    )
    def splitter(event: Any) -> None:
        handlers.on_notification(pipeline(), event.to_dict(), event.context)


@app.on_sqs_message(queue=_name("SPLIT_QUEUE"), batch_size=1, name="queued_splitter")
def queued_splitter(event: Any) -> dict[str, Any]:
    return handlers.on_split_messages(pipeline(), event.to_dict(), event.context)


@app.on_sqs_message(queue=_name("BATCH_QUEUE"), batch_size=4, name="worker")
def worker(event: Any) -> dict[str, Any]:
    return handlers.on_batch_messages(pipeline(), event.to_dict(), event.context)


def _worker_on(lane: str) -> Any:
    def work(event: Any) -> dict[str, Any]:
        return handlers.on_batch_messages(pipeline(), event.to_dict(), event.context, lane)

    work.__name__ = worker_of(lane)
    return app.on_sqs_message(queue=queue_of(lane, _name("BATCH_QUEUE")), batch_size=4, name=work.__name__)(
        work
    )


for _lane in lanes_of(os.environ):
    globals()[worker_of(_lane)] = _worker_on(_lane)  # where Lambda looks it up


@app.on_sqs_message(queue=_name("DEAD_LETTER_QUEUE"), batch_size=1, name="dead_letter_consumer")
def dead_letter_consumer(event: Any) -> dict[str, Any]:
    return handlers.on_dead_letters(services(), event.to_dict(), event.context)


@app.on_dynamodb_record(
    stream_arn=_setting("LEDGER_STREAM_ARN"),
    batch_size=1000,
    starting_position="TRIM_HORIZON",
    maximum_batching_window_in_seconds=tuning_number(os.environ, "NOTICES_WINDOW_SECONDS"),
    name="notifier",
)
def notifier(event: Any) -> dict[str, Any]:
    return handlers.on_ledger_records(services(), event.to_dict(), event.context)


@app.schedule(Rate(tuning_number(os.environ, "SWEEP_MINUTES"), unit=Rate.MINUTES), name="sweeper")
def sweeper(event: Any) -> dict[str, Any]:
    return handlers.on_schedule(services(), event.context)


@app.authorizer(ttl_seconds=60, name="authorizer")
def authorizer(request: Any) -> AuthResponse:
    digest = os.environ.get("API_TOKEN_SHA256", "")
    person = routes.person_of(request.token, digest, lambda: services().tokens)
    if person is None:
        return AuthResponse(routes=[], principal_id="nobody")
    allowed = [AuthRoute(path, list(methods)) for path, methods in person.role.routes]
    return AuthResponse(routes=allowed, principal_id=person.name, context={"role": person.role.value})


guard = None if missing_names(os.environ) else authorizer
"""Without settings there is nothing to guard: the data routes only report what is missing."""


@app.route("/")
def page() -> Response:
    return routes.front(app.current_request, os.environ)


@app.route("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.route("/openapi.json", authorizer=guard)
def openapi() -> dict[str, Any]:
    from chalicelib.openapi import description  # no other function or route pays for it

    return description()


@app.route("/me", authorizer=guard)
def me() -> dict[str, Any]:
    return routes.me(services, app.current_request)


@app.route("/audit", authorizer=guard)
def audit() -> dict[str, Any]:
    return routes.audit(services, app.current_request)


@app.route("/files", authorizer=guard)
def files() -> dict[str, Any]:
    return routes.files(services, app.current_request)


@app.route("/files", methods=["POST"], authorizer=guard)
def ingest() -> Response:
    return routes.ingest(services, app.current_request)


@app.route("/files/{file_id}", authorizer=guard)
def file(file_id: str) -> dict[str, Any]:
    return routes.file(services, app.current_request, file_id)


@app.route("/files/{file_id}/reprocess", methods=["POST"], authorizer=guard)
def reprocess(file_id: str) -> Response:
    return reprocess_routes.reprocess(services, app.current_request, file_id)


@app.route("/files/{file_id}/receipt", authorizer=guard)
def receipt(file_id: str) -> dict[str, Any]:
    return routes.receipt(services, app.current_request, file_id)


@app.route("/files/{file_id}/members", authorizer=guard)
def members(file_id: str) -> dict[str, Any]:
    return routes.members(services, app.current_request, file_id)


@app.route("/files/{file_id}/batches", authorizer=guard)
def batches(file_id: str) -> dict[str, Any]:
    return routes.batches(services, app.current_request, file_id)


@app.route("/files/{file_id}/records", authorizer=guard)
def records(file_id: str) -> dict[str, Any]:
    return routes.records(services, app.current_request, file_id)


@app.route("/files/{file_id}/rejects", authorizer=guard)
def rejects(file_id: str) -> dict[str, Any]:
    return routes.rejects(services, app.current_request, file_id)


@app.route("/files/{file_id}/rejects/reasons", authorizer=guard)
def reasons(file_id: str) -> dict[str, Any]:
    return routes.reasons(services, app.current_request, file_id)


@app.route("/files/{file_id}/histogram", authorizer=guard)
def histogram(file_id: str) -> dict[str, Any]:
    return routes.histogram(services, app.current_request, file_id)


@app.route("/files/{file_id}/trace", authorizer=guard)
def trace(file_id: str) -> dict[str, Any]:
    return routes.trace(services, app.current_request, file_id)


@app.route("/uploads", methods=["POST"], authorizer=guard)
def upload() -> dict[str, Any]:
    return upload_routes.begin(services, app.current_request)


@app.route("/uploads/complete", methods=["POST"], authorizer=guard)
def complete_upload() -> dict[str, Any]:
    return upload_routes.complete(services, app.current_request)


@app.route("/uploads/abort", methods=["POST"], authorizer=guard)
def abort_upload() -> dict[str, Any]:
    return upload_routes.abort(services, app.current_request)


@app.route("/queries", methods=["POST"], authorizer=guard)
def start_query() -> Response:
    return query_routes.start(services, app.current_request)


@app.route("/queries", authorizer=guard)
def queries() -> dict[str, Any]:
    return query_routes.queries(services, app.current_request)


@app.route("/queries/table", authorizer=guard)
def queried_table() -> dict[str, Any]:
    return query_routes.table(services, app.current_request)


@app.route("/queries/{query_id}", authorizer=guard)
def query(query_id: str) -> dict[str, Any]:
    return query_routes.query(services, app.current_request, query_id)


@app.route("/queries/{query_id}", methods=["DELETE"], authorizer=guard)
def cancel_query(query_id: str) -> dict[str, Any]:
    return query_routes.cancel(services, app.current_request, query_id)


@app.route("/statistics", authorizer=guard)
def statistics() -> dict[str, Any]:
    return routes.statistics(services, app.current_request)


@app.route("/attention", authorizer=guard)
def attention() -> dict[str, Any]:
    return routes.attention(services, app.current_request)


@app.route("/dead-letters", authorizer=guard)
def dead_letters() -> dict[str, Any]:
    return dead_letter_routes.dead_letters(services, app.current_request)


@app.route("/dead-letters/redrive", methods=["POST"], authorizer=guard)
def redrive_many() -> dict[str, Any]:
    return dead_letter_routes.redrive_many(services, app.current_request)


@app.route("/dead-letters/discard", methods=["POST"], authorizer=guard)
def discard_many() -> dict[str, Any]:
    return dead_letter_routes.discard_many(services, app.current_request)


@app.route("/dead-letters/{dead_letter_id}", authorizer=guard)
def dead_letter(dead_letter_id: str) -> dict[str, Any]:
    return dead_letter_routes.dead_letter(services, app.current_request, dead_letter_id)


@app.route("/dead-letters/{dead_letter_id}/redrive", methods=["POST"], authorizer=guard)
def redrive(dead_letter_id: str) -> dict[str, Any]:
    return dead_letter_routes.redrive(services, app.current_request, dead_letter_id)


@app.route("/dead-letters/{dead_letter_id}/discard", methods=["POST"], authorizer=guard)
def discard(dead_letter_id: str) -> dict[str, Any]:
    return dead_letter_routes.discard(services, app.current_request, dead_letter_id)


gc.freeze()
"""Imported objects live as long as the process, so garbage collection leaves them out."""
