# The state machine of backfills, which is optional. Its definition is the one in infra/backfill.json.

variable "backfill" {
  description = "Whether there is a state machine that sends what lies in the input bucket already"
  type        = bool
  default     = false
}

variable "keys_taken" {
  description = "Which keys are logs: what `froe deploy` makes of INPUT_KEYS, a regular expression"
  type        = string
  default     = "^"
  nullable    = false
}

variable "keys_left_out" {
  description = "Which of them are none: what `froe deploy` makes of INPUT_KEYS, a regular expression"
  type        = string
  default     = "^$"
  nullable    = false
}

locals {
  backfill_name       = "froe-${var.stage}-backfill"
  backfill_states     = "arn:${local.partition}:states:${local.region}:${local.account}"
  backfill_definition = jsonencode(jsondecode(file("${path.module}/../backfill.json")).Resources.Backfill.Properties.Definition)
  backfill_filled_in = replace(replace(replace(replace(replace(replace(replace(
    local.backfill_definition,
    "$${KeysTaken}", var.keys_taken),
    "$${KeysLeftOut}", var.keys_left_out),
    "$${Partition}", local.partition),
    "$${InputBucket}", local.input_bucket),
    "$${SplitQueue}", aws_sqs_queue.split_queue.url),
    "$${LedgerTable}", aws_dynamodb_table.ledger_table.name),
  "$${NoticesTopic}", aws_sns_topic.notices_topic.arn)
}

resource "aws_cloudwatch_log_group" "backfill_logs" {
  count             = var.backfill ? 1 : 0
  name              = "/aws/vendedlogs/states/${local.backfill_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

data "aws_iam_policy_document" "backfill_role" {
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

data "aws_iam_policy_document" "backfill" {
  #checkov:skip=CKV_AWS_111:the actions of log delivery and of X-Ray know no resources: * is the only one that AWS takes
  #checkov:skip=CKV_AWS_356:the actions of log delivery and of X-Ray know no resources: * is the only one that AWS takes
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
    sid       = "ReadTheLedger"
    effect    = "Allow"
    actions   = ["dynamodb:BatchGetItem"]
    resources = [aws_dynamodb_table.ledger_table.arn]
  }

  statement {
    sid       = "Announce"
    effect    = "Allow"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.split_queue.arn]
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
      values   = [for service in ["dynamodb", "sns", "sqs"] : "${service}.${local.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "RunItsParts"
    effect    = "Allow"
    actions   = ["states:StartExecution"]
    resources = ["${local.backfill_states}:stateMachine:${local.backfill_name}"]
  }

  statement {
    sid     = "FollowItsParts"
    effect  = "Allow"
    actions = ["states:DescribeExecution", "states:StopExecution"]
    resources = [
      "${local.backfill_states}:execution:${local.backfill_name}:*",
      "${local.backfill_states}:execution:${local.backfill_name}/*",
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
  count              = var.backfill ? 1 : 0
  name_prefix        = "froe-${var.stage}-backfill-"
  description        = "What ${local.backfill_name} may do"
  assume_role_policy = data.aws_iam_policy_document.backfill_role.json
}

resource "aws_iam_role_policy" "backfill_role" {
  count  = var.backfill ? 1 : 0
  name   = "backfill"
  role   = aws_iam_role.backfill_role[0].id
  policy = data.aws_iam_policy_document.backfill.json
}

resource "aws_sfn_state_machine" "backfill" {
  count      = var.backfill ? 1 : 0
  name       = local.backfill_name
  type       = "STANDARD"
  role_arn   = aws_iam_role.backfill_role[0].arn
  definition = local.backfill_filled_in
  depends_on = [aws_iam_role_policy.backfill_role]

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.backfill_logs[0].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }
}

output "backfill" {
  description = "The ARN that `aws stepfunctions start-execution` takes; null without a state machine"
  value       = var.backfill ? aws_sfn_state_machine.backfill[0].arn : null
}
