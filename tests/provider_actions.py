"""What CloudFormation asks of AWS, as the caller, for each type of resource in infra/: IAM actions per handler.

Source: the `handlers` of the resource provider schemas (https://github.com/aws-cloudformation, and
`aws cloudformation describe-type --type RESOURCE --type-name …`). Limits: without what only properties need that the
templates do not set, such as managed policies, permission boundaries, object locks, Firehose, organization trails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Handlers:
    """IAM actions, separated by spaces: `made` for create, read and update, `deleted` for delete. All of `service`."""

    service: str
    made: str
    deleted: str

    def making(self) -> set[str]:
        return {f"{self.service}:{action}" for action in self.made.split()}

    def deleting(self) -> set[str]:
        return {f"{self.service}:{action}" for action in self.deleted.split()}


HANDLERS: Final[Mapping[str, Handlers]] = {
    "AWS::KMS::Key": Handlers(
        "kms",
        "CreateKey DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus ListResourceTags PutKeyPolicy"
        " TagResource UntagResource UpdateKeyDescription",
        "DescribeKey ScheduleKeyDeletion",
    ),
    "AWS::KMS::Alias": Handlers("kms", "CreateAlias ListAliases UpdateAlias", "DeleteAlias"),
    "AWS::S3::Bucket": Handlers(
        "s3",
        "CreateBucket GetBucketCORS GetBucketLogging GetBucketNotification GetBucketOwnershipControls GetBucketPublicAccessBlock"
        " GetBucketTagging GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration"
        " GetReplicationConfiguration ListBucket PutBucketCORS PutBucketLogging PutBucketNotification PutBucketOwnershipControls"
        " PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration"
        " PutLifecycleConfiguration PutReplicationConfiguration",
        "DeleteBucket ListBucket",
    ),
    "AWS::S3::BucketPolicy": Handlers(
        "s3", "GetBucketPolicy PutBucketPolicy", "DeleteBucketPolicy GetBucketPolicy"
    ),
    "AWS::IAM::Role": Handlers(
        "iam",
        "CreateRole DeleteRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies PassRole"
        " PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
        "DeleteRole DeleteRolePolicy GetRole ListAttachedRolePolicies ListRolePolicies",
    ),
    "AWS::SQS::Queue": Handlers(
        "sqs",
        "CreateQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue UntagQueue",
        "DeleteQueue GetQueueAttributes",
    ),
    "AWS::SQS::QueuePolicy": Handlers("sqs", "SetQueueAttributes", "SetQueueAttributes"),
    "AWS::DynamoDB::Table": Handlers(
        "dynamodb",
        "CreateTable DescribeContinuousBackups DescribeContributorInsights DescribeKinesisStreamingDestination"
        " DescribeTable DescribeTimeToLive GetResourcePolicy ListTagsOfResource TagResource UntagResource"
        " UpdateContinuousBackups UpdateContributorInsights UpdateTable UpdateTimeToLive",
        "DeleteTable DescribeTable",
    ),
    "AWS::SNS::Topic": Handlers(
        "sns",
        "CreateTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource"
        " SetTopicAttributes Subscribe TagResource Unsubscribe UntagResource",
        "DeleteTopic GetTopicAttributes",
    ),
    "AWS::SNS::TopicPolicy": Handlers("sns", "SetTopicAttributes", "SetTopicAttributes"),
    "AWS::SNS::Subscription": Handlers(
        "sns",
        "GetSubscriptionAttributes ListSubscriptionsByTopic SetSubscriptionAttributes Subscribe Unsubscribe",
        "Unsubscribe",
    ),
    "AWS::Events::Rule": Handlers(
        "events",
        "DescribeRule ListTargetsByRule PutRule PutTargets RemoveTargets",
        "DeleteRule DescribeRule ListTargetsByRule RemoveTargets",
    ),
    "AWS::CloudTrail::Trail": Handlers(
        "cloudtrail",
        "AddTags CreateTrail DescribeTrails GetEventSelectors GetInsightSelectors GetTrail GetTrailStatus ListTags"
        " PutEventSelectors RemoveTags StartLogging StopLogging UpdateTrail",
        "DeleteTrail",
    ),
    "AWS::Logs::LogGroup": Handlers(
        "logs",
        "AssociateKmsKey CreateLogGroup DeleteRetentionPolicy DescribeIndexPolicies DescribeLogGroups"
        " DescribeResourcePolicies DisassociateKmsKey GetDataProtectionPolicy ListTagsForResource PutRetentionPolicy"
        " TagResource UntagResource",
        "DeleteLogGroup DescribeLogGroups",
    ),
    "AWS::Logs::MetricFilter": Handlers(
        "logs", "DescribeMetricFilters PutMetricFilter", "DeleteMetricFilter DescribeMetricFilters"
    ),
    "AWS::Logs::QueryDefinition": Handlers(
        "logs",
        "DeleteQueryDefinition DescribeQueryDefinitions PutQueryDefinition",
        "DeleteQueryDefinition DescribeQueryDefinitions",
    ),
    "AWS::CloudWatch::Alarm": Handlers(
        "cloudwatch",
        "DescribeAlarms ListTagsForResource PutMetricAlarm TagResource UntagResource",
        "DeleteAlarms DescribeAlarms",
    ),
    "AWS::CloudWatch::Dashboard": Handlers(
        "cloudwatch", "GetDashboard PutDashboard", "DeleteDashboards GetDashboard"
    ),
    "AWS::XRay::SamplingRule": Handlers(
        "xray",
        "CreateSamplingRule GetSamplingRules ListTagsForResource TagResource UntagResource UpdateSamplingRule",
        "DeleteSamplingRule GetSamplingRules",
    ),
    "AWS::XRay::Group": Handlers(
        "xray",
        "CreateGroup GetGroup ListTagsForResource TagResource UntagResource UpdateGroup",
        "DeleteGroup GetGroup",
    ),
    "AWS::Glue::Database": Handlers(
        "glue", "CreateDatabase GetDatabase UpdateDatabase", "DeleteDatabase GetDatabase"
    ),
    "AWS::Glue::Table": Handlers("glue", "CreateTable GetTable UpdateTable", "DeleteTable GetTable"),
    "AWS::Athena::WorkGroup": Handlers(
        "athena",
        "CreateWorkGroup GetWorkGroup ListTagsForResource TagResource UntagResource UpdateWorkGroup",
        "DeleteWorkGroup GetWorkGroup UntagResource",
    ),
    "AWS::ECS::Cluster": Handlers(
        "ecs",
        "CreateCluster DescribeClusters PutClusterCapacityProviders TagResource UntagResource UpdateCluster"
        " UpdateClusterSettings",
        "DeleteCluster DescribeClusters",
    ),
    "AWS::ECS::TaskDefinition": Handlers(
        "ecs",
        "DescribeTaskDefinition RegisterTaskDefinition TagResource UntagResource",
        "DeregisterTaskDefinition DescribeTaskDefinition",
    ),
    "AWS::ECS::Service": Handlers(
        "ecs",
        "CreateService DescribeServiceDeployments DescribeServices ListServiceDeployments TagResource UntagResource"
        " UpdateService",
        "DeleteService DescribeServices",
    ),
    "AWS::ApplicationAutoScaling::ScalableTarget": Handlers(
        "application-autoscaling",
        "DeleteScheduledAction DescribeScalableTargets DescribeScheduledActions PutScheduledAction RegisterScalableTarget",
        "DeregisterScalableTarget DescribeScalableTargets",
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Handlers(
        "application-autoscaling",
        "DescribeScalingPolicies PutScalingPolicy",
        "DeleteScalingPolicy DescribeScalingPolicies",
    ),
    "AWS::StepFunctions::StateMachine": Handlers(
        "states",
        "CreateStateMachine DescribeStateMachine ListTagsForResource TagResource UntagResource UpdateStateMachine",
        "DeleteStateMachine DescribeStateMachine",
    ),
}
