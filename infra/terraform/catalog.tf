# The sink as a table of Athena, and what its queries may scan.
# Written from the templates in infra by `make terraform`: change those.

resource "aws_glue_catalog_database" "sink_database" {
  count = local.has_sink ? 1 : 0

  catalog_id  = local.account
  name        = join("_", split("-", "froe-${var.stage}"))
  description = "What the Froe stage ${var.stage} has read, for SQL"
}

resource "aws_glue_catalog_table" "sink_table" {
  count = local.has_sink ? 1 : 0

  catalog_id    = local.account
  database_name = aws_glue_catalog_database.sink_database[0].name
  name          = "records"
  description   = "A row for each record and reject; attributes that have no column are JSON in attributes"
  table_type    = "EXTERNAL_TABLE"
  parameters = {
    EXTERNAL                      = "TRUE"
    classification                = "parquet"
    "projection.enabled"          = "true"
    "projection.file_format.type" = "injected"
    "projection.date.type"        = "date"
    "projection.date.format"      = "yyyy-MM-dd"
    "projection.date.range"       = "2020-01-01,NOW"
    "storage.location.template"   = "s3://${aws_s3_bucket.results_bucket.id}/records/format=$${file_format}/date=$${date}"
  }

  partition_keys {
    name = "file_format"
    type = "string"
  }

  partition_keys {
    name = "date"
    type = "string"
  }

  storage_descriptor {
    location      = "s3://${aws_s3_bucket.results_bucket.id}/records/"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }

    columns {
      name = "file_id"
      type = "string"
    }

    columns {
      name = "batch_id"
      type = "string"
    }

    columns {
      name = "offset"
      type = "bigint"
    }

    columns {
      name = "length"
      type = "bigint"
    }

    columns {
      name = "lines"
      type = "bigint"
    }

    columns {
      name = "kind"
      type = "string"
    }

    columns {
      name = "format"
      type = "string"
    }

    columns {
      name = "time"
      type = "timestamp"
    }

    columns {
      name = "time_assumed"
      type = "string"
    }

    columns {
      name = "severity_number"
      type = "bigint"
    }

    columns {
      name = "severity_text"
      type = "string"
    }

    columns {
      name = "body"
      type = "string"
    }

    columns {
      name = "reason"
      type = "string"
    }

    columns {
      name = "raw"
      type = "binary"
    }

    columns {
      name = "time_text"
      type = "string"
    }

    columns {
      name = "replaced"
      type = "boolean"
    }

    columns {
      name = "aws_request_id"
      type = "string"
    }

    columns {
      name = "client_address"
      type = "string"
    }

    columns {
      name = "client_port"
      type = "bigint"
    }

    columns {
      name = "cloud_account_id"
      type = "string"
    }

    columns {
      name = "cloud_region"
      type = "string"
    }

    columns {
      name = "code_file_path"
      type = "string"
    }

    columns {
      name = "code_function_name"
      type = "string"
    }

    columns {
      name = "code_line_number"
      type = "bigint"
    }

    columns {
      name = "db_namespace"
      type = "string"
    }

    columns {
      name = "db_query_text"
      type = "string"
    }

    columns {
      name = "db_response_status_code"
      type = "string"
    }

    columns {
      name = "destination_address"
      type = "string"
    }

    columns {
      name = "destination_port"
      type = "bigint"
    }

    columns {
      name = "dns_question_name"
      type = "string"
    }

    columns {
      name = "error_message"
      type = "string"
    }

    columns {
      name = "event_name"
      type = "string"
    }

    columns {
      name = "exception_message"
      type = "string"
    }

    columns {
      name = "exception_stacktrace"
      type = "string"
    }

    columns {
      name = "exception_type"
      type = "string"
    }

    columns {
      name = "host_name"
      type = "string"
    }

    columns {
      name = "http_request_body_size"
      type = "bigint"
    }

    columns {
      name = "http_request_header_referer"
      type = "string"
    }

    columns {
      name = "http_request_header_x_forwarded_for"
      type = "string"
    }

    columns {
      name = "http_request_method"
      type = "string"
    }

    columns {
      name = "http_request_size"
      type = "bigint"
    }

    columns {
      name = "http_response_body_size"
      type = "bigint"
    }

    columns {
      name = "http_response_size"
      type = "bigint"
    }

    columns {
      name = "http_response_status_code"
      type = "bigint"
    }

    columns {
      name = "k8s_namespace_name"
      type = "string"
    }

    columns {
      name = "k8s_pod_name"
      type = "string"
    }

    columns {
      name = "log_logger"
      type = "string"
    }

    columns {
      name = "log_record_format"
      type = "string"
    }

    columns {
      name = "log_record_original"
      type = "string"
    }

    columns {
      name = "log_record_timestamp"
      type = "string"
    }

    columns {
      name = "network_peer_address"
      type = "string"
    }

    columns {
      name = "network_protocol_name"
      type = "string"
    }

    columns {
      name = "network_protocol_version"
      type = "string"
    }

    columns {
      name = "network_transport"
      type = "string"
    }

    columns {
      name = "process_executable_name"
      type = "string"
    }

    columns {
      name = "process_pid"
      type = "bigint"
    }

    columns {
      name = "server_address"
      type = "string"
    }

    columns {
      name = "server_port"
      type = "bigint"
    }

    columns {
      name = "service_name"
      type = "string"
    }

    columns {
      name = "source_address"
      type = "string"
    }

    columns {
      name = "source_port"
      type = "bigint"
    }

    columns {
      name = "syslog_facility_code"
      type = "bigint"
    }

    columns {
      name = "syslog_severity_code"
      type = "bigint"
    }

    columns {
      name = "thread_id"
      type = "bigint"
    }

    columns {
      name = "thread_name"
      type = "string"
    }

    columns {
      name = "tls_cipher"
      type = "string"
    }

    columns {
      name = "tls_protocol_version"
      type = "string"
    }

    columns {
      name = "url_domain"
      type = "string"
    }

    columns {
      name = "url_full"
      type = "string"
    }

    columns {
      name = "url_original"
      type = "string"
    }

    columns {
      name = "url_path"
      type = "string"
    }

    columns {
      name = "url_query"
      type = "string"
    }

    columns {
      name = "url_scheme"
      type = "string"
    }

    columns {
      name = "user_id"
      type = "string"
    }

    columns {
      name = "user_name"
      type = "string"
    }

    columns {
      name = "user_agent_original"
      type = "string"
    }

    columns {
      name = "attributes"
      type = "string"
    }
  }
}

resource "aws_athena_workgroup" "sink_work_group" {
  count = local.has_sink ? 1 : 0

  name          = "froe-${var.stage}"
  description   = "Queries of the sink: bounded, their answers encrypted and kept for a day"
  state         = "ENABLED"
  force_destroy = true

  configuration {
    bytes_scanned_cutoff_per_query     = var.query_max_bytes
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${aws_s3_bucket.results_bucket.id}/athena/"
      expected_bucket_owner = local.account

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = aws_kms_key.key.arn
      }
    }
  }
}

resource "aws_athena_workgroup" "sink_api_work_group" {
  count = local.has_sink ? 1 : 0

  name          = "froe-${var.stage}.api"
  description   = "Queries of the sink by HTTP: bounded, their answers encrypted and kept for a day"
  state         = "ENABLED"
  force_destroy = true

  configuration {
    bytes_scanned_cutoff_per_query     = var.api_query_max_bytes
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${aws_s3_bucket.results_bucket.id}/athena/api/"
      expected_bucket_owner = local.account

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = aws_kms_key.key.arn
      }
    }
  }
}
