# The state machine of backfills, which is optional.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_cloudwatch_log_group" "backfill_logs" {
  count = local.makes_backfill ? 1 : 0

  name              = "/aws/vendedlogs/states/froe-${var.stage}-backfill"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

data "aws_iam_policy_document" "backfill_role_trust" {
  count = local.makes_backfill ? 1 : 0

  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "backfill_role" {
  #checkov:skip=CKV_AWS_111:the actions of log delivery and of X-Ray know no resources: * is the only one that AWS takes
  #checkov:skip=CKV_AWS_356:the actions of log delivery and of X-Ray know no resources: * is the only one that AWS takes
  count = local.makes_backfill ? 1 : 0

  statement {
    sid       = "ListObjects"
    effect    = "Allow"
    actions   = ["s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::${local.input_bucket}"]
  }

  statement {
    sid       = "LookAtObjects"
    effect    = "Allow"
    actions   = ["s3:GetObject"]
    resources = ["arn:${local.partition}:s3:::${local.input_bucket}/*"]
  }

  statement {
    sid     = "ReadTheLedger"
    effect  = "Allow"
    actions = ["dynamodb:BatchGetItem"]
    resources = [
      "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/froe-${var.stage}-ledger",
    ]
  }

  statement {
    sid       = "Announce"
    effect    = "Allow"
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-split"]
  }

  statement {
    sid       = "Report"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.notices_topic.arn]
  }

  statement {
    sid       = "UseKey"
    effect    = "Allow"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.key.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values = [
        "dynamodb.${local.region}.amazonaws.com",
        "sns.${local.region}.amazonaws.com",
        "sqs.${local.region}.amazonaws.com",
      ]
    }
  }

  statement {
    sid     = "RunItsParts"
    effect  = "Allow"
    actions = ["states:StartExecution"]
    resources = [
      "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:froe-${var.stage}-backfill",
    ]
  }

  statement {
    sid     = "FollowItsParts"
    effect  = "Allow"
    actions = ["states:DescribeExecution", "states:StopExecution"]
    resources = [
      "arn:${local.partition}:states:${local.region}:${local.account}:execution:froe-${var.stage}-backfill:*",
      "arn:${local.partition}:states:${local.region}:${local.account}:execution:froe-${var.stage}-backfill/*",
    ]
  }

  statement {
    sid    = "DeliverItsLog"
    effect = "Allow"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"]
  }

  statement {
    sid    = "SendTraces"
    effect = "Allow"
    actions = [
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role" "backfill_role" {
  count = local.makes_backfill ? 1 : 0

  name_prefix        = "froe-${var.stage}-backfill-"
  description        = "What froe-${var.stage}-backfill may do"
  assume_role_policy = data.aws_iam_policy_document.backfill_role_trust[0].json
}

resource "aws_iam_role_policy" "backfill_role" {
  count = local.makes_backfill ? 1 : 0

  name   = "backfill"
  role   = aws_iam_role.backfill_role[0].id
  policy = data.aws_iam_policy_document.backfill_role[0].json
}

resource "aws_sfn_state_machine" "backfill" {
  count = local.makes_backfill ? 1 : 0

  name       = "froe-${var.stage}-backfill"
  type       = "STANDARD"
  role_arn   = aws_iam_role.backfill_role[0].arn
  definition = replace(replace(replace(replace(replace(replace(replace(local.backfill_definition, "$${Partition}", local.partition), "$${InputBucket}", local.input_bucket), "$${SplitQueue}", "https://sqs.${local.region}.${data.aws_partition.current.dns_suffix}/${local.account}/froe-${var.stage}-split"), "$${LedgerTable}", "froe-${var.stage}-ledger"), "$${KeysTaken}", var.keys_taken), "$${KeysLeftOut}", var.keys_left_out), "$${NoticesTopic}", aws_sns_topic.notices_topic.arn)

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.backfill_logs[0].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  depends_on = [aws_iam_role_policy.backfill_role]
}
