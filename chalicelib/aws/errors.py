"""Maps botocore's errors to Froe's: retry, dead-letter or fix. The only module that knows botocore's codes."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    ResponseStreamingError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from chalicelib.core.errors import (
    AccessDeniedError,
    MissingResourceError,
    ObjectArchivedError,
    ObjectChangedError,
    ObjectGoneError,
    PermanentError,
    ThrottledError,
    TransientError,
)

CONDITION_FAILED: Final = "ConditionalCheckFailedException"
THROTTLED: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
REFUSED_BY_SNS: Final = frozenset(
    {"InvalidParameter", "InvalidParameterException", "ParameterValueInvalid", "ValidationException"}
)
"""Only of these operations: other services use the same code for a receipt handle that has merely expired."""
_GONE: Final = frozenset({"404", "NoSuchKey", "NoSuchUpload", "NoSuchVersion"})
"""Codes of S3. A HEAD has no body, so its only code is the status."""

_CHANGED: Final = frozenset({"412", "PreconditionFailed"})
_ARCHIVED: Final = frozenset({"InvalidObjectState"})
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_Errors"""

_DENIED: Final = frozenset(
    {"403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "AuthorizationError", "Forbidden"}
)
_MISSING: Final = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)
"""SNS uses `NotFound` for a topic."""


def code_of(error: Exception) -> str:
    """The error code that AWS gave, or an empty string."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


@contextmanager
def translated(doing: str, refused: Container[str] = ()) -> Iterator[None]:
    """Translate botocore's errors into Froe's.

    doing: what was being done to what, for the message. refused: codes that no retry changes.
    """
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in _GONE:
            raise ObjectGoneError(f"{doing}: it does not exist ({code})") from error
        if code in _CHANGED:
            raise ObjectChangedError(f"{doing}: it was overwritten since ({code})") from error
        if code in _ARCHIVED:
            raise ObjectArchivedError(
                f"{doing}: it is archived ({code}); restore it, then redrive this"
            ) from error
        if code in refused:
            raise PermanentError(f"{doing}: {error}") from error
        raise _transient(code)(f"{doing}: {error}") from error
    except (BotoConnectionError, HTTPClientError, ResponseStreamingError) as error:
        raise TransientError(f"{doing}: {error}") from error
    except NoCredentialsError as error:
        raise TransientError(f"{doing}: no AWS credentials; set them as for the AWS command line") from error
    except ParamValidationError as error:
        raise PermanentError(f"{doing}: {error}") from error
    except BotoCoreError as error:
        raise TransientError(f"{doing}: {error}") from error


def _transient(code: str) -> type[TransientError]:
    if code in _DENIED:
        return AccessDeniedError
    if code in _MISSING:
        return MissingResourceError
    return ThrottledError if code in THROTTLED else TransientError
