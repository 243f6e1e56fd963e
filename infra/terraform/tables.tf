# Records and ledger.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_dynamodb_table" "records_table" {
  name                        = "froe-${var.stage}-records"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = local.protects_tables

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  dynamic "on_demand_throughput" {
    for_each = local.bounds_records ? [1] : []
    content {
      max_write_request_units = var.records_max_write_units
    }
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = var.recovery_days
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.key.arn
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_dynamodb_contributor_insights" "records_table" {
  table_name = aws_dynamodb_table.records_table.name
}

resource "aws_dynamodb_table" "ledger_table" {
  name                        = "froe-${var.stage}-ledger"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = local.protects_tables
  stream_enabled              = true
  stream_view_type            = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  attribute {
    name = "state"
    type = "S"
  }

  attribute {
    name = "opened"
    type = "S"
  }

  attribute {
    name = "key"
    type = "S"
  }

  attribute {
    name = "shelf"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  dynamic "on_demand_throughput" {
    for_each = local.bounds_ledger ? [1] : []
    content {
      max_write_request_units = var.ledger_max_write_units
    }
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = var.recovery_days
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.key.arn
  }

  global_secondary_index {
    name            = "by_state"
    hash_key        = "state"
    range_key       = "opened"
    projection_type = "KEYS_ONLY"
  }

  global_secondary_index {
    name            = "by_key"
    hash_key        = "key"
    range_key       = "opened"
    projection_type = "KEYS_ONLY"
  }

  global_secondary_index {
    name               = "by_opened"
    hash_key           = "shelf"
    range_key          = "opened"
    projection_type    = "INCLUDE"
    non_key_attributes = ["key", "format"]
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_dynamodb_contributor_insights" "ledger_table" {
  table_name = aws_dynamodb_table.ledger_table.name
}
