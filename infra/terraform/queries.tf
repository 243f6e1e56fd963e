# Saved queries of Logs Insights.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_cloudwatch_query_definition" "errors_query" {
  name = "froe-${var.stage}/errors"
  log_group_names = concat([
    aws_cloudwatch_log_group.splitter_logs.name,
    aws_cloudwatch_log_group.queued_splitter_logs.name,
    aws_cloudwatch_log_group.worker_logs.name,
    aws_cloudwatch_log_group.dead_letter_consumer_logs.name,
    aws_cloudwatch_log_group.notifier_logs.name,
    aws_cloudwatch_log_group.sweeper_logs.name,
    aws_cloudwatch_log_group.api_handler_logs.name,
    aws_cloudwatch_log_group.authorizer_logs.name,
  ], [for lane in keys(var.lanes) : "/aws/lambda/froe-${var.stage}-worker_${lane}"])
  query_string = join("\n", [
    "fields @timestamp, level, message, file_id, batch_id, function_request_id, xray_trace_id, exception, @log",
    "| filter level in [\"ERROR\", \"CRITICAL\"]",
    "| sort @timestamp desc",
    "| limit 200",
  ])
}

resource "aws_cloudwatch_query_definition" "slow_batches_query" {
  name            = "froe-${var.stage}/slow-batches"
  log_group_names = concat([aws_cloudwatch_log_group.worker_logs.name], [for lane in keys(var.lanes) : "/aws/lambda/froe-${var.stage}-worker_${lane}"])
  query_string = join("\n", [
    "fields @timestamp, seconds, format, parsed, rejected, file_id, batch_id, xray_trace_id",
    "| filter message = \"batch_done\"",
    "| sort seconds desc",
    "| limit 50",
  ])
}

resource "aws_cloudwatch_query_definition" "rejects_by_reason_query" {
  name            = "froe-${var.stage}/rejects-by-reason"
  log_group_names = concat([aws_cloudwatch_log_group.worker_logs.name], [for lane in keys(var.lanes) : "/aws/lambda/froe-${var.stage}-worker_${lane}"])
  query_string = join("\n", [
    "fields @timestamp",
    "| filter message = \"batch_done\" and rejected > 0",
    "| parse @message /\"reasons\":\\{(?<found>[^}]*)\\}/",
    "| stats sum(rejected) as entries, count(*) as batches, latest(file_id) as example by format, found",
    "| sort entries desc",
  ])
}

resource "aws_cloudwatch_query_definition" "rejects_by_format_query" {
  name            = "froe-${var.stage}/rejects-by-format"
  log_group_names = concat([aws_cloudwatch_log_group.worker_logs.name], [for lane in keys(var.lanes) : "/aws/lambda/froe-${var.stage}-worker_${lane}"])
  query_string = join("\n", [
    "fields @timestamp",
    "| filter message = \"batch_done\"",
    "| stats sum(rejected) as entries, sum(parsed) as records, 100 * sum(rejected) / (sum(rejected) + sum(parsed)) as percent by format",
    "| sort percent desc",
  ])
}

resource "aws_cloudwatch_query_definition" "file_query" {
  name = "froe-${var.stage}/one-file"
  log_group_names = concat([
    aws_cloudwatch_log_group.splitter_logs.name,
    aws_cloudwatch_log_group.queued_splitter_logs.name,
    aws_cloudwatch_log_group.worker_logs.name,
    aws_cloudwatch_log_group.dead_letter_consumer_logs.name,
    aws_cloudwatch_log_group.notifier_logs.name,
    aws_cloudwatch_log_group.sweeper_logs.name,
    aws_cloudwatch_log_group.api_handler_logs.name,
    aws_cloudwatch_log_group.authorizer_logs.name,
  ], [for lane in keys(var.lanes) : "/aws/lambda/froe-${var.stage}-worker_${lane}"])
  query_string = join("\n", [
    "fields @timestamp, level, message, batch_id, seconds, parsed, rejected, function_request_id, xray_trace_id, @log",
    "| filter file_id = \"PUT-THE-FILE-ID-HERE\"",
    "| sort @timestamp asc",
    "| limit 1000",
  ])
}

resource "aws_cloudwatch_query_definition" "memory_query" {
  name = "froe-${var.stage}/duration-and-memory"
  log_group_names = concat([
    aws_cloudwatch_log_group.splitter_logs.name,
    aws_cloudwatch_log_group.queued_splitter_logs.name,
    aws_cloudwatch_log_group.worker_logs.name,
    aws_cloudwatch_log_group.dead_letter_consumer_logs.name,
    aws_cloudwatch_log_group.notifier_logs.name,
    aws_cloudwatch_log_group.sweeper_logs.name,
    aws_cloudwatch_log_group.api_handler_logs.name,
    aws_cloudwatch_log_group.authorizer_logs.name,
  ], [for lane in keys(var.lanes) : "/aws/lambda/froe-${var.stage}-worker_${lane}"])
  query_string = join("\n", [
    "fields @timestamp",
    "| filter @type = \"REPORT\"",
    "| stats count(*) as invocations, avg(@duration) as average_ms, pct(@duration, 99) as p99_ms, max(@maxMemoryUsed) / 1000000 as used_mb, max(@memorySize) / 1000000 as given_mb, count(@initDuration) as cold_starts by @log",
  ])
}
