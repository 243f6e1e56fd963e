"""The local AWS: what is deployed is complete, several run side by side, and none outlives its owner."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from botocore.exceptions import ClientError

from froe.deployment.stage_files import read_stage, with_settings, with_workers, write_stage
from froe.errors import FroeError
from froe.local import LocalStack, live_stacks
from froe.local.info import claim
from froe.resources import CHALICE, ROOT, read_template
from froe.target import find_target, target_of
from tests.integration.support import call_api, wait_for

CHECKOUT = ("app.py", "chalicelib", "froe", "infra", "requirements.lock", ".chalice/config.json")
RUN_UNTIL_KILLED = """
import signal, sys, time
from pathlib import Path
from froe.local import LocalStack
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background may ignore it
with LocalStack(root=Path(sys.argv[1])) as stack:
    print("ready", flush=True)
    time.sleep(600)
"""


def copy_checkout(folder: Path) -> Path:
    """A checkout of one's own, sharing what is slow to build."""
    for name in CHECKOUT:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    for packages in (".froe/packages", ".chalice/deployments"):
        (folder / packages).mkdir(parents=True)
        for package in (ROOT / ".froe" / "packages").glob("*.zip"):
            shutil.copy2(package, folder / packages / package.name)
    return folder


def mappings(stack: LocalStack) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = stack.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return listed


def environment_of(stack: LocalStack, function: str) -> dict[str, str]:
    configuration = stack.client("lambda").get_function_configuration(FunctionName=f"froe-local-{function}")
    variables: dict[str, str] = configuration["Environment"]["Variables"]
    return variables


def processes_mentioning(text: str) -> list[str]:
    """Command lines of live processes."""
    processes = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in line and int(path.parent.name) != os.getpid():
            processes.append(line)
    return processes


def listening_addresses(port: int) -> set[str]:
    """Local addresses, in hexadecimal, on which something listens on the port."""
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().split("\n")[1:]
    ]
    return {
        row[1].split(":")[0]
        for row in rows
        if row and row[3] == "0A" and int(row[1].rsplit(":", 1)[1], 16) == port
    }


def test_every_function_is_deployed_with_every_setting(stack: LocalStack) -> None:
    for function in (
        "splitter",
        "queued_splitter",
        "worker",
        "notifier",
        "dead_letter_consumer",
        "sweeper",
        "authorizer",
    ):
        variables = environment_of(stack, function)
        assert {name: variables[name] for name in read_template().required_settings} == {
            name: stack.env[name] for name in read_template().required_settings
        }


def test_every_queue_has_one_mapping_that_reports_failures(stack: LocalStack) -> None:
    reporting = [
        mapping
        for mapping in mappings(stack)
        if ":sqs:" in mapping["EventSourceArn"] and "froe-local-" in mapping["EventSourceArn"]
    ]
    assert sorted(mapping["EventSourceArn"].rsplit(":", 1)[1] for mapping in reporting) == [
        "froe-local-batch",
        "froe-local-batch-bulk",
        "froe-local-dead-letter",
        "froe-local-split",
    ]
    assert all(mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for mapping in reporting)


def test_the_ledgers_stream_has_one_mapping_that_lets_accounts_of_files_through(stack: LocalStack) -> None:
    (of_stream,) = [
        mapping for mapping in mappings(stack) if "/froe-local-ledger/" in mapping["EventSourceArn"]
    ]
    assert of_stream["FunctionArn"].endswith(":froe-local-notifier")
    assert of_stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert of_stream["BisectBatchOnFunctionError"] is True
    assert of_stream["StartingPosition"] == "TRIM_HORIZON"
    (one,) = of_stream["FilterCriteria"]["Filters"]
    assert json.loads(one["Pattern"]) == {"dynamodb": {"Keys": {"sk": {"S": ["file"]}}}}


def test_the_sweeper_runs_as_often_as_the_setting_says(stack: LocalStack) -> None:
    (rule,) = stack.client("events").list_rules(NamePrefix="froe-local-")["Rules"]
    assert rule["ScheduleExpression"] == "rate(15 minutes)"
    (target,) = stack.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"].endswith(":froe-local-sweeper")


def test_uploads_are_announced_to_the_splitter(stack: LocalStack) -> None:
    configuration = stack.client("s3").get_bucket_notification_configuration(Bucket=stack.info.input_bucket)
    (notification,) = configuration["LambdaFunctionConfigurations"]
    assert notification["LambdaFunctionArn"].endswith(":froe-local-splitter")
    assert notification["Events"] == ["s3:ObjectCreated:*"]


def test_a_range_of_a_version_is_answered_with_that_range(stack: LocalStack) -> None:
    client, bucket = stack.client("s3"), stack.info.input_bucket
    versions = [
        client.put_object(Bucket=bucket, Key="inbox/.ranges", Body=body)["VersionId"]
        for body in (b"0123456789", b"abc")
    ]
    of_first = {"Bucket": bucket, "Key": "inbox/.ranges", "VersionId": versions[0]}
    answer = client.get_object(**of_first, Range="bytes=3-5")
    assert answer["ContentRange"] == "bytes 3-5/10"
    assert answer["Body"].read() == b"345"
    assert client.get_object(**of_first, Range="bytes=8-99")["Body"].read() == b"89"
    assert client.get_object(**of_first)["Body"].read() == b"0123456789"
    with pytest.raises(ClientError, match="InvalidRange"):
        client.get_object(**of_first, Range="bytes=10-12")


def test_both_tables_expire_items(stack: LocalStack) -> None:
    for table in (stack.info.records_table, stack.info.ledger_table):
        answer = stack.client("dynamodb").describe_time_to_live(TableName=table)
        assert answer["TimeToLiveDescription"] == {
            "TimeToLiveStatus": "ENABLED",
            "AttributeName": "expires_at",
        }


def test_the_api_wants_the_token_except_for_health(stack: LocalStack) -> None:
    assert call_api(stack, "/health", token=None).status == 200
    assert call_api(stack, "/files", token=None).status == 401
    assert call_api(stack, "/files", token="wrong").status == 403
    assert call_api(stack, "/files").status == 200


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="optional: reads /proc")
def test_it_listens_on_loopback_only(stack: LocalStack) -> None:
    for url in (stack.info.endpoint, stack.info.api):
        assert listening_addresses(int(url.rsplit(":", 1)[1])) == {"0100007F"}
    # ministack's MQTT listener would ignore BIND_HOST.
    assert "00000000" not in listening_addresses(8883)


def test_another_terminal_finds_it(stack: LocalStack) -> None:
    """Others may be up beside it: of those it is one, with all that a command needs."""
    (live,) = [each for each in live_stacks() if each.info == stack.info]
    target = target_of(live.info, live.env)
    assert target.client("s3").head_bucket(Bucket=target.settings_env["INPUT_BUCKET"])
    assert target.token


def test_by_hand_deploy_from_another_terminal_adopts_what_is_there(stack: LocalStack, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path)
    local = read_stage("local", checkout)
    assert local is not None
    write_stage(with_workers(with_settings(local, {"LANES": stack.env["LANES"]})), checkout)
    before = {mapping["UUID"] for mapping in mappings(stack)}
    command = f'set -a; . {stack.env_file}; set +a; BATCH_MAX_LINES=4999 exec "$@" deploy --stage local'
    done = subprocess.run(
        ["bash", "-c", command, "deploy", *CHALICE],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {mapping["UUID"] for mapping in mappings(stack)} == before
    assert environment_of(stack, "worker")["BATCH_MAX_LINES"] == "4999"
    stack.redeploy({"BATCH_MAX_LINES": "5000"})
    assert environment_of(stack, "worker")["BATCH_MAX_LINES"] == "5000"
    assert {mapping["UUID"] for mapping in mappings(stack)} == before


def test_a_bare_deploy_names_the_command_that_makes_the_resources(stack: LocalStack, tmp_path: Path) -> None:
    """The stack is there for its cached package only; nothing is deployed."""
    checkout = copy_checkout(tmp_path)
    done = subprocess.run(
        [*CHALICE, "deploy"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "The stage dev has no " in done.stderr
    assert "INPUT_BUCKET" in done.stderr
    assert "`froe deploy --stage dev`" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plain_chalice_local_starts_without_any_resources(tmp_path: Path, stack: LocalStack) -> None:
    checkout = copy_checkout(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [*CHALICE, "local", "--no-autoreload", "--port", str(port)],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            bare = type("Bare", (), {"info": type("Info", (), {"api": f"http://127.0.0.1:{port}"})})

            def healthy() -> bool | None:
                try:
                    return True if call_api(bare, "/health", token=None).status == 200 else None
                except OSError:
                    return None

            wait_for(healthy, "chalice local", 30)
        finally:
            server.kill()


def test_nothing_that_changes_while_it_runs_is_in_the_checkout(stack: LocalStack) -> None:
    """`chalice local` starts anew with every file that changes beside app.py."""
    folder = stack.env_file.parent
    assert {path.name for path in folder.iterdir()} == {"env", "lock", "stack.json", "work"}
    assert ROOT not in (folder / "work").resolve().parents


def test_a_second_stack_beside_it_is_another_world_and_says_which_part_of_it_died(
    stack: LocalStack, make_stack: Callable[..., LocalStack]
) -> None:
    second = make_stack()
    assert second.info.endpoint != stack.info.endpoint
    endpoints = [live.info.endpoint for live in live_stacks()]
    assert endpoints.index(second.info.endpoint) < endpoints.index(stack.info.endpoint), "the newest is first"
    second.client("s3").put_object(Bucket=second.info.input_bucket, Key="only-here/", Body=b"")
    assert "Contents" not in stack.client("s3").list_objects_v2(
        Bucket=stack.info.input_bucket, Prefix="only-here/"
    )
    assert second.problem() is None
    second._running[0].stop()
    time.sleep(0.1)
    problem = second.problem()
    assert problem is not None
    assert problem.startswith("ministack ended with code")
    assert "ministack.log" in problem
    second.stop()
    assert not (ROOT / ".froe" / second.info.endpoint.rsplit(":", 1)[1]).exists()
    endpoints = [live.info.endpoint for live in live_stacks()]
    assert second.info.endpoint not in endpoints
    assert stack.info.endpoint in endpoints
    assert stack.problem() is None


def test_a_port_in_use_is_named(stack: LocalStack) -> None:
    port = int(stack.info.endpoint.rsplit(":", 1)[1])
    with pytest.raises(FroeError, match=f"Port {port} is in use"):
        LocalStack(port=port).start()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="optional: reads /proc")
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_nothing_outlives_its_owner_however_it_ends(
    ending: signal.Signals, stack: LocalStack, tmp_path: Path
) -> None:
    checkout = copy_checkout(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", RUN_UNTIL_KILLED, str(checkout)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        (live,) = live_stacks(checkout)
        port = int(live.info.endpoint.rsplit(":", 1)[1])
        live_client = find_target(environ={}, root=checkout).client("lambda")
        live_client.invoke(FunctionName="froe-local-worker", Payload=json.dumps({"Records": []}))
        guard, functions = str(checkout / ".froe"), f"/froe-{port}-"
        started = [bool(processes_mentioning(each)) for each in (guard, functions)]
        owner.send_signal(ending)
    assert started == [True, True]
    wait_for(
        lambda: not any(processes_mentioning(each) for each in (guard, functions)) or None,
        "every process to end",
        10,
    )
    assert live_stacks(checkout) == []
    assert listening_addresses(port) == set()
    left = checkout / ".froe" / str(port)
    assert not (left / "work" / "emulator").exists()
    if left.exists():
        work = (left / "work").resolve()
        claim(1, checkout).release()
        assert not work.exists()
        assert not left.exists()


def test_what_an_earlier_run_left_is_cleared_away(stack: LocalStack, tmp_path: Path) -> None:
    leftover = tmp_path / ".froe" / "4566"
    leftover.mkdir(parents=True)
    (leftover / "stack.json").write_text("{ torn", encoding="utf-8")
    assert live_stacks(tmp_path) == []
    claimed = claim(4567, tmp_path)
    assert not leftover.exists()
    with pytest.raises(FroeError, match="Port 4567 belongs to a running"):
        claim(4567, tmp_path)
    claimed.release()
    assert not claimed.path.exists()
