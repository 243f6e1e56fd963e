"""Deploys a stage to the AWS that the environment leads to: resources, settings, then Chalice.

Promise: running it again changes only what differs; the API token is shown once and only its digest is kept.
Limits: the stage must be in .chalice/config.json; what it writes there names your account, not its secrets.
"""

import hashlib
import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import click

from chalicelib.configuration import read_config
from froe.errors import FroeError
from froe.resources import CHALICE, LOCAL_STAGE, ROOT, TOKEN_SETTING, Report, create_or_update, read_template


def _say(line: str) -> None:
    click.echo(line, err=True)


def deploy(
    stage: str, *, parameters: Mapping[str, str] | None = None, report: Report = _say, root: Path = ROOT
) -> dict[str, str]:
    """Bring `stage` to what the checkout says and give its settings; FroeError in one sentence if it cannot.

    Raises ConfigError where the configuration file is wrong: then nothing is touched."""
    if stage == LOCAL_STAGE:
        raise FroeError("The stage local is not for AWS: start it with `froe up`.")
    config_file = root / ".chalice" / "config.json"
    config: dict[str, Any] = json.loads(config_file.read_text(encoding="utf-8"))
    if stage not in config["stages"]:
        raise FroeError(
            f"The stage {stage} is not in .chalice/config.json: copy the stage dev there, with {stage} for dev."
        )
    read_config(environment={**os.environ, **config["stages"][stage].get("environment_variables", {})})
    session = boto3.session.Session()
    account = _identify(session)
    report(f"Bringing the resources of stage {stage} up to date in account {account}, {session.region_name}")
    try:
        settings = create_or_update(
            session.client("cloudformation"), stage, read_template(root), parameters=parameters
        )
    except botocore.exceptions.ClientError as error:
        raise FroeError(
            f"AWS refused {error.operation_name}: {error.response['Error']['Message']}"
        ) from error
    variables = config["stages"][stage].setdefault("environment_variables", {})
    if not variables.get(TOKEN_SETTING):
        token = secrets.token_urlsafe(32)
        settings[TOKEN_SETTING] = hashlib.sha256(token.encode()).hexdigest()
        report(f"API token, shown this once: {token}")
    variables |= settings
    _replace(config_file, json.dumps(config, indent=2) + "\n")
    report(f"Deploying the functions with chalice deploy --stage {stage}")
    done = subprocess.run([*CHALICE, "deploy", "--stage", stage], cwd=root, check=False)  # noqa: S603 - ours
    if done.returncode != 0:
        raise FroeError(
            f"chalice deploy failed with code {done.returncode}: what it said is above; deploy again."
        )
    return dict(variables)


def _identify(session: Any) -> str:
    """The account that the credentials belong to."""
    if not session.region_name:
        raise FroeError("No AWS region is set: export AWS_DEFAULT_REGION, or set one with `aws configure`.")
    try:
        return str(session.client("sts").get_caller_identity()["Account"])
    except botocore.exceptions.NoCredentialsError as error:
        raise FroeError(
            "No AWS credentials were found: sign in with `aws configure` or `aws sso login`."
        ) from error
    except botocore.exceptions.ClientError as error:
        reason = error.response["Error"]["Message"]
        raise FroeError(f"AWS does not accept the credentials ({reason}): sign in again.") from error
    except botocore.exceptions.BotoCoreError as error:
        raise FroeError(
            f"AWS cannot be reached ({error}): check the network, AWS_ENDPOINT_URL and the profile."
        ) from error


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
