# Notices and alarms to people; how uploads are announced by a topic or by events.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_sns_topic" "notices_topic" {
  name              = "froe-${var.stage}-notices"
  kms_master_key_id = aws_kms_key.key.arn
}

data "aws_iam_policy_document" "notices_topic_policy" {
  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.notices_topic.arn]

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

resource "aws_sns_topic_policy" "notices_topic_policy" {
  arn    = aws_sns_topic.notices_topic.arn
  policy = data.aws_iam_policy_document.notices_topic_policy.json
}

resource "aws_sns_topic_subscription" "notices_subscription" {
  count = local.has_email ? 1 : 0

  filter_policy = local.filters_email ? jsonencode({
    kind  = [{ anything-but = ["dead-letter"] }]
    state = [{ anything-but = ["COMPLETE"] }, { exists = false }]
  }) : null
  topic_arn = aws_sns_topic.notices_topic.arn
  protocol  = "email"
  endpoint  = var.notices_email
}

resource "aws_sns_topic" "alarms_topic" {
  name              = "froe-${var.stage}-alarms"
  kms_master_key_id = aws_kms_key.key.arn
}

data "aws_iam_policy_document" "alarms_topic_policy" {
  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms_topic.arn]

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

  statement {
    sid       = "AlarmsOfThisAccount"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms_topic.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_sns_topic_policy" "alarms_topic_policy" {
  arn    = aws_sns_topic.alarms_topic.arn
  policy = data.aws_iam_policy_document.alarms_topic_policy.json
}

resource "aws_sns_topic_subscription" "alarms_subscription" {
  count = local.mails_alarms ? 1 : 0

  topic_arn = aws_sns_topic.alarms_topic.arn
  protocol  = "email"
  endpoint  = local.names_alarms_email ? var.alarms_email : var.notices_email
}

resource "aws_sns_topic" "uploads_topic" {
  count = local.by_topic ? 1 : 0

  name              = "froe-${var.stage}-uploads"
  kms_master_key_id = aws_kms_key.key.arn
}

data "aws_iam_policy_document" "uploads_topic_policy" {
  count = local.by_topic ? 1 : 0

  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.uploads_topic[0].arn]

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

  statement {
    sid       = "UploadsToOurBucket"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.uploads_topic[0].arn]

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

resource "aws_sns_topic_policy" "uploads_topic_policy" {
  count = local.by_topic ? 1 : 0

  arn    = aws_sns_topic.uploads_topic[0].arn
  policy = data.aws_iam_policy_document.uploads_topic_policy[0].json
}

resource "aws_sns_topic_subscription" "uploads_subscription" {
  count = local.by_topic ? 1 : 0

  topic_arn = aws_sns_topic.uploads_topic[0].arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.split_queue.arn
}

resource "aws_cloudwatch_event_rule" "uploads_rule" {
  count = local.by_event_bridge ? 1 : 0

  name        = "froe-${var.stage}-uploads"
  description = "Objects created in the input bucket go to the split queue"
  state       = "ENABLED"
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    account     = [local.account]
    detail      = { bucket = { name = [local.input_bucket] } }
  })
}

resource "aws_cloudwatch_event_target" "uploads_rule" {
  count = local.by_event_bridge ? 1 : 0

  rule      = aws_cloudwatch_event_rule.uploads_rule[0].name
  target_id = "froe-${var.stage}"
  arn       = aws_sqs_queue.split_queue.arn
}
