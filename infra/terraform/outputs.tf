# The outputs of the data stack, under the same names; `settings` is what the functions and their policies need.
# Written from the templates in infra by `make terraform`: change those.

output "input_bucket" {
  value = local.input_bucket
}

output "quarantine_bucket" {
  value = aws_s3_bucket.quarantine_bucket.id
}

output "split_queue" {
  value = aws_sqs_queue.split_queue.url
}

output "batch_queue" {
  value = aws_sqs_queue.batch_queue.url
}

output "dead_letter_queue" {
  value = aws_sqs_queue.dead_letter_queue.url
}

output "records_table" {
  value = aws_dynamodb_table.records_table.name
}

output "ledger_table" {
  value = aws_dynamodb_table.ledger_table.name
}

output "ledger_stream_arn" {
  value = aws_dynamodb_table.ledger_table.stream_arn
}

output "notices_topic_arn" {
  value = aws_sns_topic.notices_topic.arn
}

output "stage" {
  value = var.stage
}

output "records_layout" {
  value = var.records_layout
}

output "sink" {
  value = var.sink
}

output "results_bucket" {
  value = aws_s3_bucket.results_bucket.id
}

output "key_arn" {
  value       = aws_kms_key.key.arn
  description = "For the other stacks of the stage; exported outputs are not settings"
}

output "alarms_topic" {
  value       = aws_sns_topic.alarms_topic.arn
  description = "For the alarms of the stage"
}

output "notices_topic" {
  value       = aws_sns_topic.notices_topic.arn
  description = "For the backfills of the stage"
}

output "settings" {
  value = {
    INPUT_BUCKET      = local.input_bucket
    QUARANTINE_BUCKET = aws_s3_bucket.quarantine_bucket.id
    SPLIT_QUEUE       = aws_sqs_queue.split_queue.url
    BATCH_QUEUE       = aws_sqs_queue.batch_queue.url
    DEAD_LETTER_QUEUE = aws_sqs_queue.dead_letter_queue.url
    RECORDS_TABLE     = aws_dynamodb_table.records_table.name
    LEDGER_TABLE      = aws_dynamodb_table.ledger_table.name
    LEDGER_STREAM_ARN = aws_dynamodb_table.ledger_table.stream_arn
    NOTICES_TOPIC_ARN = aws_sns_topic.notices_topic.arn
    STAGE             = var.stage
    RECORDS_LAYOUT    = var.records_layout
    SINK              = var.sink
    RESULTS_BUCKET    = aws_s3_bucket.results_bucket.id
    KEY_ARN           = aws_kms_key.key.arn
  }
}

output "backfill" {
  description = "The ARN that `aws stepfunctions start-execution` takes; null without a state machine"
  value       = var.backfill ? aws_sfn_state_machine.backfill[0].arn : null
}

output "processes_role" {
  description = "The role of the tasks, for what they read beside the stage's own input bucket; null without processes"
  value       = local.makes_processes ? aws_iam_role.processes_role[0].name : null
}
