/* Files under --s3-dir: part of s3_store.h. */
#ifndef SIM_S3_DISK_H
#define SIM_S3_DISK_H

#include "s3_store.h"

/* Makes the bucket's folder and tells of each object that is in it. */
typedef void S3DiskEach(void *context, const char *key, const S3Meta *meta);
Status s3_disk_open_bucket(const char *dir, const char *bucket, S3DiskEach *each, void *context,
                           Err *err) WARN_UNUSED;

S3Result s3_disk_write(const char *dir, const char *bucket, const char *key, const S3Blob *blob);
int s3_disk_open(const char *dir, const char *bucket, const char *key); /* -1 when it fails */
bool s3_disk_remove(const char *dir, const char *bucket, const char *key);

#endif
