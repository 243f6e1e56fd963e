"""Lines beside the entries of a log: the header of glog, PHP's traces in Apache's error log, a header of columns."""

from __future__ import annotations

import pytest

from tests.faults.reading import read

GLOG = (
    "Log file created at: 2026/02/14 09:26:53\nRunning on machine: till-7\n"
    "Binary: Built with gc go1.22.1 for linux/amd64\n"
    "Log line format: [IWEF]{date} hh:mm:ss.uuuuuu threadid file:line] msg\n"
)
PHP = (
    "[Sat Feb 14 09:26:53.123456 2026] [php:error] [pid 4711] [client 192.0.2.17:50229] PHP Fatal error:  Uncaught"
    " Exception: no money in /srv/pay.php:42\nStack trace:\n#0 /srv/shop.php(7): pay()\n#1 {main}\n"
    "  thrown in /srv/pay.php on line 42, referer: https://example.org/\n"
)
NOTICE = (
    "[Sat Feb 14 09:26:55.123456 2026] [mpm_event:notice] [pid 1:tid 1] AH00489: resuming normal operations\n"
)


@pytest.mark.parametrize(
    ("name", "date", "stamp"), [("klog", "mmdd", "0214"), ("glog", "yyyymmdd", "20260214")]
)
def test_the_header_of_a_glog_file_is_skipped_wherever_a_file_begins(
    name: str, date: str, stamp: str
) -> None:
    file = GLOG.format(date=date) + f"I{stamp} 09:26:53.123456   12345 server.go:123] a\n"
    actual = read((file * 2).encode())
    assert actual.format == name
    assert actual.bodies == ["a", "a"]
    assert not actual.rejects
    skipped = actual.account.summary.counts.skipped["header"]
    assert (skipped.entries, skipped.lines) == (2, 8)


def test_a_php_trace_belongs_to_the_entry_of_the_apache_log_before_it() -> None:
    actual = read((PHP + NOTICE + PHP + PHP + NOTICE).encode())
    assert actual.format == "apache_error"
    assert len(actual.records) == 5
    record = actual.records[0]
    assert record.severity_text == "error"
    assert record.attributes["client.address"] == "192.0.2.17"
    assert record.attributes["exception.type"] == "Exception"
    assert record.attributes["exception.message"] == "no money"
    assert record.attributes["http.request.header.referer"] == "https://example.org/"


def test_what_else_a_program_says_among_apaches_lines_is_no_part_of_them() -> None:
    actual = read((NOTICE * 20 + "sh: 1: convert: not found\n" + NOTICE).encode())
    assert actual.format == "apache_error"
    assert len(actual.records) == 21
    assert actual.rejects == ["other-shape"]


@pytest.mark.parametrize(("name", "delimiter"), [("tsv", "\t"), ("csv", ",")])
def test_a_header_that_explains_the_columns_wins(name: str, delimiter: str) -> None:
    lines = [["time", "level", "logger", "message", "user"]]
    lines += [["2026-02-14T09:26:53Z", "INFO", "shop", f"order {number}", "ada"] for number in range(6)]
    actual = read("".join(delimiter.join(cells) + "\n" for cells in lines).encode())
    assert actual.format == name
    assert actual.bodies == [f"order {number}" for number in range(6)]
    assert actual.records[0].attributes == {"logger": "shop", "user": "ada"}
