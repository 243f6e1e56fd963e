# Splits, batches and dead letters; what may send to them.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_sqs_queue" "split_queue" {
  name                              = "froe-${var.stage}-split"
  message_retention_seconds         = var.source_retention_seconds
  visibility_timeout_seconds        = var.split_visibility_seconds
  kms_master_key_id                 = aws_kms_key.key.arn
  kms_data_key_reuse_period_seconds = 3600
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter_queue.arn
    maxReceiveCount     = var.split_max_receives
  })

  lifecycle {
    ignore_changes = [max_message_size]
  }
}

data "aws_iam_policy_document" "split_queue_policy" {
  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.split_queue.arn]

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

  dynamic "statement" {
    for_each = local.by_queue ? [1] : []
    content {
      sid       = "UploadsToOurBucket"
      effect    = "Allow"
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.split_queue.arn]

      principals {
        type        = "Service"
        identifiers = ["s3.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local.account]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = ["arn:${local.partition}:s3:::${local.input_bucket}"]
      }
    }
  }

  dynamic "statement" {
    for_each = local.reads_others ? [1] : []
    content {
      sid       = "UploadsToOtherBuckets"
      effect    = "Allow"
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.split_queue.arn]

      principals {
        type        = "Service"
        identifiers = ["s3.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = split(",", local.hears_accounts ? "${local.account},${var.input_accounts}" : local.account)
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = split(",", join("", ["arn:*:s3:::", join(",arn:*:s3:::", split(",", var.other_input_buckets))]))
      }
    }
  }

  dynamic "statement" {
    for_each = local.hears_topics ? [1] : []
    content {
      sid       = "UploadsOverOtherTopics"
      effect    = "Allow"
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.split_queue.arn]

      principals {
        type        = "Service"
        identifiers = ["sns.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = split(",", var.input_topic_arns)
      }
    }
  }

  dynamic "statement" {
    for_each = local.by_topic ? [1] : []
    content {
      sid       = "UploadsOverOurTopic"
      effect    = "Allow"
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.split_queue.arn]

      principals {
        type        = "Service"
        identifiers = ["sns.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = ["arn:${local.partition}:sns:${local.region}:${local.account}:froe-${var.stage}-uploads"]
      }
    }
  }

  dynamic "statement" {
    for_each = local.by_event_bridge ? [1] : []
    content {
      sid       = "UploadsByOurRule"
      effect    = "Allow"
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.split_queue.arn]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values = [
          "arn:${local.partition}:events:${local.region}:${local.account}:rule/froe-${var.stage}-uploads",
        ]
      }
    }
  }
}

resource "aws_sqs_queue_policy" "split_queue_policy" {
  queue_url = aws_sqs_queue.split_queue.url
  policy    = data.aws_iam_policy_document.split_queue_policy.json
}

resource "aws_sqs_queue" "batch_queue" {
  name                              = "froe-${var.stage}-batch"
  message_retention_seconds         = var.source_retention_seconds
  visibility_timeout_seconds        = var.batch_visibility_seconds
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

data "aws_iam_policy_document" "batch_queue_policy" {
  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.batch_queue.arn]

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

resource "aws_sqs_queue_policy" "batch_queue_policy" {
  queue_url = aws_sqs_queue.batch_queue.url
  policy    = data.aws_iam_policy_document.batch_queue_policy.json
}

resource "aws_sqs_queue" "dead_letter_queue" {
  name                              = "froe-${var.stage}-dead-letter"
  message_retention_seconds         = 1209600
  visibility_timeout_seconds        = var.dead_letter_visibility_seconds
  kms_master_key_id                 = aws_kms_key.key.arn
  kms_data_key_reuse_period_seconds = 3600
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns = concat([
      "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-split",
      "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-batch",
    ], [for lane in keys(var.lanes) : "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-batch-${lane}"])
  })

  lifecycle {
    ignore_changes = [max_message_size]
  }
}

data "aws_iam_policy_document" "dead_letter_queue_policy" {
  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.dead_letter_queue.arn]

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

resource "aws_sqs_queue_policy" "dead_letter_queue_policy" {
  queue_url = aws_sqs_queue.dead_letter_queue.url
  policy    = data.aws_iam_policy_document.dead_letter_queue_policy.json
}
