"""SQL over the sink by HTTP: what is started, how it is bounded, and how its answer is read, with Athena and S3 faked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("chalice", reason="needs chalice: make setup")

from botocore.exceptions import ClientError
from chalice.test import Client

from chalicelib import queries, query_routes
from chalicelib.access import Person, Role
from chalicelib.audit import Audit
from chalicelib.aws.access_table import DynamoAskers
from chalicelib.aws.athena import TABLE, Athena, Catalog, S3Answers
from chalicelib.core.errors import TransientError
from chalicelib.core.plan.layouts import Sink
from chalicelib.pages import PAGE_MAX_BYTES
from chalicelib.queries import (
    AT_ONCE_MAX,
    AT_ONCE_MAX_EACH,
    PER_HOUR_MAX,
    PER_HOUR_MAX_EACH,
    SECONDS_MAX,
    Queries,
)
from chalicelib.statements import checked_sql, columns_near
from tests.fakes import WHEN, FakeTrail
from tests.soak.dynamodb import DynamoDB
from tests.soak.world import World
from tests.unit.test_route_calls import Counted

SQL = "select a, b from records where file_format = 'json'"
HEADER = b'"a","b"\n'
ANN, BOB, OPERATOR = Person("ann", Role.READ), Person("bob", Role.READ), Person("olga", Role.OPERATE)


def refused(operation: str, code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeAthena:
    """Queries that run until they are ended, in two workgroups."""

    def __init__(self) -> None:
        self.now = WHEN
        self.runs: dict[str, dict[str, Any]] = {}
        self.refusal: ClientError | None = None
        self.columns = [("a", "bigint"), ("b", "varchar")]

    def start_query_execution(self, **request: Any) -> Any:
        if self.refusal:
            raise self.refusal
        query_id = f"{len(self.runs):08x}-aaaa-bbbb-cccc-{len(self.runs):012x}"
        kind = "DML" if request["QueryString"].split()[0].lower() in {"select", "with"} else "UTILITY"
        self.runs[query_id] = {
            "QueryExecutionId": query_id,
            "Query": request["QueryString"],
            "WorkGroup": request["WorkGroup"],
            "StatementType": kind,
            "ResultConfiguration": {"OutputLocation": f"s3://results/athena/api/{query_id}.csv"},
            "Status": {"State": "QUEUED", "SubmissionDateTime": self.now},
            "Statistics": {"DataScannedInBytes": 12_000_000},
        }
        return {"QueryExecutionId": query_id}

    def end(self, query_id: str, state: str = "SUCCEEDED", reason: str = "") -> None:
        self.runs[query_id]["Status"] |= {
            "State": state,
            "StateChangeReason": reason,
            "CompletionDateTime": self.now,
        }

    def get_query_execution(self, QueryExecutionId: str) -> Any:  # noqa: N803 - boto3's
        if QueryExecutionId not in self.runs:
            raise refused("GetQueryExecution", "InvalidRequestException", "was not found")
        return {"QueryExecution": self.runs[QueryExecutionId]}

    def stop_query_execution(self, QueryExecutionId: str) -> None:  # noqa: N803 - boto3's
        self.end(QueryExecutionId, "CANCELLED", "Query cancelled by user")

    def list_query_executions(self, WorkGroup: str, MaxResults: int) -> Any:  # noqa: N803 - boto3's
        ids = [query_id for query_id, run in self.runs.items() if run["WorkGroup"] == WorkGroup]
        return {"QueryExecutionIds": ids[::-1][:MaxResults]}

    def batch_get_query_execution(self, QueryExecutionIds: list[str]) -> Any:  # noqa: N803 - boto3's
        return {"QueryExecutions": [self.runs[query_id] for query_id in sorted(QueryExecutionIds)]}

    def get_query_results(self, QueryExecutionId: str, MaxResults: int) -> Any:  # noqa: N803 - boto3's
        assert (QueryExecutionId in self.runs, MaxResults) == (True, 1)
        described = [{"Name": name, "Type": kind} for name, kind in self.columns]
        return {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": described}, "Rows": []}}

    def get_table_metadata(self, **_: str) -> Any:
        columns = [{"Name": "body", "Type": "string"}]
        return {
            "TableMetadata": {
                "Columns": columns,
                "PartitionKeys": [{"Name": "file_format", "Type": "string"}],
            }
        }


class FakeS3:
    """One object, whatever is asked for; None: it has expired."""

    def __init__(self) -> None:
        self.data: bytes | None = b""
        self.read_bytes = 0

    def get_object(self, Bucket: str, Key: str, Range: str) -> Any:  # noqa: N803 - boto3's
        assert (Bucket, Key.rpartition("/")[0]) == ("results", "athena/api")
        if self.data is None:
            raise refused("GetObject", "NoSuchKey")
        first, last = map(int, Range.removeprefix("bytes=").split("-"))
        if first >= len(self.data):
            raise refused("GetObject", "InvalidRange")
        data = self.data[first : last + 1]
        self.read_bytes = max(self.read_bytes, len(data))
        ends = f"bytes {first}-{first + len(data) - 1}/{len(self.data)}"
        return {"Body": BytesIO(data), "ContentRange": ends}

    def generate_presigned_url(self, operation: str, Params: Any, ExpiresIn: int) -> str:  # noqa: N803 - boto3's
        assert (operation, ExpiresIn) == ("get_object", 900)
        return f"https://results/{Params['Key']}?signed&as={Params['ResponseContentDisposition']}"


class Asking:
    """The routes, asked by a person; each gives status and body."""

    person = ANN

    def __init__(self, client: Client, engine: FakeAthena, s3: FakeS3, trail: FakeTrail) -> None:
        self._client = client
        self.engine, self.s3, self.trail = engine, s3, trail

    def start(self, sql: Any = SQL) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        answer = self._client.http.post("/queries", headers=headers, body=json.dumps({"sql": sql}).encode())
        return answer.status_code, answer.json_body

    def get(self, path: str) -> tuple[int, Any]:
        answer = self._client.http.get(path)
        return answer.status_code, answer.json_body

    def delete(self, path: str) -> tuple[int, Any]:
        answer = self._client.http.delete(path)
        return answer.status_code, answer.json_body

    def answered(self, data: bytes, sql: str = SQL) -> str:
        """The path of a query that has succeeded, and left this."""
        status, query = self.start(sql)
        assert status == 202, query
        self.engine.end(query["query_id"])
        self.s3.data = data
        return f"/queries/{query['query_id']}"


@pytest.fixture
def services() -> SimpleNamespace:
    return SimpleNamespace(settings=SimpleNamespace(stage="eu-prod", sink=Sink.PARQUET), queries=None)


@pytest.fixture
def asking(services: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    import app

    engine, s3, trail = FakeAthena(), FakeS3(), FakeTrail()
    catalog = Catalog("eu-prod", by_api=True)
    athena = Athena(engine, catalog, partial(columns_near, table=TABLE))
    askers = DynamoAskers(DynamoDB(World("calm"), lambda *_: None), "ledger")
    services.queries = Queries(athena, S3Answers(s3), askers, lambda: engine.now, TABLE)
    services.audit = Audit(trail, lambda: WHEN)
    monkeypatch.setattr(app, "services", lambda: services)
    with Client(app.app) as client:
        asking = Asking(client, engine, s3, trail)
        monkeypatch.setattr(query_routes, "asking", lambda _: asking.person)
        yield asking


def test_a_query_runs_in_the_workgroup_of_the_api_and_who_asked_is_written_down(asking: Asking) -> None:
    status, query = asking.start(f"  {SQL} ; ")
    assert (status, query["state"], query["items"], query["columns"]) == (202, "QUEUED", [], None)
    (run,) = asking.engine.runs.values()
    assert (run["Query"], run["WorkGroup"]) == (SQL, "froe-eu-prod.api")
    (deed,) = asking.trail.stored.values()
    assert (deed.action, deed.subject, deed.result) == (
        "query",
        {"characters": len(SQL)},
        {"query_id": query["query_id"]},
    )
    asking.engine.now += timedelta(seconds=2.5)
    status, query = asking.get(f"/queries/{query['query_id']}")
    assert (status, query["state"], query["seconds"]) == (200, "QUEUED", 2.5)


def test_an_answer_comes_in_pages_with_types_and_null_apart_from_empty_text(asking: Asking) -> None:
    path = asking.answered(HEADER + b'"1","x"\n"2",\n"3",""\n')
    _, first = asking.get(f"{path}?limit=2")
    assert first["columns"] == [{"name": "a", "type": "bigint"}, {"name": "b", "type": "varchar"}]
    assert (first["state"], first["items"]) == ("SUCCEEDED", [["1", "x"], ["2", None]])
    assert first["scanned_bytes"] == 12_000_000
    assert first["download"].endswith(f'attachment; filename="{path.rpartition("/")[2]}.csv"')
    _, last = asking.get(f"{path}?limit=2&cursor={first['cursor']}")
    assert (last["items"], last["cursor"]) == ([["3", ""]], None)
    others = asking.answered(HEADER)
    assert asking.get(others)[1]["items"] == []
    offset = len(HEADER) + 2  # inside a row
    for wrong in ("x", "0", str(offset), f"{offset}{first['cursor'][first['cursor'].index('-') :]}"):
        assert asking.get(f"{path}?cursor={wrong}")[0] == 400, wrong
    assert asking.get(f"{others}?cursor={first['cursor']}")[0] == 400, "it is of another answer"


def test_an_answer_of_any_size_is_read_in_stretches_and_pages_stay_small(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_STRETCH_BYTES", 1000)
    rows = [[str(number), "x" * (number * 7 % 300)] for number in range(100)]
    path = asking.answered(HEADER + b"".join(b'"%b","%b"\n' % (a.encode(), b.encode()) for a, b in rows))
    read: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        _, page = asking.get(f"{path}?limit=1000" + (f"&cursor={cursor}" if cursor else ""))
        read += page["items"]
        cursor = page["cursor"]
    assert read == rows
    assert asking.s3.read_bytes == 1000
    path = asking.answered(HEADER + b'"1","x"\n"2","' + b"x" * 3000 + b'"\n')
    _, page = asking.get(path)
    assert page["items"] == [["1", "x"]]
    for large in (f"{path}?cursor={page['cursor']}", asking.answered(HEADER + b'"1","' + b"x" * 3000)):
        status, answer = asking.get(large)
        assert (status, "a row of the answer is larger than 1,000 bytes" in answer["Message"]) == (400, True)
    row = b'"1","' + b"x" * 987 + b'"\n'
    _, page = asking.get(asking.answered(HEADER + row + row))
    assert [len(value) for value in page["items"][0]] == [1, 987], "it has room without the header"


def test_a_page_leaves_room_for_the_statement(asking: Asking) -> None:
    sql = f"{SQL} and body <> '{'é' * 49_000}'"
    rows = b"".join(b'"%d","%s"\n' % (number, b"x" * 9000) for number in range(600))
    _, page = asking.get(asking.answered(HEADER + rows, sql) + "?limit=1000")
    assert page["cursor"]
    assert len(json.dumps(page)) <= PAGE_MAX_BYTES + 5000


def test_a_row_that_no_answer_has_room_for_is_refused(asking: Asking) -> None:
    """In JSON a control character has six."""
    status, answer = asking.get(asking.answered(HEADER + b'"1","' + b"\x01" * 1_100_000 + b'"\n"2","x"\n'))
    assert (status, "select fewer columns" in answer["Message"]) == (400, True)


def test_lines_of_a_statement_that_is_no_query_are_rows(asking: Asking) -> None:
    _, answer = asking.get(asking.answered(b"body\tstring\nfile_format\tstring\n", "describe records"))
    assert answer["items"] == [["body", "string"], ["file_format", "string"]]
    assert ".txt" in answer["download"]


def test_a_query_is_cancelled_once_and_one_that_has_ended_stays_as_it_is(asking: Asking) -> None:
    _, query = asking.start()
    path = f"/queries/{query['query_id']}"
    for _ in range(2):
        status, answer = asking.delete(path)
        assert (status, answer["state"]) == (200, "CANCELLED")
    assert asking.delete(asking.answered(HEADER))[1]["state"] == "SUCCEEDED"


def test_a_query_that_runs_for_too_long_is_stopped_by_who_looks(asking: Asking) -> None:
    _, query = asking.start()
    asking.engine.now += timedelta(seconds=SECONDS_MAX + 1)
    assert asking.get(f"/queries/{query['query_id']}")[1]["state"] == "CANCELLED"


def test_others_have_to_end_first(asking: Asking) -> None:
    started = []
    for number in range(AT_ONCE_MAX):
        asking.person = Person(f"person{number}", Role.READ)
        started.append(asking.start()[1]["query_id"])
    asking.person = ANN
    status, answer = asking.start()
    assert (status, "wait until one has ended, or cancel it" in answer["Message"]) == (429, True)
    asking.engine.end(started[0], "FAILED")
    assert asking.start()[0] == 202
    asking.engine.now += timedelta(seconds=SECONDS_MAX + 1)
    assert asking.start()[0] == 202, "what has run for too long is stopped"


def test_who_runs_as_many_as_one_may_keeps_nobody_else_from_asking(asking: Asking) -> None:
    started = [asking.start()[1]["query_id"] for _ in range(AT_ONCE_MAX_EACH)]
    status, answer = asking.start()
    assert (status, f"{AT_ONCE_MAX_EACH} queries of ann are running" in answer["Message"]) == (429, True)
    asking.person = BOB
    assert asking.start()[0] == 202
    asking.person = ANN
    asking.delete(f"/queries/{started[0]}")
    assert asking.start()[0] == 202


def test_requests_at_once_start_no_more_than_one_token_may(asking: Asking) -> None:
    """And what is refused is not in the trail, which is kept for good."""
    others: list[int] = []
    start = asking.engine.start_query_execution

    def start_as_others_arrive(**asked: Any) -> Any:
        if len(others) < 5:
            number = len(others)
            others.append(0)
            others[number] = asking.start()[0]
        return start(**asked)

    asking.engine.start_query_execution = start_as_others_arrive  # type: ignore[method-assign]
    asking.start()
    assert set(others) <= {202, 429}
    assert len(asking.engine.runs) <= AT_ONCE_MAX_EACH
    assert len(asking.trail.stored) == len(asking.engine.runs)
    asking.engine.start_query_execution = start  # type: ignore[method-assign]
    for query_id in list(asking.engine.runs):
        asking.engine.end(query_id)
    assert asking.start()[0] == 202, "a place that was taken in vain is free again"


def test_an_hour_has_room_for_so_many(asking: Asking) -> None:
    for number in range(PER_HOUR_MAX):
        asking.person = Person(f"person{number % 5}", Role.READ)
        asking.answered(HEADER)
        asking.engine.now += timedelta(minutes=1)
    asking.person = ANN
    status, answer = asking.start()
    assert (status, f"{WHEN + timedelta(hours=1):%H:%M:%S} UTC" in answer["Message"]) == (429, True)
    asking.engine.now = WHEN + timedelta(minutes=61)
    assert asking.start()[0] == 202


def test_one_token_leaves_room_in_the_hour_for_others(asking: Asking) -> None:
    for _ in range(PER_HOUR_MAX_EACH):
        asking.answered(HEADER)
    status, answer = asking.start()
    assert (status, f"{PER_HOUR_MAX_EACH} queries of ann" in answer["Message"]) == (429, True)
    asking.person = BOB
    assert asking.start()[0] == 202


def test_a_query_is_for_who_asked_it_and_for_who_operates(asking: Asking) -> None:
    path = asking.answered(HEADER + b'"1","x"\n')
    asking.person = BOB
    for status, answer in (asking.get(path), asking.delete(path)):
        assert (status, "belongs to ann" in answer["Message"]) == (403, True)
    asking.person = OPERATOR
    status, answer = asking.get(path)
    assert (status, answer["by"], answer["items"]) == (200, "ann", [["1", "x"]])
    asking.person = ANN
    running = asking.start()[1]["query_id"]
    asking.person = OPERATOR
    assert asking.delete(f"/queries/{running}")[1]["state"] == "CANCELLED"
    deed = list(asking.trail.stored.values())[-1]
    assert (deed.who, deed.action, deed.subject) == (
        "olga",
        "query-cancel",
        {"query_id": running, "of": "ann"},
    )
    assert deed.result == {"state": "CANCELLED"}


def test_a_query_that_nobody_is_known_to_have_asked_is_for_who_operates(asking: Asking) -> None:
    group = Catalog("eu-prod", by_api=True).workgroup
    query_id = asking.engine.start_query_execution(QueryString=SQL, WorkGroup=group)["QueryExecutionId"]
    assert asking.get(f"/queries/{query_id}")[0] == 403
    asking.person = OPERATOR
    assert asking.get(f"/queries/{query_id}")[1]["by"] is None


def test_queries_are_listed_for_who_asked_them_and_all_for_who_operates(asking: Asking) -> None:
    started = []
    for number in range(7):
        asking.person = ANN if number % 2 else BOB
        started.append(asking.answered(HEADER).rpartition("/")[2])
        asking.engine.now += timedelta(seconds=1)

    def listed(person: Person) -> list[str]:
        asking.person = person
        ids, cursor = [], ""
        while cursor is not None:
            status, page = asking.get("/queries?limit=2" + (f"&cursor={cursor}" if cursor else ""))
            assert status == 200
            assert all(each["sql"] == SQL and each["state"] == "SUCCEEDED" for each in page["items"])
            ids += [each["query_id"] for each in page["items"]]
            cursor = page["cursor"]
        return ids

    assert listed(ANN) == started[1::2][::-1]
    assert listed(BOB) == started[::2][::-1]
    assert listed(OPERATOR) == started[::-1]
    asking.person = ANN
    assert asking.get(f"/queries?cursor={started[0]}")[0] == 400, "it is not in her list"
    assert asking.get("/queries?limit=0")[0] == 400


def test_a_list_asks_aws_twice_however_many_queries_there_are(services: SimpleNamespace) -> None:
    engine, table = Counted(FakeAthena()), Counted(DynamoDB(World("calm"), lambda *_: None))  # type: ignore[arg-type]
    athena = Athena(engine, Catalog("eu-prod", by_api=True), partial(columns_near, table=TABLE))
    asked = Queries(athena, S3Answers(FakeS3()), DynamoAskers(table, "ledger"), lambda: WHEN, TABLE)
    for number in range(20):
        person = Person(f"person{number}", Role.READ)
        with asked.place(person):
            query_id = asked.start(person, SQL)["query_id"]
        asked.stop(OPERATOR, query_id)
    for client in (engine, table):
        client.calls.clear()
    assert len(asked.listed(OPERATOR, limit=15, cursor=None)["items"]) == 15
    assert (dict(engine.calls), dict(table.calls)) == ({"batch_get_query_execution": 1}, {"query": 1})


def test_a_query_that_cannot_be_noted_as_somebodys_is_stopped(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> None:
        raise TransientError("the table is busy")

    put = DynamoAskers.put
    monkeypatch.setattr(
        DynamoAskers, "put", lambda *a: put(*a) if a[1].query_id.startswith("taken") else busy()
    )
    assert asking.start()[0] == 503
    (run,) = asking.engine.runs.values()
    assert run["Status"]["State"] == "CANCELLED"
    monkeypatch.setattr(DynamoAskers, "put", busy)
    assert asking.start()[0] == 503
    assert len(asking.engine.runs) == 1, "what cannot be counted is not started"


@pytest.mark.parametrize("path", ["/queries/00000009-aaaa-bbbb-cccc-000000000009", "/queries/..%2Fme"])
def test_what_is_no_query_of_the_stage_is_not_there(path: str, asking: Asking) -> None:
    assert asking.get(path)[0] == asking.delete(path)[0] == 404
    others = asking.engine.start_query_execution(QueryString=SQL, WorkGroup="froe-eu-prod")
    assert asking.get(f"/queries/{others['QueryExecutionId']}")[0] == 404


def test_an_answer_that_has_expired_is_not_there(asking: Asking) -> None:
    path = asking.answered(HEADER)
    asking.s3.data = None
    status, answer = asking.get(path)
    assert (status, "has expired, as answers do after a day" in answer["Message"]) == (404, True)


def test_what_athena_refuses_or_cannot_answer_is_said_with_the_remedy(asking: Asking) -> None:
    _, query = asking.start()
    asking.engine.end(query["query_id"], "FAILED", "COLUMN_NOT_FOUND: Column 'x' cannot be resolved")
    assert asking.get(f"/queries/{query['query_id']}")[1]["reason"].endswith(
        "resolved. The columns of records: body, file_format."
    )
    _, query = asking.start()
    asking.engine.end(query["query_id"], "CANCELLED", "Bytes scanned limit was exceeded")
    assert "raise the parameter ApiQueryMaxBytes" in asking.get(f"/queries/{query['query_id']}")[1]["reason"]
    asking.engine.refusal = refused(
        "StartQueryExecution", "InvalidRequestException", "line 1:8: mismatched input"
    )
    status, answer = asking.start()
    assert (status, answer["Message"]) == (400, "line 1:8: mismatched input.")
    asking.engine.refusal = refused("StartQueryExecution", "ThrottlingException")
    assert asking.start()[0] == 503


@pytest.mark.parametrize(
    "sql",
    [
        *(
            "",
            " ; ",
            None,
            7,
            "drop table records",
            "insert into records select 1",
            "update records set a = 1",
        ),
        *("select 1; select 2", "select ';' ; -- a;\n ;drop table records", "select 1;;select 2; "),
        *("create table t as select 1", "unload (select 1) to 's3://b/'", "-- select\ndelete from records"),
        *("/* select */ msck repair table records", "selected", "x" * 50_001, "prepare p from select 1"),
    ],
)
def test_what_does_not_read_is_refused_before_anything_is_asked(sql: Any, asking: Asking) -> None:
    status, answer = asking.start(sql)
    assert status == 400
    assert re.search(r"\bsql (is|has|begins) |the body|sql is 7", answer["Message"])
    assert (asking.engine.runs, asking.trail.stored) == ({}, {})


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "-- a\n /* b */ ((select 1))",
        "with a as (select 1) from a",
        "explain select 1",
        "select ';', \";\" /* ; */ -- ;\n, 'it''s; '",
        "show tables",
    ],
)
def test_what_reads_is_asked_as_it_is(sql: str) -> None:
    assert checked_sql(sql) == sql


@pytest.mark.parametrize("end", [";", " ; ", ";;", "; -- a;", ";/* ; */;"])
def test_what_follows_a_statement_and_is_none_is_left_out(end: str) -> None:
    assert checked_sql(f"select 1{end}") == "select 1"


def test_a_column_that_is_not_there_is_answered_with_those_near_it() -> None:
    columns = [
        "file_id",
        "body",
        "client_address",
        "client_port",
        "server_address",
        *map("c{}".format, range(40)),
    ]
    assert columns_near(columns, "clientaddress", "records") == (
        "The nearest of the 45 columns of records: client_address. DESCRIBE records lists them all."
    )
    assert columns_near(columns, "zzz", "records", "GET /x") == "records has 45 columns: GET /x lists them."
    assert columns_near(columns[:2], "zzz", "log") == "The columns of log: file_id, body."


def test_comments_that_go_on_for_ever_take_no_time() -> None:
    with pytest.raises(queries.BadQueryError):
        checked_sql("/* " * 16_000)


def test_the_table_is_told_with_its_columns_and_a_stage_without_sink_says_what_to_do(
    asking: Asking, services: SimpleNamespace
) -> None:
    _, table = asking.get("/queries/table")
    assert (table["table"], [each["name"] for each in table["columns"]]) == (
        "records",
        ["body", "file_format"],
    )
    status, answer = asking.get("/queries/table?x=1")
    assert (status, "unknown parameter 'x': this route takes none" in answer["Message"]) == (400, True)
    assert asking.get("/me")[1]["queries"] is True
    services.queries, services.settings.sink = None, Sink.NONE
    assert asking.get("/me")[1]["queries"] is False
    for status, answer in (
        asking.start(),
        asking.get("/queries/table"),
        asking.get("/queries/0"),
        asking.delete("/queries/0"),
    ):
        assert (status, "Sink=parquet" in answer["Message"]) == (409, True)


def test_who_may_only_read_may_query_and_nothing_else() -> None:
    """As API Gateway matches a call with the policy of the authorizer."""
    from app import app

    allowed = [
        (re.compile(re.escape(path).replace(r"\*", ".*")), methods) for path, methods in Role.READ.routes
    ]
    writing = {
        (method, path)
        for path, methods in app.routes.items()
        for method in methods
        if method != "GET" and any(one.fullmatch(path) and method in names for one, names in allowed)
    }
    assert writing == {("POST", "/queries"), ("DELETE", "/queries/{query_id}")}
    assert Role.OPERATE.routes == Role.ADMINISTER.routes == (("/*", ("*",)),)
