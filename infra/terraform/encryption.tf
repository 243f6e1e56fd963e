# The key that encrypts everything of the stage, and who may use it.
# Written from the templates in infra by `make terraform`: change those.

data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:in a key's own policy the resource * is this key, which the account administers
  #checkov:skip=CKV_AWS_111:in a key's own policy the resource * is this key, which the account's policies may let write
  #checkov:skip=CKV_AWS_356:in a key's own policy the resource * is this key and nothing else
  statement {
    sid       = "TheAccountDecidesByItsPolicies"
    effect    = "Allow"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  dynamic "statement" {
    for_each = local.others_send ? [1] : []
    content {
      sid       = "AnnouncingUploads"
      effect    = "Allow"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["s3.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = split(",", local.hears_accounts ? "${local.account},${var.input_accounts}" : local.account)
      }
    }
  }

  statement {
    sid       = "RaisingAlarms"
    effect    = "Allow"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

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

  dynamic "statement" {
    for_each = local.topics_send ? [1] : []
    content {
      sid       = "PassingUploadsOnFromTheTopic"
      effect    = "Allow"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["sns.amazonaws.com"]
      }
    }
  }

  dynamic "statement" {
    for_each = local.by_event_bridge ? [1] : []
    content {
      sid       = "PassingUploadsOnFromEventBridge"
      effect    = "Allow"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }
    }
  }

  statement {
    sid       = "KeepingLogs"
    effect    = "Allow"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values = [
        "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/froe-${var.stage}",
        "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/froe-${var.stage}-*",
        "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/vendedlogs/states/froe-${var.stage}-*",
      ]
    }
  }

  dynamic "statement" {
    for_each = local.records_data_events ? [1] : []
    content {
      sid       = "RecordingDataEvents"
      effect    = "Allow"
      actions   = ["kms:GenerateDataKey*", "kms:Decrypt", "kms:DescribeKey"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["cloudtrail.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceArn"
        values = [
          "arn:${local.partition}:cloudtrail:${local.region}:${local.account}:trail/froe-${var.stage}",
        ]
      }
    }
  }
}

resource "aws_kms_key" "key" {
  description         = "Froe, stage ${var.stage}: buckets, queues, tables, topics and logs"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key.json

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "key_alias" {
  name          = "alias/froe-${var.stage}"
  target_key_id = aws_kms_key.key.key_id
}
