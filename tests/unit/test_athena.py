"""SQL over the sink in Athena: the answer is whole and typed, and what Athena refuses is a sentence with its remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from chalicelib.aws.athena import Catalog
from chalicelib.core.errors import AccessDeniedError
from froe import athena
from froe.athena import AthenaTable
from froe.cli import main
from froe.commands import query as query_command
from froe.errors import FroeError
from tests.fakes import WHEN

SQL = "select * from records;"
METADATA = {
    "Columns": [{"Name": "file_id", "Type": "string"}, {"Name": "client_address", "Type": "string"}],
    "PartitionKeys": [{"Name": "file_format", "Type": "string"}, {"Name": "date", "Type": "string"}],
}
Row = Sequence["str | None"]


class Athena:
    """Answers one question. columns: name → type; rows: as Athena says them, without the names; states: one after the
    other, the last one stays."""

    def __init__(
        self,
        columns: Sequence[tuple[str, str]] = (),
        rows: Sequence[Row] = (),
        *,
        states: Sequence[str] = ("QUEUED", "RUNNING", "SUCCEEDED"),
        reason: str = "",
        kind: str = "DML",
        refusal: str = "",
        page_rows: int = 1000,
    ) -> None:
        self.states = list(states)
        self.stopped: list[str] = []
        self.asked: dict[str, Any] = {}
        self._refusal, self._reason, self._kind = refusal, reason, kind
        header = [[name for name, _ in columns]] if kind == "DML" else []
        every = [*header, *rows]
        described = [
            {"Name": name, "Type": kind.partition("(")[0], **_precision(kind)} for name, kind in columns
        ]
        self._pages = [
            {
                "ResultSet": {
                    "ResultSetMetadata": {"ColumnInfo": described},
                    "Rows": [
                        {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
                        for row in every[begin : begin + page_rows]
                    ],
                }
            }
            for begin in range(0, max(len(every), 1), page_rows)
        ]

    def start_query_execution(self, **request: Any) -> Any:
        if self._refusal:
            code, _, message = self._refusal.partition(": ")
            raise ClientError({"Error": {"Code": code, "Message": message}}, "StartQueryExecution")
        self.asked = request
        return {"QueryExecutionId": "q1"}

    def get_query_execution(self, QueryExecutionId: str) -> Any:  # noqa: N803 - boto3's
        assert QueryExecutionId == "q1"
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {
            "QueryExecution": {
                "QueryExecutionId": "q1",
                "StatementType": self._kind,
                "Status": {"State": state, "StateChangeReason": self._reason, "SubmissionDateTime": WHEN},
                "Statistics": {"DataScannedInBytes": 2_000_000_000},
            }
        }

    def stop_query_execution(self, QueryExecutionId: str) -> None:  # noqa: N803 - boto3's
        self.stopped.append(QueryExecutionId)

    def get_table_metadata(self, **request: str) -> Any:
        assert request == {
            "CatalogName": "AwsDataCatalog",
            "DatabaseName": "froe_eu_prod",
            "TableName": "records",
        }
        return {"TableMetadata": METADATA}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "get_query_results"

        def paginate(QueryExecutionId: str) -> Iterator[Any]:  # noqa: N803 - boto3's
            assert QueryExecutionId == "q1"
            return iter(self._pages)

        return SimpleNamespace(paginate=paginate)


def _precision(kind: str) -> dict[str, int]:
    _, _, numbers = kind.rstrip(")").partition("(")
    return dict(zip(("Precision", "Scale"), map(int, numbers.split(",")), strict=True)) if numbers else {}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(athena.time, "sleep", lambda _: None)


def table(answering: Athena, folder: Path) -> AthenaTable:
    return AthenaTable(folder, answering, Catalog("eu-prod"))


def test_the_question_goes_to_the_workgroup_and_the_database_of_the_stage(tmp_path: Path) -> None:
    answering = Athena([("n", "bigint")], [["3"]])
    asked = table(answering, tmp_path)
    assert list(asked.ask(SQL)) == [(3,)]
    assert answering.asked == {
        "QueryString": "select * from records",
        "QueryExecutionContext": {"Catalog": "AwsDataCatalog", "Database": "froe_eu_prod"},
        "WorkGroup": "froe-eu-prod",
    }
    assert asked.scanned_bytes == 2_000_000_000


def test_values_have_the_types_that_athena_names(tmp_path: Path) -> None:
    columns = [
        *(("n", "bigint"), ("x", "double"), ("ok", "boolean"), ("who", "varchar"), ("at", "timestamp")),
        *(("raw", "varbinary"), ("price", "decimal(9,2)"), ("list", "array"), ('od"d', "integer")),
    ]
    full = ["-7", "1.5E10", "true", "n", "2026-03-01 10:00:00.120", "ff 00 0a", "12.50", "[1, 2]", "1"]
    answer = table(Athena(columns, [full, [None] * 9, [*full[:3], "", *full[4:]]]), tmp_path).ask(SQL)
    assert answer.columns == [name for name, _ in columns]
    assert [name for name, number in zip(answer.columns, answer.is_number, strict=True) if number] == [
        *("n", "x", "price", 'od"d')
    ]
    first, nothing, empty = answer
    at = datetime.fromisoformat("2026-03-01T10:00:00.120")
    assert first[:6] == (-7, 1.5e10, True, "n", at, b"\xff\x00\n")
    assert (str(first[6]), first[7:]) == ("12.50", ("[1, 2]", 1))
    assert (nothing, empty[3]) == ((None,) * 9, "")


@pytest.mark.parametrize("count", [0, 1, 2499])
def test_an_answer_of_any_length_is_whole_and_in_order(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over several pages and several chunks, with a row that is as the names are."""
    monkeypatch.setattr(athena, "ROWS", 700)
    rows = [["v"], *([str(number)] for number in range(count - 1))][:count]
    assert [value for (value,) in table(Athena([("v", "varchar")], rows), tmp_path).ask(SQL)] == [
        value for (value,) in rows
    ]


def test_what_is_no_query_has_no_row_of_names_and_tabs_between_its_values(tmp_path: Path) -> None:
    columns = [("col_name", "string"), ("data_type", "string"), ("comment", "string")]
    described = Athena(
        columns, [["file_id             \tstring              \t"], ["raw\tbinary"]], kind="UTILITY"
    )
    assert list(table(described, tmp_path).ask("describe records")) == [
        ("file_id", "string", ""),
        ("raw", "binary", None),
    ]
    assert list(table(Athena(kind="DDL"), tmp_path).ask("msck repair table records")) == [("done",)]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            "COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved or requester is not authorized",
            "The columns of records: file_id, client_address, file_format, date.",
        ),
        (
            "CONSTRAINT_VIOLATION: For the injected projected partition column file_format, the WHERE clause must …",
            "Say which formats of files are asked: WHERE file_format = 'access_combined', or IN (…).",
        ),
        (
            "Query cancelled! : Bytes scanned limit was exceeded",
            "Ask fewer days (WHERE date >= '2026-11-01'), or raise the parameter QueryMaxBytes.",
        ),
        ("", "the query is FAILED."),
    ],
)
def test_a_question_that_fails_is_explained(reason: str, sentence: str, tmp_path: Path) -> None:
    failing = Athena(states=["RUNNING", "FAILED"], reason=reason)
    with pytest.raises(FroeError) as refused:
        table(failing, tmp_path).ask(SQL)
    assert refused.value.message.endswith(sentence)
    assert "\n" not in refused.value.message


def test_what_is_refused_at_once_is_explained_and_nothing_else_is_caught(tmp_path: Path) -> None:
    gone = Athena(refusal="InvalidRequestException: WorkGroup froe-eu-prod is not found.")
    with pytest.raises(FroeError, match=r"The workgroup is there while the stage has Sink=parquet"):
        table(gone, tmp_path).ask(SQL)
    with pytest.raises(AccessDeniedError, match="AccessDeniedException"):
        table(Athena(refusal="AccessDeniedException: no"), tmp_path).ask(SQL)


def test_a_question_that_is_given_up_is_stopped_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(athena.time, "sleep", interrupted)
    running = Athena(states=["RUNNING"])
    with pytest.raises(KeyboardInterrupt):
        table(running, tmp_path).ask(SQL)
    assert running.stopped == ["q1"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([__file__], "--athena queries the sink of a stage: leave it out to query files."),
        (["--stored", "f1"], "--athena queries the sink of a stage: leave it out to query files."),
        (["--from", "2026-11-01"], "WHERE file_format = 'access_combined' AND date >= '2026-11-01'"),
        (["--format", "json"], "WHERE file_format = 'access_combined' AND date >= '2026-11-01'"),
    ],
)
def test_what_athena_is_not_asked_by_is_refused_with_what_to_write(words: list[str], sentence: str) -> None:
    done = CliRunner().invoke(main, ["query", SQL, *words, "--athena"])
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())


@pytest.mark.parametrize("option", ["--json", "--csv", "--output"])
def test_an_answer_is_printed_as_any_other_and_its_price_apart(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = {"athena": Athena([("n", "bigint")], [["3"], [None]])}
    target = SimpleNamespace(settings_env={"STAGE": "eu-prod"}, client=clients.__getitem__)
    monkeypatch.setattr(query_command, "find_target", lambda _: target)
    output = tmp_path / "n.csv"
    words = [option, str(output)] if option == "--output" else [option]
    done = CliRunner().invoke(main, ["query", SQL, "--athena", "--stage", "eu-prod", *words])
    assert done.exit_code == 0, done.stderr
    assert "Athena scanned 2.0 GB: about $0.010000." in done.stderr
    if option == "--json":
        assert [json.loads(line) for line in done.stdout.splitlines()] == [{"n": 3}, {"n": None}]
    elif option == "--csv":
        assert done.stdout.splitlines() == ["n", "3", '""']
    else:
        assert (done.stdout, output.read_text(encoding="utf-8").splitlines()) == ("", ["n", "3", ""])
