# `froe consume` on ECS, where processes_image names an image.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_cloudwatch_log_group" "processes_logs" {
  count = local.makes_processes ? 1 : 0

  name              = "/aws/lambda/froe-${var.stage}-processes"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.encrypts_logs ? aws_kms_key.key.arn : null
}

data "aws_iam_policy_document" "processes_start_role_trust" {
  count = local.makes_processes ? 1 : 0

  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "processes_start_role" {
  #checkov:skip=CKV_AWS_356:the token of ECR knows no resources: * is the only one that AWS takes
  count = local.makes_processes ? 1 : 0

  statement {
    sid       = "LogIn"
    effect    = "Allow"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid     = "PullImage"
    effect  = "Allow"
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [
      "arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${var.processes_repository}",
    ]
  }

  statement {
    sid     = "WriteLog"
    effect  = "Allow"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [
      "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/froe-${var.stage}-processes:*",
    ]
  }

  dynamic "statement" {
    for_each = local.has_redaction_key ? [1] : []
    content {
      sid       = "ReadRedactionKey"
      effect    = "Allow"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [var.processes_redaction_key_arn]
    }
  }
}

resource "aws_iam_role" "processes_start_role" {
  count = local.makes_processes ? 1 : 0

  name_prefix        = "froe-${var.stage}-processes-start-"
  description        = "What ECS may do to start a task of froe-${var.stage}-processes"
  assume_role_policy = data.aws_iam_policy_document.processes_start_role_trust[0].json
}

resource "aws_iam_role_policy" "processes_start_role" {
  count = local.makes_processes ? 1 : 0

  name   = "start"
  role   = aws_iam_role.processes_start_role[0].id
  policy = data.aws_iam_policy_document.processes_start_role[0].json
}

data "aws_iam_policy_document" "processes_role_trust" {
  count = local.makes_processes ? 1 : 0

  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "processes_role" {
  count = local.makes_processes ? 1 : 0

  statement {
    sid    = "TakeSplits"
    effect = "Allow"
    actions = [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
    ]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-split"]
  }

  statement {
    sid       = "ReadObjects"
    effect    = "Allow"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["arn:${local.partition}:s3:::${local.input_bucket}/*"]
  }

  statement {
    sid     = "TellAbsentFromForbidden"
    effect  = "Allow"
    actions = ["s3:ListBucket"]
    resources = [
      "arn:${local.partition}:s3:::${local.input_bucket}",
      "arn:${local.partition}:s3:::froe-${var.stage}-quarantine-${local.account}-${local.region}",
    ]
  }

  statement {
    sid     = "ReadConfiguration"
    effect  = "Allow"
    actions = ["s3:GetObject"]
    resources = [
      "arn:${local.partition}:s3:::froe-${var.stage}-quarantine-${local.account}-${local.region}/configuration/*",
    ]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }

  statement {
    sid     = "SendSplitsAndBatches"
    effect  = "Allow"
    actions = ["sqs:SendMessage"]
    resources = [
      "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-split",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-batch",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-batch-*",
    ]
  }

  statement {
    sid     = "OpenAndSealFiles"
    effect  = "Allow"
    actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [
      "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/froe-${var.stage}-ledger",
    ]
  }

  statement {
    sid       = "SendDeadLetters"
    effect    = "Allow"
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-dead-letter"]
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
        "s3.${local.region}.amazonaws.com",
        "sqs.${local.region}.amazonaws.com",
        "dynamodb.${local.region}.amazonaws.com",
        "sns.${local.region}.amazonaws.com",
      ]
    }
  }

  statement {
    sid    = "TakeBatches"
    effect = "Allow"
    actions = [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
    ]
    resources = [
      local.of_default_lane ? "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-batch" : "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-batch-${var.processes_lane}",
    ]
  }

  statement {
    sid     = "WriteRecords"
    effect  = "Allow"
    actions = ["dynamodb:BatchWriteItem", "dynamodb:Query"]
    resources = [
      "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/froe-${var.stage}-records",
    ]
  }

  statement {
    sid     = "WriteRows"
    effect  = "Allow"
    actions = ["s3:PutObject"]
    resources = [
      "arn:${local.partition}:s3:::froe-${var.stage}-results-${local.account}-${local.region}/batches/*",
    ]
  }

  statement {
    sid     = "MarkBatches"
    effect  = "Allow"
    actions = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [
      "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/froe-${var.stage}-ledger",
    ]
  }

  statement {
    sid     = "PutOffBatches"
    effect  = "Allow"
    actions = ["sqs:SendMessage"]
    resources = [
      local.of_default_lane ? "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-batch" : "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-batch-${var.processes_lane}",
    ]
  }

  statement {
    sid    = "TakeDeadLetters"
    effect = "Allow"
    actions = [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
    ]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-dead-letter"]
  }

  statement {
    sid     = "Quarantine"
    effect  = "Allow"
    actions = ["s3:GetObject", "s3:PutObject"]
    resources = [
      "arn:${local.partition}:s3:::froe-${var.stage}-quarantine-${local.account}-${local.region}/dead-letters/*",
    ]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }

  statement {
    sid     = "ListDeadLetters"
    effect  = "Allow"
    actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [
      "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/froe-${var.stage}-ledger",
    ]
  }

  statement {
    sid       = "PublishNotices"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = ["arn:${local.partition}:sns:${local.region}:${local.account}:froe-${var.stage}-notices"]
  }

  statement {
    sid       = "StayAtWork"
    effect    = "Allow"
    actions   = ["ecs:UpdateTaskProtection"]
    resources = ["arn:${local.partition}:ecs:${local.region}:${local.account}:task/froe-${var.stage}/*"]
  }
}

resource "aws_iam_role" "processes_role" {
  count = local.makes_processes ? 1 : 0

  name_prefix        = "froe-${var.stage}-processes-"
  description        = "What a task of froe-${var.stage}-processes may do: what the functions may whose messages it takes"
  assume_role_policy = data.aws_iam_policy_document.processes_role_trust[0].json
}

resource "aws_iam_role_policy" "processes_role" {
  count = local.makes_processes ? 1 : 0

  name   = "processes"
  role   = aws_iam_role.processes_role[0].id
  policy = data.aws_iam_policy_document.processes_role[0].json
}

resource "aws_ecs_cluster" "processes_cluster" {
  count = local.makes_processes ? 1 : 0

  name = "froe-${var.stage}"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "processes_task" {
  count = local.makes_processes ? 1 : 0

  family                   = "froe-${var.stage}-processes"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.processes_cpu
  memory                   = var.processes_memory
  execution_role_arn       = aws_iam_role.processes_start_role[0].arn
  task_role_arn            = aws_iam_role.processes_role[0].arn
  container_definitions = jsonencode([
    {
      name                   = "processes"
      image                  = var.processes_image
      essential              = true
      user                   = "10001"
      readonlyRootFilesystem = true
      stopTimeout            = 60
      command = [
        "--workers=${var.processes_workers}",
        "--splitters=${var.processes_splitters}",
        "--dead-letter-consumers=${var.processes_dead_letter_consumers}",
        "--lane=${var.processes_lane}",
      ]
      environment = [
        {
          name  = "STAGE"
          value = var.stage
        },
        {
          name  = "INPUT_BUCKET"
          value = local.input_bucket
        },
        {
          name  = "QUARANTINE_BUCKET"
          value = "froe-${var.stage}-quarantine-${local.account}-${local.region}"
        },
        {
          name  = "RESULTS_BUCKET"
          value = "froe-${var.stage}-results-${local.account}-${local.region}"
        },
        {
          name  = "SPLIT_QUEUE"
          value = "https://sqs.${local.region}.${data.aws_partition.current.dns_suffix}/${local.account}/froe-${var.stage}-split"
        },
        {
          name  = "BATCH_QUEUE"
          value = "https://sqs.${local.region}.${data.aws_partition.current.dns_suffix}/${local.account}/froe-${var.stage}-batch"
        },
        {
          name  = "DEAD_LETTER_QUEUE"
          value = "https://sqs.${local.region}.${data.aws_partition.current.dns_suffix}/${local.account}/froe-${var.stage}-dead-letter"
        },
        {
          name  = "RECORDS_TABLE"
          value = "froe-${var.stage}-records"
        },
        {
          name  = "LEDGER_TABLE"
          value = "froe-${var.stage}-ledger"
        },
        {
          name  = "LEDGER_STREAM_ARN"
          value = "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/froe-${var.stage}-ledger/stream/unread"
        },
        {
          name  = "NOTICES_TOPIC_ARN"
          value = "arn:${local.partition}:sns:${local.region}:${local.account}:froe-${var.stage}-notices"
        },
        {
          name  = "RECORDS_LAYOUT"
          value = var.records_layout
        },
        {
          name  = "SINK"
          value = var.sink
        },
        {
          name  = "API_TOKEN_SHA256"
          value = "unused"
        },
        {
          name  = "TRACING"
          value = "off"
        },
        {
          name  = "FROE_SETTINGS"
          value = var.processes_settings
        },
      ]
      mountPoints = [
        {
          sourceVolume  = "tmp"
          containerPath = "/tmp"
          readOnly      = false
        },
      ]
      healthCheck = {
        command = [
          "CMD",
          "python",
          "-c",
          "import os, sys, time; sys.exit(time.time() - os.stat('/tmp/healthy').st_mtime > 60)",
        ]
        interval    = 30
        timeout     = 5
        retries     = 3
        startPeriod = 60
      }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.processes_logs[0].name
          awslogs-region        = local.region
          awslogs-stream-prefix = "processes"
        }
      }
      secrets = local.has_redaction_key ? [{ name = "REDACTION_KEY", valueFrom = var.processes_redaction_key_arn }] : []
    },
  ])

  runtime_platform {
    cpu_architecture        = var.processes_architecture
    operating_system_family = "LINUX"
  }

  volume {
    name = "tmp"
  }
}

resource "aws_ecs_service" "processes_service" {
  count = local.makes_processes ? 1 : 0

  name                               = "froe-${var.stage}-processes"
  cluster                            = aws_ecs_cluster.processes_cluster[0].arn
  task_definition                    = aws_ecs_task_definition.processes_task[0].arn
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  propagate_tags                     = "SERVICE"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  network_configuration {
    subnets          = split(",", var.processes_subnets)
    security_groups  = local.names_security_groups ? split(",", var.processes_security_groups) : null
    assign_public_ip = var.processes_public_ip == "ENABLED"
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    ignore_changes = [desired_count]
  }
}

resource "aws_appautoscaling_target" "processes_target" {
  count = local.makes_processes ? 1 : 0

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/froe-${var.stage}/froe-${var.stage}-processes"
  min_capacity       = var.processes_min
  max_capacity       = var.processes_max

  depends_on = [aws_ecs_service.processes_service]
}

resource "aws_appautoscaling_policy" "processes_by_depth" {
  count = local.makes_processes ? 1 : 0

  name               = "froe-${var.stage}-processes-by-depth"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.processes_target[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.processes_target[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.processes_target[0].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ExactCapacity"
    metric_aggregation_type = "Maximum"
    cooldown                = 60

    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = 40
      scaling_adjustment          = 1
    }

    step_adjustment {
      metric_interval_lower_bound = 40
      metric_interval_upper_bound = 160
      scaling_adjustment          = 2
    }

    step_adjustment {
      metric_interval_lower_bound = 160
      metric_interval_upper_bound = 640
      scaling_adjustment          = 4
    }

    step_adjustment {
      metric_interval_lower_bound = 640
      metric_interval_upper_bound = 2560
      scaling_adjustment          = 16
    }

    step_adjustment {
      metric_interval_lower_bound = 2560
      scaling_adjustment          = 64
    }
  }
}

resource "aws_appautoscaling_policy" "processes_at_rest" {
  count = local.makes_processes ? 1 : 0

  name               = "froe-${var.stage}-processes-at-rest"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.processes_target[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.processes_target[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.processes_target[0].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ExactCapacity"
    metric_aggregation_type = "Maximum"
    cooldown                = 60

    step_adjustment {
      metric_interval_upper_bound = 0
      scaling_adjustment          = 0
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "processes_backlog" {
  count = local.makes_processes ? 1 : 0

  alarm_name          = "froe-${var.stage}-processes-backlog"
  alarm_description   = "No fault: messages wait, and ECS runs as many tasks as their number asks for (docs/processes.md)"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.processes_by_depth[0].arn]

  metric_query {
    id          = "waiting"
    return_data = true
    label       = "messages"
    expression  = "SUM(METRICS())"
  }

  metric_query {
    id          = "waiting_split"
    return_data = false

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = "froe-${var.stage}-split" }
      period      = 60
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "waiting_batch"
    return_data = false

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions = {
        QueueName = local.of_default_lane ? "froe-${var.stage}-batch" : "froe-${var.stage}-batch-${var.processes_lane}"
      }
      period = 60
      stat   = "Maximum"
    }
  }

  metric_query {
    id          = "waiting_dead_letter"
    return_data = false

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = "froe-${var.stage}-dead-letter" }
      period      = 60
      stat        = "Maximum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "processes_idle" {
  count = local.makes_processes ? 1 : 0

  alarm_name          = "froe-${var.stage}-processes-idle"
  alarm_description   = "No fault: nothing waits or is in work, and ECS runs ProcessesMin tasks (docs/processes.md)"
  comparison_operator = "LessThanOrEqualToThreshold"
  threshold           = 0
  evaluation_periods  = 5
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_appautoscaling_policy.processes_at_rest[0].arn]

  metric_query {
    id          = "waiting"
    return_data = true
    label       = "messages"
    expression  = "SUM(METRICS())"
  }

  metric_query {
    id          = "waiting_split"
    return_data = false

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = "froe-${var.stage}-split" }
      period      = 60
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "waiting_batch"
    return_data = false

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions = {
        QueueName = local.of_default_lane ? "froe-${var.stage}-batch" : "froe-${var.stage}-batch-${var.processes_lane}"
      }
      period = 60
      stat   = "Maximum"
    }
  }

  metric_query {
    id          = "waiting_dead_letter"
    return_data = false

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = "froe-${var.stage}-dead-letter" }
      period      = 60
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "taken_split"
    return_data = false

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesNotVisible"
      dimensions  = { QueueName = "froe-${var.stage}-split" }
      period      = 60
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "taken_batch"
    return_data = false

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesNotVisible"
      dimensions = {
        QueueName = local.of_default_lane ? "froe-${var.stage}-batch" : "froe-${var.stage}-batch-${var.processes_lane}"
      }
      period = 60
      stat   = "Maximum"
    }
  }

  metric_query {
    id          = "taken_dead_letter"
    return_data = false

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesNotVisible"
      dimensions  = { QueueName = "froe-${var.stage}-dead-letter" }
      period      = 60
      stat        = "Maximum"
    }
  }
}
