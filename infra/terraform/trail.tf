# Who read and wrote objects of the buckets, where that is to be recorded.

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
      values = [
        "arn:${local.partition}:cloudtrail:${local.region}:${local.account}:trail/froe-${var.stage}",
      ]
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
      values = [
        "arn:${local.partition}:cloudtrail:${local.region}:${local.account}:trail/froe-${var.stage}",
      ]
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

resource "aws_cloudtrail" "trail" {
  #checkov:skip=CKV_AWS_67:the trail is about the buckets of this stage, which are in one region
  #checkov:skip=CKV_AWS_252:nobody waits for CloudTrail's files
  #checkov:skip=CKV2_AWS_10:data events are kept in the bucket; a log group would hold them twice
  count = local.records_data_events ? 1 : 0

  name                          = "froe-${var.stage}"
  s3_bucket_name                = aws_s3_bucket.trail_bucket[0].id
  enable_logging                = true
  enable_log_file_validation    = true
  kms_key_id                    = aws_kms_key.key.arn
  include_global_service_events = false
  is_multi_region_trail         = false

  advanced_event_selector {
    name = "Objects of our buckets"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }

    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }

    field_selector {
      field = "resources.ARN"
      starts_with = [
        "arn:${local.partition}:s3:::${local.input_bucket}/",
        "${aws_s3_bucket.quarantine_bucket.arn}/",
        "${aws_s3_bucket.results_bucket.arn}/",
      ]
    }
  }

  depends_on = [aws_s3_bucket_policy.trail_bucket_policy]
}
