"""Records the functions' calls to the local AWS, for the test of their policies.

Promise: it records inside the emulator, so no function knows of it; the emulator itself determines which action and
resource a request needs. Limits: calls that Lambda's pollers and other services make on their own
do not pass here; each different call is written once, however often it is made.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

PATH_SETTING: Final = "FROE_CALLS"
"""Where a stack's environment says that its recorded calls are."""

KEEP_SETTING: Final = "FROE_KEEP_CALLS"
"""The folder to which a stack that ends copies its recorded calls, where there is one."""

_CALLER: Final = "froe-function:"
"""What a function's session token begins with: a token is signed and sent with each call of any client."""


def keep(path: Path) -> None:
    """Copy a stack's calls to where the environment wants them kept, if it does."""
    folder = os.environ.get(KEEP_SETTING)
    if folder and path.exists():
        shutil.copyfile(path, Path(folder) / f"{path.resolve().parent.name}.jsonl")


def credentials(function: str) -> dict[str, str]:
    """What makes a process's calls be recorded as those of a Lambda function."""
    return {"AWS_SESSION_TOKEN": f"{_CALLER}{function}"}


def take_tokens(s3: Any) -> None:
    """Have `ministack.services.s3` take addresses that are signed with such a token, which it has not issued."""
    resolve = s3.resolve_credential

    def resolved(key: str, account: str, token: str = "") -> Any:
        return resolve(key, account, "" if token.startswith(_CALLER) else token)

    s3.resolve_credential = resolved


class Recorder:
    """Writes a JSON line for each different call: function, action, resource (an ARN), status (HTTP)."""

    def __init__(self, path: Path, actions: Any, context: Any) -> None:
        """actions: ministack.core.iam_actions; context: its responses module, which knows account and region."""
        self._path = path
        self._actions = actions
        self._context = context
        self._seen: set[tuple[str, ...]] = set()

    def note(self, function: str, service: str, status: int, request: tuple[Any, ...]) -> None:
        """request: method, path, headers, body and parameters, as ministack's functions take them."""
        action = str(self._actions.extract_iam_action(service, *request))
        for resource in self._resources(service, request):
            call = (function, action, resource, str(status))
            if call not in self._seen:
                self._seen.add(call)
                line = {"function": function, "action": action, "resource": resource, "status": status}
                with self._path.open("ab") as file:
                    file.write(orjson.dumps(line) + b"\n")

    def _resources(self, service: str, request: tuple[Any, ...]) -> list[str]:
        region, account = self._context.get_region(), self._context.get_account_id()
        if service == "dynamodb":  # one request may name several tables
            arns: list[str] = self._actions.dynamodb_resource_arns(request[3], region, account)
            return arns
        return [self._actions.extract_resource_arn(service, *request, region, account)]


def record(app: Any, runtime: Any, recorder: Recorder) -> None:
    """Give every function credentials that name it, and note the calls that come with such.

    app: ministack.app; runtime: ministack.core.lambda_runtime (the version is pinned)."""
    dispatch = app._dispatch_service_request  # noqa: SLF001 - the version is pinned
    credentials_of = runtime.execution_credentials

    async def dispatch_and_note(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any, request_id: str
    ) -> tuple[int, Any, Any]:
        answer: tuple[int, Any, Any] = await dispatch(method, path, headers, body, query, request_id)
        token = headers.get("x-amz-security-token", "")
        if token.startswith(_CALLER):
            parameters = app._routing_params(method, path, headers, body, query)  # noqa: SLF001 - as above
            service = app.detect_service(method, path, headers, parameters)
            request = (method, path, headers, body, parameters)
            recorder.note(token.removeprefix(_CALLER), service, answer[0], request)
        return answer

    def named_credentials(config: Mapping[str, Any]) -> dict[str, str]:
        return {**credentials_of(config), **credentials(str(config["FunctionName"]))}

    app._dispatch_service_request = dispatch_and_note  # noqa: SLF001 - as above
    runtime.execution_credentials = named_credentials
