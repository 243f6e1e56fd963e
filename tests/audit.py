"""Asks a vulnerability service about everything that the locks pin: `python -m tests.audit`.

Exit 1 for a known vulnerability, with its ids and the versions that fix it. Where no service can be reached, it says
so and exits 0: an audit that did not happen is named, never passed over in silence.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.tools import ROOT, Unavailable, make_tool

LOCKS = ("requirements.lock", "requirements-dev.lock")
_SECONDS = 120


def audit(report: dict[str, Any]) -> tuple[int, list[str]]:
    """The exit code and what to print for a report of pip-audit
    (https://github.com/pypa/pip-audit#usage, format json)."""
    dependencies = report.get("dependencies", [])
    audited = [each for each in dependencies if "skip_reason" not in each]
    if not audited:
        return 0, [
            "Not audited: no vulnerability service knows these packages from here; run it with the internet."
        ]
    lines = [
        f"{each['name']} {each['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'no version'}"
        for each in audited
        for flaw in each["vulns"]
    ]
    skipped = len(dependencies) - len(audited)
    lines.append(
        f"Audited {len(audited)} packages: {len(lines)} known vulnerabilities; {skipped} not known there."
    )
    return int(len(lines) > 1), lines


def main() -> int:
    try:
        program = make_tool("pip-audit")
    except Unavailable as reason:
        print(f"Not audited: {reason}")
        return 0
    files = [option for lock in LOCKS for option in ("-r", str(ROOT / lock))]
    command = [
        str(program),
        "--require-hashes",
        "--disable-pip",
        "--progress-spinner=off",
        "--format=json",
        *files,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
        report = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        print("Not audited: the vulnerability service cannot be reached from here; run it with the internet.")
        return 0
    code, lines = audit(report)
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
