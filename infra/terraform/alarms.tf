# What wakes people; each description says what to do.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_cloudwatch_metric_alarm" "dead_letters_found" {
  alarm_name          = "froe-${var.stage}-dead-letters"
  alarm_description   = "Messages could not be worked off and lie in the quarantine bucket: see `froe dead-letters`, fix the cause, then `froe redrive` (docs/operations.md#dead-letters)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "DeadLetters"
  namespace           = "Froe"
  period              = 300
  statistic           = "Sum"
  dimensions          = { stage = var.stage }
}

resource "aws_cloudwatch_metric_alarm" "files_stalled" {
  alarm_name          = "froe-${var.stage}-files-stalled"
  alarm_description   = "Files stopped moving and were sent again: if it stays, look at the queues, the worker's errors and `froe status` (docs/operations.md#files-stalled)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "FilesStalled"
  namespace           = "Froe"
  period              = 900
  statistic           = "Maximum"
  dimensions          = { stage = var.stage }
}

resource "aws_cloudwatch_metric_alarm" "split_queue_old" {
  alarm_name          = "froe-${var.stage}-split-queue-old"
  alarm_description   = "Splits wait: look at errors and concurrency of queued_splitter (docs/operations.md#split-queue-old)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.split_queue_age_seconds
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "ApproximateAgeOfOldestMessage"
  namespace           = "AWS/SQS"
  period              = 300
  statistic           = "Maximum"
  dimensions          = { QueueName = "froe-${var.stage}-split" }
}

resource "aws_cloudwatch_metric_alarm" "batch_queue_old" {
  alarm_name          = "froe-${var.stage}-batch-queue-old"
  alarm_description   = "Batches wait: look at errors, concurrency and throttled writes of the worker (docs/operations.md#batch-queue-old)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.batch_queue_age_seconds
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "ApproximateAgeOfOldestMessage"
  namespace           = "AWS/SQS"
  period              = 300
  statistic           = "Maximum"
  dimensions          = { QueueName = "froe-${var.stage}-batch" }
}

resource "aws_cloudwatch_metric_alarm" "dead_letter_queue_old" {
  alarm_name          = "froe-${var.stage}-dead-letter-queue-old"
  alarm_description   = "Dead letters are not quarantined: look at errors of dead_letter_consumer before they expire (docs/operations.md#dead-letter-queue-old)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.dead_letter_queue_age_seconds
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "ApproximateAgeOfOldestMessage"
  namespace           = "AWS/SQS"
  period              = 300
  statistic           = "Maximum"
  dimensions          = { QueueName = "froe-${var.stage}-dead-letter" }
}

resource "aws_cloudwatch_metric_alarm" "rejects_many" {
  alarm_name          = "froe-${var.stage}-rejects"
  alarm_description   = "Too many entries are not explained by their formats: see which with `froe rejects` and the query rejects-by-reason (docs/operations.md#rejects)"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.rejected_percent
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]

  metric_query {
    id          = "share"
    return_data = true
    label       = "rejected, percent"
    expression  = "IF(FILL(parsed, 0) + FILL(rejected, 0) >= ${var.rejected_minimum}, 100 * FILL(rejected, 0) / (FILL(parsed, 0) + FILL(rejected, 0)), 0)"
  }

  metric_query {
    id          = "parsed"
    return_data = false

    metric {
      namespace   = "Froe"
      metric_name = "RecordsParsed"
      dimensions  = { stage = var.stage }
      period      = 900
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "rejected"
    return_data = false

    metric {
      namespace   = "Froe"
      metric_name = "RecordsRejected"
      dimensions  = { stage = var.stage }
      period      = 900
      stat        = "Sum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "entries_failed" {
  alarm_name          = "froe-${var.stage}-entries-failed"
  alarm_description   = "A fault in Froe made entries rejects (internal-error); nothing else of their batches is lost: see entry_failed in the worker's log and report it (docs/operations.md#entries-failed)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "EntriesFailed"
  namespace           = "Froe"
  period              = 300
  statistic           = "Sum"
  dimensions          = { stage = var.stage }
}

resource "aws_cloudwatch_metric_alarm" "records_throttled" {
  alarm_name          = "froe-${var.stage}-records-throttled"
  alarm_description   = "The records table throttled for a quarter of an hour: see its throttled keys in Contributor Insights; warm it, raise its maximum or lower maximum_concurrency of the worker (docs/operations.md#records-throttled)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]

  metric_query {
    id          = "throttled"
    return_data = true
    label       = "throttled requests"
    expression  = "SUM(METRICS())"
  }

  metric_query {
    id          = "write0"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteThrottleEvents"
      dimensions  = { TableName = "froe-${var.stage}-records" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "read0"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadThrottleEvents"
      dimensions  = { TableName = "froe-${var.stage}-records" }
      period      = 300
      stat        = "Sum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "ledger_throttled" {
  alarm_name          = "froe-${var.stage}-ledger-throttled"
  alarm_description   = "The ledger table throttled for a quarter of an hour: see its throttled keys in Contributor Insights; warm it, raise its maximum or lower maximum_concurrency of the worker (docs/operations.md#ledger-throttled)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]

  metric_query {
    id          = "throttled"
    return_data = true
    label       = "throttled requests"
    expression  = "SUM(METRICS())"
  }

  metric_query {
    id          = "write0"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteThrottleEvents"
      dimensions  = { TableName = "froe-${var.stage}-ledger" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "write1"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteThrottleEvents"
      dimensions = {
        TableName                = "froe-${var.stage}-ledger"
        GlobalSecondaryIndexName = "by_state"
      }
      period = 300
      stat   = "Sum"
    }
  }

  metric_query {
    id          = "write2"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteThrottleEvents"
      dimensions = {
        TableName                = "froe-${var.stage}-ledger"
        GlobalSecondaryIndexName = "by_key"
      }
      period = 300
      stat   = "Sum"
    }
  }

  metric_query {
    id          = "write3"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteThrottleEvents"
      dimensions = {
        TableName                = "froe-${var.stage}-ledger"
        GlobalSecondaryIndexName = "by_opened"
      }
      period = 300
      stat   = "Sum"
    }
  }

  metric_query {
    id          = "read0"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadThrottleEvents"
      dimensions  = { TableName = "froe-${var.stage}-ledger" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "read1"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadThrottleEvents"
      dimensions = {
        TableName                = "froe-${var.stage}-ledger"
        GlobalSecondaryIndexName = "by_state"
      }
      period = 300
      stat   = "Sum"
    }
  }

  metric_query {
    id          = "read2"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadThrottleEvents"
      dimensions = {
        TableName                = "froe-${var.stage}-ledger"
        GlobalSecondaryIndexName = "by_key"
      }
      period = 300
      stat   = "Sum"
    }
  }

  metric_query {
    id          = "read3"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadThrottleEvents"
      dimensions = {
        TableName                = "froe-${var.stage}-ledger"
        GlobalSecondaryIndexName = "by_opened"
      }
      period = 300
      stat   = "Sum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "splitter_errors" {
  alarm_name          = "froe-${var.stage}-splitter-errors"
  alarm_description   = "splitter ended with errors or was killed: see the query errors; what it did not finish comes again (docs/operations.md#splitter-errors)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  dimensions          = { FunctionName = "froe-${var.stage}-splitter" }
}

resource "aws_cloudwatch_metric_alarm" "queued_splitter_errors" {
  alarm_name          = "froe-${var.stage}-queued-splitter-errors"
  alarm_description   = "queued_splitter ended with errors or was killed: see the query errors; what it did not finish comes again (docs/operations.md#queued-splitter-errors)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  dimensions          = { FunctionName = "froe-${var.stage}-queued_splitter" }
}

resource "aws_cloudwatch_metric_alarm" "worker_errors" {
  alarm_name          = "froe-${var.stage}-worker-errors"
  alarm_description   = "worker ended with errors or was killed: see the query errors; what it did not finish comes again (docs/operations.md#worker-errors)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  dimensions          = { FunctionName = "froe-${var.stage}-worker" }
}

resource "aws_cloudwatch_metric_alarm" "dead_letter_consumer_errors" {
  alarm_name          = "froe-${var.stage}-dead-letter-consumer-errors"
  alarm_description   = "dead_letter_consumer ended with errors or was killed: see the query errors; what it did not finish comes again (docs/operations.md#dead-letter-consumer-errors)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  dimensions          = { FunctionName = "froe-${var.stage}-dead_letter_consumer" }
}

resource "aws_cloudwatch_metric_alarm" "notifier_errors" {
  alarm_name          = "froe-${var.stage}-notifier-errors"
  alarm_description   = "notifier ended with errors or was killed: see the query errors; what it did not finish comes again (docs/operations.md#notifier-errors)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  dimensions          = { FunctionName = "froe-${var.stage}-notifier" }
}

resource "aws_cloudwatch_metric_alarm" "sweeper_errors" {
  alarm_name          = "froe-${var.stage}-sweeper-errors"
  alarm_description   = "sweeper ended with errors or was killed: see the query errors; what it did not finish comes again (docs/operations.md#sweeper-errors)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  dimensions          = { FunctionName = "froe-${var.stage}-sweeper" }
}

resource "aws_cloudwatch_metric_alarm" "api_handler_errors" {
  alarm_name          = "froe-${var.stage}-api-handler-errors"
  alarm_description   = "api_handler ended with errors or was killed: see the query errors; what it did not finish comes again (docs/operations.md#api-handler-errors)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  dimensions          = { FunctionName = "froe-${var.stage}" }
}

resource "aws_cloudwatch_metric_alarm" "authorizer_errors" {
  alarm_name          = "froe-${var.stage}-authorizer-errors"
  alarm_description   = "authorizer ended with errors or was killed: see the query errors; what it did not finish comes again (docs/operations.md#authorizer-errors)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  dimensions          = { FunctionName = "froe-${var.stage}-authorizer" }
}

resource "aws_cloudwatch_metric_alarm" "patient_near_timeout" {
  alarm_name          = "froe-${var.stage}-patient-near-timeout"
  alarm_description   = "A function that works until 12 seconds before its timeout was nearly killed, the dashboard says which: see its traces and the query duration-and-memory; give it more memory, or a longer lambda_timeout and its queue a longer visibility (docs/operations.md#patient-near-timeout)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.patient_near_timeout_percent
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]

  metric_query {
    id          = "share"
    return_data = true
    label       = "longest, percent of the timeout"
    expression  = "MAX([of_splitter / ${var.splitter_timeout_seconds} / 10, of_queued_splitter / ${var.queued_splitter_timeout_seconds} / 10, of_worker / ${var.worker_timeout_seconds} / 10, of_sweeper / ${var.sweeper_timeout_seconds} / 10])"
  }

  metric_query {
    id          = "of_splitter"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = "froe-${var.stage}-splitter" }
      period      = 300
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "of_queued_splitter"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = "froe-${var.stage}-queued_splitter" }
      period      = 300
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "of_worker"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = "froe-${var.stage}-worker" }
      period      = 300
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "of_sweeper"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = "froe-${var.stage}-sweeper" }
      period      = 300
      stat        = "Maximum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "near_timeout" {
  alarm_name          = "froe-${var.stage}-near-timeout"
  alarm_description   = "A function that should be done quickly nearly ran out of time, the dashboard says which: see its traces and the query duration-and-memory; give it more memory, or a longer lambda_timeout and its queue a longer visibility (docs/operations.md#near-timeout)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.near_timeout_percent
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms_topic.arn]

  metric_query {
    id          = "share"
    return_data = true
    label       = "longest, percent of the timeout"
    expression  = "MAX([of_dead_letter_consumer / ${var.dead_letter_consumer_timeout_seconds} / 10, of_notifier / ${var.notifier_timeout_seconds} / 10, of_api_handler / ${var.api_handler_timeout_seconds} / 10, of_authorizer / ${var.authorizer_timeout_seconds} / 10])"
  }

  metric_query {
    id          = "of_dead_letter_consumer"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = "froe-${var.stage}-dead_letter_consumer" }
      period      = 300
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "of_notifier"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = "froe-${var.stage}-notifier" }
      period      = 300
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "of_api_handler"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = "froe-${var.stage}" }
      period      = 300
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "of_authorizer"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = "froe-${var.stage}-authorizer" }
      period      = 300
      stat        = "Maximum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "functions_throttled" {
  alarm_name          = "froe-${var.stage}-functions-throttled"
  alarm_description   = "Functions were refused invocations for a quarter of an hour, the dashboard says which: raise their reserved concurrency or the account's (docs/operations.md#functions-throttled)"
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
    id          = "of_splitter"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      dimensions  = { FunctionName = "froe-${var.stage}-splitter" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "of_queued_splitter"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      dimensions  = { FunctionName = "froe-${var.stage}-queued_splitter" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "of_worker"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      dimensions  = { FunctionName = "froe-${var.stage}-worker" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "of_dead_letter_consumer"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      dimensions  = { FunctionName = "froe-${var.stage}-dead_letter_consumer" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "of_notifier"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      dimensions  = { FunctionName = "froe-${var.stage}-notifier" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "of_sweeper"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      dimensions  = { FunctionName = "froe-${var.stage}-sweeper" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "of_api_handler"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      dimensions  = { FunctionName = "froe-${var.stage}" }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "of_authorizer"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      dimensions  = { FunctionName = "froe-${var.stage}-authorizer" }
      period      = 300
      stat        = "Sum"
    }
  }
}
