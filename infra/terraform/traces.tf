# Which requests X-Ray follows, and the traces of the stage as a group.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_xray_sampling_rule" "trace_sampling" {
  rule_name      = "froe-${var.stage}"
  version        = 1
  priority       = 5000
  fixed_rate     = var.trace_rate
  reservoir_size = var.trace_reservoir
  service_name   = "froe-${var.stage}*"
  service_type   = "*"
  host           = "*"
  http_method    = "*"
  url_path       = "*"
  resource_arn   = "*"
}

resource "aws_xray_group" "trace_group" {
  group_name = "froe-${var.stage}"
  filter_expression = join(" OR ", concat([
    "service(\"froe-${var.stage}-splitter\")",
    "service(\"froe-${var.stage}-queued_splitter\")",
    "service(\"froe-${var.stage}-worker\")",
    "service(\"froe-${var.stage}-dead_letter_consumer\")",
    "service(\"froe-${var.stage}-notifier\")",
    "service(\"froe-${var.stage}-sweeper\")",
    "service(\"froe-${var.stage}\")",
    "service(\"froe-${var.stage}-authorizer\")",
  ], [for lane in keys(var.lanes) : "service(\"froe-${var.stage}-worker_${lane}\")"]))

  insights_configuration {
    insights_enabled      = false
    notifications_enabled = false
  }
}
