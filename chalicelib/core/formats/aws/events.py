"""Events that AWS services write as JSON objects: on lines, one behind another, or in an array.

What EventBridge delivered (the event is its `detail`) is the event too; the envelope's own members are
`aws.eventbridge.…`. GuardDuty's findings are read as its API gives them as well, with capital names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.objects import Objects, holding, joined
from chalicelib.core.framing import Framing, Kind

if TYPE_CHECKING:
    from chalicelib.core.formats.json_text import Fields
    from chalicelib.core.records import Value

_DETAIL: Final = "detail."
_ENVELOPE: Final = "aws.eventbridge."
_GRADES: Final = ((9, 21), (7, 17), (4, 13))
"""The least severity of critical, high, medium → OpenTelemetry's number."""


def _unwrapped(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of an event without EventBridge's envelope."""
    if "detail-type" not in names:
        return names
    return tuple(
        name.removeprefix(_DETAIL) if name.startswith(_DETAIL) else f"{_ENVELOPE}{name}" for name in names
    )


def _finding(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names that a finding has in its export."""
    if "SchemaVersion" in names:
        names = tuple(".".join(part[:1].lower() + part[1:] for part in name.split(".")) for name in names)
    return _unwrapped(names)


def _is_finding(members: Fields) -> bool:
    return members.get("service.serviceName", "guardduty") == "guardduty"


def _grade(severity: Value) -> tuple[str, int] | None:
    """https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html"""
    if not isinstance(severity, int | float):
        return None
    return str(severity), next((number for least, number in _GRADES if severity >= least), 9)


def _without_internal(fields: Fields, _body: str | None) -> None:
    """`AWS Internal` is no address: what a service of AWS did for itself came from none."""
    if " " in str(fields.get("client.address", "")):
        fields["aws.cloudtrail.source_ip_address"] = fields.pop("client.address")


CLOUDTRAIL: Final = Objects(
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
    specificity=0.995,
    framing=Framing(kind=Kind.JSON, member="Records"),
    sieve=holding("eventVersion", "Records"),
    read=flat_object,
    prefix="aws.cloudtrail",
    required=("eventVersion", "eventTime", "eventID"),
    time=("eventTime",),
    timeless=None,
    prefixes={_ENVELOPE: _ENVELOPE},
    names={
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
    inner=_unwrapped,
    heading=joined("error.message|aws.cloudtrail.event_name|aws.cloudtrail.insight_details.event_name"),
    finish=_without_internal,
).format()
GUARDDUTY: Final = Objects(
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
    specificity=0.995,
    framing=Framing(kind=Kind.JSON, member="Findings"),
    sieve=holding("schemaVersion", "SchemaVersion"),
    read=flat_object,
    prefix="aws.guardduty",
    required=("schemaVersion", "severity", "type", "createdAt"),
    time=("updatedAt", "createdAt"),
    timeless=None,
    prefixes={_ENVELOPE: _ENVELOPE},
    names={
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
    confirms=_is_finding,
    level=("severity",),
    kept=frozenset(("severity",)),
    levels=_grade,
    inner=_finding,
    body=("title", "description"),
).format()

FORMATS: Final = (CLOUDTRAIL, GUARDDUTY)
