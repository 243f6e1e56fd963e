"""Which member of an object is its time, its severity, its message: by names in many spellings, never a wrong one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import by_name
from chalicelib.core.records import Record

_PARSE = by_name("json").make_parser(ParseContext(datetime(2026, 11, 1, tzinfo=UTC)))
AT = "2026-09-14T08:00:00Z"
MOMENT = 1789372800


def record(members: dict[str, Any]) -> Record:
    made = _PARSE(orjson.dumps(members).decode())
    assert isinstance(made, Record)
    return made


@pytest.mark.parametrize(
    "members",
    [
        {"EdgeStartTimestamp": AT, "EdgeEndTimestamp": "2026-09-14T08:00:09Z", "ClientIP": "203.0.113.1"},
        {"EdgeEndTimestamp": MOMENT + 1, "EdgeStartTimestamp": MOMENT},
        {"Datetime": AT, "RayName": "x"},
        {"EventTimestampMs": MOMENT * 1000, "ScriptName": "x"},
        {"QueryName": "example.org", "Timestamp": MOMENT * 1_000_000_000},
        {"QueryTimestamp": AT, "QueryName": "x"},
        {"When": AT, "ActionType": "login"},
        {"date": "2026-09-14", "time": "08:00:00", "x-edge-location": "FRA2-C1", "sc-status": "200"},
        {"timestamp(ms)": str(MOMENT * 1000), "date": "2026-09-14", "time": "08:00:00"},
        {"reqTimeSec": f"{MOMENT}.000", "cliIP": "203.0.113.1", "statusCode": "200"},
        {"published": AT, "eventType": "user.session.start"},
        {"CreationTime": "2026-09-14T08:00:00", "Operation": "FileAccessed", "Workload": "OneDrive"},
        {"activityDateTime": AT, "category": "GroupManagement"},
        {"createdDateTime": AT, "userPrincipalName": "ada@example.org"},
        {"TimeGenerated": AT, "OperationName": "x"},
        {"eventTimestamp": AT, "submissionTimestamp": "2026-09-14T08:01:00Z", "operationName": "x"},
        {"configurationItemCaptureTime": AT, "resourceCreationTime": "2020-01-01T00:00:00Z"},
        {"date_create": MOMENT, "action": "user_login"},
        {"sourcetype": "zscalernss-web", "event": {"datetime": "2026-09-14 08:00:00", "action": "Allowed"}},
        {"event": {"time": "Mon Sep 14 08:00:00 2026", "login": "ada"}},
        {"started_at": MOMENT * 1000, "latencies": {"request": 12, "kong": 1}, "client_ip": "192.0.2.1"},
        {"event_timestamp": str(MOMENT), "firewall_name": "fw"},
        {"epoch": MOMENT, "m": "x"},
        {"epochMillis": MOMENT * 1000},
        {"epoch_ms": str(MOMENT * 1000)},
        {"unix_ms": MOMENT * 1000},
        {"unixtime": f"{MOMENT}"},
        {"logTime": AT},
        {"LOG_TIMESTAMP": AT},
        {"logged-at": AT},
        {"startTime": AT, "endTime": "2026-09-14T09:00:00Z"},
        {"start": AT, "end": "2026-09-14T09:00:00Z"},
        {"when": AT, "expires_at": "2027-01-01T00:00:00Z"},
        {"occurredAt": AT, "created_at": "2026-09-14T08:00:05Z"},
        {"ingest_time": "2026-09-14T08:00:09Z", "event_ts": AT},
        {"created_at": "2026-09-14T08:00:09Z", "event": {"timestamp": AT}},
        {"receiveTimestamp": "2026-09-14T08:00:09Z", "eventDate": AT},
        {"record": {"metadata": {"timestamp": AT}}},
        {"id": {"time": AT, "uniqueQualifier": "1"}, "kind": "admin#reports#activity"},
        {"log_id": "1", "data": {"date": AT, "type": "s"}},
        {"metadata": {"eventCreationTime": MOMENT * 1000, "offset": 14}, "event": {"UserId": "ada"}},
        {"_source": {"@timestamp": AT, "n": 1}},
        {"time_iso8601": "2026-09-14T08:00:00+00:00", "request_time": "0.005", "status": 200},
        {"time_local": "14/Sep/2026:08:00:00 +0000", "status": 200},
        {"msec": f"{MOMENT}.000", "status": 200},
        {"utc_time": "2026-09-14 08:00:00", "x": 1},
        {"timestampUtc": "2026-09-14T08:00:00"},
        {"ts_ns": MOMENT * 1_000_000_000},
        {"ts_us": MOMENT * 1_000_000},
        {"timeInMillis": MOMENT * 1000},
        {"datetime": {"date": "2026-09-14 08:00:00.000000", "timezone_type": 3, "timezone": "UTC"}},
        {"occurrenceTime": {"$date": AT}},
        {"EventTime": "2026-09-14 08:00:00", "EventReceivedTime": "2026-09-14 08:00:03", "Severity": "INFO"},
        {
            "Event": {
                "System": {"TimeCreated": {"SystemTime": "2026-09-14T08:00:00.0000000Z"}, "EventID": 4624}
            }
        },
        {"CreatedDate": "2026-09-14T08:00:00.000+0000", "EventType": "Login"},
        {"TIMESTAMP_DERIVED": AT, "EVENT_TYPE": "Login"},
        {"dateCreated": "Mon, 14 Sep 2026 08:00:00 +0000", "status": "sent"},
        {
            "lastTimestamp": AT,
            "firstTimestamp": "2026-09-13T08:00:00Z",
            "metadata": {"creationTimestamp": "2026-09-13T08:00:00Z"},
        },
        {"captureTime": AT},
        {"sensor_reading_time": AT, "reading": 12.5},
        {"gateway_recv_ts": AT},
        {"kwh_read_on": "x", "measurementDate": "2026-09-14 08:00"},
    ],
    ids=",".join,
)
def test_the_time_is_found_under_any_usual_name(members: dict[str, Any]) -> None:
    made = record(members)
    assert made.timestamp is not None
    assert made.timestamp[:19] == "2026-09-14T08:00:00"


@pytest.mark.parametrize(
    "members",
    [
        {"expires_at": AT},
        {"expiryDate": AT, "card": "x"},
        {"ExpirationTime": MOMENT},
        {"valid_until": AT, "notBefore": AT, "validFromDate": AT},
        {"birth_date": "1990-05-01T00:00:00Z"},
        {"dateOfBirth": "1990-05-01 00:00:00"},
        {"birthdate": "1990-05-01 00:00:00"},
        {"duration": 1_789_372_800, "elapsed_time": 1_789_372_800, "response_time": 1_234_567_890},
        {"processing_time_ns": 1_789_372_800, "queue_time": 1_789_372_800_000},
        {"uptime": 1_789_372_800, "cpu_time": 1_789_372_800},
        {"user": {"created_at": AT, "updated_at": AT, "id": 1}},
        {"order": {"updated_at": AT}, "n": 1},
        {"update_at": AT},
        {"updated_at": AT},
        {"last_login_at": AT},
        {"nextRunTime": AT, "scheduledTime": AT},
        {"due_date": AT, "deadline": AT},
        {"lastModified": AT},
        {"token_time": AT},
        {"departed_time": AT, "landed_time": AT},
        {"sensor_installed_on": AT},
        {"mounted_at": "2031-01-01T00:00:00Z"},
        {"event_time": 12.5, "log_time": 1042},
        {"eventTimestamp": "0001-01-01T00:00:00Z"},
        {"location": "at", "format": AT, "data": AT},
        {"build_date": AT, "version": "1"},
        {"created_by": "ada", "start_offset": 1_789_372_800},
        {"timestamp_count": 1_789_372_800},
        {"items": [{"time": AT}]},
    ],
    ids=",".join,
)
def test_another_time_than_the_events_is_no_time(members: dict[str, Any]) -> None:
    assert record(members).timestamp is None


@pytest.mark.parametrize(
    ("members", "text", "number"),
    [
        ({"sev": "E"}, "E", 17),
        ({"SEV": "warn"}, "warn", 13),
        ({"log-level": "INFO"}, "INFO", 9),
        ({"eventLevel": "Error"}, "Error", 17),
        ({"severity_name": "critical"}, "critical", 21),
        ({"message_level": "debug"}, "debug", 5),
        ({"log": {"severity": "warning"}}, "warning", 13),
        ({"event": {"severity": "info"}}, "info", 9),
        ({"level": 4, "levelName": "ERROR"}, "ERROR", 17),
    ],
)
def test_the_severity_is_found_under_any_usual_name(members: dict[str, Any], text: str, number: int) -> None:
    made = record(members)
    assert (made.severity_text, made.severity_number) == (text, number)


@pytest.mark.parametrize(
    "members",
    [
        {"battery_level": "critical"},
        {"access_level": "info"},
        {"risk": {"level": "error"}},
        {"sev": 3},
        {"severity_score": "error"},
        {"level": "third floor"},
    ],
)
def test_what_is_no_severity_is_none(members: dict[str, Any]) -> None:
    assert record(members).severity_number is None


@pytest.mark.parametrize(
    "members",
    [{"displayMessage": "boom"}, {"log_message": "boom"}, {"txt": "boom"}, {"EventMessage": "boom"}, {"logEvent": {"message": "boom"}}, {"Description": "boom"}, {"event": {"msg": "boom"}}],
)  # fmt: skip
def test_the_message_is_found_under_any_usual_name(members: dict[str, Any]) -> None:
    assert record(members).body == "boom"


def test_what_is_promoted_leaves_the_attributes_and_nothing_else_does() -> None:
    made = record({"logTime": AT, "sev": "W", "txt": "boom", "svc": "pay", "expires_at": AT})
    assert made == Record(AT, None, "W", 13, "boom", {"svc": "pay", "expires_at": AT})


def test_a_day_and_its_clock_are_one_time() -> None:
    made = record({"Date": "2026-09-14", "Time": "08:00:00.250", "n": 1})
    assert made == Record("2026-09-14T08:00:00.250Z", "zone", None, None, None, {"n": 1})
