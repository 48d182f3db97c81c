# Whom it tells: readers of the reports, and whoever runs this.

resource "aws_sns_topic" "report" {
  name              = "platform-compliance-reports"
  kms_master_key_id = var.topic_kms_key_id != "" ? var.topic_kms_key_id : null
}

resource "aws_sns_topic" "alarm" {
  name              = "platform-compliance-alarms"
  kms_master_key_id = var.topic_kms_key_id != "" ? var.topic_kms_key_id : null
}

data "aws_iam_policy_document" "report_topic" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.report.arn]

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
}

data "aws_iam_policy_document" "alarm_topic" {
  statement {
    sid       = "Alarms"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarm.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:platform-compliance-*"]
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarm.arn]

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
}

resource "aws_sns_topic_policy" "report" {
  arn    = aws_sns_topic.report.arn
  policy = data.aws_iam_policy_document.report_topic.json
}

resource "aws_sns_topic_policy" "alarm" {
  arn    = aws_sns_topic.alarm.arn
  policy = data.aws_iam_policy_document.alarm_topic.json
}

resource "aws_sns_topic_subscription" "alarm" {
  count     = var.alarm_mail != "" ? 1 : 0
  topic_arn = aws_sns_topic.alarm.arn
  protocol  = "email"
  endpoint  = var.alarm_mail
}

resource "aws_sns_topic_subscription" "report" {
  count     = var.report_mail != "" ? 1 : 0
  topic_arn = aws_sns_topic.report.arn
  protocol  = "email"
  endpoint  = var.report_mail
}
