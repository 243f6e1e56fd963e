"""Says in one sentence what went wrong and what to do about it, for whatever a command raised.

An error that nobody foresaw is a fault of ours: it says so, and how to see its stack.
"""

from __future__ import annotations

import sys
from typing import Any

from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.errors import FroeError as CoreError
from chalicelib.dead_letters.selection import NoSuchLetterError
from chalicelib.pages import BadQueryError
from chalicelib.settings import SettingsError

_REMEDIES = {
    "ExpiredToken": "sign in to AWS again",
    "ExpiredTokenException": "sign in to AWS again",
    "InvalidAccessKeyId": "check the credentials in your environment",
    "UnrecognizedClientException": "check the credentials in your environment",
    "SignatureDoesNotMatch": "check the credentials in your environment",
    "AccessDenied": "the credentials in use need permission for it",
    "AccessDeniedException": "the credentials in use need permission for it",
    "NoSuchBucket": "`froe up` makes the local one, `froe deploy --stage dev` the one on AWS",
    "ResourceNotFoundException": "`froe up` makes the local ones, `froe deploy --stage dev` those on AWS",
}


def explain(error: Exception) -> str:
    """The sentence for any exception."""
    if "botocore.exceptions" in sys.modules:
        sentence = _from_botocore(error) or _from_botocore(error.__cause__)
    else:
        sentence = None
    if sentence:
        return sentence
    if isinstance(error, CoreError | ConfigError | SettingsError | BadQueryError | NoSuchLetterError):
        return f"{error}."
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"The package `{error.name}` is missing; `make setup` installs all that the commands need."
    if isinstance(error, OSError) and error.strerror:
        named = f"{error.filename}: " if error.filename else ""
        return f"{named}{error.strerror[0].lower()}{error.strerror[1:]}."
    return (
        f"{type(error).__name__}: {error}. This is a fault in Froe, not in your input;"
        " set FROE_TRACEBACK=1 and run it again to see where."
    )


def _from_botocore(error: BaseException | None) -> str | None:
    from botocore import exceptions  # noqa: PLC0415 - only where it is in use already

    if isinstance(error, exceptions.ClientError):
        details: Any = error.response.get("Error", {})
        code = str(details.get("Code", "unknown"))
        message = str(details.get("Message", "")).rstrip(".")
        remedy = _REMEDIES.get(code)
        return f"AWS refused {error.operation_name} ({code}): {message}" + (f"; {remedy}." if remedy else ".")
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return "No AWS credentials found; sign in to AWS, or start the local one with `froe up`."
    if isinstance(error, exceptions.NoRegionError):
        return "No AWS region is set; set AWS_REGION, or start the local AWS with `froe up`."
    if isinstance(error, exceptions.EndpointConnectionError | exceptions.ConnectionClosedError):
        address = error.kwargs.get("endpoint_url", "AWS")
        return f"Nothing answers at {address}; start the local AWS with `froe up`, or check AWS_ENDPOINT_URL."
    if isinstance(error, exceptions.BotoCoreError):
        return f"AWS could not be used: {error}."
    return None
