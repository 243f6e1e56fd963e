"""The AWS account and region of a stage, and the clients for it; or one sentence that says why it cannot be used."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import botocore.exceptions

from froe.errors import FroeError
from froe.resources import LOCAL_STAGE

_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Cloud:
    """`client(service)` is a boto3 low-level client; `local`: the emulator, which holds less than AWS does."""

    client: Callable[[str], Any]
    account: str
    region: str
    partition: str = "aws"
    local: bool = False

    @property
    def poll_seconds(self) -> float:
        """Between two looks at a stack that is being changed."""
        return 0.2 if self.local else 5

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """Of a resource of this account; of an S3 bucket and what is in it with regional=False."""
        place = f"{self.region}:{self.account}" if regional else ":"
        return f"arn:{self.partition}:{service}:{place}:{resource}"


def connect(stage: str, environ: Mapping[str, str] = os.environ) -> Cloud:
    """The AWS that the environment leads to. FroeError without a region or credentials, or if it does not answer."""
    endpoint = environ.get("AWS_ENDPOINT_URL", "")
    if stage == LOCAL_STAGE and not endpoint:
        raise FroeError(
            "The stage local is for a local AWS, and AWS_ENDPOINT_URL leads to none: start one with "
            "`froe up --bare` in another terminal and export what it prints."
        )
    try:
        session = boto3.session.Session()
    except botocore.exceptions.ProfileNotFound as error:
        raise FroeError(
            f"AWS_PROFILE names a profile that is not configured ({error}): unset it, or run `aws configure`."
        ) from error
    if not session.region_name:
        raise FroeError("No AWS region is set: export AWS_DEFAULT_REGION, or set one with `aws configure`.")
    identity = _identify(session)
    return Cloud(
        client=_clients(session.client),
        account=str(identity["Account"]),
        region=str(session.region_name),
        partition=str(identity["Arn"]).split(":")[1],
        local=urlsplit(endpoint).hostname in _LOOPBACK,
    )


def local_cloud(make_client: Callable[[str], Any], region: str) -> Cloud:
    """The emulator behind these clients."""
    client = _clients(make_client)
    return Cloud(client, str(client("sts").get_caller_identity()["Account"]), region, local=True)


def _clients(make_client: Callable[[str], Any]) -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            made[service] = make_client(service)
        return made[service]

    return client


def _identify(session: Any) -> Mapping[str, Any]:
    try:
        identity: Mapping[str, Any] = session.client("sts").get_caller_identity()
    except (botocore.exceptions.NoCredentialsError, botocore.exceptions.PartialCredentialsError) as error:
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
    return identity
