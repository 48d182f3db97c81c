/* Amazon SES, version 2: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 *
 * A mail whose answer was lost is sent again: it may arrive twice, never not at all. */
#ifndef AWS_SES_H
#define AWS_SES_H

#include "aws/aws.h"

/* What SES takes: the bytes are those of the whole mail, with attachments in base64. */
enum { SES_MAX_ADDRESSES = 50, SES_MAX_BYTES = 40 * 1000 * 1000 };
enum { SES_MESSAGE_ID_SIZE = 257 };

typedef struct SesAttachment {
    const char *file_name;    /* as the reader sees it: 1 to 255 bytes */
    const char *content_type; /* NULL = SES tells it by the name */
    const void *data;
    size_t size;
} SesAttachment;

/* Addresses are "a@example.com" or "Name <a@example.com>", in ASCII. */
typedef struct SesEmail {
    const char *region; /* NULL = the client's */
    const char *from;   /* SES knows it: an address or domain that was verified there */
    size_t to_count;    /* 1 to 50 */
    const char *const *to;
    size_t reply_to_count;
    const char *const *reply_to;
    const char *configuration_set; /* NULL = none */
    const char *subject;           /* one line of UTF-8 */
    const char *text;              /* this, or HTML, or both */
    const char *html;
    size_t attachment_count;
    const SesAttachment *attachments;
} SesEmail;

/* Waits for the answer. ST_USAGE and ST_LIMIT: what SES would refuse anyhow, and nothing was asked.
 * `ret_message_id` may be NULL. */
Status ses_send_email(Aws *aws, const SesEmail *email, char ret_message_id[SES_MESSAGE_ID_SIZE],
                      Err *err) WARN_UNUSED;

#endif
