# The parameters of the templates, under the same names.
# Written from the templates in infra by `make terraform`: change those.

variable "stage" {
  description = "The Chalice stage; part of every name"
  type        = string
  default     = "dev"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.stage))
    error_message = "stage must be: 1 to 16 characters: lower-case letters, digits and hyphens, a letter first."
  }
}

variable "existing_input_bucket" {
  description = "An existing bucket of your own to read logs from; empty to create one. It keeps its settings and its notifications"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.existing_input_bucket))
    error_message = "existing_input_bucket must be: the name of an existing bucket, without s3:// or arn:, or nothing to create one."
  }
}

variable "records_layout" {
  description = "How records are stored in their table from now on: each as an item (items), compressed together for a twenty-fifth of the write units (packed), or not at all, with a sink (none). Files that were opened before keep their layout"
  type        = string
  default     = "items"
  nullable    = false

  validation {
    condition     = contains(["items", "packed", "none"], var.records_layout)
    error_message = "records_layout must be: items, packed or none."
  }
}

variable "sink" {
  description = "Where records are stored beside their table from now on: nowhere else (none), or as Parquet in the results bucket, for SQL (parquet). Files that were opened before keep their sink"
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "parquet"], var.sink)
    error_message = "sink must be: none or parquet."
  }
}

variable "log_retention_days" {
  description = "Days for which the functions' logs are kept"
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be: a number of days that CloudWatch Logs accepts, such as 7, 30, 90, 365 or 3653."
  }
}

variable "logs_key" {
  description = "What encrypts the functions' logs"
  type        = string
  default     = "stage"
  nullable    = false

  validation {
    condition     = contains(["stage", "aws"], var.logs_key)
    error_message = "logs_key must be: stage (the key of the data stack) or aws (CloudWatch's own)."
  }
}

variable "processes_image" {
  description = "The image of Dockerfile, where you pushed it; empty for no processes"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^[a-zA-Z0-9][a-zA-Z0-9./_-]*(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$", var.processes_image))
    error_message = "processes_image must be: an image with its tag or digest, or nothing for no processes."
  }
}

variable "processes_repository" {
  description = "The repository of ECR in this account and region from which the image is pulled"
  type        = string
  default     = "froe"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9./_-]*$", var.processes_repository))
    error_message = "processes_repository must be: the name of a repository of ECR."
  }
}

variable "processes_subnets" {
  description = "Subnets of the processes, from which S3, SQS, DynamoDB, SNS, ECR and CloudWatch Logs can be reached"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^subnet-[0-9a-f]+(,subnet-[0-9a-f]+)*$", var.processes_subnets))
    error_message = "processes_subnets must be: ids of subnets (subnet-…) with commas between them, or nothing."
  }
}

variable "processes_security_groups" {
  description = "Security groups of the processes, which need no way in and HTTPS out; empty for the default one of the VPC"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^sg-[0-9a-f]+(,sg-[0-9a-f]+)*$", var.processes_security_groups))
    error_message = "processes_security_groups must be: ids of security groups (sg-…) with commas between them, or nothing."
  }
}

variable "processes_public_ip" {
  description = "Whether a task gets a public address, which it needs in a public subnet without endpoints"
  type        = string
  default     = "DISABLED"
  nullable    = false

  validation {
    condition     = contains(["DISABLED", "ENABLED"], var.processes_public_ip)
    error_message = "processes_public_ip must be: DISABLED or ENABLED."
  }
}

variable "processes_architecture" {
  description = "For which processor the image is"
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.processes_architecture)
    error_message = "processes_architecture must be: X86_64 or ARM64."
  }
}

variable "processes_cpu" {
  description = "Processor of a task; 1024 is one of it, which a worker uses"
  type        = number
  default     = 1024
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.processes_cpu)
    error_message = "processes_cpu must be: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "processes_memory" {
  description = "Memory of a task in MiB, as Fargate allows it for processes_cpu; a process takes about 150"
  type        = number
  default     = 2048
  nullable    = false

  validation {
    condition     = var.processes_memory >= 512 && var.processes_memory <= 122880
    error_message = "processes_memory must be: a whole number from 512 to 122880."
  }
}

variable "processes_lane" {
  description = "The lane whose batches the processes take"
  type        = string
  default     = "default"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,15}$", var.processes_lane))
    error_message = "processes_lane must be: 1 to 16 lower-case letters and digits, a letter first."
  }
}

variable "processes_workers" {
  description = "Processes of a task that parse; 0 leaves the batches to the functions"
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.processes_workers >= 0 && var.processes_workers <= 256
    error_message = "processes_workers must be: a whole number from 0 to 256."
  }
}

variable "processes_splitters" {
  description = "Processes of a task that cut; 0 leaves the splits to the functions"
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.processes_splitters >= 0 && var.processes_splitters <= 256
    error_message = "processes_splitters must be: a whole number from 0 to 256."
  }
}

variable "processes_dead_letter_consumers" {
  description = "Processes of a task that quarantine dead letters; 0 leaves those to the functions"
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.processes_dead_letter_consumers >= 0 && var.processes_dead_letter_consumers <= 16
    error_message = "processes_dead_letter_consumers must be: a whole number from 0 to 16."
  }
}

variable "processes_min" {
  description = "Tasks that run when nothing waits"
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.processes_min >= 0 && var.processes_min <= 1000
    error_message = "processes_min must be: a whole number from 0 to 1000."
  }
}

variable "processes_max" {
  description = "Tasks that run at most"
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = var.processes_max >= 1 && var.processes_max <= 1000
    error_message = "processes_max must be: a whole number from 1 to 1000."
  }
}

variable "processes_settings" {
  description = "Settings of the functions beside those that name resources: `froe deploy` takes them from .chalice/config.json"
  type        = string
  default     = "{}"
  nullable    = false

  validation {
    condition     = can(regex("^\\{.*\\}$", var.processes_settings))
    error_message = "processes_settings must be: a JSON object of settings and their values as texts."
  }
}

variable "processes_redaction_key_arn" {
  description = "The secret whose text is REDACTION_KEY, where froe.toml hides by a keyed hash"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$", var.processes_redaction_key_arn))
    error_message = "processes_redaction_key_arn must be: the ARN of a secret of Secrets Manager, or nothing."
  }
}

variable "keys_taken" {
  description = "Which keys are logs: `froe deploy` derives it from INPUT_KEYS"
  type        = string
  default     = "^"
  nullable    = false

  validation {
    condition     = can(regex("^[^\\\\\"]+$", var.keys_taken))
    error_message = "keys_taken must be: a regular expression without quotes, backslashes and slashes outside of [ ]."
  }
}

variable "keys_left_out" {
  description = "Which of these keys are excluded: `froe deploy` derives it from INPUT_KEYS"
  type        = string
  default     = "^$"
  nullable    = false

  validation {
    condition     = can(regex("^[^\\\\\"]+$", var.keys_left_out))
    error_message = "keys_left_out must be: a regular expression without quotes, backslashes and slashes outside of [ ]."
  }
}

variable "split_queue_age_seconds" {
  description = "Age of the oldest split message that raises an alarm"
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.split_queue_age_seconds >= 60 && var.split_queue_age_seconds <= 1209600
    error_message = "split_queue_age_seconds must be: whole seconds from 60 to 1209600."
  }
}

variable "batch_queue_age_seconds" {
  description = "Age of the oldest batch message that raises an alarm"
  type        = number
  default     = 1800
  nullable    = false

  validation {
    condition     = var.batch_queue_age_seconds >= 60 && var.batch_queue_age_seconds <= 1209600
    error_message = "batch_queue_age_seconds must be: whole seconds from 60 to 1209600."
  }
}

variable "dead_letter_queue_age_seconds" {
  description = "Age of the oldest dead letter that raises an alarm"
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.dead_letter_queue_age_seconds >= 60 && var.dead_letter_queue_age_seconds <= 1209600
    error_message = "dead_letter_queue_age_seconds must be: whole seconds from 60 to 1209600."
  }
}

variable "rejected_percent" {
  description = "Share of rejects among all entries in 15 minutes that raises an alarm"
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.rejected_percent >= 0 && var.rejected_percent <= 100
    error_message = "rejected_percent must be: a percentage from 0 to 100."
  }
}

variable "rejected_minimum" {
  description = "Fewer entries than these in 15 minutes raise no alarm"
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.rejected_minimum >= 1 && var.rejected_minimum <= 1000000000
    error_message = "rejected_minimum must be: a whole number of entries, 1 or more."
  }
}

variable "near_timeout_percent" {
  description = "Share of its timeout that a function may take before an alarm"
  type        = number
  default     = 80
  nullable    = false

  validation {
    condition     = var.near_timeout_percent >= 1 && var.near_timeout_percent <= 100
    error_message = "near_timeout_percent must be: a percentage from 1 to 100."
  }
}

variable "patient_near_timeout_percent" {
  description = "The same for splitter, queued_splitter, worker and sweeper, which use up their time"
  type        = number
  default     = 99
  nullable    = false

  validation {
    condition     = var.patient_near_timeout_percent >= 1 && var.patient_near_timeout_percent <= 100
    error_message = "patient_near_timeout_percent must be: a percentage from 1 to 100."
  }
}

variable "slow_batch_seconds" {
  description = "A batch that took this long counts as slow"
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.slow_batch_seconds >= 1 && var.slow_batch_seconds <= 900
    error_message = "slow_batch_seconds must be: whole seconds from 1 to 900."
  }
}

variable "splitter_timeout_seconds" {
  description = "lambda_timeout of splitter"
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.splitter_timeout_seconds >= 1 && var.splitter_timeout_seconds <= 900
    error_message = "splitter_timeout_seconds must be: 1 to 900 seconds."
  }
}

variable "queued_splitter_timeout_seconds" {
  description = "lambda_timeout of queued_splitter"
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.queued_splitter_timeout_seconds >= 1 && var.queued_splitter_timeout_seconds <= 900
    error_message = "queued_splitter_timeout_seconds must be: 1 to 900 seconds."
  }
}

variable "worker_timeout_seconds" {
  description = "lambda_timeout of worker"
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.worker_timeout_seconds >= 1 && var.worker_timeout_seconds <= 900
    error_message = "worker_timeout_seconds must be: 1 to 900 seconds."
  }
}

variable "dead_letter_consumer_timeout_seconds" {
  description = "lambda_timeout of dead_letter_consumer"
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.dead_letter_consumer_timeout_seconds >= 1 && var.dead_letter_consumer_timeout_seconds <= 900
    error_message = "dead_letter_consumer_timeout_seconds must be: 1 to 900 seconds."
  }
}

variable "notifier_timeout_seconds" {
  description = "lambda_timeout of notifier"
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.notifier_timeout_seconds >= 1 && var.notifier_timeout_seconds <= 900
    error_message = "notifier_timeout_seconds must be: 1 to 900 seconds."
  }
}

variable "sweeper_timeout_seconds" {
  description = "lambda_timeout of sweeper"
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.sweeper_timeout_seconds >= 1 && var.sweeper_timeout_seconds <= 900
    error_message = "sweeper_timeout_seconds must be: 1 to 900 seconds."
  }
}

variable "api_handler_timeout_seconds" {
  description = "lambda_timeout of api_handler"
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.api_handler_timeout_seconds >= 1 && var.api_handler_timeout_seconds <= 900
    error_message = "api_handler_timeout_seconds must be: 1 to 900 seconds."
  }
}

variable "authorizer_timeout_seconds" {
  description = "lambda_timeout of authorizer"
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.authorizer_timeout_seconds >= 1 && var.authorizer_timeout_seconds <= 900
    error_message = "authorizer_timeout_seconds must be: 1 to 900 seconds."
  }
}

variable "trace_rate" {
  description = "Share of requests to the API and of backfills that X-Ray follows beyond the reservoir"
  type        = number
  default     = 0.05
  nullable    = false

  validation {
    condition     = var.trace_rate >= 0 && var.trace_rate <= 1
    error_message = "trace_rate must be: a share from 0 (none) to 1 (all)."
  }
}

variable "trace_reservoir" {
  description = "Requests a second that X-Ray follows in any case"
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.trace_reservoir >= 0 && var.trace_reservoir <= 1000
    error_message = "trace_reservoir must be: a whole number from 0 to 1000."
  }
}

variable "ingest" {
  description = "How uploads are announced: S3 calls the splitter (direct), or sends to the split queue by itself (queue), over SNS (topic) or EventBridge; the same as the stage's setting INGEST"
  type        = string
  default     = "direct"
  nullable    = false

  validation {
    condition     = contains(["direct", "queue", "topic", "eventbridge"], var.ingest)
    error_message = "ingest must be: direct, queue, topic or eventbridge, as the stage's INGEST in .chalice/config.json says: `froe deploy` passes it."
  }
}

variable "other_input_buckets" {
  description = "Further input buckets: `froe deploy` derives them from INPUT_BUCKETS. They announce objects to the split queue"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^[a-z0-9][a-z0-9.-]+(,[a-z0-9][a-z0-9.-]+)*$", var.other_input_buckets))
    error_message = "other_input_buckets must be: names of buckets, separated by commas, or nothing."
  }
}

variable "input_accounts" {
  description = "Other accounts whose buckets in INPUT_BUCKETS may announce objects"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^[0-9]{12}(,[0-9]{12})*$", var.input_accounts))
    error_message = "input_accounts must be: AWS account numbers of 12 digits, separated by commas, or nothing."
  }
}

variable "input_topic_arns" {
  description = "Topics that announce objects of INPUT_BUCKETS to the split queue, such as those of buckets in other regions"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+(,arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)*$", var.input_topic_arns))
    error_message = "input_topic_arns must be: ARNs of SNS topics, separated by commas, or nothing."
  }
}

variable "archive_after_days" {
  description = "Days after which input objects move to archive_storage_class; 0 never. Longer than SWEEP_DAYS, in which the sweeper looks for objects that were never announced"
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.archive_after_days >= 0 && var.archive_after_days <= 36500
    error_message = "archive_after_days must be: whole days from 0 to 36500; 0 keeps objects where they are."
  }
}

variable "archive_storage_class" {
  description = "Where input objects move to: GLACIER_IR can still be read at once (by froe verify too), GLACIER and DEEP_ARCHIVE must be restored first"
  type        = string
  default     = "GLACIER_IR"
  nullable    = false

  validation {
    condition     = contains(["GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"], var.archive_storage_class)
    error_message = "archive_storage_class must be: GLACIER_IR, GLACIER or DEEP_ARCHIVE."
  }
}

variable "input_expiry_days" {
  description = "Days after which input objects are deleted; 0 never. Longer than archive_after_days"
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.input_expiry_days >= 0 && var.input_expiry_days <= 36500
    error_message = "input_expiry_days must be: whole days from 0 to 36500; 0 keeps objects forever."
  }
}

variable "old_version_days" {
  description = "Days for which overwritten and deleted versions are kept in every bucket"
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.old_version_days >= 1 && var.old_version_days <= 36500
    error_message = "old_version_days must be: whole days from 1 to 36500."
  }
}

variable "abandoned_upload_days" {
  description = "Days after which the parts of an unfinished multipart upload are deleted"
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.abandoned_upload_days >= 1 && var.abandoned_upload_days <= 365
    error_message = "abandoned_upload_days must be: whole days from 1 to 365."
  }
}

variable "quarantine_expiry_days" {
  description = "Days for which quarantined messages are kept; 0 forever. A dead letter can be redriven only while its message is kept"
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.quarantine_expiry_days >= 0 && var.quarantine_expiry_days <= 36500
    error_message = "quarantine_expiry_days must be: whole days from 0 to 36500; 0 keeps them forever."
  }
}

variable "results_expiry_days" {
  description = "Days for which objects in the results bucket are kept; 0 forever"
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.results_expiry_days >= 0 && var.results_expiry_days <= 36500
    error_message = "results_expiry_days must be: whole days from 0 to 36500; 0 keeps them forever."
  }
}

variable "access_logs_bucket" {
  description = "A bucket for S3's server access logs; empty for none. It must let logging.s3.amazonaws.com write and be encrypted with SSE-S3"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_logs_bucket)) && !can(regex("^froe-[a-z0-9-]+-input-", var.access_logs_bucket))
    error_message = "access_logs_bucket must be: the name of a bucket other than the input bucket, which would read its own access logs forever, or nothing."
  }
}

variable "replica_bucket_arn" {
  description = "A versioned bucket in another region that gets a copy of every input object; empty for none"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.replica_bucket_arn))
    error_message = "replica_bucket_arn must be: the ARN of a versioned bucket in another region (arn:aws:s3:::NAME), or nothing."
  }
}

variable "replica_key_arn" {
  description = "The KMS key that encrypts the replicas, in the replica's region"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.replica_key_arn))
    error_message = "replica_key_arn must be: the ARN of a KMS key in the region of replica_bucket_arn, or nothing."
  }
}

variable "data_events_trail" {
  description = "Whether CloudTrail records who reads and writes objects of the buckets, in a bucket of its own"
  type        = bool
  default     = false
  nullable    = false
}

variable "trail_expiry_days" {
  description = "Days for which CloudTrail's files are kept"
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.trail_expiry_days >= 1 && var.trail_expiry_days <= 36500
    error_message = "trail_expiry_days must be: whole days from 1 to 36500."
  }
}

variable "split_visibility_seconds" {
  description = "At least 6 x the timeout of queued_splitter"
  type        = number
  default     = 1800
  nullable    = false

  validation {
    condition     = var.split_visibility_seconds >= 1 && var.split_visibility_seconds <= 43200
    error_message = "split_visibility_seconds must be: 6 times the lambda_timeout of queued_splitter or more, at most 43200 seconds."
  }
}

variable "batch_visibility_seconds" {
  description = "At least 6 x the timeout of worker"
  type        = number
  default     = 360
  nullable    = false

  validation {
    condition     = var.batch_visibility_seconds >= 1 && var.batch_visibility_seconds <= 43200
    error_message = "batch_visibility_seconds must be: 6 times the lambda_timeout of worker or more, at most 43200 seconds."
  }
}

variable "dead_letter_visibility_seconds" {
  description = "At least 6 x the timeout of dead_letter_consumer"
  type        = number
  default     = 360
  nullable    = false

  validation {
    condition     = var.dead_letter_visibility_seconds >= 1 && var.dead_letter_visibility_seconds <= 43200
    error_message = "dead_letter_visibility_seconds must be: 6 times the lambda_timeout of dead_letter_consumer or more, at most 43200 seconds."
  }
}

variable "split_max_receives" {
  description = "Receives of a split message before it becomes a dead letter; at least 5 (only the stage local may have fewer), as throttled receives count too"
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.split_max_receives >= 1 && var.split_max_receives <= 1000
    error_message = "split_max_receives must be: a whole number from 5 to 1000."
  }
}

variable "batch_max_receives" {
  description = "Receives of a batch message before it becomes a dead letter; at least 5 (only the stage local may have fewer), as throttled receives count too"
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.batch_max_receives >= 1 && var.batch_max_receives <= 1000
    error_message = "batch_max_receives must be: a whole number from 5 to 1000."
  }
}

variable "source_retention_seconds" {
  description = "How long the split and batch queues keep a message; the dead-letter queue keeps it until 14 days after it was first sent"
  type        = number
  default     = 345600
  nullable    = false

  validation {
    condition     = var.source_retention_seconds >= 3600 && var.source_retention_seconds <= 864000
    error_message = "source_retention_seconds must be: 3600 to 864000 seconds: at least 4 days less than the dead-letter queue's 14, or messages expire there unseen."
  }
}

variable "query_max_bytes" {
  description = "The most bytes that one query of the sink may scan in Athena, which stops the query there and charges $5 a TB; for sink parquet"
  type        = number
  default     = 100000000000
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{7,14}$", var.query_max_bytes))
    error_message = "query_max_bytes must be: from 10000000 bytes, Athena's minimum, to 999999999999999."
  }
}

variable "api_query_max_bytes" {
  description = "The same of one query by HTTP or on the page, which any token may ask, 50 an hour"
  type        = number
  default     = 10000000000
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{7,14}$", var.api_query_max_bytes))
    error_message = "api_query_max_bytes must be: from 10000000 bytes, Athena's minimum, to 999999999999999."
  }
}

variable "records_warm_write_units" {
  description = "Write units a second that the records table can take from the start, for a first load of many files; 0 for DynamoDB's default of 4,000"
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = can(regex("^(0|[4-9][0-9]{3}|[1-9][0-9]{4,5}|[1-3][0-9]{6}|4000000)$", var.records_warm_write_units))
    error_message = "records_warm_write_units must be: 0, or 4000 to 4000000: DynamoDB cannot be warmed to less than a new table has."
  }
}

variable "records_max_write_units" {
  description = "The most write units a second that the records table may use, which limits its cost; 0 for the account's limit only. At least 400, which the largest item needs at once"
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.records_max_write_units >= 0 && var.records_max_write_units <= 4000000
    error_message = "records_max_write_units must be: 0 for no limit, or the units that you are ready to pay for."
  }
}

variable "ledger_warm_write_units" {
  description = "As records_warm_write_units, for the ledger table"
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = can(regex("^(0|[4-9][0-9]{3}|[1-9][0-9]{4,5}|[1-3][0-9]{6}|4000000)$", var.ledger_warm_write_units))
    error_message = "ledger_warm_write_units must be: 0, or 4000 to 4000000: DynamoDB cannot be warmed to less than a new table has."
  }
}

variable "ledger_max_write_units" {
  description = "As records_max_write_units, for the ledger table"
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.ledger_max_write_units >= 0 && var.ledger_max_write_units <= 4000000
    error_message = "ledger_max_write_units must be: 0 for no limit, or the units that you are ready to pay for."
  }
}

variable "recovery_days" {
  description = "How many days back the tables can be restored to any second"
  type        = number
  default     = 35
  nullable    = false

  validation {
    condition     = var.recovery_days >= 1 && var.recovery_days <= 35
    error_message = "recovery_days must be: whole days from 1 to 35."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the tables; `froe destroy --delete-data` lifts it"
  type        = bool
  default     = true
  nullable    = false
}

variable "notices_email" {
  description = "Who gets notices by e-mail, and alarms if alarms_email is empty; empty for nobody. SNS asks that address to confirm"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.notices_email))
    error_message = "notices_email must be: an e-mail address, or nothing."
  }
}

variable "notices_by_email" {
  description = "Which notices go to notices_email. SNS stops a subscription by e-mail that gets more than 10 a second: use all only for few files"
  type        = string
  default     = "attention"
  nullable    = false

  validation {
    condition     = contains(["attention", "all"], var.notices_by_email)
    error_message = "notices_by_email must be: attention (neither COMPLETE files nor single dead letters) or all."
  }
}

variable "alarms_email" {
  description = "Who gets alarms by e-mail; they have a topic of their own. Empty for notices_email. SNS asks that address to confirm"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^$|^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alarms_email))
    error_message = "alarms_email must be: an e-mail address, or nothing."
  }
}

variable "backfill" {
  description = "Whether there is a state machine that announces the objects that are in the input bucket already"
  type        = bool
  default     = false
}

variable "lanes" {
  description = "Lanes beside the default one, each a batch queue and a worker: name => timeout of the worker, and how long its queue hides a message; `chalice package` writes them"
  type        = map(object({ timeout_seconds = number, visibility_seconds = number }))
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.lanes) < 4 && alltrue([for lane in keys(var.lanes) : can(regex("^[a-z][a-z0-9]{0,15}$", lane))])
    error_message = "lanes must be: at most 3 names of 1 to 16 lower-case letters and digits, a letter first."
  }
}
