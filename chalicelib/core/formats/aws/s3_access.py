"""Server access logs of S3. Columns were added at the end over the years; quotes may hold quotes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.aws.columns import (
    ABSENT,
    Column,
    integer,
    request_line,
    status,
    tokens_of,
    typed_columns,
    word,
)
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.aws.columns import Fields
    from chalicelib.core.formats.times import Stamp

_WHEN, _REQUESTER, _OPERATION, _REQUEST = 2, 4, 6, 8
_OPERATION_AT: Final = re.compile(r" (?=(?:REST|SOAP|WEBSITE|BATCH|S3)\.[A-Z0-9_.]{2,80} )")
_COLUMNS_MIN: Final = 17
_QUOTES: Final = 6
_KINDS: Final = ("REST.", "SOAP.", "WEBSITE.", "BATCH.", "S3.")


def _passed(_fields: Fields, _name: str, _text: str) -> None:
    """The record's own time."""


_COLUMNS: Final[tuple[Column, ...]] = (
    ("aws.s3.bucket_owner", word),
    ("aws.s3.bucket", word),
    ("", _passed),
    ("client.address", word),
    ("user.id", word),
    ("aws.request_id", word),
    ("aws.s3.operation", word),
    ("aws.s3.key", word),
    ("", request_line),
    ("http.response.status_code", status),
    ("error.type", word),
    ("http.response.body.size", integer),
    ("aws.s3.object_size", integer),
    ("aws.s3.total_time", integer),
    ("aws.s3.turn_around_time", integer),
    ("http.request.header.referer", word),
    ("user_agent.original", word),
    ("aws.s3.version_id", word),
    ("aws.extended_request_id", word),
    ("aws.s3.signature_version", word),
    ("tls.cipher", word),
    ("aws.s3.authentication_type", word),
    ("http.request.header.host", word),
    ("tls.protocol.version", word),
    ("aws.s3.access_point_arn", word),
    ("aws.s3.acl_required", word),
    ("aws.s3.source_region", word),
)


_URI: Final = re.compile(r' ([^ ]++) "(-|[A-Za-z]++ [^ ]*+ HTTP/[0-9.]{1,3})" ', re.ASCII)
"""The key and the request, neither of which holds blanks where it should not."""


def _quoted_tokens(line: str) -> list[str]:
    """The columns of a line that holds more quotes than it should: S3 writes those of keys, requests, referers
    and user agents as they came. Raises ValueError where it is not made of them.
    """
    match = _URI.search(line)
    if match is None:
        return tokens_of(line)
    between, _, rest = line[match.end() :].partition('"')
    texts, quote, after = rest.rpartition('"')
    referer, separator, agent = texts.partition('" "')
    if "\\" in line or not (quote and separator):
        return tokens_of(line)
    return [
        *tokens_of(line[: match.start()]),
        *match.groups(),
        *tokens_of(between),
        referer,
        agent,
        *tokens_of(after.lstrip(" ")),
    ]


def _in_order(line: str) -> list[str]:
    return _quoted_tokens(line) if line.count('"') > _QUOTES else tokens_of(line)


def _from_both_ends(line: str) -> list[str]:
    """The columns of a line whose requester or key holds blanks and no quotes, as the requester of an origin access
    identity does: the one is what stands between the address and the request's id, which stands before the operation,
    the other what stands between the operation and the first quote. Raises ValueError where there is no operation.
    """
    operation = _OPERATION_AT.search(line, line.find("] ") + 1)
    if operation is None:
        raise ValueError("no operation")
    *head, request_id = tokens_of(line[: operation.start()])
    name, _, tail = line[operation.start() + 1 :].partition(" ")
    key, quote, tail = tail.partition(' "')
    behind = _in_order(f"{name} - {quote[1:]}{tail}")
    behind[1] = key
    return [*head[:_REQUESTER], " ".join(head[_REQUESTER:]), request_id, *behind]


def _make_parser(context: ParseContext) -> Parse:
    of_text = Times(context.last_modified).of_text

    def parse(line: str) -> Record | Reject:
        for columns_of in (_in_order, _from_both_ends):
            try:
                tokens = columns_of(line)
                if len(tokens) >= _COLUMNS_MIN and tokens[_OPERATION].startswith(_KINDS):
                    return _record(tokens, of_text(tokens[_WHEN]))
            except ValueError:
                continue
        return OTHER_SHAPE

    return parse


def _record(tokens: list[str], stamp: Stamp | None) -> Record | Reject:
    """Raises ValueError where a column does not hold what it should."""
    fields = typed_columns(_COLUMNS, tokens)
    if stamp is None:
        return BAD_TIME
    body = tokens[_REQUEST]
    return Record(*stamp, None, None, tokens[_OPERATION] if body in ABSENT else body, fields)


S3: Final = Format(
    name="aws_s3_access",
    title="Amazon S3, server access log",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
    samples=(
        "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be shop-logs [14/Mar/2024:09:26:53 +0000]"
        " 192.0.2.17 arn:aws:iam::111122223333:user/ada 891CE47D2EXAMPLE REST.GET.OBJECT photos/a%2520b.jpg"
        ' "GET /shop-logs/photos/a%20b.jpg?versioning HTTP/1.1" 200 - 113 113 41 28 "https://example.org/"'
        ' "S3Console/0.4" 3HL4kqtJvjVBH40Nrjfkd s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234='
        " SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader shop-logs.s3.eu-west-1.amazonaws.com TLSv1.2 - -",
        "79a5 shop [14/Mar/2024:09:26:54 +0000] 192.0.2.17 - 7ACC4BE89EXAMPLE REST.GET.OBJECT foo/bar.html"
        ' "GET /foo/bar.html HTTP/1.1" 403 AccessDenied 243 - 7 - "-" "an "odd" agent" -',
        "79a5 shop [14/Mar/2024:09:26:55 +0000] - AmazonS3 F0EXAMPLE S3.EXPIRE.OBJECT old/key"
        ' "-" - - - 512 - - "-" "-" - hostid= - - - - - - -',
    ),
    make_parser=_make_parser,
    specificity=0.99,
    sieve=r"[^ ]{1,128} [^ ]{1,128} \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\] [^ ]{1,64} ",
    alone=True,
)

FORMATS: Final = (S3,)
