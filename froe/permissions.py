"""The page of permissions: what each function may do, on what and why, made from infra/policies.

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
    "LookAtObjects": "Asks for the version and size of an object that is posted, or is to be read again; S3 allows that with the reading of it.",
    "TellAbsentFromForbidden": "Without it S3 answers 403 for an object that is not there: gone would look like forbidden.",
    "ReadConfiguration": "Reads the configuration that `froe config put` put; the ledger says of which SHA-256 it has to be.",
    "SendSplitsAndBatches": "Sends the splits of a file and the batches of a split, and again what is redriven.",
    "OpenAndSealFiles": "Opens a file (one conditional put), reads its plan and marks, seals its splits, settles it.",
    "SendDeadLetters": "A message that can never succeed goes to the dead-letter queue with its reason.",
    "PutOffBatches": "A batch for which there was no time or capacity is sent anew, which no receive counts against.",
    "WriteRecords": "Writes the records and rejects of a batch. Where another text was written under the batch's name, it finds that one's items (Query, keys only) and deletes them, which AWS has under the same action as writing; of a batch that it goes on with it counts those that are there.",
    "WriteRows": "Writes the rows of a batch as a Parquet object, where the file goes to the sink.",
    "FindRows": "Lists the batches that are to be merged, and without ListBucket S3 answers 403 for a merged object that is not there yet.",
    "TakeRows": "Reads batches, and deletes those versions that are merged.",
    "MergeRows": "Writes the objects that batches are merged into, and reads those to which some are added; of one from which a former generation was taken it deletes the versions before.",
    "MarkBatches": "Reads whether a batch is done already, marks it, sums it up and settles its file.",
    "Quarantine": "Keeps the message of a dead letter, and reads it again when the same letter comes twice.",
    "ListDeadLetters": "Lists the dead letter, marks its batch failed and settles its file.",
    "ReadTokens": "Looks a named token up by its digest; the first administrator's is a setting.",
    "SignUploads": "Signs addresses at which a browser puts objects into the input bucket: they can do what the role may.",
    "CountFiles": "Writes a row for each settled file into the statistics, and which objects could not be tagged or moved; nothing of the files themselves.",
    "PublishNotices": "Tells the subscribers of the topic.",
    "SendEvents": "Tells programs of each settled file, on the account's default event bus.",
    "ReadLedgerStream": "Lambda reads the stream in the function's name; the function itself is given the records.",
    "ListObjects": "Lists the versions in the input bucket to find those that were never announced.",
    "HealFiles": "Reads the files that stopped, remembers what it saw of them, marks lost redrives dead again, and removes what the ledger has of a generation that is not current any more.",
    "RemoveFormerRecords": "Finds and deletes the records of a generation that is not current any more; AWS has deleting many under the same action as writing.",
    "FindFormerDeadLetters": "Finds the versions of such a generation's dead letters.",
    "RemoveFormerDeadLetters": "Deletes them.",
    "ListFiles": "Finds files and dead letters by their state, and files by their key.",
    "CountWaiting": "Asks whether the queues have been empty since a file stopped moving: a backlog is no loss.",
    "SendSplits": "Sends what was lost, and announces what never was.",
    "ReadDeadLetters": "Shows a dead letter, and sends its message again.",
    "ReadRecords": "Shows the records and rejects of a file.",
    "ReadRows": "The same of a file whose records are in the sink alone.",
    "QueryTheSink": "Asks in SQL for whoever has a token, in a workgroup with bounds of its own: statements that write lack every other permission.",
    "ShowTheTable": "Lists the columns of the table. AWS has no resource of it but the account's catalog.",
    "FindTheTable": "Athena finds the table in the caller's name: this stage's, and no other.",
    "ReadAnswers": "Reads what the API's own queries answered, and signs addresses for downloading it.",
    "KeepAnswers": "Athena writes the answer in the caller's name: there, and nowhere else.",
    "FindTheSink": "Athena looks where the bucket is, in the caller's name.",
    "ReadTraces": "Shows what was done for a file and when. AWS lets neither action be limited to a resource.",
    "ShowAndRedrive": "Shows files and dead letters; records who redrove or discarded one, marks what was discarded, and says which file is to be read again.",
    "UseKey": "Buckets, queues, tables and topic are encrypted with the stage's own key; only through these services.",
    "WriteOwnLog": "Its own log group and no other; the group itself is made by the observability stack.",
    "SendTraces": "Sends its X-Ray segments. AWS lets neither action be limited to a resource.",
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
        "This page is made from `infra/policies` (`make docs`). Each function has a role of its own with one policy;",
        "a name such as `${BatchQueue.Arn}` is the resource of that name in `infra/data.json`, of the function's own",
        "stage. A test records what every function asks of AWS over all integration tests, and fails when a policy",
        "lacks an action or allows one that nobody calls. No function may delete an object, a table or a queue, but the sweeper,",
        "which deletes the batches of the sink that it has merged, and the notifier and the sweeper of a stage that [moves settled objects](deployment.md#what-becomes-of-settled-objects).",
    )
    for function in FUNCTIONS:
        yield from ("", f"## {function}", "", "| action | resource | why |", "|---|---|---|")
        yield from map(_row, read(function)["Statement"])
    yield from (
        "",
        "What is allowed to read the input bucket may read the buckets of `INPUT_BUCKETS`, too. An object that you encrypted with another",
        "key than the stage's needs `kms:Decrypt` on that key: name it in `INPUT_KMS_KEYS`, and let the key's policy allow it.",
        "",
        "## What the recording cannot see",
        "",
        "| action | why it is allowed all the same | source |",
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
        "`infra/policies/people` has policies for who deploys (three, all of them needed: a managed policy takes 6,144",
        "characters; a fourth where the stage has [processes on ECS](processes.md#as-a-service-of-ecs)), for who takes a stage down with its data (likewise two and a third), for who has a file forgotten, for who merges the sink by hand, and for who operates a",
        "stage; put the stage, region and account in the place of their names, in that of `${Database}` the database of the",
        "sink (`froe_` and the stage, hyphens as underscores), and your bucket in the place of ours if you brought one. CloudFormation makes the resources with the permissions of the person who calls it. Whoever uses the status",
        "API needs its token and nothing of AWS. A test asks a simulator of IAM whether these policies and those of the",
        "functions allow each call that is made, and deny what must be denied.",
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
