# The store. It outlives the module: a bucket that holds anything cannot be destroyed, and with
# create_bucket = false the module works with one that is there already.

resource "aws_s3_bucket" "store" {
  count  = var.create_bucket == "yes" ? 1 : 0
  bucket = local.bucket
}

resource "aws_s3_bucket_versioning" "store" {
  count  = var.create_bucket == "yes" ? 1 : 0
  bucket = aws_s3_bucket.store[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "store" {
  count  = var.create_bucket == "yes" ? 1 : 0
  bucket = aws_s3_bucket.store[0].id

  rule {
    bucket_key_enabled = local.has_key ? true : null

    apply_server_side_encryption_by_default {
      sse_algorithm     = local.has_key ? "aws:kms" : "AES256"
      kms_master_key_id = local.has_key ? var.kms_key_arn : null
    }
  }
}

resource "aws_s3_bucket_public_access_block" "store" {
  count                   = var.create_bucket == "yes" ? 1 : 0
  bucket                  = aws_s3_bucket.store[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "store" {
  count  = var.create_bucket == "yes" ? 1 : 0
  bucket = aws_s3_bucket.store[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_notification" "store" {
  count       = var.create_bucket == "yes" ? 1 : 0
  bucket      = aws_s3_bucket.store[0].id
  eventbridge = local.is_small ? true : false
}

resource "aws_s3_bucket_lifecycle_configuration" "store" {
  count                                  = var.create_bucket == "yes" ? 1 : 0
  bucket                                 = aws_s3_bucket.store[0].id
  transition_default_minimum_object_size = var.archive_small_objects

  rule {
    id     = "archive-raw"
    status = "Enabled"

    filter {
      prefix = "${var.report_prefix}raw/"
    }

    transition {
      days          = var.archive_after_days
      storage_class = var.archive_class
    }
  }

  rule {
    id     = "archive-reports"
    status = "Enabled"

    filter {
      prefix = "${var.report_prefix}reports/"
    }

    transition {
      days          = var.archive_after_days
      storage_class = var.archive_class
    }
  }

  rule {
    id     = "expire-batches"
    status = "Enabled"

    filter {
      prefix = "${var.report_prefix}batches/"
    }

    expiration {
      days = var.batch_days
    }
  }

  rule {
    id     = "expire-noncurrent-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  rule {
    id     = "expire-delete-markers"
    status = "Enabled"

    filter {}

    expiration {
      expired_object_delete_marker = true
    }
  }

  depends_on = [aws_s3_bucket_versioning.store]
}

data "aws_iam_policy_document" "store" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.bucket_arn, "${local.bucket_arn}/*"]

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

resource "aws_s3_bucket_policy" "store" {
  count  = var.create_bucket == "yes" ? 1 : 0
  bucket = aws_s3_bucket.store[0].id
  policy = data.aws_iam_policy_document.store.json
}
