# Where dead letters and reports lie.

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

      filter {}

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
