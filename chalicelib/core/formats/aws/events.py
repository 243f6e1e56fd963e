"""Events that AWS services write as JSON objects: on lines, one behind another, or in an array.

What EventBridge delivered (the event is its `detail`) is the event too; the envelope's own members are
`aws.eventbridge.…`. GuardDuty's findings are read as its API gives them as well, with capital names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.objects import Dialect, holding, parser_of
from chalicelib.core.framing import Framing, Kind

if TYPE_CHECKING:
    from chalicelib.core.formats.json_text import Fields

_DETAIL: Final = "detail."
_GRADES: Final = ((9, 21), (7, 17), (4, 13))
"""The least severity of critical, high, medium → OpenTelemetry's number."""


def _unwrapped(members: Fields) -> Fields:
    """An event without EventBridge's envelope."""
    if "detail-type" not in members:
        return members
    return {
        name.removeprefix(_DETAIL) if name.startswith(_DETAIL) else f"aws.eventbridge.{name}": value
        for name, value in members.items()
    }


def _finding(members: Fields) -> Fields:
    """A finding under the names that its export has."""
    if "SchemaVersion" in members:
        members = {
            ".".join(part[:1].lower() + part[1:] for part in name.split(".")): value
            for name, value in members.items()
        }
    return _unwrapped(members)


def _event_name(fields: Fields) -> str | None:
    names = ("error.message", "aws.cloudtrail.event_name", "aws.cloudtrail.insight_details.event_name")
    return next((str(fields[name]) for name in names if name in fields), None)


def _is_finding(members: Fields) -> bool:
    return members.get("service.serviceName", "guardduty") == "guardduty"


def _grade(fields: Fields) -> tuple[str, int] | None:
    """https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html"""
    severity = fields.get("aws.guardduty.severity")
    if not isinstance(severity, int | float):
        return None
    return str(severity), next((number for least, number in _GRADES if severity >= least), 9)


_ENVELOPE: Final = {
    f"aws.eventbridge.{name}": f"aws.eventbridge.{name.replace('-', '_')}"
    for name in ("version", "id", "detail-type", "source", "account", "time", "region", "resources")
}


def _without_internal(fields: Fields) -> None:
    """`AWS Internal` is no address: what a service of AWS did for itself came from none."""
    if " " in str(fields.get("client.address", "")):
        fields["aws.cloudtrail.source_ip_address"] = fields.pop("client.address")


_CLOUDTRAIL: Final = Dialect(
    prefix="aws.cloudtrail",
    required=("eventVersion", "eventTime", "eventID"),
    times=("eventTime",),
    names=_ENVELOPE
    | {
        "awsRegion": "cloud.region",
        "recipientAccountId": "cloud.account.id",
        "sourceIPAddress": "client.address",
        "userAgent": "user_agent.original",
        "userIdentity.userName": "user.name",
        "userIdentity.principalId": "user.id",
        "requestID": "aws.request_id",
        "errorCode": "error.type",
        "errorMessage": "error.message",
        "tlsDetails.tlsVersion": "tls.protocol.version",
        "tlsDetails.cipherSuite": "tls.cipher",
        "tlsDetails.clientProvidedHostHeader": "http.request.header.host",
    },
    before=_unwrapped,
    after=_without_internal,
    body=_event_name,
)
_GUARDDUTY: Final = Dialect(
    prefix="aws.guardduty",
    required=("schemaVersion", "severity", "type", "createdAt"),
    times=("updatedAt", "createdAt"),
    names=_ENVELOPE
    | {
        "accountId": "cloud.account.id",
        "region": "cloud.region",
        "resource.instanceDetails.instanceId": "host.id",
        "resource.instanceDetails.imageId": "host.image.id",
        "resource.instanceDetails.instanceType": "host.type",
        "resource.accessKeyDetails.userName": "user.name",
        "resource.accessKeyDetails.principalId": "user.id",
        "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4": "client.address",
        "service.action.awsApiCallAction.remoteIpDetails.ipAddressV4": "client.address",
        "service.action.kubernetesApiCallAction.remoteIpDetails.ipAddressV4": "client.address",
    },
    accepts=_is_finding,
    grade=_grade,
    before=_finding,
    bodies=("title", "description"),
)

CLOUDTRAIL: Final = Format(
    name="aws_cloudtrail",
    title="AWS CloudTrail events",
    source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    samples=(
        '{"Records":[{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE",'
        '"arn":"arn:aws:iam::111122223333:user/ada","accountId":"111122223333","userName":"ada"},'
        '"eventTime":"2024-03-14T09:26:53Z","eventSource":"s3.amazonaws.com","eventName":"GetBucketAcl",'
        '"awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.17","userAgent":"aws-cli/2.15.0",'
        '"requestParameters":{"bucketName":"shop-logs","acl":""},"responseElements":null,'
        '"requestID":"JTT53K6AS8TR39ER","eventID":"8d50073e-0000-4000-8000-cc17dd847be5","readOnly":true,'
        '"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333",'
        '"eventCategory":"Management"}]}',
        '{"eventVersion":"1.08","userIdentity":{"type":"Root"},"eventTime":"2024-03-14T09:26:54Z",'
        '"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"us-east-1",'
        '"sourceIPAddress":"192.0.2.18","errorCode":"AccessDenied","errorMessage":"Failed authentication",'
        '"eventID":"8d50073e-0000-4000-8000-cc17dd847be6","eventType":"AwsConsoleSignIn"}',
    ),
    make_parser=parser_of(_CLOUDTRAIL),
    specificity=0.995,
    framing=Framing(kind=Kind.JSON, member="Records"),
    sieve=holding("eventVersion", "Records"),
    alone=True,
)
GUARDDUTY: Final = Format(
    name="aws_guardduty",
    title="Amazon GuardDuty findings",
    source="https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html",
    samples=(
        '{"schemaVersion":"2.0","accountId":"111122223333","region":"eu-west-1","partition":"aws",'
        '"id":"16afba5c5c43e07c9e3e5e2e544e95df",'
        '"arn":"arn:aws:guardduty:eu-west-1:111122223333:detector/12/finding/16","type":"UnauthorizedAccess:EC2/SSHBruteForce",'
        '"resource":{"resourceType":"Instance","instanceDetails":{"instanceId":"i-0a1b2c3d","tags":[]}},'
        '"service":{"serviceName":"guardduty","detectorId":"12","action":{"actionType":"NETWORK_CONNECTION",'
        '"networkConnectionAction":{"remoteIpDetails":{"ipAddressV4":"192.0.2.17"},"blocked":false}},"count":3},'
        '"severity":8,"createdAt":"2024-03-14T09:20:00.000Z","updatedAt":"2024-03-14T09:26:53.123Z",'
        '"title":"192.0.2.17 is performing SSH brute force attacks","description":"It is."}',
        '{"version":"0","id":"c8c4daa7-0000","detail-type":"GuardDuty Finding","source":"aws.guardduty",'
        '"account":"111122223333","time":"2024-03-14T09:27:00Z","region":"eu-west-1","resources":[],'
        '"detail":{"schemaVersion":"2.0","accountId":"111122223333","region":"eu-west-1","id":"16","type":"Recon:EC2/Portscan",'
        '"resource":{"resourceType":"Instance"},"service":{"serviceName":"guardduty","count":1},"severity":5.0,'
        '"createdAt":"2024-03-14T09:26:54Z","updatedAt":"2024-03-14T09:26:54Z","title":"A port scan"}}',
    ),
    make_parser=parser_of(_GUARDDUTY),
    specificity=0.995,
    framing=Framing(kind=Kind.JSON, member="Findings"),
    sieve=holding("schemaVersion", "SchemaVersion"),
    alone=True,
)

FORMATS: Final = (CLOUDTRAIL, GUARDDUTY)
