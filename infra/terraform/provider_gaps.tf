# What the AWS provider 5.x does not take, by the AWS command line: without it the defaults of AWS stay.
# Written from the templates in infra by `make terraform`: change those.

variable "aws_cli" {
  description = "The AWS command line, 2.31 or newer, with credentials for the same account as the provider; empty to go without: then set BATCH_MAX_BYTES to 180000, as messages over 256 KiB are refused"
  type        = string
  default     = "aws"
  nullable    = false
}

locals {
  message_bytes = merge({
    split_queue       = 1048576
    batch_queue       = 1048576
    dead_letter_queue = 1048576
  }, { for lane in keys(var.lanes) : "batch_queue_${lane}" => 1048576 })
  insights_modes = {
    records_table = "THROTTLED_KEYS"
    ledger_table  = "THROTTLED_KEYS"
  }
  warm_write_units = {
    records_table = var.records_warm_write_units
    ledger_table  = var.ledger_warm_write_units
  }
  has_cli = var.aws_cli != ""
  queue_urls = merge({
    split_queue       = aws_sqs_queue.split_queue.url
    batch_queue       = aws_sqs_queue.batch_queue.url
    dead_letter_queue = aws_sqs_queue.dead_letter_queue.url
  }, { for lane, queue in aws_sqs_queue.batch_queue_of_lane : "batch_queue_${lane}" => queue.url })
  table_names = {
    records_table = aws_dynamodb_table.records_table.name
    ledger_table  = aws_dynamodb_table.ledger_table.name
  }
}

resource "terraform_data" "message_bytes" {
  for_each = local.has_cli ? local.message_bytes : {}

  triggers_replace = [local.queue_urls[each.key], each.value]

  provisioner "local-exec" {
    command = "\"$AWS_CLI\" sqs set-queue-attributes --queue-url \"$TARGET\" --attributes \"MaximumMessageSize=$VALUE\""
    environment = {
      AWS_CLI            = var.aws_cli
      AWS_DEFAULT_REGION = local.region
      TARGET             = local.queue_urls[each.key]
      VALUE              = each.value
    }
  }
}

resource "terraform_data" "insights_modes" {
  for_each = local.has_cli ? local.insights_modes : {}

  triggers_replace = [local.table_names[each.key], each.value]

  provisioner "local-exec" {
    command = "\"$AWS_CLI\" dynamodb update-contributor-insights --table-name \"$TARGET\" --contributor-insights-action ENABLE --contributor-insights-mode \"$VALUE\""
    environment = {
      AWS_CLI            = var.aws_cli
      AWS_DEFAULT_REGION = local.region
      TARGET             = local.table_names[each.key]
      VALUE              = each.value
    }
  }

  depends_on = [aws_dynamodb_contributor_insights.records_table, aws_dynamodb_contributor_insights.ledger_table]
}

resource "terraform_data" "warm_write_units" {
  for_each = local.has_cli ? { for table, units in local.warm_write_units : table => units if units > 0 } : {}

  triggers_replace = [local.table_names[each.key], each.value]

  provisioner "local-exec" {
    command = "\"$AWS_CLI\" dynamodb update-table --table-name \"$TARGET\" --warm-throughput \"WriteUnitsPerSecond=$VALUE\""
    environment = {
      AWS_CLI            = var.aws_cli
      AWS_DEFAULT_REGION = local.region
      TARGET             = local.table_names[each.key]
      VALUE              = each.value
    }
  }
}
