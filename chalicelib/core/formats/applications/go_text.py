"""What Go's loggers, and the agents and services written with them, write as text."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.applications.naming import renamed, split_values
from chalicelib.core.formats.applications.pairs import KEY, pairs_of
from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.flatten import NeedsExact, TooDeep, flatten
from chalicelib.core.formats.nested import add_all
from chalicelib.core.formats.patterned import shaped

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_ERRORS: Final = {"err": "error.message", "error": "error.message"}
_FIRST_PAIR: Final = re.compile(rf"(?:\A|:? )(?={KEY}=)")
_LOGGER: Final = re.compile(r"([A-Za-z][\w.@/()-]{0,127}): (?=\S)")
_STEP: Final = re.compile(r'---"([^"]{0,256})" ?(?:error:)?+', re.DOTALL)
_TRACE_END: Final = re.compile(r"(?:\A| )([0-9]{1,12}ms) \(([0-9:.]{8,18})\)\Z")


def _pairs_behind(text: str) -> tuple[str, dict[str, Value]]:
    """A message and the pairs that end it; all of it where it does not end in pairs."""
    match = _FIRST_PAIR.search(text)
    fields = pairs_of(text[match.end() :]) if match else None
    if match is None or not fields or any(value is True for value in fields.values()):
        return text, {}
    names = renamed(fields, _ERRORS)
    fields = dict(zip(names, fields.values(), strict=True))
    split_values(fields)
    return text[: match.start()], fields


def _pairs(fields: dict[str, Value], body: str) -> str:
    message, more = _pairs_behind(body)
    add_all(fields, more)
    return message


def _hclog(fields: dict[str, Value], body: str) -> str:
    message, more = _pairs_behind(body)
    if logger := _LOGGER.match(message):
        fields["log.logger"] = logger[1]
        message = message[logger.end() :]
    add_all(fields, more)
    return message


def _zap(fields: dict[str, Value], text: str) -> str:
    """The message, without the object behind the last tab."""
    first, _, rest = text.partition("\n")
    message, _, tail = first.rpartition("\t")
    if tail.startswith("{") and tail.endswith("}"):
        try:
            add_all(fields, flatten(json.loads(tail))[0])
        except (ValueError, RecursionError, NeedsExact, TooDeep):
            message = first
    else:
        message = first
    if rest:
        add_all(fields, {"exception.stacktrace": rest})
    return message


def _trace(fields: dict[str, Value], text: str) -> str:
    """A step of a trace, its error where it has one."""
    step = _STEP.match(text)
    if step is None:
        return text
    rest = text[step.end() :]
    fields["k8s.trace.step"] = step[1]
    if took := _TRACE_END.search(rest):
        fields["k8s.trace.took"] = took[1]
    return rest or text


_format: Final = partial(shaped, specificity=0.96, single_line=True)
FORMATS: Final = (
    _format(
        "zap_console",
        "zap (Go), console encoder",
        "https://pkg.go.dev/go.uber.org/zap#NewDevelopmentEncoderConfig",
        samples=(
            '2024-03-14T09:26:53.625Z\tinfo\tshop/pay.go:87\tstarting on port 8015\t{"component": "pay"}',
            "2024-03-14T09:26:54.000+0100\tERROR\tshop.pay\tshop/pay.go:88\tdeclined",
            '2024-03-14T09:26:55.123Z\tDEBUG\tretrying\t{"attempt": 2, "err": {"code": 7}}',
        ),
        templates=(
            r"{time}\t{level=[A-Za-z]{4,6}}(?:(?:\t{logger=[\w./@-]{1,128}})?"
            r"\t{file=[\w./@+-]{1,256}\.go}:{line=[0-9]{1,7}}(?=\t))?\t{body}",
        ),
        start=ISO + r"\t[A-Za-z]{4,6}\t",
        rewrite=_zap,
    ),
    _format(
        "hclog",
        "hclog (Go): Vault, Consul, Nomad, Terraform",
        "https://github.com/hashicorp/go-hclog",
        samples=(
            "2024-03-14T09:26:53.425Z [WARN]  no `api_addr` value specified; falling back to detection",
            "2024-03-14T09:26:54.425+0100 [INFO]  core.cluster-listener: starting listener: listener_address=192.0.2.10:8201",
            '2024-03-14T09:26:55.425Z [ERROR] core: failed to unseal: error="no key" attempt=2',
        ),
        templates=(
            r"{time} \[{level=(?:INFO|WARN)(?=\]  \S)|(?:TRACE|DEBUG|ERROR)(?=\] [A-Za-z][\w.@/()-]*+: )}\] {1,2}{body=\S.*}",
        ),
        specificity=0.965,
        rewrite=_hclog,
    ),
    _format(
        "calico",
        "Calico's Felix and CNI",
        "https://docs.tigera.io/calico/latest/operations/troubleshoot/component-logs",
        samples=(
            "2024-03-14 09:26:53.608 [INFO][310249] felix/int_dataplane.go 1484: Received update msg=&proto.Update{Id:1}",
            '2024-03-14 09:26:54.602 [WARNING][62] cni-plugin/k8s.go 95: declined ContainerID="ab12" err=reset',
        ),
        templates=(
            r"{time} \[{level=[A-Z]{4,8}}\]\[{pid=[0-9]{1,10}}\] {file=[\w./-]{1,256}\.go} "
            r"{line=[0-9]{1,7}}: {body}",
        ),
        rewrite=_pairs,
    ),
    _format(
        "datadog_agent",
        "Datadog Agent",
        "https://docs.datadoghq.com/agent/configuration/agent-log-files/",
        samples=(
            "2024-03-14 09:26:53 UTC | CORE | INFO | (pkg/collector/runner/runner.go:309 in work) | Done running check",
            "2024-03-14 09:26:54 GMT | WARN | (runner.go:310 in work) | slow",
        ),
        templates=(
            r"{time=[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?+ (?:[A-Z]{3,4}|[+-][0-9]{4})} \| (?:{text=[A-Z][A-Z-]{1,31}:datadog.agent} \| )??{level=[A-Z]{4,8}} \| "
            r"\({file=[^\s:()]{1,256}}:{line=[0-9]{1,7}} in {function=[^()\s]{1,128}}\) \| {body}",
        ),
    ),
    _format(
        "apex_log",
        "apex/log (Go), as Pterodactyl Wings writes it",
        "https://github.com/apex/log",
        samples=(
            "WARN: [Mar 14 09:26:53.037] failed to validate user credentials ip=192.0.2.17:30122 subsystem=sftp username=ada",
            "INFO: [Mar 14 09:26:54.000] ready",
        ),
        templates=(
            r" {0,2}{level=DEBUG|INFO|WARN|ERROR|FATAL}: \[{time=[A-Z][a-z]{2} [ 0-9][0-9] "
            r"[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}}\] {body}",
        ),
        rewrite=_pairs,
    ),
    _format(
        "k8s_trace",
        "Kubernetes utiltrace, the lines behind its first",
        "https://pkg.go.dev/k8s.io/utils/trace",
        samples=(
            'Trace[79767753]: ---"Objects listed" error:Get "https://192.0.2.1:443/apis": i/o timeout 30001ms (09:26:53.462)',
            "Trace[79767753]: [30.001464121s] [30.001464121s] END",
        ),
        templates=(
            r"Trace\[{int=[0-9]{1,20}:k8s.trace.id}\]: (?=---\"|\[|\")(?:(?=---\"[^\"]*+\" {level=error}:))?+{body}",
        ),
        rewrite=_trace,
    ),
)
