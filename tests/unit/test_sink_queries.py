"""The local AWS answers SQL over the sink with DuckDB, as Athena would: its own modules, in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.core.records.parquet import BATCHES, RECORDS
from froe.local import sink_queries

BUCKET, DATABASE, GROUP = "results", "froe_local", "froe-local.api"
FOLDER = "format=json/date=2026-03-01/"
ENDLESS = "select sum(a.i * b.i) from range(10000000) a(i), range(10000000) b(i)"
SQL = "select body, length from records order by length"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Athena, Glue and S3 of the local AWS, with an empty sink; as they were afterwards."""
    from ministack.core import iam_actions
    from ministack.services import athena, glue, s3

    for name in ("_execute_query", "_list_query_executions"):
        monkeypatch.setattr(athena, name, getattr(athena, name))
    monkeypatch.setattr(iam_actions, "extract_resource_arn", iam_actions.extract_resource_arn)
    sink_queries.ask_the_sink(athena, glue, s3)
    sink_queries.name_resources(iam_actions, athena)
    for service in (athena, glue, s3):
        service.reset()
    s3._create_bucket(BUCKET, b"", {})
    glue._tables[f"{DATABASE}/records"] = {"StorageDescriptor": {"Location": f"s3://{BUCKET}/records/"}}
    place = {"ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/athena/api/"}}
    athena._workgroups[GROUP] = {"Configuration": place}
    yield athena, s3, iam_actions
    for service in (athena, glue, s3):
        service.reset()


def put(s3: Any, key: str, folder: Path, *bodies: str) -> None:
    """Rows of a batch, which its key names."""
    path = folder / "rows.parquet"
    row = "SELECT ? AS file_id, ? AS batch_id, unnest(?::VARCHAR[]) AS body, NULL::TIMESTAMP AS time"
    duckdb.execute(
        f"COPY (SELECT *, length(body) AS length FROM ({row})) TO '{path}'",
        ["f" * 26, Path(key).stem, list(bodies)],
    )
    data = path.read_bytes()
    s3._put_object(BUCKET, key, data, {"content-length": str(len(data))})


def asked(athena: Any, sql: str, meanwhile: Callable[[str], Coroutine[Any, Any, None]] | None = None) -> Any:
    """A query once it is over."""

    async def run() -> Any:
        request = {
            "QueryString": sql,
            "WorkGroup": GROUP,
            "QueryExecutionContext": {"Database": DATABASE},
        }
        query_id = json.loads(athena._start_query_execution(request)[2])["QueryExecutionId"]
        if meanwhile:
            await meanwhile(query_id)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        _, unfinished = await asyncio.wait(others, timeout=20)
        assert not unfinished
        return athena._executions[query_id]

    return asyncio.run(run())


def test_rows_of_merged_objects_and_of_batches_that_wait_are_there_once(aws: Any, tmp_path: Path) -> None:
    athena, s3, _ = aws
    put(s3, f"{RECORDS}{FOLDER}b1.parquet", tmp_path, 'x"y', "\nfour")
    put(s3, f"{BATCHES}{FOLDER}b1.parquet", tmp_path, 'x"y', "\nfour")
    put(s3, f"{BATCHES}{FOLDER}b2.parquet", tmp_path, "b")
    run = asked(athena, "select body, length, time, file_format from records order by length")
    assert run["Status"]["State"] == "SUCCEEDED", run["Status"]
    assert run["Statistics"]["DataScannedInBytes"] > 1000
    key = f"athena/api/{run['QueryExecutionId']}.csv"
    assert run["ResultConfiguration"]["OutputLocation"] == f"s3://{BUCKET}/{key}"
    assert s3._get_object_data(BUCKET, key).decode() == (
        '"body","length","time","file_format"\n"b","1",,"json"\n"x""y","3",,"json"\n"\nfour","5",,"json"\n'
    )
    answer = json.loads(
        athena._get_query_results({"QueryExecutionId": run["QueryExecutionId"], "MaxResults": 1})[2]
    )
    described = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [each["Type"] for each in described] == ["varchar", "bigint", "timestamp", "varchar"]


def test_nothing_of_the_machine_is_read_and_a_mistake_is_an_answer(aws: Any, tmp_path: Path) -> None:
    athena, _, _ = aws
    (tmp_path / "secret").write_text("s3cret", encoding="utf-8")
    for sql in (f"select * from read_text('{tmp_path}/secret')", "select nothing from records"):
        run = asked(athena, sql)
        assert run["Status"]["State"] == "FAILED"
        assert "s3cret" not in str(run)
    several = asked(athena, "select $$ ' $$; select 2; --'")["Status"]
    assert (several["State"], several["StateChangeReason"]) == (
        "FAILED",
        "Only one sql statement is allowed.",
    )
    reason = run["Status"]["StateChangeReason"]
    assert ("Referenced column" in reason, "DESCRIBE" in reason) == (True, False)


@pytest.mark.parametrize(("seconds", "state"), [(0, "QUEUED"), (0.001, "RUNNING"), (0.3, "RUNNING")])
def test_a_query_is_stopped_whenever_that_is_asked(seconds: float, state: str, aws: Any) -> None:
    """And whatever runs of it: else this process would not end."""
    athena, _, _ = aws

    async def stop(query_id: str) -> None:
        if seconds:
            await asyncio.sleep(seconds)
        assert athena._executions[query_id]["Status"]["State"] == state
        athena._stop_query_execution({"QueryExecutionId": query_id})

    assert asked(athena, ENDLESS, stop)["Status"]["State"] == "CANCELLED"


def test_a_query_that_runs_for_too_long_ends_though_nobody_looks(
    aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    athena, _, _ = aws
    monkeypatch.setattr(sink_queries, "SECONDS_MAX", 0.2)
    status = asked(athena, ENDLESS)["Status"]
    assert (status["State"], "timeout" in status["StateChangeReason"]) == ("CANCELLED", True)


def test_a_query_scans_no_more_than_its_workgroup_allows(aws: Any, tmp_path: Path) -> None:
    athena, s3, _ = aws
    put(s3, f"{RECORDS}{FOLDER}b1.parquet", tmp_path, "x")
    athena._workgroups[GROUP]["Configuration"]["BytesScannedCutoffPerQuery"] = 10
    status = asked(athena, SQL)["Status"]
    assert (status["State"], "limit was exceeded" in status["StateChangeReason"]) == ("CANCELLED", True)


def test_queries_are_listed_newest_first_and_named_by_their_workgroup(aws: Any) -> None:
    athena, _, actions = aws
    ids = [asked(athena, f"select {number}")["QueryExecutionId"] for number in range(3)]
    listed = json.loads(athena._list_query_executions({"WorkGroup": GROUP, "MaxResults": 2})[2])
    assert listed["QueryExecutionIds"] == [ids[2], ids[1]]

    def resource(**request: Any) -> str:
        body = json.dumps(request).encode()
        named: str = actions.extract_resource_arn("athena", "POST", "/", {}, body, {}, "us-east-1", "0" * 12)
        return named.rpartition(":")[2]

    assert resource(QueryExecutionId=ids[0]) == resource(QueryExecutionIds=ids) == f"workgroup/{GROUP}"
    assert resource(WorkGroup=GROUP) == f"workgroup/{GROUP}"
    assert resource(CatalogName="AwsDataCatalog") == "datacatalog/AwsDataCatalog"
