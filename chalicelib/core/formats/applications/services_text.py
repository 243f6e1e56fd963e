"""What some services write as text: OpenTelemetry's Python loggers, Sidekiq, Vaultwarden, Nextflow."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import integer, number
from chalicelib.core.formats.patterned import LEVEL, REST, patterned, shaped

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_IP: Final = re.compile(r"\bIP: ([0-9A-Fa-f.:]{3,45}[0-9A-Fa-f])(?=[. ,]|\Z)")
_USERNAME: Final = re.compile(r"\b[Uu]sername: ([^\s,]{1,256}?)\.?(?=[\s,]|\Z)")


_TASK: Final = re.compile(
    r"\[([0-9a-f]{2}/[0-9a-f]{6})\] (Submitted process|Cached process|Re-submitted process) > ([^\n]{1,512})"
)
_HANDLER: Final = re.compile(
    r"TaskHandler\[(?:id: ([0-9]{1,10}); )?name: ([^;\n]{1,512}); status: ([A-Z]{1,16}); exit: ([0-9-]{1,6}|-); "
)


def _nextflow(fields: dict[str, Value], body: str) -> None:
    if task := _TASK.match(body):
        fields["nextflow.task_hash"], fields["nextflow.event"], fields["nextflow.process"] = (
            task[1],
            task[2],
            task[3],
        )
    elif handler := _HANDLER.search(body, 0, 1024):
        fields["nextflow.process"], fields["nextflow.status"] = handler[2], handler[3]
        if handler[1]:
            fields["nextflow.task_id"] = integer(handler[1])
        if handler[4] != "-":
            fields["nextflow.exit"] = number(handler[4])


def _vaultwarden(fields: dict[str, Value], text: str) -> None:
    if address := _IP.search(text):
        fields["client.address"] = address[1]
    if user := _USERNAME.search(text):
        fields["user.name"] = user[1]


NEXTFLOW: Final = patterned(
    "nextflow",
    "Nextflow, .nextflow.log",
    "https://docs.seqera.io/nextflow/cli#execution-logs",
    samples=(
        "Mar-14 09:26:53.123 [main] DEBUG nextflow.cli.Launcher - $> nextflow run hello",
        "Mar-14 09:26:54.000 [Task submitter] INFO  nextflow.Session - [0b/be0d1c] Submitted process > sayHello (1)",
        "Mar-14 09:26:55.001 [Task monitor] ERROR nextflow.processor.TaskProcessor - Error executing process > 'sayHello (1)'\n\n"
        "Caused by:\n  Process `sayHello (1)` terminated with an error exit status (1)",
    ),
    templates=(
        r"(?P<mo>[A-Z][a-z]{2})-(?P<d>[0-9]{1,2}) (?P<h>[0-9]{2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2})\.(?P<ms>[0-9]{3}) \[(?P<thread>[^\]\n]{1,128})\]"
        rf" (?P<level>{LEVEL}) {{1,3}}(?P<logger>[\w.$-]{{1,200}}) - {REST}",
    ),
    start=r"[A-Z][a-z]{2}-[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} \[",
    specificity=0.97,
    details=_nextflow,
)
_format: Final = partial(shaped, specificity=0.97, single_line=True)
FORMATS: Final = (
    NEXTFLOW,
    _format(
        "otel_python_text",
        "Python logging with OpenTelemetry's trace context",
        "https://opentelemetry-python-contrib.readthedocs.io/en/latest/instrumentation/logging/logging.html",
        samples=(
            "2024-03-14 09:26:53,968 INFO [main] [pay.py:47] [trace_id=f63bcd6b2d5d4f23e5af1da51527c682"
            " span_id=e7849fe8f2eabecd resource.service.name=shop trace_sampled=True] - order accepted",
            "2024-03-14 09:26:54,000 ERROR [shop.pay] [pay.py:48] [trace_id=0 span_id=0 resource.service.name=] - declined",
        ),
        templates=(
            r"{time} {level=[A-Z]{4,8}} \[{logger=[^\]\n]{1,128}}\] \[{file=[^\]:\n]{1,256}}:"
            r"{line=[0-9]{1,7}}\] \[trace_id={trace=\w{0,32}} span_id={span=\w{0,16}} "
            r"resource\.service\.name={service=[^\s\]]{0,128}}(?: trace_sampled={text=\w{1,8}:trace_sampled})?+\] - {body}",
        ),
    ),
    _format(
        "sidekiq",
        "Sidekiq jobs, text (Ruby)",
        "https://github.com/sidekiq/sidekiq/wiki/Logging",
        samples=(
            "2024-03-14T09:26:53Z 32515 TID-oveahmcxw INFO: PayJob JID-oveaivtrg start",
            "2024-03-14T09:26:54.077Z 3640 TID-oveahmcxw PayJob JID-12343drgwe23413 INFO: done: 0.046 sec",
            "2024-03-14T09:26:55.077Z pid=3640 tid=oxs1 class=PayJob jid=7ee1 elapsed=0.046 INFO: done",
        ),
        templates=(
            r"{time} (?:{pid=[0-9]{1,10}} TID-{thread=[\w-]{1,32}}"
            r"(?: {text=[A-Z][\w:]{0,255}:sidekiq.class})?(?: JID-{text=[0-9a-zA-Z]{1,64}:sidekiq.jid})?(?: BID-{text=[\w-]{1,64}:sidekiq.bid})?|"
            r"pid={pid=[0-9]{1,10}} tid={thread=[\w-]{1,32}}(?: class={text=[\w:]{1,256}:sidekiq.class})?(?: jid={text=\w{1,64}:sidekiq.jid})?"
            r"(?: (?:elapsed={number=[0-9.]{1,20}:sidekiq.elapsed}|\w{1,32}=\S{1,128})){0,6}) {level=[A-Z]{4,7}}: {body}",
        ),
        start=r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}\S{1,6} (?:[0-9]{1,10} TID-|pid=[0-9]{1,10} tid=)",
    ),
    _format(
        "vaultwarden",
        "Vaultwarden (Rust, fern)",
        "https://github.com/dani-garcia/vaultwarden/wiki/Logging",
        samples=(
            "[2024-03-14 09:26:53.407-0700][vaultwarden::api::identity][ERROR] Username or password is incorrect. Try again."
            " IP: 192.0.2.17. Username: ada@example.org.",
            "[2024-03-14 09:26:54.000][start][INFO] Rocket has launched from http://0.0.0.0:80",
        ),
        templates=(
            r"\[{time=[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?+(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?}\]\[{logger=[\w:.-]{1,128}}\]"
            r"\[{level=[A-Z]{4,5}}\] ?{body}",
        ),
        specificity=0.94,
        details=_vaultwarden,
    ),
)
