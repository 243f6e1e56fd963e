# The input bucket, unless you bring yours; dead letters and reports.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_s3_bucket" "input_bucket" {
  count = local.creates_input_bucket ? 1 : 0

  bucket = "froe-${var.stage}-input-${local.account}-${local.region}"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "input_bucket" {
  count = local.creates_input_bucket ? 1 : 0

  bucket = aws_s3_bucket.input_bucket[0].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.key.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "input_bucket" {
  count = local.creates_input_bucket ? 1 : 0

  bucket                  = aws_s3_bucket.input_bucket[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "input_bucket" {
  count = local.creates_input_bucket ? 1 : 0

  bucket = aws_s3_bucket.input_bucket[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "input_bucket" {
  count = local.creates_input_bucket ? 1 : 0

  bucket = aws_s3_bucket.input_bucket[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "input_bucket" {
  count = local.creates_input_bucket ? 1 : 0

  bucket = aws_s3_bucket.input_bucket[0].id

  dynamic "rule" {
    for_each = local.archives ? [1] : []
    content {
      id     = "archive"
      status = "Enabled"

      filter {}

      transition {
        days          = var.archive_after_days
        storage_class = var.archive_storage_class
      }
    }
  }

  dynamic "rule" {
    for_each = local.expires_input ? [1] : []
    content {
      id     = "expiry"
      status = "Enabled"

      filter {}

      expiration {
        days = var.input_expiry_days
      }
    }
  }

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.old_version_days
    }
  }

  rule {
    id     = "lone-delete-markers"
    status = "Enabled"

    filter {}

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "abandoned-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.abandoned_upload_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.input_bucket]
}

resource "aws_s3_bucket_logging" "input_bucket" {
  count = local.creates_input_bucket && local.logs_access ? 1 : 0

  bucket        = aws_s3_bucket.input_bucket[0].id
  target_bucket = var.access_logs_bucket
  target_prefix = "froe-${var.stage}-input/"
}

resource "aws_s3_bucket_cors_configuration" "input_bucket" {
  count = local.creates_input_bucket ? 1 : 0

  bucket = aws_s3_bucket.input_bucket[0].id

  cors_rule {
    id              = "page"
    allowed_methods = ["PUT"]
    allowed_origins = [
      "https://*.execute-api.${local.region}.amazonaws.com",
      "http://127.0.0.1:*",
      "http://localhost:*",
    ]
    allowed_headers = ["*"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_notification" "input_bucket" {
  count = local.creates_input_bucket && local.owns_notifications ? 1 : 0

  bucket      = aws_s3_bucket.input_bucket[0].id
  eventbridge = local.by_event_bridge

  dynamic "queue" {
    for_each = local.by_queue ? [1] : []
    content {
      id        = "froe-${var.stage}"
      queue_arn = "arn:${local.partition}:sqs:${local.region}:${local.account}:froe-${var.stage}-split"
      events    = ["s3:ObjectCreated:*"]
    }
  }

  dynamic "topic" {
    for_each = local.by_topic ? [1] : []
    content {
      id        = "froe-${var.stage}"
      topic_arn = "arn:${local.partition}:sns:${local.region}:${local.account}:froe-${var.stage}-uploads"
      events    = ["s3:ObjectCreated:*"]
    }
  }

  depends_on = [aws_sqs_queue_policy.split_queue_policy, aws_sns_topic_policy.uploads_topic_policy]
}

resource "aws_s3_bucket_replication_configuration" "input_bucket" {
  count = local.creates_input_bucket && local.replicates ? 1 : 0

  bucket = aws_s3_bucket.input_bucket[0].id
  role   = aws_iam_role.replication_role[0].arn

  rule {
    id       = "replica"
    priority = 1
    status   = "Enabled"

    filter {
      prefix = ""
    }

    delete_marker_replication {
      status = "Disabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket = var.replica_bucket_arn

      encryption_configuration {
        replica_kms_key_id = var.replica_key_arn
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.input_bucket]
}

data "aws_iam_policy_document" "input_bucket_policy" {
  count = local.creates_input_bucket ? 1 : 0

  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.input_bucket[0].arn, "${aws_s3_bucket.input_bucket[0].arn}/*"]

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

resource "aws_s3_bucket_policy" "input_bucket_policy" {
  count = local.creates_input_bucket ? 1 : 0

  bucket = aws_s3_bucket.input_bucket[0].id
  policy = data.aws_iam_policy_document.input_bucket_policy[0].json
}

data "aws_iam_policy_document" "replication_role_trust" {
  count = local.replicates ? 1 : 0

  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "replication_role" {
  count = local.replicates ? 1 : 0

  statement {
    effect    = "Allow"
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::froe-${var.stage}-input-${local.account}-${local.region}"]
  }

  statement {
    effect    = "Allow"
    actions   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    resources = ["arn:${local.partition}:s3:::froe-${var.stage}-input-${local.account}-${local.region}/*"]
  }

  statement {
    effect    = "Allow"
    actions   = ["s3:ReplicateObject", "s3:ReplicateTags"]
    resources = ["${var.replica_bucket_arn}/*"]
  }

  statement {
    effect    = "Allow"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.key.arn]
  }

  statement {
    effect    = "Allow"
    actions   = ["kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.replica_key_arn]
  }
}

resource "aws_iam_role" "replication_role" {
  count = local.replicates ? 1 : 0

  name_prefix        = "froe-${var.stage}-replication-"
  description        = "S3 copies froe-${var.stage}-input to its replica"
  assume_role_policy = data.aws_iam_policy_document.replication_role_trust[0].json
}

resource "aws_iam_role_policy" "replication_role" {
  count = local.replicates ? 1 : 0

  name   = "replicate"
  role   = aws_iam_role.replication_role[0].id
  policy = data.aws_iam_policy_document.replication_role[0].json
}

resource "aws_s3_bucket" "quarantine_bucket" {
  #checkov:skip=CKV_AWS_144:dead letters can be sent again from their input object, which may be replicated
  #checkov:skip=CKV2_AWS_62:the consumer that writes here announces its letters itself
  bucket = "froe-${var.stage}-quarantine-${local.account}-${local.region}"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "quarantine_bucket" {
  bucket = aws_s3_bucket.quarantine_bucket.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.key.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "quarantine_bucket" {
  bucket                  = aws_s3_bucket.quarantine_bucket.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "quarantine_bucket" {
  bucket = aws_s3_bucket.quarantine_bucket.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "quarantine_bucket" {
  bucket = aws_s3_bucket.quarantine_bucket.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "quarantine_bucket" {
  bucket = aws_s3_bucket.quarantine_bucket.id

  dynamic "rule" {
    for_each = local.expires_quarantine ? [1] : []
    content {
      id     = "expiry"
      status = "Enabled"

      filter {
        prefix = "dead-letters/"
      }

      expiration {
        days = var.quarantine_expiry_days
      }
    }
  }

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.old_version_days
    }
  }

  rule {
    id     = "lone-delete-markers"
    status = "Enabled"

    filter {}

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "abandoned-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.abandoned_upload_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.quarantine_bucket]
}

resource "aws_s3_bucket_logging" "quarantine_bucket" {
  count = local.logs_access ? 1 : 0

  bucket        = aws_s3_bucket.quarantine_bucket.id
  target_bucket = var.access_logs_bucket
  target_prefix = "froe-${var.stage}-quarantine/"
}

data "aws_iam_policy_document" "quarantine_bucket_policy" {
  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.quarantine_bucket.arn, "${aws_s3_bucket.quarantine_bucket.arn}/*"]

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

resource "aws_s3_bucket_policy" "quarantine_bucket_policy" {
  bucket = aws_s3_bucket.quarantine_bucket.id
  policy = data.aws_iam_policy_document.quarantine_bucket_policy.json
}

resource "aws_s3_bucket" "results_bucket" {
  #checkov:skip=CKV_AWS_144:reports are made again from the ledger
  #checkov:skip=CKV2_AWS_62:whoever asks for a report waits for it
  bucket = "froe-${var.stage}-results-${local.account}-${local.region}"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "results_bucket" {
  bucket = aws_s3_bucket.results_bucket.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.key.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "results_bucket" {
  bucket                  = aws_s3_bucket.results_bucket.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "results_bucket" {
  bucket = aws_s3_bucket.results_bucket.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "results_bucket" {
  bucket = aws_s3_bucket.results_bucket.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "results_bucket" {
  bucket = aws_s3_bucket.results_bucket.id

  dynamic "rule" {
    for_each = local.expires_results ? [1] : []
    content {
      id     = "expiry"
      status = "Enabled"

      filter {}

      expiration {
        days = var.results_expiry_days
      }
    }
  }

  dynamic "rule" {
    for_each = local.has_sink ? [1] : []
    content {
      id     = "answers"
      status = "Enabled"

      filter {
        prefix = "athena/"
      }

      expiration {
        days = 1
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.old_version_days
    }
  }

  rule {
    id     = "lone-delete-markers"
    status = "Enabled"

    filter {}

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "abandoned-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.abandoned_upload_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.results_bucket]
}

resource "aws_s3_bucket_logging" "results_bucket" {
  count = local.logs_access ? 1 : 0

  bucket        = aws_s3_bucket.results_bucket.id
  target_bucket = var.access_logs_bucket
  target_prefix = "froe-${var.stage}-results/"
}

data "aws_iam_policy_document" "results_bucket_policy" {
  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.results_bucket.arn, "${aws_s3_bucket.results_bucket.arn}/*"]

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

resource "aws_s3_bucket_policy" "results_bucket_policy" {
  bucket = aws_s3_bucket.results_bucket.id
  policy = data.aws_iam_policy_document.results_bucket_policy.json
}

resource "aws_s3_bucket" "trail_bucket" {
  #checkov:skip=CKV_AWS_144:the trail is validated by its digests; copy it where your rules ask for that
  #checkov:skip=CKV2_AWS_62:nothing is to happen at each of CloudTrail's files
  count = local.records_data_events ? 1 : 0

  bucket = "froe-${var.stage}-trail-${local.account}-${local.region}"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "trail_bucket" {
  count = local.records_data_events ? 1 : 0

  bucket = aws_s3_bucket.trail_bucket[0].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.key.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "trail_bucket" {
  count = local.records_data_events ? 1 : 0

  bucket                  = aws_s3_bucket.trail_bucket[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "trail_bucket" {
  count = local.records_data_events ? 1 : 0

  bucket = aws_s3_bucket.trail_bucket[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "trail_bucket" {
  count = local.records_data_events ? 1 : 0

  bucket = aws_s3_bucket.trail_bucket[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "trail_bucket" {
  count = local.records_data_events ? 1 : 0

  bucket = aws_s3_bucket.trail_bucket[0].id

  rule {
    id     = "expiry"
    status = "Enabled"

    filter {}

    expiration {
      days = var.trail_expiry_days
    }
  }

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.old_version_days
    }
  }

  rule {
    id     = "lone-delete-markers"
    status = "Enabled"

    filter {}

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "abandoned-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.abandoned_upload_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.trail_bucket]
}

resource "aws_s3_bucket_logging" "trail_bucket" {
  count = local.records_data_events && local.logs_access ? 1 : 0

  bucket        = aws_s3_bucket.trail_bucket[0].id
  target_bucket = var.access_logs_bucket
  target_prefix = "froe-${var.stage}-trail/"
}

data "aws_iam_policy_document" "trail_bucket_policy" {
  count = local.records_data_events ? 1 : 0

  statement {
    sid       = "EncryptedTransportOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.trail_bucket[0].arn, "${aws_s3_bucket.trail_bucket[0].arn}/*"]

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
    sid       = "CloudTrailLooks"
    effect    = "Allow"
    actions   = ["s3:GetBucketAcl"]
    resources = [aws_s3_bucket.trail_bucket[0].arn]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:cloudtrail:${local.region}:${local.account}:trail/froe-${var.stage}"]
    }
  }

  statement {
    sid       = "CloudTrailWrites"
    effect    = "Allow"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.trail_bucket[0].arn}/AWSLogs/${local.account}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:cloudtrail:${local.region}:${local.account}:trail/froe-${var.stage}"]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

resource "aws_s3_bucket_policy" "trail_bucket_policy" {
  count = local.records_data_events ? 1 : 0

  bucket = aws_s3_bucket.trail_bucket[0].id
  policy = data.aws_iam_policy_document.trail_bucket_policy[0].json
}
