"""A simulator of IAM lets people and functions do each call that they make, and denies what must be denied.

The unit tests compare names of actions; here resources and conditions count, as AWS evaluates them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

pytest.importorskip("click", reason="needs click: make setup")

from froe import policies
from froe.permissions import PEOPLE
from froe.resources import FUNCTIONS
from tests.provider_actions import HANDLERS
from tests.templates import read
from tests.tools import node_tool

FOLDER = Path(__file__).parent / "simulator"
ACCOUNT: Final = "111122223333"
REGION: Final = "eu-central-1"
STAGE: Final = "prod"
KEY: Final = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f0e0d0c-0000-0000-0000-000000000000"
SETTINGS = {
    "INPUT_BUCKET": f"froe-{STAGE}-input-{ACCOUNT}-{REGION}",
    "QUARANTINE_BUCKET": f"froe-{STAGE}-quarantine-{ACCOUNT}-{REGION}",
    "RESULTS_BUCKET": f"froe-{STAGE}-results-{ACCOUNT}-{REGION}",
    "SPLIT_QUEUE": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/froe-{STAGE}-split",
    "BATCH_QUEUE": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/froe-{STAGE}-batch",
    "DEAD_LETTER_QUEUE": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/froe-{STAGE}-dead-letter",
    "RECORDS_TABLE": f"froe-{STAGE}-records",
    "LEDGER_TABLE": f"froe-{STAGE}-ledger",
    "LEDGER_STREAM_ARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/froe-{STAGE}-ledger/stream/2026",
    "NOTICES_TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:froe-{STAGE}-notices",
    "KEY_ARN": KEY,
}


def arn(service: str, name: str, *, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{name}"


def bucket(name: str, *, stage: str = STAGE, path: str = "") -> str:
    return f"arn:aws:s3:::froe-{stage}-{name}-{ACCOUNT}-{REGION}{path}"


ROWS = "format=klog/date=2026-11-30/b.parquet"
INPUT, QUARANTINE, RESULTS = bucket("input"), bucket("quarantine"), bucket("results")
LEDGER, RECORDS = (
    arn("dynamodb", f"table/froe-{STAGE}-ledger"),
    arn("dynamodb", f"table/froe-{STAGE}-records"),
)
SPLIT, BATCH, DEAD = (arn("sqs", f"froe-{STAGE}-{name}") for name in ("split", "batch", "dead-letter"))
NOTICES = SETTINGS["NOTICES_TOPIC_ARN"]
WORKER = arn("lambda", f"function:froe-{STAGE}-worker")
WORKER_ROLE = arn("iam", f"role/froe-{STAGE}-worker", region="")
LINKED = arn(
    "iam",
    "role/aws-service-role/contributorinsights.dynamodb.amazonaws.com/"
    "AWSServiceRoleForDynamoDBCloudWatchContributorInsights",
    region="",
)
INSIGHTS = {"iam:AWSServiceName": "contributorinsights.dynamodb.amazonaws.com"}
LOGS = arn("logs", f"log-group:/aws/lambda/froe-{STAGE}-worker")
CATALOG, DATABASE, SINK_TABLE = (
    arn("glue", name) for name in ("catalog", f"database/froe_{STAGE}", f"table/froe_{STAGE}/records")
)
WORKGROUP, API_WORKGROUP = (arn("athena", f"workgroup/froe-{STAGE}{end}") for end in ("", ".api"))
ACCOUNT_CATALOG = arn("athena", "datacatalog/AwsDataCatalog")
MACHINE = arn("states", f"stateMachine:froe-{STAGE}-backfill")
RESTAPIS = f"arn:aws:apigateway:{REGION}::/restapis"
TO_OUR_FUNCTION = {"lambda:FunctionArn": WORKER}
MAPPING = arn("lambda", "event-source-mapping:0f0e")


def by_way_of(service: str) -> dict[str, str]:
    return {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}


class Call(NamedTuple):
    action: str
    resource: str
    context: Mapping[str, str] = {}


def calls(service: str, actions: str, resource: str, context: Mapping[str, str] = {}) -> list[Call]:
    """Actions of a service, separated by blanks, on a resource."""
    return [Call(f"{service}:{action}", resource, context) for action in actions.split()]


def rendered(name: str) -> dict[str, Any]:
    """A policy of people as who hands it out has it."""
    text = json.dumps(policies.read(f"people/{name}"))
    pseudo = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "Stage": STAGE}
    pseudo["Database"] = f"froe_{STAGE}"
    for placeholder, value in pseudo.items():
        text = text.replace(f"${{{placeholder}}}", value)
    assert "${" not in text
    document: dict[str, Any] = json.loads(text)
    return document


VALUES = policies.values_of(STAGE, SETTINGS)
GIVEN: Mapping[str, list[dict[str, Any]]] = {
    **{task: [rendered(name) for name in names] for task, names in PEOPLE.items()},
    **{function: [policies.render(function, VALUES)] for function in FUNCTIONS},
}
DEPLOY, DESTROY, FORGET, COMPACT, OPERATE = PEOPLE


def answers(
    asked: Sequence[tuple[str, Call]], given: Mapping[str, list[dict[str, Any]]] = GIVEN
) -> list[str]:
    """What IAM answers to each: `who` is a task of people or a function; given: the policies of each."""
    folder = node_tool(FOLDER)
    questions = [
        {
            "policies": given[who],
            "principal": arn("iam", "role/someone", region=""),
            "account": ACCOUNT,
            "action": call.action,
            "resource": call.resource,
            "context": dict(call.context),
            "resourcePolicy": KEY_POLICY if call.resource == KEY else None,
            "unchecked": ":transform/" in call.resource,  # its lists of resources know no macros
        }
        for who, call in asked
    ]
    done = subprocess.run(
        ["node", str(FOLDER / "simulate.mjs"), str(folder)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
    )
    decisions: list[str] = json.loads(done.stdout)
    assert len(decisions) == len(asked)
    return decisions


def those_that_are_not(expected: str, asked: Iterable[tuple[str, Call]]) -> list[Any]:
    everything = list(asked)
    return [
        (*call, answer)
        for call, answer in zip(everything, answers(everything), strict=True)
        if not answer.endswith(expected)
    ]


(TO_ACCOUNT,) = (
    each
    for each in read("data")["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"]
    if each.get("Sid") == "TheAccountDecidesByItsPolicies"
)
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{**TO_ACCOUNT, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}],
}
"""Of the policy of the stage's key what concerns people and functions of the account."""

SCALABLE = arn("application-autoscaling", "scalable-target/0f0e")
PLACES: Mapping[str, str] = {
    "AWS::KMS::Key": KEY,
    "AWS::KMS::Alias": arn("kms", f"alias/froe-{STAGE}"),
    "AWS::S3::Bucket": INPUT,
    "AWS::S3::BucketPolicy": INPUT,
    "AWS::IAM::Role": arn("iam", f"role/froe-{STAGE}-backfill", region=""),
    "AWS::SQS::Queue": SPLIT,
    "AWS::SQS::QueuePolicy": SPLIT,
    "AWS::DynamoDB::Table": LEDGER,
    "AWS::SNS::Topic": NOTICES,
    "AWS::SNS::TopicPolicy": NOTICES,
    "AWS::SNS::Subscription": NOTICES,
    "AWS::Events::Rule": arn("events", f"rule/froe-{STAGE}-uploads"),
    "AWS::CloudTrail::Trail": arn("cloudtrail", f"trail/froe-{STAGE}"),
    "AWS::Logs::LogGroup": LOGS,
    "AWS::Logs::MetricFilter": LOGS,
    "AWS::Logs::QueryDefinition": "*",
    "AWS::CloudWatch::Alarm": arn("cloudwatch", f"alarm:froe-{STAGE}-worker-errors"),
    "AWS::CloudWatch::Dashboard": arn("cloudwatch", f"dashboard/froe-{STAGE}", region=""),
    "AWS::XRay::SamplingRule": arn("xray", f"sampling-rule/froe-{STAGE}"),
    "AWS::XRay::Group": arn("xray", f"group/froe-{STAGE}/0f0e"),
    "AWS::Glue::Database": DATABASE,
    "AWS::Glue::Table": SINK_TABLE,
    "AWS::Athena::WorkGroup": WORKGROUP,
    "AWS::StepFunctions::StateMachine": MACHINE,
    "AWS::ECS::Cluster": arn("ecs", f"cluster/froe-{STAGE}"),
    "AWS::ECS::TaskDefinition": arn("ecs", f"task-definition/froe-{STAGE}-processes:7"),
    "AWS::ECS::Service": arn("ecs", f"service/froe-{STAGE}/froe-{STAGE}-processes"),
    "AWS::ApplicationAutoScaling::ScalableTarget": SCALABLE,
    "AWS::ApplicationAutoScaling::ScalingPolicy": SCALABLE,
}
"""Where what CloudFormation makes of each type lies."""

NO_RESOURCE: Final = {
    *("cloudtrail:DescribeTrails", "kms:CreateKey", "kms:ListAliases", "logs:DeleteQueryDefinition"),
    *(
        "logs:DescribeIndexPolicies",
        "logs:DescribeLogGroups",
        "logs:DescribeQueryDefinitions",
        "logs:DescribeResourcePolicies",
    ),
    *("logs:PutQueryDefinition", "sns:Unsubscribe", "xray:GetSamplingRules"),
    *("ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition"),
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:DescribeScheduledActions",
}
"""Actions that AWS limits to no resource."""

OF_ECS = {"application-autoscaling:service-namespace": "ecs"}
CONTEXTS: Mapping[str, Mapping[str, str]] = {
    "iam:PassRole": {"iam:PassedToService": "states.amazonaws.com"},
    **{
        action: OF_ECS
        for kind in ("ScalableTarget", "ScalingPolicy")
        for handlers in [HANDLERS[f"AWS::ApplicationAutoScaling::{kind}"]]
        for action in (handlers.making() | handlers.deleting()) - NO_RESOURCE
    },
}


def of_cloudformation(*, deleting_only: bool = False) -> list[Call]:
    made = []
    for kind, handlers in HANDLERS.items():
        for action in sorted(handlers.deleting() | (set() if deleting_only else handlers.making())):
            place = "*" if action in NO_RESOURCE else PLACES[kind]
            made.append(Call(action, place, CONTEXTS.get(action, {})))
    return made


TASK_ROLE = arn("iam", f"role/froe-{STAGE}-processes-ProcessesRole-0F0E", region="")
STACK = arn("cloudformation", f"stack/froe-{STAGE}-data/0f0e")
TRANSFORM = f"arn:aws:cloudformation:{REGION}:aws:transform/"
DEPLOYING = [
    *calls("s3", "GetObject PutObject", f"{QUARANTINE}/configuration/0f0e.toml"),
    Call("dynamodb:Query", LEDGER, {"dynamodb:LeadingKeys": ["configuration"]}),
    Call("dynamodb:UpdateItem", LEDGER, {"dynamodb:LeadingKeys": ["configuration"]}),
    Call("dynamodb:UpdateItem", LEDGER, {"dynamodb:LeadingKeys": ["audit#2026-12"]}),
    Call("sts:GetCallerIdentity", "*"),
    *calls("cloudformation", "CreateStack UpdateStack DescribeStacks DescribeStackEvents GetTemplate", STACK),
    *calls("cloudformation", "CreateChangeSet DescribeChangeSet ExecuteChangeSet", STACK),
    Call("cloudformation:CreateChangeSet", f"{TRANSFORM}LanguageExtensions"),
    Call("cloudformation:CreateChangeSet", f"{TRANSFORM}Serverless-2016-10-31"),
    Call("iam:CreateServiceLinkedRole", LINKED, INSIGHTS),
    *calls("lambda", "CreateFunction UpdateFunctionCode UpdateFunctionConfiguration AddPermission", WORKER),
    *calls("lambda", "GetFunctionConfiguration GetPolicy RemovePermission PutFunctionConcurrency", WORKER),
    *calls("lambda", "GetAccountSettings ListEventSourceMappings", "*"),
    Call("lambda:CreateEventSourceMapping", "*", TO_OUR_FUNCTION),
    *calls("lambda", "UpdateEventSourceMapping DeleteEventSourceMapping", MAPPING, TO_OUR_FUNCTION),
    *calls("iam", "CreateRole PutRolePolicy GetRole ListRolePolicies", WORKER_ROLE),
    Call("iam:PassRole", WORKER_ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
    Call("iam:PassRole", WORKER_ROLE, {"iam:PassedToService": "s3.amazonaws.com"}),
    Call("iam:PassRole", TASK_ROLE, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
    Call("kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "true"}),
    *calls("kms", "Decrypt GenerateDataKey", KEY),
    *calls("events", "PutRule PutTargets EnableRule", arn("events", f"rule/froe-{STAGE}-sweeper-event")),
    Call("apigateway:POST", RESTAPIS),
    *calls("apigateway", "GET PUT PATCH DELETE", f"{RESTAPIS}/a1b2c3"),
    *calls("s3", "GetBucketNotification PutBucketNotification ListBucket", INPUT),
    *calls("dynamodb", "UpdateContributorInsights DescribeContributorInsights", f"{LEDGER}/index/by_state"),
]
DESTROYING = [
    *calls("cloudformation", "DeleteStack DescribeStacks DescribeStackEvents ListStackResources", STACK),
    *calls("s3", "ListBucketVersions ListBucketMultipartUploads DeleteBucket PutBucketNotification", INPUT),
    *calls("s3", "DeleteObject DeleteObjectVersion AbortMultipartUpload", f"{QUARANTINE}/dead-letters/m"),
    *calls("dynamodb", "UpdateTable DeleteTable", RECORDS),
    *calls("lambda", "DeleteFunction RemovePermission", WORKER),
    Call("lambda:DeleteEventSourceMapping", MAPPING, TO_OUR_FUNCTION),
    *calls("iam", "DeleteRolePolicy DeleteRole", WORKER_ROLE),
    Call("apigateway:DELETE", f"{RESTAPIS}/a1b2c3"),
    *calls("events", "RemoveTargets DeleteRule", arn("events", f"rule/froe-{STAGE}-sweeper-event")),
]
FORGETTING = [
    *calls("dynamodb", "Query GetItem PutItem BatchWriteItem", LEDGER),
    *calls("dynamodb", "Query BatchWriteItem", RECORDS),
    Call("s3:ListBucketVersions", QUARANTINE),
    Call("s3:DeleteObjectVersion", f"{QUARANTINE}/dead-letters/m"),
    *calls("s3", "GetObject DeleteObject DeleteObjectVersion", f"{INPUT}/a.log"),
    *calls("kms", "Decrypt GenerateDataKey", KEY, by_way_of("dynamodb")),
]
OPERATING = [
    *calls("dynamodb", "GetItem BatchGetItem Query UpdateItem", LEDGER),
    *(Call("dynamodb:Query", f"{LEDGER}/index/{name}") for name in ("by_state", "by_key", "by_opened")),
    Call("dynamodb:Query", RECORDS),
    Call("s3:PutObject", f"{INPUT}/a.log"),
    Call("s3:ListBucketVersions", INPUT),
    Call("s3:GetObject", f"{QUARANTINE}/dead-letters/m"),
    *calls("s3", "GetObject PutObject", f"{QUARANTINE}/configuration/0f0e.toml"),
    Call("sqs:SendMessage", SPLIT),
    Call("sqs:SendMessage", BATCH),
    *calls("states", "DescribeStateMachine StartExecution", MACHINE),
    *calls("states", "DescribeExecution ListMapRuns", arn("states", f"execution:froe-{STAGE}-backfill:0f0e")),
    Call("states:DescribeMapRun", arn("states", f"mapRun:froe-{STAGE}-backfill/files:0f0e")),
    *calls("athena", "StartQueryExecution StopQueryExecution GetQueryExecution GetQueryResults", WORKGROUP),
    Call("athena:GetTableMetadata", ACCOUNT_CATALOG),
    *(Call("glue:GetTable", resource) for resource in (CATALOG, DATABASE, SINK_TABLE)),
    *calls("s3", "ListBucket ListBucketMultipartUploads GetBucketLocation", RESULTS),
    *(Call("s3:GetObject", f"{RESULTS}/{place}/{ROWS}") for place in ("batches", "records")),
    *calls("s3", "GetObject PutObject", f"{RESULTS}/athena/0f0e.csv"),
    *calls("kms", "Decrypt GenerateDataKey", KEY, by_way_of("s3")),
]


MERGING = [
    *calls("s3", "ListBucket ListBucketVersions", RESULTS),
    *calls("s3", "GetObject DeleteObjectVersion", f"{RESULTS}/batches/{ROWS}"),
    *calls("s3", "GetObject PutObject", f"{RESULTS}/records/{ROWS}"),
    *calls("kms", "Decrypt GenerateDataKey", KEY, by_way_of("s3")),
]


COMPACTING = [*MERGING, *calls("dynamodb", "GetItem Query UpdateItem", LEDGER)]


def own_log(function: str) -> Call:
    name = f"froe-{STAGE}" if function == "api_handler" else f"froe-{STAGE}-{function}"
    return Call("logs:PutLogEvents", arn("logs", f"log-group:/aws/lambda/{name}:log-stream:2026/11/30"))


CONFIGURATION = f"{QUARANTINE}/configuration/0f0e.json"
CUTTING = [
    Call("s3:GetObject", CONFIGURATION, {"aws:ResourceAccount": ACCOUNT}),
    *calls("s3", "GetObject GetObjectVersion", f"{INPUT}/a b.log"),
    Call("sqs:SendMessage", SPLIT),
    Call("sqs:SendMessage", BATCH),
    *calls("dynamodb", "GetItem PutItem UpdateItem Query", LEDGER),
    *calls("kms", "Decrypt GenerateDataKey", KEY, by_way_of("sqs")),
    *calls("kms", "Decrypt", KEY, by_way_of("s3")),
]
TAKING = "ReceiveMessage DeleteMessage GetQueueAttributes ChangeMessageVisibility"
OF_FUNCTIONS: Mapping[str, list[Call]] = {
    "splitter": CUTTING,
    "queued_splitter": [*CUTTING, *calls("sqs", TAKING, SPLIT)],
    "worker": [
        *calls("sqs", TAKING, BATCH),
        *calls("dynamodb", "BatchWriteItem Query", RECORDS),
        *calls("dynamodb", "GetItem UpdateItem Query", LEDGER),
        *calls("kms", "Decrypt", KEY, by_way_of("dynamodb")),
    ],
    "dead_letter_consumer": [
        *calls("sqs", TAKING, DEAD),
        *calls("s3", "PutObject GetObject", f"{QUARANTINE}/dead-letters/m", {"aws:ResourceAccount": ACCOUNT}),
        Call("sns:Publish", NOTICES),
        *calls("kms", "Decrypt GenerateDataKey", KEY, by_way_of("s3")),
    ],
    "notifier": [
        Call("sns:Publish", NOTICES),
        Call("events:PutEvents", arn("events", "event-bus/default")),
        Call("dynamodb:UpdateItem", LEDGER, {"dynamodb:LeadingKeys": ["opened#2026-12-01T13#2"]}),
        Call("dynamodb:UpdateItem", LEDGER, {"dynamodb:LeadingKeys": ["statistics"]}),
        Call("dynamodb:UpdateItem", LEDGER, {"dynamodb:LeadingKeys": ["left-objects"]}),
        *calls("dynamodb", "GetRecords GetShardIterator DescribeStream", SETTINGS["LEDGER_STREAM_ARN"]),
        *calls("kms", "Decrypt GenerateDataKey", KEY, by_way_of("sns")),
    ],
    "sweeper": [
        Call("s3:ListBucketVersions", INPUT),
        *MERGING,
        Call("dynamodb:Query", f"{LEDGER}/index/by_state"),
        *calls("dynamodb", "BatchGetItem GetItem PutItem UpdateItem Query", LEDGER),
        *calls("dynamodb", "BatchWriteItem DeleteItem", LEDGER),
        *calls("dynamodb", "BatchWriteItem Query", RECORDS),
        Call("s3:DeleteObjectVersion", f"{RESULTS}/records/{ROWS}"),
        Call("s3:ListBucketVersions", QUARANTINE),
        Call("s3:DeleteObjectVersion", f"{QUARANTINE}/dead-letters/m"),
        Call("sqs:SendMessage", SPLIT),
        Call("sns:Publish", NOTICES),
    ],
    "api_handler": [
        *calls("xray", "GetTraceSummaries BatchGetTraces", "*"),
        Call("dynamodb:Query", RECORDS),
        *(Call("dynamodb:Query", f"{LEDGER}/index/{name}") for name in ("by_state", "by_key", "by_opened")),
        *calls("dynamodb", "GetItem BatchGetItem UpdateItem", LEDGER),
        *calls("s3", "GetObject GetObjectVersion PutObject AbortMultipartUpload", f"{INPUT}/a.log"),
        Call("sqs:SendMessage", SPLIT),
        Call("s3:GetObject", f"{QUARANTINE}/dead-letters/m", {"aws:ResourceAccount": ACCOUNT}),
        *calls("athena", "StartQueryExecution StopQueryExecution GetQueryExecution", API_WORKGROUP),
        *calls("athena", "GetQueryResults ListQueryExecutions BatchGetQueryExecution", API_WORKGROUP),
        Call("athena:GetTableMetadata", ACCOUNT_CATALOG),
        *(Call("glue:GetTable", resource) for resource in (CATALOG, DATABASE, SINK_TABLE)),
        *calls("s3", "GetBucketLocation ListBucket ListBucketMultipartUploads", RESULTS),
        *calls("s3", "GetObject PutObject", f"{RESULTS}/athena/api/0f0e.csv"),
        Call("s3:GetObject", f"{RESULTS}/records/{ROWS}"),
        *calls("kms", "Decrypt GenerateDataKey", KEY, by_way_of("s3")),
    ],
    "authorizer": [Call("dynamodb:GetItem", LEDGER, {"dynamodb:LeadingKeys": ["tokens"]})],
}
OTHER = "other"
DENIED: Mapping[str, list[Call]] = {
    DEPLOY: [
        Call("s3:DeleteObject", f"{INPUT}/a.log"),
        Call("s3:GetObject", f"{INPUT}/a.log"),
        Call("s3:DeleteBucket", bucket("input", stage=OTHER)),
        Call("dynamodb:DeleteTable", arn("dynamodb", f"table/froe-{OTHER}-records")),
        Call("dynamodb:Query", RECORDS),
        Call("dynamodb:UpdateItem", LEDGER, {"dynamodb:LeadingKeys": ["0" * 26]}),
        Call("s3:GetObject", f"{QUARANTINE}/dead-letters/m"),
        Call("iam:CreateServiceLinkedRole", LINKED, {"iam:AWSServiceName": "elasticbeanstalk.amazonaws.com"}),
        Call("iam:CreateServiceLinkedRole", LINKED),
        Call(
            "iam:CreateServiceLinkedRole",
            arn("iam", "role/aws-service-role/other.amazonaws.com/R", region=""),
            INSIGHTS,
        ),
        Call("cloudformation:CreateChangeSet", f"{TRANSFORM}Include"),
        Call("cloudformation:UpdateStack", arn("cloudformation", "stack/payroll/0f0e")),
        Call("iam:PassRole", WORKER_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
        Call(
            "iam:PassRole",
            arn("iam", "role/admin", region=""),
            {"iam:PassedToService": "lambda.amazonaws.com"},
        ),
        Call("iam:AttachRolePolicy", WORKER_ROLE),
        Call("iam:PutRolePolicy", arn("iam", "role/admin", region="")),
        Call("kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "false"}),
        Call("kms:CreateGrant", KEY),
        Call(
            "lambda:CreateEventSourceMapping", "*", {"lambda:FunctionArn": arn("lambda", "function:payroll")}
        ),
        Call("lambda:UpdateFunctionCode", arn("lambda", "function:payroll")),
        Call("states:StartExecution", MACHINE),
    ],
    DESTROY: [
        Call("s3:DeleteObject", bucket("input", stage=OTHER, path="/a.log")),
        Call("dynamodb:DeleteTable", arn("dynamodb", "table/payroll")),
        Call("lambda:DeleteFunction", arn("lambda", f"function:froe-{OTHER}-worker")),
        Call("cloudformation:CreateStack", STACK),
        Call("s3:GetObject", f"{INPUT}/a.log"),
        Call(
            "lambda:DeleteEventSourceMapping",
            MAPPING,
            {"lambda:FunctionArn": arn("lambda", "function:payroll")},
        ),
        Call("kms:Decrypt", KEY),
    ],
    FORGET: [
        Call("s3:DeleteObjectVersion", bucket("input", stage=OTHER, path="/a.log")),
        Call("s3:DeleteBucket", INPUT),
        Call("dynamodb:DeleteTable", LEDGER),
        Call("dynamodb:Scan", RECORDS),
        Call("kms:Decrypt", KEY),
        Call("kms:Decrypt", KEY, by_way_of("sqs")),
    ],
    COMPACT: [
        Call("s3:DeleteObjectVersion", f"{RESULTS}/records/{ROWS}"),
        Call("s3:PutObject", f"{RESULTS}/batches/{ROWS}"),
        Call("dynamodb:PutItem", LEDGER),
        Call("kms:Decrypt", KEY),
    ],
    OPERATE: [
        Call("s3:DeleteObject", f"{INPUT}/a.log"),
        Call("s3:PutObject", f"{QUARANTINE}/dead-letters/m"),
        Call("s3:PutObject", bucket("input", stage=OTHER, path="/a.log")),
        Call("dynamodb:DeleteItem", LEDGER),
        Call("dynamodb:PutItem", RECORDS),
        Call("sqs:PurgeQueue", SPLIT),
        Call("sqs:SendMessage", DEAD),
        Call("states:StartExecution", arn("states", f"stateMachine:froe-{OTHER}-backfill")),
        Call("athena:StartQueryExecution", arn("athena", f"workgroup/froe-{OTHER}")),
        Call("athena:UpdateWorkGroup", WORKGROUP),
        Call("glue:GetTable", arn("glue", f"table/froe_{OTHER}/records")),
        Call("s3:PutObject", f"{RESULTS}/records/{ROWS}"),
        Call("kms:Decrypt", KEY),
    ],
    "splitter": [
        Call("s3:PutObject", CONFIGURATION, {"aws:ResourceAccount": ACCOUNT}),
        Call("dynamodb:BatchWriteItem", RECORDS),
        Call("s3:GetObject", f"{QUARANTINE}/dead-letters/m"),
        Call("s3:PutObject", f"{INPUT}/a.log"),
        Call("s3:DeleteObject", f"{INPUT}/a.log"),
        Call("kms:Decrypt", KEY),
    ],
    "queued_splitter": [Call("sqs:ReceiveMessage", BATCH), Call("dynamodb:BatchWriteItem", RECORDS)],
    "worker": [
        Call("s3:GetObject", f"{INPUT}/a.log"),
        Call("dynamodb:Scan", RECORDS),
        Call("dynamodb:DeleteTable", RECORDS),
        Call("kms:Decrypt", KEY, by_way_of("ec2")),
    ],
    "dead_letter_consumer": [
        Call("s3:PutObject", f"{INPUT}/a.log"),
        Call("s3:PutObject", f"{QUARANTINE}/elsewhere"),
        Call("sqs:DeleteMessage", BATCH),
    ],
    "notifier": [
        Call("dynamodb:UpdateItem", LEDGER, {"dynamodb:LeadingKeys": ["0" * 26]}),
        Call("dynamodb:Query", RECORDS),
        Call("events:PutEvents", arn("events", "event-bus/somebody-elses")),
    ],
    "sweeper": [
        Call("s3:GetObject", f"{INPUT}/a.log"),
        Call("s3:DeleteObjectVersion", f"{INPUT}/a.log"),
        Call("s3:DeleteObjectVersion", f"{RESULTS}/athena/answer.csv"),
        Call("s3:DeleteObjectVersion", f"{QUARANTINE}/elsewhere"),
        Call("s3:GetObject", f"{QUARANTINE}/dead-letters/m"),
        Call("sqs:SendMessage", BATCH),
    ],
    "api_handler": [
        Call("s3:GetObject", f"{QUARANTINE}/dead-letters/m", {"aws:ResourceAccount": "999988887777"}),
        Call("dynamodb:BatchWriteItem", RECORDS),
        Call("dynamodb:DeleteItem", LEDGER),
        Call("sqs:ReceiveMessage", BATCH),
        Call("athena:StartQueryExecution", WORKGROUP),
        Call("athena:GetQueryExecution", WORKGROUP),
        Call("athena:UpdateWorkGroup", API_WORKGROUP),
        Call("athena:CreatePreparedStatement", API_WORKGROUP),
        Call("glue:GetTable", arn("glue", f"table/froe_{OTHER}/records")),
        Call("glue:GetTable", arn("glue", "table/payroll/salaries")),
        Call("glue:CreateTable", arn("glue", f"table/froe_{STAGE}/stolen")),
        *calls("glue", "UpdateTable DeleteTable", SINK_TABLE),
        *calls("s3", "PutObject DeleteObject", f"{RESULTS}/records/{ROWS}"),
        *calls("s3", "GetObject PutObject", f"{RESULTS}/athena/0f0e.csv"),
        *calls("lambda", "InvokeFunction", arn("lambda", "function:connector")),
    ],
    "authorizer": [
        Call("dynamodb:GetItem", LEDGER, {"dynamodb:LeadingKeys": ["0" * 26]}),
        Call("s3:GetObject", f"{INPUT}/a.log"),
    ],
}


@pytest.mark.parametrize(
    ("who", "made"),
    [
        (DEPLOY, [*of_cloudformation(), *DEPLOYING]),
        (DESTROY, [*of_cloudformation(deleting_only=True), *DESTROYING]),
        (FORGET, FORGETTING),
        (COMPACT, COMPACTING),
        (OPERATE, OPERATING),
        *((function, [own_log(function), *made]) for function, made in OF_FUNCTIONS.items()),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_each_call_that_is_made_is_allowed(who: str, made: list[Call]) -> None:
    assert those_that_are_not("Allowed", [(who, call) for call in made]) == []


@pytest.mark.parametrize("who", DENIED)
def test_what_nobody_needs_is_denied(who: str) -> None:
    assert those_that_are_not("Denied", [(who, call) for call in DENIED[who]]) == []


def test_everybody_is_in_both_tables() -> None:
    assert set(DENIED) == set(GIVEN)
    assert set(OF_FUNCTIONS) == set(FUNCTIONS)


def test_a_service_linked_role_is_denied_without_its_statement() -> None:
    """So that the simulator is seen to judge."""
    without = [
        {
            **each,
            "Statement": [
                statement for statement in each["Statement"] if statement["Sid"] != "FirstTableInsights"
            ],
        }
        for each in GIVEN[DEPLOY]
    ]
    call = Call("iam:CreateServiceLinkedRole", LINKED, INSIGHTS)
    assert answers([(DEPLOY, call)], {DEPLOY: without}) == ["ImplicitlyDenied"]
