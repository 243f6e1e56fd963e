# Log groups of the functions, and what is counted in them.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_cloudwatch_log_group" "splitter_logs" {
  name              = "/aws/lambda/froe-${var.stage}-splitter"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

resource "aws_cloudwatch_log_group" "queued_splitter_logs" {
  name              = "/aws/lambda/froe-${var.stage}-queued_splitter"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

resource "aws_cloudwatch_log_group" "worker_logs" {
  name              = "/aws/lambda/froe-${var.stage}-worker"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

resource "aws_cloudwatch_log_group" "dead_letter_consumer_logs" {
  name              = "/aws/lambda/froe-${var.stage}-dead_letter_consumer"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

resource "aws_cloudwatch_log_group" "notifier_logs" {
  name              = "/aws/lambda/froe-${var.stage}-notifier"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

resource "aws_cloudwatch_log_group" "sweeper_logs" {
  name              = "/aws/lambda/froe-${var.stage}-sweeper"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

resource "aws_cloudwatch_log_group" "api_handler_logs" {
  name              = "/aws/lambda/froe-${var.stage}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

resource "aws_cloudwatch_log_group" "authorizer_logs" {
  name              = "/aws/lambda/froe-${var.stage}-authorizer"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

resource "aws_cloudwatch_log_metric_filter" "splitter_errors_logged" {
  name           = "froe-${var.stage}-splitter-errors-logged"
  log_group_name = aws_cloudwatch_log_group.splitter_logs.name
  pattern        = "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "ErrorsLogged"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "queued_splitter_errors_logged" {
  name           = "froe-${var.stage}-queued-splitter-errors-logged"
  log_group_name = aws_cloudwatch_log_group.queued_splitter_logs.name
  pattern        = "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "ErrorsLogged"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "worker_errors_logged" {
  name           = "froe-${var.stage}-worker-errors-logged"
  log_group_name = aws_cloudwatch_log_group.worker_logs.name
  pattern        = "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "ErrorsLogged"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "dead_letter_consumer_errors_logged" {
  name           = "froe-${var.stage}-dead-letter-consumer-errors-logged"
  log_group_name = aws_cloudwatch_log_group.dead_letter_consumer_logs.name
  pattern        = "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "ErrorsLogged"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "notifier_errors_logged" {
  name           = "froe-${var.stage}-notifier-errors-logged"
  log_group_name = aws_cloudwatch_log_group.notifier_logs.name
  pattern        = "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "ErrorsLogged"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "sweeper_errors_logged" {
  name           = "froe-${var.stage}-sweeper-errors-logged"
  log_group_name = aws_cloudwatch_log_group.sweeper_logs.name
  pattern        = "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "ErrorsLogged"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "api_handler_errors_logged" {
  name           = "froe-${var.stage}-api-handler-errors-logged"
  log_group_name = aws_cloudwatch_log_group.api_handler_logs.name
  pattern        = "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "ErrorsLogged"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "authorizer_errors_logged" {
  name           = "froe-${var.stage}-authorizer-errors-logged"
  log_group_name = aws_cloudwatch_log_group.authorizer_logs.name
  pattern        = "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "ErrorsLogged"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "slow_batches" {
  name           = "froe-${var.stage}-slow-batches"
  log_group_name = aws_cloudwatch_log_group.worker_logs.name
  pattern        = "{ $.message = \"batch_done\" && $.seconds >= ${var.slow_batch_seconds} }"

  metric_transformation {
    namespace     = "Froe/Logs/${var.stage}"
    name          = "SlowBatches"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_field_count" {
  name           = "froe-${var.stage}-rejected-field-count"
  log_group_name = aws_cloudwatch_log_group.worker_logs.name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.field-count > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedFieldCount"
    value     = "$.reasons.field-count"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_invalid_json" {
  name           = "froe-${var.stage}-rejected-invalid-json"
  log_group_name = aws_cloudwatch_log_group.worker_logs.name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.invalid-json > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedInvalidJson"
    value     = "$.reasons.invalid-json"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_invalid_timestamp" {
  name           = "froe-${var.stage}-rejected-invalid-timestamp"
  log_group_name = aws_cloudwatch_log_group.worker_logs.name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.invalid-timestamp > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedInvalidTimestamp"
    value     = "$.reasons.invalid-timestamp"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_no_timestamp" {
  name           = "froe-${var.stage}-rejected-no-timestamp"
  log_group_name = aws_cloudwatch_log_group.worker_logs.name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.no-timestamp > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedNoTimestamp"
    value     = "$.reasons.no-timestamp"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_pattern_not_matched" {
  name           = "froe-${var.stage}-rejected-pattern-not-matched"
  log_group_name = aws_cloudwatch_log_group.worker_logs.name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.pattern-not-matched > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedPatternNotMatched"
    value     = "$.reasons.pattern-not-matched"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "rejected_too_long" {
  name           = "froe-${var.stage}-rejected-too-long"
  log_group_name = aws_cloudwatch_log_group.worker_logs.name
  pattern        = "{ $.message = \"batch_done\" && $.reasons.too-long > 0 }"

  metric_transformation {
    namespace = "Froe/Logs/${var.stage}"
    name      = "RejectedTooLong"
    value     = "$.reasons.too-long"
    unit      = "Count"
  }
}
