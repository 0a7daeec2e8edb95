"""What an object store's error means, in words: never its own text, which quotes key ids and signed requests."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import PipelineError, Refused, UsageError

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthFailure", "UnrecognizedClientException"}
_FORBIDDEN = {"AccessDenied", "AllAccessDisabled", "Forbidden", "403", "AccountProblem"}
_ELSEWHERE = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
_SERVER_FAILS = 500


@contextmanager
def told(url: str, doing: str, then: str = "") -> Iterator[None]:
    """A block that talks to a store; its errors become Refused, naming the address, what was done and what helps.

    Raises UsageError where the extra `[s3]` is not installed. `then` says what holds in spite of an error.
    MEDIA_PRIVACY_DEBUG=1 keeps the library's own error behind it.
    """
    try:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise UsageError(f"{url}: pip install 'media-privacy-pipeline[s3]'") from None
    try:
        yield
    except PipelineError:
        raise
    except (BotoCoreError, ClientError, Boto3Error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
            # A local file, and not the store.
            raise
        text = f"{url}: could not {doing}: {_meaning(error)}" + (f"; {then}" if then else "")
        raise Refused(text) from (error if os.environ.get("MEDIA_PRIVACY_DEBUG") else None)


def _meaning(error: BaseException) -> str:
    from botocore.exceptions import (
        ClientError,
        ConnectionError,
        HTTPClientError,
        NoCredentialsError,
        NoRegionError,
        PartialCredentialsError,
    )

    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk of this machine is full: free some space and run again"
    if isinstance(error, ClientError):
        return _of_code(str(error.response["Error"]["Code"]), _status(error))
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role"
    if isinstance(error, NoRegionError):
        return "no region is set: set AWS_REGION"
    if isinstance(error, ConnectionError | HTTPClientError):
        return "the store cannot be reached: look at the network and at AWS_ENDPOINT_URL, and run again"
    cause = error.__cause__ or error.__context__
    if cause is not None and isinstance(cause, ClientError):
        return _meaning(cause)
    return _of_text(str(error)) if isinstance(error, OSError) else f"the S3 library failed with {type(error).__name__}"


def _status(error: BaseException) -> int:
    answer = getattr(error, "response", {})
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _of_code(code: str, status: int) -> str:
    if code in _EXPIRED:
        return "the credentials have expired: renew them and run again"
    if code in _UNKNOWN:
        return "the store does not accept these credentials: look at AWS_ACCESS_KEY_ID and its secret"
    if code in _FORBIDDEN or status == 403:
        return "these credentials may not do that: give their role the rights that docs/stores.md lists"
    if code == "NoSuchBucket":
        return "there is no such bucket: create it, or mend the address"
    if code == "RequestTimeTooSkewed":
        return "the clock of this machine is wrong: set it"
    if code in _ELSEWHERE:
        return "the bucket is in another region: set AWS_REGION"
    if code == "SlowDown" or status >= _SERVER_FAILS:
        return f"the store answered {status or code} each time that it was asked: run again later"
    return f"the store answered {code}"


def _of_text(text: str) -> str:
    """pyarrow has one error for all, and the code in its text."""
    for code in (*_EXPIRED, *_UNKNOWN, "AccessDenied", "NoSuchBucket", "RequestTimeTooSkewed"):
        if code in text:
            return _of_code(code, 0)
    if "ACCESS_DENIED" in text or "HTTP status 403" in text:
        return _of_code("AccessDenied", 403)
    if "NETWORK_CONNECTION" in text or "timeout" in text.lower():
        return "the store cannot be reached: look at the network and at AWS_ENDPOINT_URL, and run again"
    return "a file is missing or cannot be read to its end"
