# Alarms. docs/operations.md says of each what to do.

locals {
  # A scanner uses its time up on purpose: it writes what it has, and is called again.
  functions_with_limit = { for name, function in local.functions : name => function if name != "scanner" }

  executions = local.is_full ? {
    ExecutionsFailed   = { name = "failed", how = "failed" }
    ExecutionsTimedOut = { name = "timed-out", how = "ran out of time" }
    ExecutionsAborted  = { name = "aborted", how = "was stopped" }
  } : {}

  merge_mode = local.is_small ? "run" : "merge"
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each            = local.functions
  alarm_name          = "platform-compliance-${each.key}-errors"
  alarm_description   = "The ${each.key} failed. Its log says why."
  alarm_actions       = [aws_sns_topic.alarm.arn]
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.step[each.key].function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each            = local.functions
  alarm_name          = "platform-compliance-${each.key}-throttles"
  alarm_description   = "The ${each.key} was not started for want of concurrency."
  alarm_actions       = [aws_sns_topic.alarm.arn]
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = aws_lambda_function.step[each.key].function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  for_each            = local.functions_with_limit
  alarm_name          = "platform-compliance-${each.key}-duration"
  alarm_description   = "The ${each.key} took more than 13 of its 15 minutes: give it more memory, or move it to Fargate."
  alarm_actions       = [aws_sns_topic.alarm.arn]
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  dimensions          = { FunctionName = aws_lambda_function.step[each.key].function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 780000
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "executions" {
  for_each            = local.executions
  alarm_name          = "platform-compliance-executions-${each.value.name}"
  alarm_description   = "A run ${each.value.how} as an execution of the state machine. No Catch sees each of these."
  alarm_actions       = [aws_sns_topic.alarm.arn]
  namespace           = "AWS/States"
  metric_name         = each.key
  dimensions          = { StateMachineArn = aws_sfn_state_machine.run[0].arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "platform-compliance-dead-letters"
  alarm_description   = "An event could not be delivered. The queue has it."
  alarm_actions       = [aws_sns_topic.alarm.arn]
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "missed_run" {
  alarm_name          = "platform-compliance-missed-run"
  alarm_description   = "The newest run is older than it should be, or there is none yet."
  alarm_actions       = [aws_sns_topic.alarm.arn]
  namespace           = "confhouse"
  metric_name         = "RunAgeDays"
  dimensions          = { Mode = "check" }
  statistic           = "Maximum"
  period              = 86400
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.max_run_age_days
  treat_missing_data  = "breaching"
}

resource "aws_cloudwatch_metric_alarm" "low_coverage" {
  alarm_name          = "platform-compliance-low-coverage"
  alarm_description   = "The newest run could not read enough of what it planned. Sheet Coverage of the workbook lists the gaps."
  alarm_actions       = [aws_sns_topic.alarm.arn]
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = var.min_coverage_percent
  treat_missing_data  = "ignore"

  metric_query {
    id          = "coverage"
    expression  = "100 * scanned / planned"
    label       = "Scopes that were read, in percent"
    return_data = true
  }

  metric_query {
    id = "scanned"

    metric {
      namespace   = "confhouse"
      metric_name = "ScopesScanned"
      dimensions  = { Mode = local.merge_mode }
      stat        = "Sum"
      period      = 3600
    }
  }

  metric_query {
    id = "planned"

    metric {
      namespace   = "confhouse"
      metric_name = "ScopesPlanned"
      dimensions  = { Mode = local.merge_mode }
      stat        = "Sum"
      period      = 3600
    }
  }
}

resource "aws_cloudwatch_dashboard" "run" {
  dashboard_name = "platform-compliance"
  dashboard_body = templatefile("${path.module}/dashboard.json", {
    region = local.region
    plan   = local.is_small ? "run" : "plan"
    scan   = local.is_small ? "run" : "batch"
    merge  = local.merge_mode
  })
}
