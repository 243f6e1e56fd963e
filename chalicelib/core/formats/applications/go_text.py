"""What Go's loggers, and the agents and services written with them, write as text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.applications.naming import renamed, split_values
from chalicelib.core.formats.applications.pairs import KEY, pairs_of
from chalicelib.core.formats.applications.patterns import LinePattern, format_of
from chalicelib.core.formats.dates import ISO_START
from chalicelib.core.formats.flatten import NeedsExact, TooDeep, flatten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.core.records import Value

_ISO: Final = (
    rf"(?P<when>{ISO_START})(?:[.,](?P<fraction>[0-9]{{1,9}}))?+"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?+"
)
_ISO_SIEVE: Final = rf"{ISO_START}[^ \t\[]*+"
_ERRORS: Final = {"err": "error.message", "error": "error.message"}
_FIRST_PAIR: Final = re.compile(rf"(?:\A|:? )(?={KEY}=)")
_LOGGER: Final = re.compile(r"([A-Za-z][\w.@/()-]{0,127}): (?=\S)")
_STEP: Final = re.compile(r'---"([^"]{0,256})" ?(?:error:)?+', re.DOTALL)
_TRACE_END: Final = re.compile(r"(?:\A| )([0-9]{1,12}ms) \(([0-9:.]{8,18})\)\Z")


def pairs_behind(text: str) -> tuple[str, Mapping[str, Value]]:
    """A message and the pairs that end it; all of it where it does not end in pairs."""
    found = _FIRST_PAIR.search(text)
    fields = pairs_of(text[found.end() :]) if found else None
    if found is None or not fields or any(value is True for value in fields.values()):
        return text, {}
    names = renamed(fields, _ERRORS)
    fields = dict(zip(names, fields.values(), strict=True))
    split_values(fields)
    return text[: found.start()], fields


def _hclog(text: str) -> tuple[str, Mapping[str, Value]]:
    message, fields = pairs_behind(text)
    logger = _LOGGER.match(message)
    if logger is None:
        return message, fields
    return message[logger.end() :], {"log.logger": logger[1], **fields}


def _zap(text: str) -> tuple[str, Mapping[str, Value]] | None:
    """The message, and the object behind the last tab."""
    first, _, rest = text.partition("\n")
    message, _, held = first.rpartition("\t")
    fields: dict[str, Value] = {}
    if held.startswith("{") and held.endswith("}"):
        try:
            loaded = json.loads(held)
            fields = flatten(loaded)[0]
        except (ValueError, RecursionError, NeedsExact, TooDeep):
            message = first
    else:
        message = first
    if rest:
        fields["exception.stacktrace"] = rest
    return message, fields


def _trace(text: str) -> tuple[str, Mapping[str, Value]]:
    """A step of a trace, its error where it has one."""
    step = _STEP.match(text)
    if step is None:
        return text, {}
    rest = text[step.end() :]
    fields: dict[str, Value] = {"k8s.trace.step": step[1]}
    took = _TRACE_END.search(rest)
    if took:
        fields["k8s.trace.took"] = took[1]
    return rest or text, fields


FORMATS: Final = tuple(map(format_of, (
    LinePattern(
        name="zap_console",
        title="zap (Go), console encoder",
        source="https://pkg.go.dev/go.uber.org/zap#NewDevelopmentEncoderConfig",
        samples=(
            '2024-03-14T09:26:53.625Z\tinfo\tshop/pay.go:87\tstarting on port 8015\t{"component": "pay"}',
            "2024-03-14T09:26:54.000+0100\tERROR\tshop.pay\tshop/pay.go:88\tdeclined",
            '2024-03-14T09:26:55.123Z\tDEBUG\tretrying\t{"attempt": 2, "err": {"code": 7}}',
        ),
        pattern=_ISO + r"\t(?P<level>[A-Za-z]{4,6})(?:(?:\t(?P<logger>[\w./@-]{1,128}))?"
        r"\t(?P<file>[\w./@+-]{1,256}\.go):(?P<line>[0-9]{1,7})(?=\t))?\t(?P<message>.*)",
        sieve=_ISO_SIEVE + r"\t[A-Za-z]{4,6}\t",
        specificity=0.96,
        attributes={"logger": "log.logger", "file": "code.file.path", "line": "code.line.number"},
        message=_zap,
    ),
    LinePattern(
        name="hclog",
        title="hclog (Go): Vault, Consul, Nomad, Terraform",
        source="https://github.com/hashicorp/go-hclog",
        samples=(
            "2024-03-14T09:26:53.425Z [WARN]  no `api_addr` value specified; falling back to detection",
            "2024-03-14T09:26:54.425+0100 [INFO]  core.cluster-listener: starting listener: listener_address=192.0.2.10:8201",
            '2024-03-14T09:26:55.425Z [ERROR] core: failed to unseal: error="no key" attempt=2',
        ),
        pattern=_ISO + r" \[(?P<level>(?:INFO|WARN)(?=\]  \S)|(?:TRACE|DEBUG|ERROR)(?=\] [A-Za-z][\w.@/()-]*+: ))\] {1,2}(?P<message>\S.*)",
        sieve=_ISO_SIEVE + r" \[(?:(?:INFO|WARN)\]  |(?:TRACE|DEBUG|ERROR)\] )\S",
        specificity=0.965,
        message=_hclog,
    ),
    LinePattern(
        name="calico",
        title="Calico's Felix and CNI",
        source="https://docs.tigera.io/calico/latest/operations/troubleshoot/component-logs",
        samples=(
            "2024-03-14 09:26:53.608 [INFO][310249] felix/int_dataplane.go 1484: Received update msg=&proto.Update{Id:1}",
            '2024-03-14 09:26:54.602 [WARNING][62] cni-plugin/k8s.go 95: declined ContainerID="ab12" err=reset',
        ),
        pattern=_ISO + r" \[(?P<level>[A-Z]{4,8})\]\[(?P<pid>[0-9]{1,10})\] (?P<file>[\w./-]{1,256}\.go) "
        r"(?P<line>[0-9]{1,7}): (?P<message>.*)",
        sieve=_ISO_SIEVE + r" \[[A-Z]{4,8}\]\[[0-9]{1,10}\] \S",
        specificity=0.96,
        attributes={"pid": "process.pid", "file": "code.file.path", "line": "code.line.number"},
        message=pairs_behind,
    ),
    LinePattern(
        name="datadog_agent",
        title="Datadog Agent",
        source="https://docs.datadoghq.com/agent/configuration/agent-log-files/",
        samples=(
            "2024-03-14 09:26:53 UTC | CORE | INFO | (pkg/collector/runner/runner.go:309 in work) | Done running check",
            "2024-03-14 09:26:54 GMT | WARN | (runner.go:310 in work) | slow",
        ),
        pattern=r"(?P<when>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?+ "
        r"(?P<zone>[A-Z]{3,4}|[+-][0-9]{4}) \| (?:(?P<agent>[A-Z][A-Z-]{1,31}) \| )??(?P<level>[A-Z]{4,8}) \| "
        r"\((?P<file>[^\s:()]{1,256}):(?P<line>[0-9]{1,7}) in (?P<function>[^()\s]{1,128})\) \| (?P<message>.*)",
        sieve=r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.,]{8,18} \S{3,5} \| (?:[A-Z-]{2,32} \| )?+\(?",
        specificity=0.96,
        attributes={
            "agent": "datadog.agent", "file": "code.file.path", "line": "code.line.number",
            "function": "code.function.name",
        },
    ),
    LinePattern(
        name="apex_log",
        title="apex/log (Go), as Pterodactyl Wings writes it",
        source="https://github.com/apex/log",
        samples=(
            "WARN: [Mar 14 09:26:53.037] failed to validate user credentials ip=192.0.2.17:30122 subsystem=sftp username=ada",
            "INFO: [Mar 14 09:26:54.000] ready",
        ),
        pattern=r" {0,2}(?P<level>DEBUG|INFO|WARN|ERROR|FATAL): \[(?P<when>[A-Z][a-z]{2} [ 0-9][0-9] "
        r"[0-9]{2}:[0-9]{2}:[0-9]{2})\.(?P<fraction>[0-9]{3})\] (?P<message>.*)",
        sieve=r" {0,2}(?:DEBUG|INFO|WARN|ERROR|FATAL): \[[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}\.[0-9]{3}\] ",
        specificity=0.96,
        message=pairs_behind,
    ),
    LinePattern(
        name="k8s_trace",
        title="Kubernetes utiltrace, the lines behind its first",
        source="https://pkg.go.dev/k8s.io/utils/trace",
        samples=(
            'Trace[79767753]: ---"Objects listed" error:Get "https://192.0.2.1:443/apis": i/o timeout 30001ms (09:26:53.462)',
            "Trace[79767753]: [30.001464121s] [30.001464121s] END",
        ),
        pattern=r"Trace\[(?P<trace>[0-9]{1,20})\]: (?=---\"|\[|\")(?:(?=---\"[^\"]*+\" (?P<level>error):))?+(?P<message>.*)",
        sieve=r"Trace\[[0-9]{1,20}\]: ",
        specificity=0.96,
        attributes={"trace": "k8s.trace.id"},
        message=_trace,
    ),
)))  # fmt: skip
