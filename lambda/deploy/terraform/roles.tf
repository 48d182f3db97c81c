# Roles. ../permissions.csv has the reason of each permission, and what is lost without it. The names of
# scanner and runner stand in the trust of the module ./spoke.

data "aws_iam_policy_document" "trust_lambda" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "trust_states" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "trust_scheduler" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "logs" {
  for_each = local.functions

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/platform-compliance-${each.key}:*"]
  }
}

data "aws_iam_policy_document" "plan" {
  statement {
    actions = [
      "organizations:DescribeOrganization",
      "organizations:ListAccounts",
      "organizations:ListAccountsForParent",
      "organizations:ListOrganizationalUnitsForParent",
      "organizations:ListRoots",
      "organizations:ListTagsForResource",
      "tag:GetResources",
      "ec2:DescribeRegions",
    ]
    resources = ["*"]
  }

  statement {
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arn]
  }

  statement {
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local.store_arn}batches/*"]
  }

  statement {
    actions   = ["s3:GetObject"]
    resources = ["${local.store_arn}history/*"]
  }

  dynamic "statement" {
    for_each = local.has_key ? [var.kms_key_arn] : []

    content {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "scan" {
  statement {
    actions   = ["sts:AssumeRole"]
    resources = ["arn:${local.partition}:iam::*:role/${var.role_name}"]
  }

  statement {
    actions = [
      "config:DescribeComplianceByConfigRule",
      "config:DescribeConfigRules",
      "config:DescribeConfigurationRecorderStatus",
      "config:GetComplianceDetailsByConfigRule",
      "config:ListTagsForResource",
      "config:SelectResourceConfig",
      "ec2:DescribeRegions",
      "tag:GetResources",
    ]
    resources = ["*"]
  }

  statement {
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [local.bucket_arn]
  }

  statement {
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    resources = ["${local.store_arn}batches/*"]
  }

  dynamic "statement" {
    for_each = local.has_key ? [var.kms_key_arn] : []

    content {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "merge" {
  statement {
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [local.bucket_arn]
  }

  statement {
    actions   = ["s3:GetObject"]
    resources = ["${local.store_arn}batches/*", "${local.store_arn}waivers.csv"]
  }

  statement {
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${local.store_arn}history/*"]
  }

  statement {
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    resources = ["${local.store_arn}raw/*"]
  }

  dynamic "statement" {
    for_each = local.has_key ? [var.kms_key_arn] : []

    content {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "report" {
  statement {
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [local.bucket_arn]
  }

  statement {
    actions   = ["s3:GetObject"]
    resources = ["${local.store_arn}history/*"]
  }

  statement {
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    resources = ["${local.store_arn}reports/*"]
  }

  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.report.arn]
  }

  dynamic "statement" {
    for_each = var.mail_from != "" ? [var.mail_identity_arn] : []

    content {
      actions   = ["ses:SendEmail", "ses:SendRawEmail"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = local.has_key ? [var.kms_key_arn] : []

    content {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "machine" {
  count = local.is_full ? 1 : 0

  statement {
    actions = ["lambda:InvokeFunction"]
    resources = [
      aws_lambda_alias.live["planner"].arn,
      aws_lambda_alias.live["scanner"].arn,
      aws_lambda_alias.live["merger"].arn,
      aws_lambda_alias.live["reporter"].arn,
    ]
  }

  statement {
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  statement {
    actions   = ["states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"]
    resources = ["${local.executions_arn}/*"]
  }

  statement {
    actions = [
      "s3:AbortMultipartUpload",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = ["${local.store_arn}batches/*"]
  }

  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarm.arn]
  }

  statement {
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = local.has_key ? [var.kms_key_arn] : []

    content {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "schedule" {
  dynamic "statement" {
    for_each = local.is_full ? [local.state_machine_arn] : []

    content {
      actions   = ["states:StartExecution"]
      resources = [statement.value]
    }
  }

  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = [aws_lambda_alias.live[local.first].arn]
  }

  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]
  }
}

resource "aws_iam_role" "function" {
  for_each             = local.functions
  name                 = "platform-compliance-${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust_lambda.json
  permissions_boundary = var.permissions_boundary != "" ? var.permissions_boundary : null
}

resource "aws_iam_role_policy" "logs" {
  for_each = local.functions
  name     = "logs"
  role     = aws_iam_role.function[each.key].id
  policy   = data.aws_iam_policy_document.logs[each.key].json
}

resource "aws_iam_role_policy" "plan" {
  name   = "plan"
  role   = aws_iam_role.function[local.is_small ? "runner" : "planner"].id
  policy = data.aws_iam_policy_document.plan.json
}

resource "aws_iam_role_policy" "scan" {
  name   = "scan"
  role   = aws_iam_role.function[local.is_small ? "runner" : "scanner"].id
  policy = data.aws_iam_policy_document.scan.json
}

resource "aws_iam_role_policy" "merge" {
  name   = "merge"
  role   = aws_iam_role.function[local.is_small ? "runner" : "merger"].id
  policy = data.aws_iam_policy_document.merge.json
}

resource "aws_iam_role_policy" "report" {
  name   = "report"
  role   = aws_iam_role.function["reporter"].id
  policy = data.aws_iam_policy_document.report.json
}

resource "aws_iam_role" "machine" {
  count                = local.is_full ? 1 : 0
  name                 = "platform-compliance-statemachine"
  assume_role_policy   = data.aws_iam_policy_document.trust_states.json
  permissions_boundary = var.permissions_boundary != "" ? var.permissions_boundary : null
}

resource "aws_iam_role_policy" "machine" {
  count  = local.is_full ? 1 : 0
  name   = "machine"
  role   = aws_iam_role.machine[0].id
  policy = data.aws_iam_policy_document.machine[0].json
}

resource "aws_iam_role" "scheduler" {
  name                 = "platform-compliance-scheduler"
  assume_role_policy   = data.aws_iam_policy_document.trust_scheduler.json
  permissions_boundary = var.permissions_boundary != "" ? var.permissions_boundary : null
}

resource "aws_iam_role_policy" "schedule" {
  name   = "schedule"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.schedule.json
}
