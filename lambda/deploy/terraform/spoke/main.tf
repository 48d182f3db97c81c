# confhouse, spoke: the same as ../../spoke-role.yaml, for one account. Its comments say why.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80"
    }
  }
}

variable "hub_account_id" {
  type        = string
  description = "The account that the hub's stack is in."

  validation {
    condition     = can(regex("^[0-9]{12}$", var.hub_account_id))
    error_message = "Must match ^[0-9]{12}$."
  }
}

variable "organization_id" {
  type        = string
  description = "The organization that the hub's account must be in."

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "Must match ^o-[a-z0-9]{10,32}$."
  }
}

variable "external_id" {
  type        = string
  default     = ""
  description = "External id that the hub must name, as its parameter ExternalId does. None when empty."
  sensitive   = true

  validation {
    condition     = can(regex("^(|[A-Za-z0-9+=,.@:/_-]{2,1224})$", var.external_id))
    error_message = "Must match ^(|[A-Za-z0-9+=,.@:/_-]{2,1224})$."
  }
}

variable "role_name" {
  type        = string
  default     = "configreport-read-role"
  description = "As the hub's parameter RoleName."

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "Must match ^[A-Za-z0-9+=,.@_-]{1,64}$."
  }
}

variable "operator_role_arn" {
  type        = string
  default     = ""
  description = "One more role of the hub's account that may use this, for the command line. None when empty."

  validation {
    condition     = can(regex("^(|arn:[^:]*:iam::[0-9]{12}:role/.+)$", var.operator_role_arn))
    error_message = "Must match ^(|arn:[^:]*:iam::[0-9]{12}:role/.+)$."
  }
}

variable "permissions_boundary" {
  type        = string
  default     = ""
  description = "ARN of a policy that bounds the role. None when empty."

  validation {
    condition     = can(regex("^(|arn:[^:]*:iam::.*:policy/.+)$", var.permissions_boundary))
    error_message = "Must match ^(|arn:[^:]*:iam::.*:policy/.+)$."
  }
}

data "aws_partition" "current" {}

locals {
  hub = "arn:${data.aws_partition.current.partition}:iam::${var.hub_account_id}"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["${local.hub}:root"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values = compact([
        "${local.hub}:role/platform-compliance-scanner",
        "${local.hub}:role/platform-compliance-runner",
        var.operator_role_arn,
      ])
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = [var.organization_id]
    }

    dynamic "condition" {
      for_each = nonsensitive(var.external_id) != "" ? [var.external_id] : []

      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "read" {
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
}

resource "aws_iam_role" "spoke" {
  name                 = var.role_name
  description          = "Lets confhouse read rules, evaluations and tags of AWS Config"
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary != "" ? var.permissions_boundary : null
  assume_role_policy   = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "read" {
  name   = "read"
  role   = aws_iam_role.spoke.id
  policy = data.aws_iam_policy_document.read.json
}

output "role_arn" {
  value = aws_iam_role.spoke.arn
}
