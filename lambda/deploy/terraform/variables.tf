# The parameters of ../hub.yaml, by the same names and with the same defaults. A change of any of them
# publishes new versions by itself here, so there is no "release"; the state machine's definition is
# read from this folder's neighbour.

variable "code_bucket" {
  type        = string
  description = "Bucket, in this region, of the zip and of the state machine's definition."
}

variable "code_key" {
  type        = string
  description = "Key of the zip there. Give each release a key of its own."
}

variable "code_object_version" {
  type        = string
  default     = ""
  description = "Version of that object; the newest when empty."
}

variable "live_version" {
  type        = string
  default     = ""
  description = "To roll back, the number of the version that the aliases point to; the one that this release publishes when empty."

  validation {
    condition     = can(regex("^[0-9]*$", var.live_version))
    error_message = "Must match ^[0-9]*$."
  }
}

variable "variant" {
  type        = string
  default     = "full"
  description = "With a state machine (full), or as one function for small organizations."

  validation {
    condition     = contains(["full", "small"], var.variant)
    error_message = "One of full, small."
  }
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "What the zip was built for."

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "One of x86_64, arm64."
  }
}

variable "schedule_expression" {
  type        = string
  default     = "cron(0 8 ? * MON *)"
  description = "When a run begins."
}

variable "schedule_timezone" {
  type        = string
  default     = "UTC"
  description = "Time zone of the schedule, like Europe/Berlin. The date of a run is that of its beginning in UTC."
}

variable "schedule_state" {
  type        = string
  default     = "ENABLED"

  validation {
    condition     = contains(["ENABLED", "DISABLED"], var.schedule_state)
    error_message = "One of ENABLED, DISABLED."
  }
}

variable "role_name" {
  type        = string
  default     = "configreport-read-role"
  description = "Role to assume in each account; spoke-role.yaml makes it."

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "Must match ^[A-Za-z0-9+=,.@_-]{1,64}$."
  }
}

variable "external_id" {
  type        = string
  default     = ""
  description = "External id that this role asks for. None when empty."
  sensitive   = true

  validation {
    condition     = can(regex("^(|[A-Za-z0-9+=,.@:/_-]{2,1224})$", var.external_id))
    error_message = "Must match ^(|[A-Za-z0-9+=,.@:/_-]{2,1224})$."
  }
}

variable "regions" {
  type        = string
  default     = ""
  description = "Regions to read, like eu-west-1,us-east-1, or \"all\" that an account has on; this stack's when empty."
}

variable "include_ou" {
  type        = string
  default     = ""
  description = "Read only accounts in or below these units (ids or patterns of paths, by commas)."
}

variable "exclude_ou" {
  type        = string
  default     = ""
  description = "Leave out accounts in or below these units."
}

variable "exclude_account" {
  type        = string
  default     = ""
  description = "Leave out these accounts (ids, patterns of names, or tags, by commas)."
}

variable "tag_prefix" {
  type        = string
  default     = "mox."
  description = "Keep the tags whose key begins so."
}

variable "owner_tag" {
  type        = string
  default     = "mox.owner"
  description = "Key of the tag that names an owner."
}

variable "shards" {
  type        = string
  default     = ""
  description = "Shards of a run; by the size of the organization when empty."

  validation {
    condition     = can(regex("^[0-9]*$", var.shards))
    error_message = "Must match ^[0-9]*$."
  }
}

variable "concurrency" {
  type        = number
  default     = 64
  description = "Calls in flight at once, in each scanner."

  validation {
    condition     = var.concurrency >= 1 && var.concurrency <= 1000
    error_message = "From 1 to 1000."
  }
}

variable "alarm_mail" {
  type        = string
  default     = ""
  description = "Address that gets the alarms. It must confirm the mail that it gets first. None when empty."
}

variable "report_mail" {
  type        = string
  default     = ""
  description = "Address that hears of each report by the topic. It must confirm, too. None when empty."
}

variable "mail_from" {
  type        = string
  default     = ""
  description = "Send a mail with the report's figures from this address by SES. None when empty."
}

variable "mail_to" {
  type        = string
  default     = ""
  description = "Who gets that mail (up to 50 addresses, by commas)."
}

variable "mail_attach" {
  type        = string
  default     = "false"
  description = "Attach the workbook to that mail, up to 7 MB."

  validation {
    condition     = contains(["true", "false"], var.mail_attach)
    error_message = "One of true, false."
  }
}

variable "mail_identity_arn" {
  type        = string
  default     = ""
  description = "ARN of the SES identity that MailFrom belongs to (its domain's or its own)."

  validation {
    condition     = can(regex("^(|arn:[^:]*:ses:.*:identity/.+)$", var.mail_identity_arn))
    error_message = "Must match ^(|arn:[^:]*:ses:.*:identity/.+)$."
  }
}

variable "max_run_age_days" {
  type        = number
  default     = 8
  description = "Alarm when the newest run is so many days old. A day more than the schedule's interval."

  validation {
    condition     = var.max_run_age_days >= 1
    error_message = "From 1 on."
  }
}

variable "min_coverage_percent" {
  type        = number
  default     = 95
  description = "Alarm when a run read fewer of its scopes than so many percent."

  validation {
    condition     = var.min_coverage_percent >= 0 && var.min_coverage_percent <= 100
    error_message = "From 0 to 100."
  }
}

variable "create_bucket" {
  type        = string
  default     = "yes"
  description = "\"no\" where the bucket is there already, as after the stack was deleted: it outlives the stack."

  validation {
    condition     = contains(["yes", "no"], var.create_bucket)
    error_message = "One of yes, no."
  }
}

variable "report_prefix" {
  type        = string
  default     = ""
  description = "Prefix of all keys in the bucket, with a slash at its end. None when empty."

  validation {
    condition     = can(regex("^(|([A-Za-z0-9=._-]+/)+)$", var.report_prefix))
    error_message = "Must match ^(|([A-Za-z0-9=._-]+/)+)$."
  }
}

variable "kms_key_arn" {
  type        = string
  default     = ""
  description = "Key that encrypts the bucket; S3's own when empty. Its policy must let this account's roles use it."

  validation {
    condition     = can(regex("^(|arn:[^:]*:kms:.*:key/.+)$", var.kms_key_arn))
    error_message = "Must match ^(|arn:[^:]*:kms:.*:key/.+)$."
  }
}

variable "topic_kms_key_id" {
  type        = string
  default     = ""
  description = "Customer key that encrypts the topics; none when empty. Its policy must let cloudwatch.amazonaws.com use kms:Decrypt and kms:GenerateDataKey*, which that of alias/aws/sns does not: alarms would be lost."
}

variable "archive_after_days" {
  type        = number
  default     = 90
  description = "Days after which raw/ and reports/ move to ArchiveClass."

  validation {
    condition     = var.archive_after_days >= 1
    error_message = "From 1 on."
  }
}

variable "archive_class" {
  type        = string
  default     = "GLACIER"
  description = "GLACIER and DEEP_ARCHIVE need hours to restore an object; GLACIER_IR none."

  validation {
    condition     = contains(["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"], var.archive_class)
    error_message = "One of GLACIER, DEEP_ARCHIVE, GLACIER_IR."
  }
}

variable "archive_small_objects" {
  type        = string
  default     = "all_storage_classes_128K"
  description = "\"varies_by_storage_class\" moves objects below 128 KB, too; each costs 40 KB more there."

  validation {
    condition     = contains(["all_storage_classes_128K", "varies_by_storage_class"], var.archive_small_objects)
    error_message = "One of all_storage_classes_128K, varies_by_storage_class."
  }
}

variable "batch_days" {
  type        = number
  default     = 90
  description = "Days after which the shards of a run (batches/) are deleted. All that they tell is in the history."

  validation {
    condition     = var.batch_days >= 1
    error_message = "From 1 on."
  }
}

variable "noncurrent_days" {
  type        = number
  default     = 90
  description = "Days after which replaced and deleted versions of objects are gone for good."

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "From 1 on."
  }
}

variable "log_retention_days" {
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "One of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "log_level" {
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "One of DEBUG, INFO, WARN, ERROR."
  }
}

variable "planner_memory" {
  type        = number
  default     = 512

  validation {
    condition     = var.planner_memory >= 128 && var.planner_memory <= 10240
    error_message = "From 128 to 10240."
  }
}

variable "scanner_memory" {
  type        = number
  default     = 1024

  validation {
    condition     = var.scanner_memory >= 128 && var.scanner_memory <= 10240
    error_message = "From 128 to 10240."
  }
}

variable "merger_memory" {
  type        = number
  default     = 2048

  validation {
    condition     = var.merger_memory >= 128 && var.merger_memory <= 10240
    error_message = "From 128 to 10240."
  }
}

variable "reporter_memory" {
  type        = number
  default     = 2048

  validation {
    condition     = var.reporter_memory >= 128 && var.reporter_memory <= 10240
    error_message = "From 128 to 10240."
  }
}

variable "runner_memory" {
  type        = number
  default     = 2048

  validation {
    condition     = var.runner_memory >= 128 && var.runner_memory <= 10240
    error_message = "From 128 to 10240."
  }
}

variable "scanner_storage" {
  type        = number
  default     = 512
  description = "MB of /tmp of planner and scanner. A shard lies there twice."

  validation {
    condition     = var.scanner_storage >= 512 && var.scanner_storage <= 10240
    error_message = "From 512 to 10240."
  }
}

variable "history_storage" {
  type        = number
  default     = 4096
  description = "MB of /tmp of merger, reporter and runner. The history lies there twice."

  validation {
    condition     = var.history_storage >= 512 && var.history_storage <= 10240
    error_message = "From 512 to 10240."
  }
}

variable "scanner_reserved_concurrency" {
  type        = number
  default     = 0
  description = "Scanners that may run at once, kept free for them; 0 reserves none. New accounts have 10 concurrent executions in all, of which none can be reserved."

  validation {
    condition     = var.scanner_reserved_concurrency >= 0
    error_message = "From 0 on."
  }
}

variable "permissions_boundary" {
  type        = string
  default     = ""
  description = "ARN of a policy that bounds each role of this stack. None when empty."

  validation {
    condition     = can(regex("^(|arn:[^:]*:iam::.*:policy/.+)$", var.permissions_boundary))
    error_message = "Must match ^(|arn:[^:]*:iam::.*:policy/.+)$."
  }
}
