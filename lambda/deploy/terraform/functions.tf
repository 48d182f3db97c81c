# One zip, whose handler says which step a function is.

locals {
  functions = local.functions_of[var.variant]
  # What plans: the schedules call it, where they call a function.
  first = local.is_small ? "runner" : "planner"

  functions_of = {
    full = {
      planner = {
        handler     = "plan"
        description = "confhouse: writes the plan of a run; checks daily how old the newest run is"
        memory      = var.planner_memory
        storage     = var.scanner_storage
        environment = {
          REPORT_BUCKET             = local.bucket
          REPORT_PREFIX             = var.report_prefix
          CONFHOUSE_ROLE_NAME       = var.role_name
          CONFHOUSE_EXTERNAL_ID     = var.external_id
          CONFHOUSE_REGIONS         = var.regions
          CONFHOUSE_INCLUDE_OU      = var.include_ou
          CONFHOUSE_EXCLUDE_OU      = var.exclude_ou
          CONFHOUSE_EXCLUDE_ACCOUNT = var.exclude_account
          CONFHOUSE_SHARDS          = var.shards
        }
      }
      scanner = {
        handler     = "scan"
        description = "confhouse: reads the accounts of one shard"
        memory      = var.scanner_memory
        storage     = var.scanner_storage
        environment = {
          REPORT_BUCKET         = local.bucket
          REPORT_PREFIX         = var.report_prefix
          CONFHOUSE_ROLE_NAME   = var.role_name
          CONFHOUSE_EXTERNAL_ID = var.external_id
          CONFHOUSE_REGIONS     = var.regions
          CONFHOUSE_TAG_PREFIX  = var.tag_prefix
          CONFHOUSE_OWNER_TAG   = var.owner_tag
          CONFHOUSE_CONCURRENCY = tostring(var.concurrency)
        }
      }
      merger = {
        handler     = "merge"
        description = "confhouse: merges the shards of a run into the history"
        memory      = var.merger_memory
        storage     = var.history_storage
        environment = {
          REPORT_BUCKET       = local.bucket
          REPORT_PREFIX       = var.report_prefix
          CONFHOUSE_OWNER_TAG = var.owner_tag
        }
      }
      reporter = {
        handler     = "report"
        description = "confhouse: renders the workbook of a run, and tells of it"
        memory      = var.reporter_memory
        storage     = var.history_storage
        environment = {
          REPORT_BUCKET         = local.bucket
          REPORT_PREFIX         = var.report_prefix
          CONFHOUSE_SNS_TOPIC   = aws_sns_topic.report.arn
          CONFHOUSE_MAIL_FROM   = var.mail_from
          CONFHOUSE_MAIL_TO     = var.mail_to
          CONFHOUSE_MAIL_ATTACH = var.mail_attach
        }
      }
    }
    small = {
      runner = {
        handler     = "run"
        description = "confhouse: plans, scans and merges in one; checks daily how old the newest run is"
        memory      = var.runner_memory
        storage     = var.history_storage
        environment = {
          REPORT_BUCKET             = local.bucket
          REPORT_PREFIX             = var.report_prefix
          CONFHOUSE_ROLE_NAME       = var.role_name
          CONFHOUSE_EXTERNAL_ID     = var.external_id
          CONFHOUSE_REGIONS         = var.regions
          CONFHOUSE_INCLUDE_OU      = var.include_ou
          CONFHOUSE_EXCLUDE_OU      = var.exclude_ou
          CONFHOUSE_EXCLUDE_ACCOUNT = var.exclude_account
          CONFHOUSE_SHARDS          = var.shards
          CONFHOUSE_TAG_PREFIX      = var.tag_prefix
          CONFHOUSE_OWNER_TAG       = var.owner_tag
          CONFHOUSE_CONCURRENCY     = tostring(var.concurrency)
          CONFHOUSE_NO_REPORT       = "true"
        }
      }
      reporter = {
        handler     = "report"
        description = "confhouse: renders the workbook of a run, and tells of it"
        memory      = var.reporter_memory
        storage     = var.history_storage
        environment = {
          REPORT_BUCKET         = local.bucket
          REPORT_PREFIX         = var.report_prefix
          CONFHOUSE_SNS_TOPIC   = aws_sns_topic.report.arn
          CONFHOUSE_MAIL_FROM   = var.mail_from
          CONFHOUSE_MAIL_TO     = var.mail_to
          CONFHOUSE_MAIL_ATTACH = var.mail_attach
        }
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/platform-compliance-${each.key}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "step" {
  for_each                       = local.functions
  function_name                  = "platform-compliance-${each.key}"
  description                    = each.value.description
  runtime                        = "provided.al2023"
  architectures                  = [var.architecture]
  handler                        = each.value.handler
  s3_bucket                      = var.code_bucket
  s3_key                         = var.code_key
  s3_object_version              = var.code_object_version != "" ? var.code_object_version : null
  role                           = aws_iam_role.function[each.key].arn
  memory_size                    = each.value.memory
  timeout                        = 900
  reserved_concurrent_executions = each.key == "scanner" && var.scanner_reserved_concurrency > 0 ? var.scanner_reserved_concurrency : -1
  publish                        = true # what a roll back goes to

  ephemeral_storage {
    size = each.value.storage
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.function[each.key].name
    log_format            = "JSON"
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  environment {
    variables = each.value.environment
  }
}

resource "aws_lambda_alias" "live" {
  for_each         = local.functions
  name             = "live"
  function_name    = aws_lambda_function.step[each.key].function_name
  function_version = var.live_version != "" ? var.live_version : aws_lambda_function.step[each.key].version
}
