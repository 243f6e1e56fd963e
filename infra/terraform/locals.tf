# Where the module is, what decides what there is, and what is refused together.
# Written from the templates in infra by `make terraform`: change those.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account               = data.aws_caller_identity.current.account_id
  partition             = data.aws_partition.current.partition
  region                = data.aws_region.current.name
  database              = join("_", split("-", "froe-${var.stage}"))
  creates_input_bucket  = var.existing_input_bucket == ""
  by_queue              = var.ingest == "queue"
  by_topic              = var.ingest == "topic"
  bucket_sends          = local.by_queue || local.by_topic
  by_event_bridge       = var.ingest == "eventbridge"
  reads_others          = var.other_input_buckets != ""
  hears_topics          = var.input_topic_arns != ""
  hears_accounts        = var.input_accounts != ""
  others_send           = local.bucket_sends || local.reads_others
  topics_send           = local.by_topic || local.hears_topics
  archives              = var.archive_after_days != 0
  expires_input         = var.input_expiry_days != 0
  expires_quarantine    = var.quarantine_expiry_days != 0
  expires_results       = var.results_expiry_days != 0
  logs_access           = var.access_logs_bucket != ""
  replicates            = local.creates_input_bucket && var.replica_bucket_arn != ""
  records_data_events   = var.data_events_trail
  has_sink              = var.sink == "parquet"
  warms_records         = var.records_warm_write_units != 0
  bounds_records        = var.records_max_write_units != 0
  warms_ledger          = var.ledger_warm_write_units != 0
  bounds_ledger         = var.ledger_max_write_units != 0
  has_email             = var.notices_email != ""
  filters_email         = var.notices_by_email == "attention"
  names_alarms_email    = var.alarms_email != ""
  mails_alarms          = local.has_email || local.names_alarms_email
  protects_tables       = var.deletion_protection
  encrypts_logs         = var.logs_key == "stage"
  of_default_lane       = var.processes_lane == "default"
  names_security_groups = var.processes_security_groups != ""
  has_redaction_key     = var.processes_redaction_key_arn != ""
  makes_backfill        = var.backfill
  makes_processes       = var.processes_image != ""
  owns_notifications    = local.bucket_sends || local.by_event_bridge
  input_bucket          = local.creates_input_bucket ? aws_s3_bucket.input_bucket[0].bucket : var.existing_input_bucket
  backfill_definition   = jsonencode(jsondecode(file("${path.module}/../backfill.json")).Resources.Backfill.Properties.Definition)
}

resource "terraform_data" "rules" {
  lifecycle {
    precondition {
      condition     = var.records_layout != "none" || var.sink == "parquet"
      error_message = "records_layout none needs sink parquet: otherwise records go nowhere."
    }

    precondition {
      condition     = var.stage == "local" || !contains([1, 2, 3, 4], var.split_max_receives)
      error_message = "split_max_receives must be 5 or more: throttled receives count too, and time is no reason for a dead letter."
    }

    precondition {
      condition     = var.stage == "local" || !contains([1, 2, 3, 4], var.batch_max_receives)
      error_message = "batch_max_receives must be 5 or more: throttled receives count too, and time is no reason for a dead letter."
    }

    precondition {
      condition     = var.access_logs_bucket == "" || var.access_logs_bucket != var.existing_input_bucket
      error_message = "access_logs_bucket must not be the input bucket, which would read its own access logs forever: name another bucket."
    }

    precondition {
      condition     = var.replica_bucket_arn == "" || var.replica_key_arn != ""
      error_message = "replica_bucket_arn needs replica_key_arn: a KMS key in the replica's region."
    }

    precondition {
      condition     = var.existing_input_bucket == "" || var.replica_bucket_arn == ""
      error_message = "replica_bucket_arn is for the bucket that Froe makes: replicate a bucket of yours by its own settings and leave this out."
    }

    precondition {
      condition     = var.processes_image == "" || var.processes_subnets != ""
      error_message = "processes_image needs processes_subnets: the subnets in which the processes run."
    }

    precondition {
      condition     = var.input_expiry_days == 0 || var.input_expiry_days > var.archive_after_days
      error_message = "input_expiry_days must be longer than archive_after_days, as S3 moves nothing that it has deleted: set one of them to 0, or raise input_expiry_days."
    }
  }
}
