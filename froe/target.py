"""Which AWS a command acts on: the given stage, the environment, or the newest local stack."""

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from froe.errors import FroeError
from froe.local.info import StackInfo, live_stacks, stacks_elsewhere
from froe.resources import LOCAL_STAGE, ROOT, read_template


@dataclass(frozen=True, slots=True)
class Target:
    """Where to act. `settings_env` is all a `Settings` is read from; `api` and `token` are None if unknown."""

    settings_env: Mapping[str, str]
    region: str
    endpoint_url: str | None = None
    api: str | None = None
    token: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 low-level client; with the credentials of the environment unless the target has its own."""
        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            **options,
        )


def find_target(
    stage: str | None = None, *, environ: Mapping[str, str] = os.environ, root: Path = ROOT
) -> Target:
    """The first of: `stage`; the settings in `environ`; the newest local stack. FroeError if there is none.

    The stage `local` is the newest `froe up`, unless AWS_ENDPOINT_URL alone says where it was deployed by hand.
    """
    by_hand = environ.get("AWS_ENDPOINT_URL") and not environ.get("INPUT_BUCKET")
    if stage is not None and (stage != LOCAL_STAGE or by_hand):
        return _deployed(stage, environ, root)
    if stage is None and environ.get("INPUT_BUCKET"):
        return _from_environment(environ, root)
    running = live_stacks(root)
    if running:
        return target_of(running[0].info, running[0].env)
    raise FroeError(
        "No Froe to act on: start one here with `froe up` in another terminal, or name a deployed one with --stage."
        + "".join(map(_way_to, stacks_elsewhere(root)))
    )


def _way_to(folder: Path) -> str:
    env_file = folder / "env"
    if not env_file.exists():
        return f" One is starting in {folder}, or bare: a bare one prints what to export, wait for the other."
    return f" One runs from {folder.parent.parent}: `set -a; . {shlex.quote(str(env_file))}; set +a` leads to it."


def target_of(info: StackInfo, env: Mapping[str, str]) -> Target:
    """A local stack as a target, whatever else is running; env: what its environment file says."""
    return Target(
        settings_env=env,
        region=info.region,
        endpoint_url=info.endpoint,
        api=info.api,
        token=info.token,
        access_key_id=env["AWS_ACCESS_KEY_ID"],
        secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )


def _from_environment(environ: Mapping[str, str], root: Path) -> Target:
    lacking = [name for name in read_template(root).settings.values() if not environ.get(name)]
    if lacking:
        raise FroeError(
            f"The environment has INPUT_BUCKET but not {', '.join(lacking)}: "
            "source the environment file of `froe up`, or unset INPUT_BUCKET."
        )
    return Target(
        settings_env=dict(environ),
        region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or _region(environ),
        endpoint_url=environ.get("AWS_ENDPOINT_URL"),
        api=environ.get("FROE_API"),
        token=environ.get("FROE_API_TOKEN"),
    )


def _deployed(stage: str, environ: Mapping[str, str], root: Path) -> Target:
    config = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))
    settings = {
        **config.get("environment_variables", {}),
        **config.get("stages", {}).get(stage, {}).get("environment_variables", {}),
    }
    template = read_template(root)
    lacking = [name for name in template.required_settings if not settings.get(name)]
    if lacking:
        raise FroeError(
            f"The stage {stage} has no {lacking[0]} in .chalice/config.json: `froe deploy --stage {stage}` "
            "makes its resources; `froe up` starts a local one."
        )
    return Target(
        settings_env={**environ, **settings},
        region=_region(settings),
        endpoint_url=environ.get("AWS_ENDPOINT_URL"),
        api=_deployed_api(stage, root),
        token=environ.get("FROE_API_TOKEN"),
    )


def _region(settings: Mapping[str, str]) -> str:
    return settings["LEDGER_STREAM_ARN"].split(":")[3]


def _deployed_api(stage: str, root: Path) -> str | None:
    try:
        deployed = json.loads((root / ".chalice" / "deployed" / f"{stage}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    for resource in deployed.get("resources", ()):
        if "rest_api_url" in resource:
            return str(resource["rest_api_url"]).rstrip("/")
    return None
