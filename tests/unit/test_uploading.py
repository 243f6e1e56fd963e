"""Uploading gives every file the key that one expects and finds out which version it became."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

pytest.importorskip("click", reason="click is not installed")

import click
from click.testing import CliRunner

from froe.commands import upload as upload_command
from froe.commands.upload import send, summary, warn_of_keys
from froe.comparing import already_there
from froe.errors import FroeError
from froe.target import Target
from froe.uploading import find_sources, upload_all

BUCKET = "input"
LARGER_THAN_A_PART = 9 * 1024 * 1024


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def keys_of(paths: list[Path], prefix: str = "") -> list[str]:
    return [source.key for source in find_sources(paths, prefix)]


def test_a_file_is_called_by_its_name_and_a_folder_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "logs" / "web").mkdir(parents=True)
    for name in ("a.log", "logs/b.log", "logs/web/c d.log"):
        (tmp_path / name).write_text("x\n")

    assert keys_of([tmp_path / "a.log", tmp_path / "logs"]) == ["a.log", "logs/b.log", "logs/web/c d.log"]


@pytest.mark.parametrize("prefix", ["2026/09", "2026/09/"])
def test_a_prefix_is_a_folder_with_or_without_its_slash(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "a.log").write_text("x\n")

    assert keys_of([tmp_path / "a.log"], prefix) == ["2026/09/a.log"]


def test_the_folder_one_stands_in_has_a_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.log").write_text("x\n")
    monkeypatch.chdir(tmp_path)

    assert keys_of([Path()]) == [f"{tmp_path.name}/a.log"]


def test_two_files_with_one_key_are_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.log").write_text("x\n")

    with pytest.raises(FroeError, match=r"would both become 'a\.log'.*--prefix"):
        find_sources([tmp_path / "one" / "a.log", tmp_path / "two" / "a.log"], "")


def test_a_file_named_twice_is_uploaded_once(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x\n")

    assert keys_of([tmp_path / "a.log", tmp_path / "a.log"]) == ["a.log"]


def test_names_that_s3_refuses_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    latin_1 = tmp_path / os.fsdecode(b"caf\xe9.log")
    latin_1.write_text("x\n")

    with pytest.raises(FroeError, match="is not UTF-8"):
        find_sources([latin_1], "")
    latin_1.rename(tmp_path / "a.log")
    with pytest.raises(FroeError, match="S3 allows 1,024"):
        find_sources([tmp_path / "a.log"], "p" * 1024)


@pytest.mark.parametrize("size", [0, 3, LARGER_THAN_A_PART])
@pytest.mark.parametrize("versioned", [True, False])
def test_the_version_is_that_of_our_upload(s3: Any, tmp_path: Path, size: int, versioned: bool) -> None:
    if versioned:
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * size)
    sent: list[int] = []

    (uploaded,) = upload_all(s3, BUCKET, find_sources([path], ""), sent.append)

    stored = s3.head_object(Bucket=BUCKET, Key="a.log")
    assert uploaded.version.version_id == stored.get("VersionId")
    assert uploaded.version.etag == stored["ETag"].strip('"')
    assert stored["ContentLength"] == size == sum(sent)


@pytest.mark.parametrize(
    ("charset", "message"), [(None, "binary/octet-stream"), ("koi8-r", "text/plain; charset=koi8-r")]
)
def test_the_content_type_says_the_character_set(
    s3: Any, tmp_path: Path, charset: str | None, message: str
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"x")
    list(upload_all(s3, BUCKET, find_sources([path], ""), lambda _: None, charset))
    assert s3.head_object(Bucket=BUCKET, Key="a.log")["ContentType"] == message


def test_what_is_there_with_the_same_content_is_found(s3: Any, tmp_path: Path) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    (tmp_path / "a.log").write_bytes(b"x" * LARGER_THAN_A_PART)
    for name in ("b.log", "c.log", "d.log"):
        (tmp_path / name).write_text(name)
    sources = find_sources(sorted(tmp_path.iterdir()), "")
    sent = {one.source.key: one.version for one in upload_all(s3, BUCKET, sources[:2], lambda _: None)}
    s3.put_object(Bucket=BUCKET, Key="c.log", Body=b"c.log")

    there = already_there(s3, BUCKET, sources)
    assert sorted(there) == ["a.log", "b.log", "c.log"]
    assert {key: there[key] for key in sent} == sent
    assert already_there(s3, BUCKET, sources, "text/plain; charset=koi8-r") == {}

    (tmp_path / "b.log").write_text("B.log")
    s3.put_object(Bucket=BUCKET, Key="a.log", Body=b"y" * LARGER_THAN_A_PART)
    assert sorted(already_there(s3, BUCKET, sources)) == ["c.log"]


def test_the_same_command_goes_on_with_what_is_missing(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(name)
    target = Target({"INPUT_BUCKET": BUCKET}, "us-east-1")
    sources = find_sources([tmp_path / "a.log", tmp_path / "b.log"], "")
    send(target, sources[1:])

    uploaded = send(target, sources).uploaded
    assert [(one.source.key, one.sent) for one in uploaded] == [("a.log", True), ("b.log", False)]
    assert [one.sent for one in send(target, sources).uploaded] == [False, False]
    assert [one.sent for one in send(target, sources, again=True).uploaded] == [True, True]
    assert "Sent 1 file, 5 B, in" in summary(uploaded, 0.5)
    assert "1 file had the same content there already" in summary(uploaded, 0.5)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose input bucket is there."""
    target = Target({"INPUT_BUCKET": BUCKET}, "us-east-1")
    monkeypatch.setattr(upload_command, "find_target", lambda stage: target)


def test_a_file_that_cannot_be_read_keeps_no_other_back(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: None
) -> None:
    for name in ("a.log", "b.log", "c.log"):
        (tmp_path / name).write_text(name)
    find = upload_command.find_sources

    def find_and_lose(*arguments: Any) -> Any:
        sources = find(*arguments)
        (tmp_path / "b.log").unlink()
        return sources

    monkeypatch.setattr(upload_command, "find_sources", find_and_lose)
    result = CliRunner().invoke(upload_command.upload, [str(tmp_path), "--json"])

    assert result.exit_code == 1
    keys = [json.loads(line)["key"] for line in result.stdout.splitlines()]
    assert [key.rpartition("/")[2] for key in keys] == ["a.log", "c.log"]
    assert "b.log cannot be read" in result.stderr


def test_a_pattern_is_as_if_each_of_its_files_were_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs" / "web").mkdir(parents=True)
    for name in ("a.log", "logs/b.log", "logs/web/c.log", "logs/web/d.txt"):
        (tmp_path / name).write_text("x\n")

    assert keys_of([tmp_path / "logs" / "*.log"]) == ["b.log"]
    assert keys_of([tmp_path / "logs" / "**" / "*.log"]) == ["logs/b.log", "logs/web/c.log"]
    assert keys_of([tmp_path / "lo*"]) == ["logs/b.log", "logs/web/c.log", "logs/web/d.txt"]
    monkeypatch.chdir(tmp_path)
    assert keys_of([Path("**/*.log")]) == ["a.log", "logs/b.log", "logs/web/c.log"]
    with pytest.raises(click.UsageError, match="none that it matches"):
        keys_of([tmp_path / "*.gz"])


def test_hidden_files_are_uploaded_only_where_they_are_named(s3: Any, tmp_path: Path, stage: None) -> None:
    logs = tmp_path / "logs"
    (logs / ".git" / "objects").mkdir(parents=True)
    (logs / "web").mkdir()
    for name in ("a.log", ".DS_Store", ".git/HEAD", ".git/objects/x.log", "web/.b.log.swp", "web/b.log"):
        (logs / name).write_text(name)
    hidden: list[Path] = []
    sources = find_sources([logs], "", hidden)
    assert [source.key for source in sources] == ["logs/a.log", "logs/web/b.log"]
    assert len(hidden) == 4
    assert keys_of([logs / "**" / "*"]) == ["logs/a.log", "logs/web/b.log"]
    assert keys_of([logs / ".git", logs / ".DS_Store"]) == [".git/HEAD", ".git/objects/x.log", ".DS_Store"]

    result = CliRunner().invoke(upload_command.upload, [str(logs)])
    assert result.exit_code == 0, result.output
    assert "4 hidden files are left out" in result.stderr
    (logs / "a.log").unlink()
    (logs / "web" / "b.log").unlink()
    result = CliRunner().invoke(upload_command.upload, [str(logs)])
    assert (result.exit_code, "but hidden ones" in result.stderr) == (2, True)


def test_every_file_of_many_gets_its_own_version(s3: Any, tmp_path: Path) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for number in range(20):
        (tmp_path / f"{number}.log").write_text(str(number))

    uploaded = list(upload_all(s3, BUCKET, find_sources([tmp_path], ""), lambda _: None))

    assert len({one.file_id for one in uploaded}) == 20
    for one in uploaded:
        stored = s3.get_object(Bucket=BUCKET, Key=one.source.key, VersionId=one.version.version_id)
        assert stored["Body"].read() == one.source.path.read_bytes()


def test_a_bucket_that_is_missing_is_the_error_that_s3_gives(s3: Any, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x")

    with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucket"):
        list(upload_all(s3, "missing", find_sources([tmp_path / "a.log"], ""), lambda _: None))


def test_a_file_that_vanished_is_named(s3: Any, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x")
    sources = find_sources([tmp_path / "a.log"], "")
    (tmp_path / "a.log").unlink()

    with pytest.raises(FroeError, match=r"a\.log cannot be read"):
        list(upload_all(s3, BUCKET, sources, lambda _: None))


def test_keys_that_become_no_file_are_named_and_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    target = Target({"INPUT_KEYS": "logs/*, !*.tmp"}, "eu-west-1", None, None, None)
    warn_of_keys(target, ["logs/a"], wait=True)
    assert capsys.readouterr() == ("", "")
    keys = ["logs/a", "b.csv", "logs/c.tmp"]
    warn_of_keys(target, keys, wait=False)
    output = capsys.readouterr().err
    assert "2 of 3 keys do not become files" in output
    assert "INPUT_KEYS (logs/*, !*.tmp)" in output
    assert "b.csv, logs/c.tmp" in output
    with pytest.raises(FroeError, match="upload without --wait"):
        warn_of_keys(target, keys, wait=True)
