/* S3, in several files: s3_api.c (what a request asks for; objects), s3_body.c (what a body must
 * hold up to), s3_checksum.c, s3_list.c (ListObjectsV2), s3_multipart.c (uploads in parts). */
#ifndef SIM_S3_H
#define SIM_S3_H

#include "exchange.h"
#include "s3_store.h"

/* A request to S3, its path taken apart and decoded. */
typedef struct S3Call {
    Exchange *exchange;
    S3Store *store;
    char bucket[64];
    char key[S3_MAX_KEY_BYTES + 1]; /* "" = the bucket itself */
} S3Call;

#define S3_NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"
#define S3_XML       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* Writes the error that belongs to a result; true when it is S3_DONE. */
bool s3_check(const S3Call *call, S3Result result);

/* The body as the object's bytes: chunks taken apart, digests compared. False: the reply has the
 * error. */
bool s3_take_body(const S3Call *call, Buf *ret_data);

/* The type and the headers that come back with the object, from the request. */
void s3_read_meta(const S3Call *call, S3Meta *ret_meta);
S3Condition s3_read_condition(const S3Call *call);

/* "2026-11-22T06:00:00.000Z" */
void s3_format_time(int64_t time_ms, char ret_text[32]);

/* Appends the text escaped for XML; in percent-encoding when `url` is set. */
void s3_append_name(Buf *out, const char *text, bool url);

/* In s3_checksum.c: those that the request brings along become the object's; whether the answer has
 * them; and those of an upload's parts put together (false: the reply has the error). */
void s3_keep_checksums(const S3Call *call, S3Meta *meta);
bool s3_gives_checksums(const S3Call *call);
bool s3_check_joined(const S3Call *call, const S3Blob *blob);

void s3_list_objects(const S3Call *call);

void s3_create_upload(const S3Call *call);
void s3_upload_part(const S3Call *call);
void s3_complete_upload(const S3Call *call);
void s3_abort_upload(const S3Call *call);
void s3_list_uploads(const S3Call *call);

#endif
