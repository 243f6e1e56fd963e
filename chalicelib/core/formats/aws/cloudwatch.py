"""What CloudWatch Logs hands on: its exports to S3 (lines) and its subscriptions (JSON objects).

The event inside is parsed again by its own format: its severity, body and attributes are the record's,
the time is CloudWatch's. In a subscription's object, group, stream and owner stand before the array of
events, and are on each record of it; what stands behind the array is skipped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.member_names import Naming
from chalicelib.core.formats.nested import add_all, carried
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_OBJECT, OTHER_SHAPE
from chalicelib.core.formats.starts import own_start
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.json_text import Fields

_START: Final = rf"{DAY}T{CLOCK}\.[0-9]{{3}}Z "
_STAMP_LENGTH: Final = len("2024-03-14T09:26:53.123Z")
_TABLE: Final = {
    "owner": "cloud.account.id",
    "logGroup": "aws.log.group.names",
    "logStream": "aws.log.stream.names",
    "logStreamName": "aws.log.stream.names",
    "id": "aws.cloudwatch.event_id",
    "eventId": "aws.cloudwatch.event_id",
}
_LISTS: Final = ("aws.log.group.names", "aws.log.stream.names")


def _make_export_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    is_entry = re.compile(_START).match

    def parse(entry: str) -> Record | Reject:
        if not is_entry(entry):
            return OTHER_SHAPE
        stamp = times.of_text(entry[:_STAMP_LENGTH])
        if stamp is None:
            return BAD_TIME
        return carried(context.explain, entry[_STAMP_LENGTH + 1 :].rstrip("\r\n"), stamp, {})

    return parse


def _make_events_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    naming = Naming("aws.cloudwatch", _TABLE)
    opening = _named(flat_object(context.header + "]}"), naming) if context.header else {}

    def parse(element: str) -> Record | Reject:
        if not context.header:
            return OTHER_OBJECT
        members = flat_object(element)
        if isinstance(members, Reject):
            return members
        message = members.pop("message", None)
        if type(message) is not str or "timestamp" not in members:
            return OTHER_OBJECT
        stamp = times.of_value(members.pop("timestamp"))
        if stamp is None:
            return BAD_TIME
        fields = dict(opening)
        add_all(fields, _named(members, naming))
        return carried(context.explain, message.rstrip("\r\n"), stamp, fields)

    return parse


def _named(members: Fields | Reject, naming: Naming) -> Fields:
    if isinstance(members, Reject):
        return {}
    fields = naming.fields_of(members)
    return {name: [value] if name in _LISTS else value for name, value in fields.items()}


EXPORT: Final = Format(
    name="aws_cloudwatch",
    title="Amazon CloudWatch Logs, export to S3",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html",
    samples=(
        "2024-03-14T09:26:53.123Z START RequestId: 8d50073e-0000-4000-8000-cc17dd847be5 Version: $LATEST",
        "2024-03-14T09:26:53.223Z 2 111122223333 eni-0a1b2c3d4e5f60718 192.0.2.17 198.51.100.4 49152 443 6 20 4249"
        " 1710404813 1710404873 ACCEPT OK",
        '2024-03-14T09:26:53.323Z 192.0.2.17 - - [14/Mar/2024:09:26:53 +0000] "GET /cart HTTP/1.1" 200 5316',
    ),
    make_parser=_make_export_parser,
    specificity=0.96,
    bare=0.55,
    framing=Framing(entry_start=own_start(_START)),
    sieve=_START,
)
EVENTS: Final = Format(
    name="aws_cloudwatch_events",
    title="Amazon CloudWatch Logs, subscription (Kinesis, Firehose, Lambda)",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html",
    samples=(
        '{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"/aws/lambda/shop","logStream":"2024/03/14/[1]ab",'
        '"subscriptionFilters":["all"],"logEvents":[{"id":"31953106606966983378809025079804211143289615424298221568",'
        '"timestamp":1710408413123,"message":"START RequestId: 8d50073e-0000-4000-8000-cc17dd847be5 Version: 7\\n"},'
        '{"id":"31953106606966983378809025079804211143289615424298221569","timestamp":1710408413124,'
        '"message":"counting carts"}]}{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"web",'
        '"logStream":"web-1","subscriptionFilters":["all"],"logEvents":[{"id":"1","timestamp":1710408413125,'
        '"message":"192.0.2.17 - - [14/Mar/2024:09:26:53 +0000] \\"GET /cart HTTP/1.1\\" 200 5316"}]}',
        '{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],'
        '"logEvents":[{"id":"","timestamp":1710408413123,"message":"CWL CONTROL MESSAGE: Checking health of destination."}]}',
    ),
    make_parser=_make_events_parser,
    specificity=0.995,
    framing=Framing(kind=Kind.JSON, member="logEvents"),
    sieve=r'(?=[ \t]*+["{\[,])(?:[^"\n]*+"){1,99}?(?:logEvents|logGroup)"[ \t]*+:',
)

FORMATS: Final = (EXPORT, EVENTS)
