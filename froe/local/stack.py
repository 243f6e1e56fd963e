"""The whole pipeline on this machine: ministack, the resources of infra/data.json, the deployed functions, the API.

Promise: what runs is what `chalice deploy` packages and deploys; nothing of it outlives the process that started
it. Limits: loopback only, no IAM, no X-Ray but its documents; functions run on the interpreter that runs this.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import boto3

from chalicelib.configuration import FILE_SETTING, PACKAGED, read_config
from froe.deployment.cloud import local_cloud
from froe.deployment.deploy import Prepared, finish, prepare, tokened
from froe.deployment.stage_files import read_stage, with_settings
from froe.errors import FroeError
from froe.local import emulator, recording, unpacking
from froe.local.collector import PATH_SETTING, Collector
from froe.local.info import Folder, StackInfo, claim
from froe.local.processes import Guarded, clean_environment, free_port, port_taken
from froe.local.project import Project
from froe.local.trace_answers import TraceAnswers
from froe.resources import LOCAL_STAGE, ROOT, Report


def _silent(_: str) -> None:
    pass


VISIBILITY_SECONDS: Final = {
    "BatchVisibilitySeconds": 200,
    "SplitVisibilitySeconds": 320,
    "DeadLetterVisibilitySeconds": 200,
}
"""A little more than the functions' time-outs here: what one that was killed had in hand comes back soon. On AWS it is
six times as long, for throttled receives."""

_WAYS_IN: Final = ("INGEST", "LANES", "INPUT_BUCKETS", "SETTLED_OBJECTS")
"""Settings that decide what a deploy makes."""


class LocalStack:
    """`with LocalStack() as stack:` runs it for as long as the block; `stack.info` says where it is.

    `settings` are tuning settings of the functions (`{"BATCH_MAX_LINES": "100"}`), `parameters` are those of
    infra/data.json (`{"BatchVisibilitySeconds": "5"}`); `bare` starts the local AWS alone, with nothing on it: then
    there is an `env`, but no `info`; `report` is told about progress, a line at a time.
    """

    info: StackInfo
    env: Mapping[str, str]
    env_file: Path
    logs: Path
    calls: Path

    def __init__(
        self,
        *,
        port: int | None = None,
        bare: bool = False,
        settings: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        report: Report = _silent,
        root: Path = ROOT,
    ) -> None:
        self._port = port
        self._bare = bare
        self._tuning = dict(settings or {})
        self._parameters = {name: str(seconds) for name, seconds in VISIBILITY_SECONDS.items()} | dict(
            parameters or {}
        )
        self._report = report
        self._root = root
        self._folder: Folder | None = None
        self._project: Project | None = None
        self._running: list[Guarded] = []
        self._collector: Collector | None = None
        self._trace_answers: TraceAnswers | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bring everything up. Raises FroeError, with everything down again and the logs kept, if it cannot."""
        try:
            self._check_config()
            folder = self._start_local_aws()
            if not self._bare:
                self._start_pipeline(folder)
        except FroeError:
            self.stop(keep_logs=True)
            raise
        except BaseException:
            self.stop()
            raise

    def stop(self, *, keep_logs: bool = False) -> None:
        """End every process and remove the stack's folder. Idempotent."""
        while self._running:
            self._running.pop().stop()
        if self._collector:
            self._collector.stop()
            self._collector = None
        if self._trace_answers:
            self._trace_answers.stop()
            self._trace_answers = None
        if self._folder:
            recording.keep(self.calls)
            self._folder.release(keep=keep_logs)
            self._folder = None

    def problem(self) -> str | None:
        """Which part has ended by itself and where its log is, in one sentence; None while all is well."""
        for process in self._running:
            code = process.exit_code()
            if code is not None:
                return f"{process.name} ended with code {code}; see {process.log}."
        return None

    def redeploy(self, settings: Mapping[str, str]) -> None:
        """Deploy the functions again with these tuning settings on top of those in force.

        ministack ends the invocations under way, whose messages come back after the visibility timeout.
        """
        if not self._project:
            raise FroeError("The local stack is not running: start it first.")
        self._tuning |= settings
        self.env = {**self.env, **settings}
        self._project.set(settings)
        self._project.deploy({**clean_environment(), **self.env})
        if self._folder:
            self._folder.publish(self.info, self.env)

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 low-level client of this stack."""
        return boto3.client(
            service,
            endpoint_url=self.env["AWS_ENDPOINT_URL"],
            region_name=emulator.REGION,
            aws_access_key_id=emulator.CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=emulator.CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            **options,
        )

    def _start_local_aws(self) -> Folder:
        port = self._port or free_port()
        if port_taken(port):
            raise FroeError(f"Port {port} is in use by another program: choose another --port, or none.")
        self._folder = folder = claim(port, self._root)
        self.env_file = folder.env_file
        self.logs = folder.work / "logs"
        self.calls = folder.work / "calls.jsonl"
        self.logs.mkdir()
        self.env = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_DEFAULT_REGION": emulator.REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            **emulator.CREDENTIALS,
            **self._start_collector(folder.work / "traces.jsonl"),
        }
        self._start_emulator(port, folder.work / "emulator")
        return folder

    def _start_pipeline(self, folder: Folder) -> None:
        self._project = project = Project(self._root, folder.work / "project", self.logs)
        self._report("Creating the resources of infra/data.json")
        token, prepared = self._create_resources(project.folder)
        api = f"http://127.0.0.1:{free_port()}"
        settings = prepared.stage.settings
        self.env = {**self.env, **settings, **self._tuning, "FROE_API": api, "FROE_API_TOKEN": token}
        self.info = _describe(self.env, settings)
        self._deploy_and_serve(project, prepared, api)
        folder.publish(self.info, self.env)

    def _check_config(self) -> None:
        """A configuration file that is wrong stops the start; functions find the right one wherever they run."""
        environment = {**os.environ, **self._tuning}
        if environment.get(FILE_SETTING):
            self._tuning[FILE_SETTING] = environment[FILE_SETTING] = str(
                Path(environment[FILE_SETTING]).resolve()
            )
        read_config(environment=environment, packaged=self._root / "chalicelib" / PACKAGED.name)

    def _start_collector(self, path: Path) -> dict[str, str]:
        self._collector, self._trace_answers = Collector(path), TraceAnswers(path)
        return {
            "AWS_XRAY_DAEMON_ADDRESS": self._collector.address,
            "AWS_ENDPOINT_URL_XRAY": self._trace_answers.url,
            PATH_SETTING: str(path),
        }

    def _start_emulator(self, port: int, folder: Path) -> None:
        self._report(f"Starting the local AWS on port {port}")
        folder.mkdir()
        ministack = Guarded(
            "ministack",
            emulator.command(),
            env={
                **clean_environment(),
                **emulator.environment(port, folder),
                recording.PATH_SETTING: str(self.calls),
                unpacking.FOLDER_SETTING: str(self._root / ".froe" / "unpacked"),
            },
            cwd=folder,
            log=self.logs / "ministack.log",
            sweep=folder,
        )
        self._running.append(ministack)
        ministack.await_http(emulator.health_url(port), emulator.STARTUP_SECONDS)

    def _create_resources(self, folder: Path) -> tuple[str, Prepared]:
        """The API token, and the stage in the copy of the checkout."""
        stage = read_stage(LOCAL_STAGE, folder)
        if stage is None:
            raise FroeError(".chalice/config.json has no stage local: restore it.")
        ways_in = {name: value for name, value in self._tuning.items() if name in _WAYS_IN}
        token, stage = tokened(with_settings(stage, ways_in))
        cloud = local_cloud(self.client, emulator.REGION)
        given = {**os.environ, **self._tuning}
        destinations = {"RecordsLayout": given.get("RECORDS_LAYOUT"), "Sink": given.get("SINK")}
        parameters = {name: value for name, value in destinations.items() if value} | self._parameters
        return token, prepare(cloud, stage, parameters=parameters, report=_silent, root=folder)

    def _deploy_and_serve(self, project: Project, prepared: Prepared, api: str) -> None:
        env = {**clean_environment(), **self.env}
        server = project.serve(env, int(api.rsplit(":", 1)[1]))
        self._running.append(server)
        self._report("Packaging and deploying the functions with chalice deploy")
        project.deploy(env)
        finish(prepared, self._report)
        self._report(f"Waiting for the HTTP API at {api}")
        server.await_http(f"{api}/health", emulator.STARTUP_SECONDS)


def _describe(env: Mapping[str, str], settings: Mapping[str, str]) -> StackInfo:
    return StackInfo(
        endpoint=env["AWS_ENDPOINT_URL"],
        region=env["AWS_DEFAULT_REGION"],
        input_bucket=settings["INPUT_BUCKET"],
        records_table=settings["RECORDS_TABLE"],
        ledger_table=settings["LEDGER_TABLE"],
        split_queue=settings["SPLIT_QUEUE"],
        batch_queue=settings["BATCH_QUEUE"],
        dead_letter_queue=settings["DEAD_LETTER_QUEUE"],
        quarantine_bucket=settings["QUARANTINE_BUCKET"],
        api=env["FROE_API"],
        token=env["FROE_API_TOKEN"],
    )
