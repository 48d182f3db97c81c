/* Amazon SNS: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 *
 * A message whose answer was lost is sent again: it may arrive twice, never not at all. */
#ifndef AWS_SNS_H
#define AWS_SNS_H

#include "aws/aws.h"

enum { SNS_SUBJECT_MAX = 99, SNS_TEXT_MAX_BYTES = 262144, SNS_MESSAGE_ID_SIZE = 101 };

typedef struct SnsMessage {
    const char *topic_arn; /* says in which region it is published */
    const char *subject;   /* 1 to 99 characters of ASCII in one line; NULL = none */
    const char *text;      /* 1 to 262,144 bytes of UTF-8 */
} SnsMessage;

/* Waits for the answer. ST_USAGE: the topic's name, the subject or the text, and nothing was asked.
 * ST_NOT_FOUND: there is no such topic. `ret_message_id` may be NULL. */
Status sns_publish(Aws *aws, const SnsMessage *message, char ret_message_id[SNS_MESSAGE_ID_SIZE],
                   Err *err) WARN_UNUSED;

#endif
