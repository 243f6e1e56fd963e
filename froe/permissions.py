"""The page of permissions: what each function may do, on what and why, generated from infra/policies.

python -m froe.permissions > docs/permissions.md

Promise: a statement without a reason, or a reason without a statement, is an error.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from froe.errors import FroeError
from froe.policies import read
from froe.resources import FUNCTIONS

PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {
    "froe deploy": ("deploy-data", "deploy-observability", "deploy-functions", "deploy-processes"),
    "froe destroy": ("destroy", "destroy-sink", "destroy-processes"),
    "froe forget": ("forget",),
    "froe compact": ("compact",),
    "Operating: status, upload, redrive, reprocess, verify, config, backfill, query": ("operate",),
}
"""Who does what → the policies that it takes, in infra/policies/people; what AWS has them do for CloudFormation included."""

REASONS: Final[Mapping[str, str]] = {
    "TakeSplits": "Lambda receives and deletes in the function's name; a split that failed is hidden for longer each time.",
    "TakeBatches": "Lambda receives and deletes in the function's name; a batch that failed is hidden for longer each time.",
    "TakeDeadLetters": "Lambda receives and deletes in the function's name; a message that could not be kept is hidden for a while.",
    "ReadObjects": "Reads the object's head and bytes: the announced version, or the key where the bucket keeps no versions.",
    "LookAtObjects": "Asks for the version and size of an object that is posted, or is to be read again; S3 grants that together with reading it.",
    "TellAbsentFromForbidden": "Without it S3 answers 403 for an object that does not exist, as if it were forbidden.",
    "ReadConfiguration": "Reads the configuration that `froe config put` stored; the ledger has its expected SHA-256.",
    "SendSplitsAndBatches": "Sends the splits of a file and the batches of a split, and again what is redriven.",
    "OpenAndSealFiles": "Opens a file (one conditional put), reads its plan and marks, seals its splits, settles it.",
    "SendDeadLetters": "A message that can never succeed goes to the dead-letter queue with its reason.",
    "PutOffBatches": "Sends a batch for which there was no time or capacity as a new message, so that no receive counts.",
    "WriteRecords": "Writes the records and rejects of a batch. If another text was written under the batch's name, it finds the items of that text (Query, keys only) and deletes them, with the same action as writing. If it continues a batch, it counts the items that exist.",
    "WriteRows": "Writes the rows of a batch as a Parquet object, if the file goes to the sink.",
    "FindRows": "Lists the batches to merge; without ListBucket S3 answers 403 for a merged object that does not exist yet.",
    "TakeRows": "Reads batches, and deletes the versions that are merged.",
    "MergeRows": "Writes merged objects, and reads those to which batches are added; if a former generation was removed from one, it deletes its earlier versions.",
    "MarkBatches": "Reads whether a batch is already done, marks it, sums it up and settles its file.",
    "Quarantine": "Keeps the message of a dead letter, and reads it again when the same letter comes twice.",
    "ListDeadLetters": "Lists the dead letter, marks its batch failed and settles its file.",
    "ReadTokens": "Looks a named token up by its digest; the first administrator's is a setting.",
    "SignUploads": "Signs addresses at which a browser puts objects into the input bucket: they can do what the role may.",
    "CountFiles": "Writes a row for each settled file into the statistics, and which objects could not be tagged or moved; nothing of the files themselves.",
    "PublishNotices": "Publishes notices to the topic.",
    "SendEvents": "Puts an event for each settled file on the account's default event bus.",
    "ReadLedgerStream": "Lambda reads the stream in the function's name, and passes the records to the function.",
    "ListObjects": "Lists the versions in the input bucket to find those that were never announced.",
    "HealFiles": "Reads the files that stopped, remembers their progress, marks lost redrives dead again, and removes a former generation from the ledger.",
    "RemoveFormerRecords": "Finds and deletes the records of a former generation; a batch of deletes is the same action as a batch of writes.",
    "FindFormerDeadLetters": "Finds the versions of such a generation's dead letters.",
    "RemoveFormerDeadLetters": "Deletes them.",
    "ListFiles": "Finds files and dead letters by their state, and files by their key.",
    "CountWaiting": "Asks whether the queues have been empty since a file stopped moving: a backlog is no loss.",
    "SendSplits": "Sends lost messages again, and announces objects that were never announced.",
    "ReadDeadLetters": "Shows a dead letter, and sends its message again.",
    "ReadRecords": "Shows the records and rejects of a file.",
    "ReadRows": "The same for a file whose records are only in the sink.",
    "QueryTheSink": "Runs the SQL of users with a token, in a workgroup with limits of its own; statements that write lack all other permissions.",
    "ShowTheTable": "Lists the columns of the table. For AWS the only resource is the account's catalog.",
    "FindTheTable": "Athena finds the table in the caller's name: this stage's, and no other.",
    "ReadAnswers": "Reads the answers of the API's own queries, and signs addresses to download them.",
    "KeepAnswers": "Athena writes the answer in the caller's name, to this place only.",
    "FindTheSink": "Athena looks up the region of the bucket in the caller's name.",
    "ReadTraces": "Shows what was done for a file and when. AWS does not allow either action to be limited to a resource.",
    "ShowAndRedrive": "Shows files and dead letters; records who redrove or discarded one, marks what was discarded, and says which file is to be read again.",
    "UseKey": "Buckets, queues, tables and topic are encrypted with the stage's own key; only through these services.",
    "WriteOwnLog": "Its own log group and no other; the group itself is made by the observability stack.",
    "SendTraces": "Sends its X-Ray segments. AWS does not allow either action to be limited to a resource.",
}
"""Why a statement is there, by its Sid."""


class Unseen(NamedTuple):
    """Actions that no function is seen to call on the local AWS; where AWS says that they are needed. on: the resource, if
    they are seen on others."""

    actions: tuple[str, ...]
    why: str
    source: str
    on: str = ""

    def covers(self, action: str, resource: str) -> bool:
        return action in self.actions and self.on in {"", resource}


UNSEEN: Final = (
    Unseen(
        ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
        "Lambda's pollers call it with the function's role, outside of the function.",
        "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    ),
    Unseen(
        (
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ),
        "Lambda's pollers read the stream with the function's role, outside of the function.",
        "https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html",
    ),
    Unseen(
        ("kms:Decrypt", "kms:GenerateDataKey"),
        "S3, SQS, SNS and DynamoDB ask KMS in the caller's name; the local AWS encrypts nothing.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service",
    ),
    Unseen(
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        "The Lambda runtime writes what a function prints.",
        "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
    ),
    Unseen(
        ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
        "The X-Ray daemon beside the function sends what the function hands it.",
        "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
    ),
    Unseen(
        (
            "glue:GetDatabase",
            "glue:GetTable",
            "s3:GetBucketLocation",
            "s3:ListBucketMultipartUploads",
            "s3:ListMultipartUploadParts",
        ),
        "Athena asks Glue and S3 in the caller's name; the local AWS answers of its own.",
        "https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html",
    ),
    Unseen(
        ("s3:AbortMultipartUpload", "s3:PutObject"),
        "Athena writes answers in the caller's name; the local AWS puts them there by itself.",
        "https://docs.aws.amazon.com/athena/latest/ug/querying.html",
        on="${ResultsBucket.Arn}/athena/api/*",
    ),
    Unseen(
        ("xray:BatchGetTraces", "xray:GetTraceSummaries"),
        "The local AWS keeps no traces: what collects them there answers in the place of X-Ray.",
        "https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html",
    ),
)
"""The one list of what the recording of calls cannot prove."""


def page() -> str:
    """The whole page, in Markdown. Raises FroeError where policies and reasons do not go together."""
    used = {each["Sid"] for function in FUNCTIONS for each in read(function)["Statement"]}
    if used != set(REASONS):
        raise FroeError(f"froe/permissions.py: give a reason to each statement: {used ^ set(REASONS)}.")
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from (
        "# Permissions",
        "",
        "This page is generated from `infra/policies` (`make docs`). Each function has a role of its own with one policy;",
        "a name such as `${BatchQueue.Arn}` is the resource with that name in `infra/data.json`, in the function's own",
        "stage. A test records every function's calls to AWS over all integration tests, and fails when a policy",
        "lacks an action or allows one that nobody calls. No function may delete a table or a queue. Objects may be deleted by the sweeper,",
        "which deletes batches of the sink that it has merged, and by the sweeper and the notifier of a stage that [moves settled objects](deployment.md#what-becomes-of-settled-objects).",
    )
    for function in FUNCTIONS:
        yield from ("", f"## {function}", "", "| action | resource | why |", "|---|---|---|")
        yield from map(_row, read(function)["Statement"])
    yield from (
        "",
        "A function that may read the input bucket may also read the buckets of `INPUT_BUCKETS`. An object that is encrypted with another",
        "key than the stage's needs `kms:Decrypt` on that key: name the key in `INPUT_KMS_KEYS`, and let its policy allow it.",
        "",
        "## What the recording cannot see",
        "",
        "| action | why it is still allowed | source |",
        "|---|---|---|",
    )
    yield from (
        f"| {_codes(each.actions)}{f' on `{each.on}`' if each.on else ''} | {each.why} | [AWS]({each.source}) |"
        for each in UNSEEN
    )
    yield from (
        "",
        "## People",
        "",
        "`infra/policies/people` has policies for those who deploy (three, all of them needed, since a managed policy has at most 6,144",
        "characters; a fourth if the stage has [processes on ECS](processes.md#as-a-service-of-ecs)), for those who take a stage down with its data (two, and a third in that case), and for those who forget files, merge the sink by hand, or operate a",
        "stage. Replace the names of stage, region and account by their values, `${Database}` by the database of the",
        "sink (`froe_` and the stage, with underscores for hyphens), and the name of the input bucket if you brought your own. CloudFormation creates the resources with the permissions of the person who calls it. Users of the status",
        "API need its token, and nothing from AWS. A test asks a simulator of IAM whether these policies and those of the",
        "functions allow every call that is made, and deny what must be denied.",
        "",
        "```",
        "sed -e s/'${AWS::Partition}'/aws/g -e s/'${AWS::Region}'/eu-central-1/g -e s/'${AWS::AccountId}'/111122223333/g \\",
        "  -e s/'${Stage}'/prod/g -e s/'${Database}'/froe_prod/g infra/policies/people/deploy-data.json > deploy-data.json",
        "aws iam create-policy --policy-name froe-prod-deploy-data --policy-document file://deploy-data.json",
        "```",
    )
    for task, names in PEOPLE.items():
        yield from ("", f"### {f'`{task}`' if task.startswith('froe') else task}")
        for name in names:
            yield from ("", f"`{name}.json`", "", "| what | action | resource |", "|---|---|---|")
            yield from _statements(name)


def _statements(name: str) -> Iterator[str]:
    for each in read(f"people/{name}")["Statement"]:
        yield f"| {each['Sid']} | {_codes(each['Action'])} | {_codes(each['Resource'])}{_condition(each)} |"


def _row(statement: Mapping[str, Any]) -> str:
    resources = _codes(statement["Resource"]) + _condition(statement)
    return f"| {_codes(statement['Action'])} | {resources} | {REASONS[statement['Sid']]} |"


def _codes(values: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _condition(statement: Mapping[str, Any]) -> str:
    clauses = [
        f"`{key}` is {_codes(values if isinstance(values, list) else [values])}"
        for operands in statement.get("Condition", {}).values()
        for key, values in operands.items()
    ]
    return f" where {' and '.join(clauses)}" if clauses else ""


if __name__ == "__main__":
    print(page(), end="")
