# confhouse, hub: the same as ../hub.yaml, for those who use Terraform. Its comments say why; the tests
# hold the two against each other.
#
#     module "confhouse" {
#       source      = "./lambda/deploy/terraform"
#       code_bucket = "my-artifacts"
#       code_key    = "confhouse/1.0.0/confhouse.zip"
#     }
#
# The role of the other accounts is the module ./spoke.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  is_small = var.variant == "small"
  is_full  = var.variant == "full"
  has_key  = var.kms_key_arn != ""

  name       = "platform-compliance"
  bucket     = "platform-compliance-reports-${local.account}"
  bucket_arn = "arn:${local.partition}:s3:::${local.bucket}"
  store_arn  = "${local.bucket_arn}/${var.report_prefix}"

  state_machine_arn = "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${local.name}"
  executions_arn    = "arn:${local.partition}:states:${local.region}:${local.account}:execution:${local.name}"
}
