# One page for an operator.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = "froe-${var.stage}"
  dashboard_body = jsonencode({
    start          = "-PT12H"
    periodOverride = "inherit"
    widgets = [
      {
        type   = "text"
        x      = 0
        y      = 0
        width  = 24
        height = 2
        properties = {
          markdown = "# Froe, stage ${var.stage}\nFiles come in at the left and are settled at the right; what is red says in its alarm what to do. `froe status --stage ${var.stage}` tells file by file."
        }
      },
      {
        type  = "alarm"
        x     = 0
        y     = 2
        width = 24
        properties = {
          title = "Alarms"
          alarms = [
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-dead-letters",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-files-stalled",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-split-queue-old",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-batch-queue-old",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-dead-letter-queue-old",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-rejects",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-entries-failed",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-records-throttled",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-ledger-throttled",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-splitter-errors",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-queued-splitter-errors",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-worker-errors",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-dead-letter-consumer-errors",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-notifier-errors",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-sweeper-errors",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-api-handler-errors",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-authorizer-errors",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-patient-near-timeout",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-near-timeout",
            "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:froe-${var.stage}-functions-throttled",
          ]
        }
      },
      {
        type  = "metric"
        x     = 0
        y     = 8
        width = 8
        properties = {
          title  = "Files settled, by state"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["Froe", "FilesSettled", "stage", var.stage, "state", "COMPLETE"],
            ["...", "INCOMPLETE"],
            ["...", "DAMAGED"],
            ["...", "FAILED"],
            ["...", "SUPERSEDED"],
          ]
          stacked = true
        }
      },
      {
        type  = "metric"
        x     = 8
        y     = 8
        width = 8
        properties = {
          title  = "From opened to settled, seconds"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["Froe", "FileSeconds", "stage", var.stage, { stat = "p50" }],
            ["...", var.stage, { stat = "p90" }],
            ["...", var.stage, { stat = "Maximum" }],
          ]
        }
      },
      {
        type  = "metric"
        x     = 16
        y     = 8
        width = 8
        properties = {
          title  = "Dead letters and stalled files"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["Froe", "DeadLetters", "stage", var.stage],
            ["Froe", "FilesStalled", "stage", var.stage, { stat = "Maximum" }],
            ["Froe", "BatchesDisputed", "stage", var.stage],
            ["Froe", "MessagesPutOff", "stage", var.stage],
            ["Froe", "NotificationsIgnored", "stage", var.stage],
            ["Froe", "ConfigurationsRefused", "stage", var.stage],
          ]
        }
      },
      {
        type  = "metric"
        x     = 0
        y     = 14
        width = 8
        properties = {
          title  = "Text cut: lines, bytes"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["Froe", "Lines", "stage", var.stage],
            ["Froe", "TextBytes", "stage", var.stage, { yAxis = "right" }],
          ]
        }
      },
      {
        type  = "metric"
        x     = 8
        y     = 14
        width = 8
        properties = {
          title  = "Entries parsed and rejected"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["Froe", "RecordsParsed", "stage", var.stage],
            ["Froe", "RecordsRejected", "stage", var.stage, { color = "#d62728" }],
          ]
        }
      },
      {
        type  = "metric"
        x     = 16
        y     = 14
        width = 8
        properties = {
          title  = "Rejected, percent"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            [
              {
                expression = "100 * rejected / (parsed + rejected)"
                label      = "rejected, percent"
                id         = "share"
              },
            ],
            [
              "Froe",
              "RecordsParsed",
              "stage",
              var.stage,
              {
                id      = "parsed"
                visible = false
              },
            ],
            [
              "Froe",
              "RecordsRejected",
              "stage",
              var.stage,
              {
                id      = "rejected"
                visible = false
              },
            ],
          ]
        }
      },
      {
        type  = "metric"
        x     = 0
        y     = 20
        width = 8
        properties = {
          title  = "Splits and batches"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["Froe", "SplitsSealed", "stage", var.stage],
            ["Froe", "BatchesSent", "stage", var.stage],
            ["Froe", "BatchesDone", "stage", var.stage],
          ]
        }
      },
      {
        type  = "metric"
        x     = 8
        y     = 20
        width = 8
        properties = {
          title  = "Waiting messages"
          region = local.region
          stat   = "Maximum"
          period = 300
          metrics = concat([
            [
              "AWS/SQS",
              "ApproximateNumberOfMessagesVisible",
              "QueueName",
              "froe-${var.stage}-split",
            ],
            ["...", "froe-${var.stage}-batch"],
            ["...", "froe-${var.stage}-dead-letter"],
          ], [for lane in keys(var.lanes) : ["...", "froe-${var.stage}-batch-${lane}"]])
        }
      },
      {
        type  = "metric"
        x     = 16
        y     = 20
        width = 8
        properties = {
          title  = "Age of the oldest message, seconds"
          region = local.region
          stat   = "Maximum"
          period = 300
          metrics = concat([
            ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "froe-${var.stage}-split"],
            ["...", "froe-${var.stage}-batch"],
            ["...", "froe-${var.stage}-dead-letter"],
          ], [for lane in keys(var.lanes) : ["...", "froe-${var.stage}-batch-${lane}"]])
        }
      },
      {
        type  = "metric"
        x     = 0
        y     = 26
        width = 8
        properties = {
          title  = "Parsed, by format"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            [
              {
                expression = "SEARCH('{Froe,stage,format} MetricName=\"ParsedByFormat\" stage=\"${var.stage}\"', 'Sum', 300)"
                label      = ""
                id         = "e1"
              },
            ],
          ]
          stacked = true
        }
      },
      {
        type  = "metric"
        x     = 8
        y     = 26
        width = 8
        properties = {
          title  = "Rejected, by format"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            [
              {
                expression = "SEARCH('{Froe,stage,format} MetricName=\"RejectedByFormat\" stage=\"${var.stage}\"', 'Sum', 300)"
                label      = ""
                id         = "e1"
              },
            ],
          ]
          stacked = true
        }
      },
      {
        type  = "metric"
        x     = 16
        y     = 26
        width = 8
        properties = {
          title  = "Rejected, by reason"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["Froe/Logs/${var.stage}", "RejectedFieldCount"],
            ["Froe/Logs/${var.stage}", "RejectedInvalidJson"],
            ["Froe/Logs/${var.stage}", "RejectedInvalidTimestamp"],
            ["Froe/Logs/${var.stage}", "RejectedNoTimestamp"],
            ["Froe/Logs/${var.stage}", "RejectedPatternNotMatched"],
            ["Froe/Logs/${var.stage}", "RejectedTooLong"],
          ]
          stacked = true
        }
      },
      {
        type  = "metric"
        x     = 0
        y     = 32
        width = 8
        properties = {
          title  = "Seconds by step, average"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            [
              {
                expression = "SEARCH('{Froe,stage,step} MetricName=\"StepSeconds\" stage=\"${var.stage}\"', 'Average', 300)"
                label      = ""
                id         = "e1"
              },
            ],
          ]
        }
      },
      {
        type  = "metric"
        x     = 8
        y     = 32
        width = 8
        properties = {
          title   = "Slow batches, errors logged"
          region  = local.region
          stat    = "Sum"
          period  = 300
          metrics = [["Froe/Logs/${var.stage}", "SlowBatches"], ["Froe/Logs/${var.stage}", "ErrorsLogged"]]
        }
      },
      {
        type  = "metric"
        x     = 16
        y     = 32
        width = 8
        properties = {
          title  = "Writes: units, retries, throttles"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["Froe", "WriteUnits", "stage", var.stage],
            ["Froe", "WriteRetries", "stage", var.stage, { yAxis = "right" }],
            ["Froe", "WriteThrottles", "stage", var.stage, { yAxis = "right" }],
          ]
        }
      },
      {
        type  = "metric"
        x     = 0
        y     = 38
        width = 8
        properties = {
          title  = "Invocations"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["AWS/Lambda", "Invocations", "FunctionName", "froe-${var.stage}-splitter"],
            ["...", "froe-${var.stage}-queued_splitter"],
            ["...", "froe-${var.stage}-worker"],
            ["...", "froe-${var.stage}-dead_letter_consumer"],
            ["...", "froe-${var.stage}-notifier"],
            ["...", "froe-${var.stage}-sweeper"],
            ["...", "froe-${var.stage}"],
            ["...", "froe-${var.stage}-authorizer"],
          ]
        }
      },
      {
        type  = "metric"
        x     = 8
        y     = 38
        width = 8
        properties = {
          title  = "Errors and throttles"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["AWS/Lambda", "Errors", "FunctionName", "froe-${var.stage}-splitter"],
            ["...", "froe-${var.stage}-queued_splitter"],
            ["...", "froe-${var.stage}-worker"],
            ["...", "froe-${var.stage}-dead_letter_consumer"],
            ["...", "froe-${var.stage}-notifier"],
            ["...", "froe-${var.stage}-sweeper"],
            ["...", "froe-${var.stage}"],
            ["...", "froe-${var.stage}-authorizer"],
            [
              "AWS/Lambda",
              "Throttles",
              "FunctionName",
              "froe-${var.stage}-splitter",
              { yAxis = "right" },
            ],
            ["...", "froe-${var.stage}-queued_splitter", { yAxis = "right" }],
            ["...", "froe-${var.stage}-worker", { yAxis = "right" }],
            ["...", "froe-${var.stage}-dead_letter_consumer", { yAxis = "right" }],
            ["...", "froe-${var.stage}-notifier", { yAxis = "right" }],
            ["...", "froe-${var.stage}-sweeper", { yAxis = "right" }],
            ["...", "froe-${var.stage}", { yAxis = "right" }],
            ["...", "froe-${var.stage}-authorizer", { yAxis = "right" }],
          ]
        }
      },
      {
        type  = "metric"
        x     = 16
        y     = 38
        width = 8
        properties = {
          title  = "Longest invocation, milliseconds"
          region = local.region
          stat   = "Maximum"
          period = 300
          metrics = [
            ["AWS/Lambda", "Duration", "FunctionName", "froe-${var.stage}-splitter"],
            ["...", "froe-${var.stage}-queued_splitter"],
            ["...", "froe-${var.stage}-worker"],
            ["...", "froe-${var.stage}-dead_letter_consumer"],
            ["...", "froe-${var.stage}-notifier"],
            ["...", "froe-${var.stage}-sweeper"],
            ["...", "froe-${var.stage}"],
            ["...", "froe-${var.stage}-authorizer"],
          ]
        }
      },
      {
        type  = "metric"
        x     = 0
        y     = 44
        width = 8
        properties = {
          title  = "Concurrent executions"
          region = local.region
          stat   = "Maximum"
          period = 300
          metrics = [
            ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", "froe-${var.stage}-splitter"],
            ["...", "froe-${var.stage}-queued_splitter"],
            ["...", "froe-${var.stage}-worker"],
          ]
        }
      },
      {
        type  = "metric"
        x     = 8
        y     = 44
        width = 8
        properties = {
          title  = "Write units used by the tables"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", "froe-${var.stage}-records"],
            ["...", "froe-${var.stage}-ledger"],
          ]
        }
      },
      {
        type  = "metric"
        x     = 16
        y     = 44
        width = 8
        properties = {
          title  = "Throttled by the tables"
          region = local.region
          stat   = "Sum"
          period = 300
          metrics = [
            ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", "froe-${var.stage}-records"],
            ["AWS/DynamoDB", "ReadThrottleEvents", "TableName", "froe-${var.stage}-records"],
            ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", "froe-${var.stage}-ledger"],
            ["AWS/DynamoDB", "ReadThrottleEvents", "TableName", "froe-${var.stage}-ledger"],
          ]
        }
      },
      {
        type  = "log"
        x     = 0
        y     = 50
        width = 24
        properties = {
          title  = "Latest errors"
          region = local.region
          view   = "table"
          query  = "SOURCE '/aws/lambda/froe-${var.stage}-splitter' | SOURCE '/aws/lambda/froe-${var.stage}-queued_splitter' | SOURCE '/aws/lambda/froe-${var.stage}-worker' | SOURCE '/aws/lambda/froe-${var.stage}-dead_letter_consumer' | SOURCE '/aws/lambda/froe-${var.stage}-notifier' | SOURCE '/aws/lambda/froe-${var.stage}-sweeper' | SOURCE '/aws/lambda/froe-${var.stage}' | SOURCE '/aws/lambda/froe-${var.stage}-authorizer' | fields @timestamp, message, file_id, batch_id, xray_trace_id, @log | filter level in [\"ERROR\", \"CRITICAL\"] | sort @timestamp desc | limit 20"
        }
      },
    ]
  })
}
