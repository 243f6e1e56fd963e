"""What an audit of the dependencies says of what a vulnerability service answered."""

from __future__ import annotations

from tests.audit import audit

CLEAN = {"name": "orjson", "version": "3.13.0", "vulns": []}
FLAWED = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "own", "skip_reason": "Dependency not found on PyPI and could not be audited: own (1)"}


def test_a_known_vulnerability_fails_and_names_what_fixes_it() -> None:
    code, lines = audit({"dependencies": [CLEAN, FLAWED]})
    assert code == 1
    assert lines[0] == "old 1.0: PYSEC-2026-1, fixed in 1.1"


def test_packages_without_known_vulnerabilities_pass_and_are_counted() -> None:
    assert audit({"dependencies": [CLEAN, UNKNOWN]}) == (
        0,
        ["Audited 1 packages: 0 known vulnerabilities; 1 not known there."],
    )


def test_an_audit_that_knew_no_package_says_that_nothing_was_audited() -> None:
    code, (line,) = audit({"dependencies": [UNKNOWN]})
    assert code == 0
    assert line.startswith("Not audited")
