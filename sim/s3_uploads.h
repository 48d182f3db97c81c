/* S3Uploads: multipart uploads that are under way, their parts in memory. Safe to call from several
 * threads. */
#ifndef SIM_S3_UPLOADS_H
#define SIM_S3_UPLOADS_H

#include "s3_store.h"

enum { S3_MAX_PARTS = 10000, S3_UPLOAD_ID_SIZE = 33 };

typedef struct S3Uploads S3Uploads;

S3Uploads *s3_uploads_new(void);
void s3_uploads_free(S3Uploads *uploads);

/* `meta` is copied: it becomes the object's. */
void s3_uploads_begin(S3Uploads *uploads, const char *bucket, const char *key, const S3Meta *meta,
                      char ret_id[S3_UPLOAD_ID_SIZE]);

/* The upload that a call names: all three must fit. */
typedef struct S3UploadName {
    const char *bucket;
    const char *key;
    const char *id;
} S3UploadName;

/* The blob is held. A part of that number that is there already is replaced. False: no such upload.
 */
bool s3_uploads_put_part(S3Uploads *uploads, const S3UploadName *name, int number, S3Blob *blob,
                         const char *etag);

/* False: no such upload. */
bool s3_uploads_end(S3Uploads *uploads, const S3UploadName *name);

typedef struct S3Part {
    int number;
    char etag[S3_ETAG_SIZE];
    S3Blob *blob;
} S3Part;

typedef enum S3JoinResult {
    S3_JOINED,
    S3_NO_UPLOAD,
    S3_NO_PART,   /* not there, or with another ETag */
    S3_SMALL_PART /* under 5 MiB, and not the last */
} S3JoinResult;

/* The parts that are named (number and ETag), in their order, as one blob; `ret_meta` with the
 * ETag of the whole is to be given to s3_meta_done. The upload stays until s3_uploads_end. */
S3JoinResult s3_uploads_join(S3Uploads *uploads, const S3UploadName *name, const S3Part *parts,
                             size_t count, S3Blob **ret_blob, S3Meta *ret_meta);

/* Each upload of a bucket, in the order of its beginning. */
typedef void S3EachUpload(void *context, const char *key, const char *id, int64_t begun_ms);
void s3_uploads_list(S3Uploads *uploads, const char *bucket, S3EachUpload *each, void *context);

#endif
