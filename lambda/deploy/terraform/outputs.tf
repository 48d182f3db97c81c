output "bucket_name" {
  description = "The store of the history"
  value       = local.bucket
}

output "state_machine_arn" {
  description = "What the schedule starts, and what an operator may start by hand; empty in the small variant"
  value       = local.is_full ? aws_sfn_state_machine.run[0].arn : ""
}

output "runner_alias_arn" {
  description = "What the schedule calls, and what an operator may call by hand; empty in the full variant"
  value       = local.is_small ? aws_lambda_alias.live["runner"].arn : ""
}

output "live_version" {
  description = "Version that was published last, for live_version of a later roll back"
  value       = aws_lambda_function.step["reporter"].version
}

output "alarm_topic_arn" {
  value = aws_sns_topic.alarm.arn
}

output "report_topic_arn" {
  value = aws_sns_topic.report.arn
}
