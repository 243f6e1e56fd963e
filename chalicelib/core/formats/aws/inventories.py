"""What AWS services write of the state of an account: AWS Config's items, Security Hub's findings, CloudTrail's digests.

Items, findings and log files are entries of their own. What a digest says of itself stands before its log files, and is on
each record of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.objects import Dialect, Naming, holding, parser_of, record_of
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.json_paths import completed
from chalicelib.core.records import Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.json_text import Fields
    from chalicelib.core.records import Record

_LABELS: Final = {"INFORMATIONAL": 9, "LOW": 9, "MEDIUM": 13, "HIGH": 17, "CRITICAL": 21}


def _item(fields: Fields) -> str | None:
    names = ("aws.config.resource_type", "aws.config.resource_id", "aws.config.configuration_item_status")
    return " ".join(str(fields[name]) for name in names if name in fields) or None


def _grade(fields: Fields) -> tuple[str, int] | None:
    label = fields.get("aws.securityhub.severity.label")
    number = _LABELS.get(str(label))
    return None if number is None else (str(label), number)


_CONFIG: Final = Dialect(
    prefix="aws.config",
    required=("configurationItemCaptureTime", "resourceType"),
    times=("configurationItemCaptureTime",),
    names={
        "awsAccountId": "cloud.account.id",
        "awsRegion": "cloud.region",
        "availabilityZone": "cloud.availability_zone",
        "ARN": "cloud.resource_id",
        "arn": "cloud.resource_id",
    },
    body=_item,
)
_SECURITY_HUB: Final = Dialect(
    prefix="aws.securityhub",
    required=("ProductArn", "GeneratorId", "Id"),
    times=("UpdatedAt", "LastObservedAt", "CreatedAt"),
    names={"AwsAccountId": "cloud.account.id", "Region": "cloud.region"},
    bodies=("Title", "Description"),
    grade=_grade,
)
_DIGEST: Final = Dialect(
    prefix="aws.cloudtrail.digest",
    required=("s3Object", "hashValue"),
    times=("newestEventTime", "oldestEventTime"),
    names={
        "awsAccountId": "cloud.account.id",
        "s3Bucket": "aws.s3.bucket",
        "s3Object": "aws.s3.key",
    },
    body=lambda fields: str(fields["aws.s3.key"]) if "aws.s3.key" in fields else None,
)


def _make_digest_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    naming = Naming(_DIGEST.prefix, _DIGEST.names)
    around = flat_object(completed(context.header)) if context.header else {}
    shared = {} if isinstance(around, Reject) else around
    own = {
        name: value
        for name, value in shared.items()
        if name not in ("logFiles", "newestEventTime", "oldestEventTime")
    }

    def parse(text: str) -> Record | Reject:
        members = flat_object(text)
        if isinstance(members, Reject):
            return members
        return record_of(
            _DIGEST, members if "digestS3Object" in members else {**own, **members}, times, naming
        )

    return parse


CONFIG: Final = Format(
    name="aws_config",
    title="AWS Config, snapshots and histories",
    source="https://docs.aws.amazon.com/config/latest/developerguide/example-s3-snapshot.html",
    samples=(
        '{"fileVersion":"1.0","configSnapshotId":"e1","configurationItems":[{"configurationItemVersion":"1.3",'
        '"configurationItemCaptureTime":"2024-03-14T09:26:53.123Z","configurationStateId":1710408413123,'
        '"awsAccountId":"111122223333","configurationItemStatus":"OK","resourceType":"AWS::S3::Bucket","resourceId":"shop-logs",'
        '"ARN":"arn:aws:s3:::shop-logs","awsRegion":"eu-west-1","tags":{},"relationships":[],"configuration":{"name":"shop-logs"}}]}',
        '{"configurationItemVersion":"1.3","configurationItemCaptureTime":"2024-03-14T09:26:54.000Z",'
        '"awsAccountId":"111122223333","configurationItemStatus":"ResourceDeleted","resourceType":"AWS::EC2::Instance",'
        '"resourceId":"i-0a1b2c3d","awsRegion":"eu-west-1","availabilityZone":"eu-west-1a"}',
    ),
    make_parser=parser_of(_CONFIG),
    specificity=0.995,
    framing=Framing(kind=Kind.JSON, member="configurationItems"),
    sieve=holding("configurationItemCaptureTime", "configurationItems"),
    alone=True,
)
SECURITY_HUB: Final = Format(
    name="aws_securityhub",
    title="AWS Security Hub findings (ASFF)",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html",
    samples=(
        '{"Findings":[{"SchemaVersion":"2018-10-08","Id":"arn:aws:securityhub:eu-west-1:111122223333:finding/1",'
        '"ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/securityhub","GeneratorId":"security-control/S3.8",'
        '"AwsAccountId":"111122223333","Types":["Software and Configuration Checks"],"CreatedAt":"2024-03-14T09:20:00.000Z",'
        '"UpdatedAt":"2024-03-14T09:26:53.123Z","Severity":{"Label":"HIGH","Normalized":70},"Title":"Buckets should block'
        ' public access","Description":"This control checks buckets.","Resources":[{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::shop"}],'
        '"Compliance":{"Status":"FAILED"},"RecordState":"ACTIVE"}]}',
        '{"SchemaVersion":"2018-10-08","Id":"2","ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/inspector",'
        '"GeneratorId":"inspector","AwsAccountId":"111122223333","CreatedAt":"2024-03-14T09:26:54Z",'
        '"UpdatedAt":"2024-03-14T09:26:54Z","Severity":{"Label":"INFORMATIONAL"},"Title":"A package is old"}',
    ),
    make_parser=parser_of(_SECURITY_HUB),
    specificity=0.9955,
    framing=Framing(kind=Kind.JSON, path=("detail?", "Findings|findings")),
    sieve=holding("ProductArn", "GeneratorId"),
    alone=True,
)
DIGEST: Final = Format(
    name="aws_cloudtrail_digest",
    title="AWS CloudTrail digest files",
    source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html",
    samples=(
        '{"awsAccountId":"111122223333","digestStartTime":"2024-03-14T08:26:53Z","digestEndTime":"2024-03-14T09:26:53Z",'
        '"digestS3Bucket":"shop-trail","digestS3Object":"AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/d.json.gz",'
        '"digestPublicKeyFingerprint":"31e8b543","digestSignatureAlgorithm":"SHA256withRSA","newestEventTime":"2024-03-14T09:20:00Z",'
        '"oldestEventTime":"2024-03-14T08:30:00Z","previousDigestS3Bucket":"shop-trail","logFiles":[{"s3Bucket":"shop-trail",'
        '"s3Object":"AWSLogs/111122223333/CloudTrail/eu-west-1/a.json.gz","hashValue":"9bb6196fc6b84d6f075a56548feca262",'
        '"hashAlgorithm":"SHA-256","newestEventTime":"2024-03-14T09:20:00Z","oldestEventTime":"2024-03-14T08:30:00Z"}]}',
    ),
    make_parser=_make_digest_parser,
    specificity=0.995,
    framing=Framing(kind=Kind.JSON, member="logFiles"),
    sieve=holding("digestS3Object", "digestStartTime", "hashValue"),
)

FORMATS: Final = (CONFIG, SECURITY_HUB, DIGEST)
