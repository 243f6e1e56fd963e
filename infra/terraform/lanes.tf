# Of each lane beside the default one: its queue, and what watches its worker.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_sqs_queue" "batch_queue_of_lane" {
  for_each = var.lanes

  name                              = "froe-${var.stage}-batch-${each.key}"
  message_retention_seconds         = var.source_retention_seconds
  visibility_timeout_seconds        = each.value.visibility_seconds
  kms_master_key_id                 = aws_kms_key.key.arn
  kms_data_key_reuse_period_seconds = 3600
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter_queue.arn
    maxReceiveCount     = var.batch_max_receives
  })

  lifecycle {
    ignore_changes = [max_message_size]
  }
}

data "aws_iam_policy_document" "batch_queue_policy_of_lane" {
  for_each = var.lanes

  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.batch_queue_of_lane[each.key].arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "batch_queue_policy_of_lane" {
  for_each = var.lanes

  queue_url = aws_sqs_queue.batch_queue_of_lane[each.key].url
  policy    = data.aws_iam_policy_document.batch_queue_policy_of_lane[each.key].json
}

resource "aws_cloudwatch_log_group" "worker_logs_of_lane" {
  for_each = var.lanes

  name              = "/aws/lambda/froe-${var.stage}-worker_${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

resource "aws_cloudwatch_log_metric_filter" "worker_errors_logged_of_lane" {
  for_each = var.lanes

  name           = "froe-${var.stage}-worker-errors-logged-of-lane"
  log_group_name = aws_cloudwatch_log_group.worker_logs_of_lane[each.key].name
  pattern        = "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "ErrorsLogged"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "slow_batches_of_lane" {
  for_each = var.lanes

  name           = "froe-${var.stage}-slow-batches-of-lane"
  log_group_name = aws_cloudwatch_log_group.worker_logs_of_lane[each.key].name
  pattern        = "{ $.message = \"batch_done\" && $.seconds >= ${var.slow_batch_seconds} }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "SlowBatches"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_field_count_of_lane" {
  for_each = var.lanes

  name           = "froe-${var.stage}-rejected-field-count-of-lane"
  log_group_name = aws_cloudwatch_log_group.worker_logs_of_lane[each.key].name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.field-count > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedFieldCount"
    value     = "$.reasons.field-count"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_invalid_json_of_lane" {
  for_each = var.lanes

  name           = "froe-${var.stage}-rejected-invalid-json-of-lane"
  log_group_name = aws_cloudwatch_log_group.worker_logs_of_lane[each.key].name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.invalid-json > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedInvalidJson"
    value     = "$.reasons.invalid-json"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_invalid_timestamp_of_lane" {
  for_each = var.lanes

  name           = "froe-${var.stage}-rejected-invalid-timestamp-of-lane"
  log_group_name = aws_cloudwatch_log_group.worker_logs_of_lane[each.key].name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.invalid-timestamp > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedInvalidTimestamp"
    value     = "$.reasons.invalid-timestamp"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_no_timestamp_of_lane" {
  for_each = var.lanes

  name           = "froe-${var.stage}-rejected-no-timestamp-of-lane"
  log_group_name = aws_cloudwatch_log_group.worker_logs_of_lane[each.key].name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.no-timestamp > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedNoTimestamp"
    value     = "$.reasons.no-timestamp"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_pattern_not_matched_of_lane" {
  for_each = var.lanes

  name           = "froe-${var.stage}-rejected-pattern-not-matched-of-lane"
  log_group_name = aws_cloudwatch_log_group.worker_logs_of_lane[each.key].name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.pattern-not-matched > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedPatternNotMatched"
    value     = "$.reasons.pattern-not-matched"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_too_long_of_lane" {
  for_each = var.lanes

  name           = "froe-${var.stage}-rejected-too-long-of-lane"
  log_group_name = aws_cloudwatch_log_group.worker_logs_of_lane[each.key].name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.too-long > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedTooLong"
    value     = "$.reasons.too-long"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "batch_queue_old_of_lane" {
  for_each = var.lanes

  alarm_name          = "froe-${var.stage}-batch-queue-old-${each.key}"
  alarm_description   = "Lane ${each.key}. Batches wait: look at errors, concurrency and throttled writes of the worker (docs/operations.md#batch-queue-old)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.batch_queue_age_seconds
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "ApproximateAgeOfOldestMessage"
  namespace           = "AWS/SQS"
  period              = 300
  statistic           = "Maximum"
  dimensions          = { QueueName = "froe-${var.stage}-batch-${each.key}" }
}

resource "aws_cloudwatch_metric_alarm" "worker_errors_of_lane" {
  for_each = var.lanes

  alarm_name          = "froe-${var.stage}-worker-errors-${each.key}"
  alarm_description   = "Lane ${each.key}. worker ended with errors or was killed: see the query errors; what it did not finish comes again (docs/operations.md#worker-errors)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  dimensions          = { FunctionName = "froe-${var.stage}-worker_${each.key}" }
}

resource "aws_cloudwatch_metric_alarm" "patient_near_timeout_of_lane" {
  for_each = var.lanes

  alarm_name          = "froe-${var.stage}-patient-near-timeout-${each.key}"
  alarm_description   = "Lane ${each.key}. A function that works until 12 seconds before its timeout was nearly killed, the dashboard says which: see its traces and the query duration-and-memory; give it more memory, or a longer lambda_timeout and its queue a longer visibility (docs/operations.md#patient-near-timeout)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.patient_near_timeout_percent
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]

  metric_query {
    id          = "share"
    return_data = true
    label       = "longest, percent of the timeout"
    expression  = "of_worker / ${each.value.timeout_seconds} / 10"
  }

  metric_query {
    id          = "of_worker"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = "froe-${var.stage}-worker_${each.key}" }
      period      = 300
      stat        = "Maximum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "functions_throttled_of_lane" {
  for_each = var.lanes

  alarm_name          = "froe-${var.stage}-functions-throttled-${each.key}"
  alarm_description   = "Lane ${each.key}. Functions were refused invocations for a quarter of an hour, the dashboard says which: raise their reserved concurrency or the account's (docs/operations.md#functions-throttled)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]

  metric_query {
    id          = "throttled"
    return_data = true
    label       = "throttled invocations"
    expression  = "SUM(METRICS())"
  }

  metric_query {
    id          = "of_worker"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      dimensions  = { FunctionName = "froe-${var.stage}-worker_${each.key}" }
      period      = 300
      stat        = "Sum"
    }
  }
}
