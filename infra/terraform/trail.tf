# Who read and wrote objects of the buckets, where that is to be recorded.
# Written from the templates in infra by `make terraform`: change those.

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
