"""`froe parse` against goaccess, lnav and syslog-ng on the same file, where they are installed.

Each reads the file and writes what it made of it: a JSON object a line, except goaccess, which writes a
report. All of the run counts: starting, reading, parsing, writing. Rates are medians of three runs, one
after the other; on a machine that others use only the ratios of one run mean anything.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.formats import lines_of

_RUNS: Final = 3
_REPEATED: Final = 5
"""How often the lines of the formats' benchmark are in the file: 100,000."""

_SYSLOG_NG: Final = """@version: current
source s {{ stdin({source}); }};
{parser}
destination d {{ file("{out}" template("$(format-json --scope {scope})\\n")); }};
log {{ source(s); {use} destination(d); }};
"""


def _lnav(table: str) -> Callable[[Path, Path], str]:
    def command(log: Path, out: Path) -> str:
        return f"lnav -n -q -c ';SELECT * FROM {table}' -c ':write-jsonlines-to {out}' {log} > /dev/null"

    return command


def _goaccess(log_format: str) -> Callable[[Path, Path], str]:
    def command(log: Path, out: Path) -> str:
        return f"goaccess {log} --log-format={log_format} -o {out}.json --no-global-config --no-progress"

    return command


def _syslog_ng(source: str, parser: str, scope: str) -> Callable[[Path, Path], str]:
    def command(log: Path, out: Path) -> str:
        version = subprocess.run(
            ["syslog-ng", "--version"], capture_output=True, text=True, check=True
        ).stdout
        known = version.partition("Config version: ")[2].partition("\n")[0]
        config = out.with_suffix(".conf")
        text = _SYSLOG_NG.format(
            source=source, parser=f"parser p {{ {parser}; }};" if parser else "", out=out, scope=scope,
            use="parser(p);" if parser else "",
        )  # fmt: skip
        config.write_text(text.replace("current", known))
        state = out.with_suffix("")
        return (
            f"cat {log} | syslog-ng -F -f {config} -R {state}.persist -c {state}.ctl -p {state}.pid"
            " --no-caps 2> /dev/null"
        )

    return command


_COLUMNS: Final = '"clientip","ident","auth","timestamp","request","response","bytes","referrer","agent"'
_PEERS: Final[dict[str, dict[str, Callable[[Path, Path], str]]]] = {
    "access_combined": {
        "goaccess": _goaccess("COMBINED"),
        "lnav": _lnav("access_log"),
        "syslog-ng": _syslog_ng(
            "flags(no-parse)",
            "csv-parser(dialect(escape-backslash) flags(strip-whitespace) delimiters(\" \") quote-pairs('\"\"[]')"
            f" columns({_COLUMNS}))",
            "nv_pairs",
        ),
    },
    "syslog_rfc5424": {
        "lnav": _lnav("syslog_log"),
        "syslog-ng": _syslog_ng("flags(syslog-protocol)", "", "rfc5424"),
    },
    "syslog_rfc3164": {
        "lnav": _lnav("syslog_log"),
        "syslog-ng": _syslog_ng("", "", "rfc3164"),
    },
    "json": {"syslog-ng": _syslog_ng("flags(no-parse)", "json-parser()", "nv_pairs")},
}  # fmt: skip


def _rate(command: str, out: Path, lines: int) -> float | None:
    """Median lines a second; None where the command wrote nothing."""
    rates = []
    for _ in range(_RUNS):
        for written in (out, out.with_suffix(".json")):
            written.unlink(missing_ok=True)
        begin = time.perf_counter()
        done = subprocess.run(command, shell=True, check=False, capture_output=True)
        rates.append(lines / (time.perf_counter() - begin))
        if done.returncode or not any(
            path.exists() and path.stat().st_size for path in (out, out.with_suffix(".json"))
        ):
            return None
    return statistics.median(rates)


def table() -> Iterator[str]:
    """Lines a second, ours and theirs; a peer that is not installed is left out."""
    installed = [name for name in ("goaccess", "lnav", "syslog-ng") if shutil.which(name)]
    missing = sorted({"goaccess", "lnav", "syslog-ng"} - set(installed))
    yield f"{'format':20}{'reader':12}{'lines/s':>12}{'froe is':>12}"
    with tempfile.TemporaryDirectory() as directory:
        for name, peers in _PEERS.items():
            lines = lines_of(name) * _REPEATED
            log, out = Path(directory) / f"{name}.log", Path(directory) / "out"
            log.write_text("\n".join(lines) + "\n", encoding="utf-8")
            ours = _rate(f"{sys.executable} -m froe parse {log} > {out} 2> /dev/null", out, len(lines))
            if ours is None:
                raise AssertionError(f"froe parse wrote nothing of {name}")
            yield f"{name:20}{'froe parse':12}{ours:12,.0f}{'':>12}"
            for peer, command in peers.items():
                if peer in installed:
                    theirs = _rate(command(log, out), out, len(lines))
                    measured = (
                        "wrote nothing" if theirs is None else f"{theirs:12,.0f}{ours / theirs:10.2f} x"
                    )
                    yield f"{'':20}{peer:12}{measured}"
    if missing:
        yield f"not installed: {', '.join(missing)}"


def main() -> None:
    """Prints the table."""
    for line in table():
        print(line)


if __name__ == "__main__":
    main()
