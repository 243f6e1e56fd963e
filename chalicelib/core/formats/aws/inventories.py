"""What AWS services write of the state of an account: AWS Config's items, Security Hub's findings, CloudTrail's digests.

Items, findings and log files are entries of their own. What a digest says of itself stands before its log files, and is on
each record of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.object_reader import Reader
from chalicelib.core.formats.objects import Objects, graded, holding, joined
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.json.paths import completed
from chalicelib.core.records import Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Record

_LABELS: Final = {"INFORMATIONAL": 9, "LOW": 9, "MEDIUM": 13, "HIGH": 17, "CRITICAL": 21}


CONFIG: Final = Objects(
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
    specificity=0.995,
    framing=Framing(kind=Kind.JSON, member="configurationItems"),
    sieve=holding("configurationItemCaptureTime", "configurationItems"),
    read=flat_object,
    prefix="aws.config",
    required=("configurationItemCaptureTime", "resourceType"),
    time=("configurationItemCaptureTime",),
    timeless=None,
    names={
        "awsAccountId": "cloud.account.id",
        "awsRegion": "cloud.region",
        "availabilityZone": "cloud.availability_zone",
        "ARN": "cloud.resource_id",
        "arn": "cloud.resource_id",
    },
    heading=joined(
        "aws.config.resource_type", "aws.config.resource_id", "aws.config.configuration_item_status"
    ),
).format()
SECURITY_HUB: Final = Objects(
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
    specificity=0.9955,
    framing=Framing(kind=Kind.JSON, path=("detail?", "Findings|findings")),
    sieve=holding("ProductArn", "GeneratorId"),
    read=flat_object,
    prefix="aws.securityhub",
    required=("ProductArn", "GeneratorId", "Id"),
    time=("UpdatedAt", "LastObservedAt", "CreatedAt"),
    timeless=None,
    names={"AwsAccountId": "cloud.account.id", "Region": "cloud.region"},
    body=("Title", "Description"),
    level=("Severity.Label",),
    kept=frozenset(("Severity.Label",)),
    levels=graded(_LABELS),
).format()
_DIGEST: Final = Objects(
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
    specificity=0.995,
    framing=Framing(kind=Kind.JSON, member="logFiles"),
    sieve=holding("digestS3Object", "digestStartTime", "hashValue"),
    alone=False,
    prefix="aws.cloudtrail.digest",
    required=("s3Object", "hashValue"),
    time=("newestEventTime", "oldestEventTime"),
    timeless=None,
    names={"awsAccountId": "cloud.account.id", "s3Bucket": "aws.s3.bucket", "s3Object": "aws.s3.key"},
    heading=joined("aws.s3.key"),
)


def _make_digest_parser(context: ParseContext) -> Parse:
    reader = Reader(_DIGEST, context)
    around = flat_object(completed(context.header)) if context.header else {}
    own = {} if isinstance(around, Reject) else around
    for name in ("logFiles", "newestEventTime", "oldestEventTime"):
        own.pop(name, None)

    def parse(text: str) -> Record | Reject:
        members = flat_object(text)
        if isinstance(members, Reject):
            return members
        return reader.record_of(members if "digestS3Object" in members else {**own, **members})

    return parse


FORMATS: Final = (CONFIG, SECURITY_HUB, _DIGEST.format(_make_digest_parser))
