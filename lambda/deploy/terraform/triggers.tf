# What starts the functions.

resource "aws_sqs_queue" "dead_letters" {
  name                      = "platform-compliance-dead-letters"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
}

data "aws_iam_policy_document" "dead_letters" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.dead_letters.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  dynamic "statement" {
    for_each = aws_cloudwatch_event_rule.merged[*].arn

    content {
      sid       = "Events"
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.dead_letters.arn]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = [statement.value]
      }
    }
  }
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id
  policy    = data.aws_iam_policy_document.dead_letters.json
}

resource "aws_cloudwatch_log_group" "machine" {
  count             = local.is_full ? 1 : 0
  name              = "/aws/vendedlogs/states/platform-compliance"
  retention_in_days = var.log_retention_days
}

resource "aws_sfn_state_machine" "run" {
  count    = local.is_full ? 1 : 0
  name     = local.name
  type     = "STANDARD"
  role_arn = aws_iam_role.machine[0].arn
  definition = templatefile("${path.module}/../../statemachine.asl.json", {
    PlanFunction   = aws_lambda_alias.live["planner"].arn
    ScanFunction   = aws_lambda_alias.live["scanner"].arn
    MergeFunction  = aws_lambda_alias.live["merger"].arn
    ReportFunction = aws_lambda_alias.live["reporter"].arn
    Topic          = aws_sns_topic.alarm.arn
  })

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.machine[0].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  depends_on = [aws_iam_role_policy.machine]
}

resource "aws_scheduler_schedule" "run" {
  name                         = "platform-compliance-run"
  description                  = "Begins a run"
  state                        = var.schedule_state
  schedule_expression          = var.schedule_expression
  schedule_expression_timezone = var.schedule_timezone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = local.is_small ? aws_lambda_alias.live["runner"].arn : local.state_machine_arn
    role_arn = aws_iam_role.scheduler.arn
    input    = local.is_small ? "{\"mode\":\"run\",\"time\":\"<aws.scheduler.scheduled-time>\"}" : "{\"mode\":\"plan\",\"time\":\"<aws.scheduler.scheduled-time>\"}"

    retry_policy {
      maximum_retry_attempts       = 20
      maximum_event_age_in_seconds = 21600
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }

  depends_on = [aws_sfn_state_machine.run]
}

resource "aws_scheduler_schedule" "check" {
  name                = "platform-compliance-check"
  description         = "Measures how old the newest run is"
  schedule_expression = "rate(12 hours)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_alias.live[local.first].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = "{\"mode\":\"check\",\"time\":\"<aws.scheduler.scheduled-time>\"}"

    retry_policy {
      maximum_retry_attempts       = 20
      maximum_event_age_in_seconds = 21600
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }
}

resource "aws_cloudwatch_event_rule" "merged" {
  count       = local.is_small ? 1 : 0
  name        = "platform-compliance-merged"
  description = "A run was merged, and its report is due"
  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail = {
      bucket = { name = [local.bucket] }
      object = { key = [{ prefix = "${var.report_prefix}raw/config-rules-" }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "merged" {
  count     = local.is_small ? 1 : 0
  rule      = aws_cloudwatch_event_rule.merged[0].name
  target_id = "reporter"
  arn       = aws_lambda_alias.live["reporter"].arn

  retry_policy {
    maximum_retry_attempts       = 20
    maximum_event_age_in_seconds = 21600
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

resource "aws_lambda_permission" "merged" {
  count          = local.is_small ? 1 : 0
  function_name  = aws_lambda_function.step["reporter"].function_name
  qualifier      = aws_lambda_alias.live["reporter"].name
  action         = "lambda:InvokeFunction"
  principal      = "events.amazonaws.com"
  source_arn     = aws_cloudwatch_event_rule.merged[0].arn
  source_account = local.account
}
