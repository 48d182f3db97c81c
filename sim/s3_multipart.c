#include "s3.h"

static void later(const S3Call *call) {
    reply_error(&call->exchange->reply, 501, "NotImplemented", "not yet");
}
void s3_create_upload(const S3Call *call) {
    later(call);
}
void s3_upload_part(const S3Call *call) {
    later(call);
}
void s3_complete_upload(const S3Call *call) {
    later(call);
}
void s3_abort_upload(const S3Call *call) {
    later(call);
}
void s3_list_uploads(const S3Call *call) {
    later(call);
}
