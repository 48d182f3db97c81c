#include "aws/sns.h"

#include "aws/call.h"
#include "base/arena.h"
#include "base/str.h"
#include "format/uri.h"
#include "format/xml.h"

#include <string.h>

#define API_VERSION "2010-03-31"

enum { ARN_MAX_BYTES = 512, ANSWER_MAX_BYTES = 1 << 20 };

/* The piece up to the next colon, which must fit; moves `*rest` behind it. */
static bool take_piece(const char **rest, char *ret_piece, size_t size) {
    size_t length = strcspn(*rest, ":");
    if (length >= size || (*rest)[length] != ':') {
        return false;
    }
    memcpy(ret_piece, *rest, length);
    ret_piece[length] = '\0';
    *rest += length + 1;
    return true;
}

/* arn:aws:sns:eu-west-1:123456789012:topic */
static bool read_arn(const char *arn, char ret_region[AWS_REGION_SIZE]) {
    char start[8];
    char partition[16];
    char service[8];
    char account[16];
    const char *rest = arn;
    if (arn == NULL || strlen(arn) > ARN_MAX_BYTES || !take_piece(&rest, start, sizeof start) ||
        !take_piece(&rest, partition, sizeof partition) ||
        !take_piece(&rest, service, sizeof service) ||
        !take_piece(&rest, ret_region, AWS_REGION_SIZE) ||
        !take_piece(&rest, account, sizeof account)) {
        return false;
    }
    size_t name = strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");
    return str_equal(start, "arn") && str_starts(partition, "aws") && str_equal(service, "sns") &&
           str_is_region(ret_region) && str_is_account(account) && name > 0 && rest[name] == '\0';
}

/* ASCII in one line, and not a blank at its beginning. */
static bool is_subject(const char *subject) {
    size_t size = strlen(subject);
    for (size_t i = 0; i < size; i++) {
        if (subject[i] < ' ' || subject[i] > '~') {
            return false;
        }
    }
    return size >= 1 && size <= SNS_SUBJECT_MAX && subject[0] != ' ';
}

static Status check(const SnsMessage *message, char ret_region[AWS_REGION_SIZE], Err *err) {
    if (!read_arn(message->topic_arn, ret_region)) {
        (void)err_set(err, ST_USAGE, "\"%.200s\" is no ARN of an SNS topic",
                      message->topic_arn == NULL ? "" : message->topic_arn);
        return err == NULL ? ST_USAGE
                           : err_hint(err, "like arn:aws:sns:eu-west-1:123456789012:my-topic");
    }
    if (message->subject != NULL && !is_subject(message->subject)) {
        return err_set(err, ST_USAGE,
                       "the subject of an SNS message has 1 to %d characters of ASCII in one line, "
                       "and no blank first",
                       SNS_SUBJECT_MAX);
    }
    size_t size = message->text == NULL ? 0 : strlen(message->text);
    if (size == 0 || size > SNS_TEXT_MAX_BYTES) {
        return err_set(err, ST_USAGE, "an SNS message has 1 to %d bytes, not %zu",
                       SNS_TEXT_MAX_BYTES, size);
    }
    if (str_valid_utf8(message->text, size) != size) {
        return err_set(err, ST_USAGE, "the text of an SNS message is not UTF-8");
    }
    return ST_OK;
}

static void append_parameter(Buf *body, const char *name, const char *value) {
    buf_printf(body, "&%s=", name);
    uri_append_encoded(body, value, strlen(value), false);
}

static Status parse_publish(void *context, const HttpAnswer *answer, Err *err) {
    char *message_id = context;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    const char *id = NULL;
    TRY(xml_parse(&arena, answer->body, answer->body_size, &root, err));
    TRY(xml_need(root, "PublishResult.MessageId", 1, SNS_MESSAGE_ID_SIZE - 1, &id, err));
    str_copy(message_id, SNS_MESSAGE_ID_SIZE, id);
    return ST_OK;
}

Status sns_publish(Aws *aws, const SnsMessage *message, char ret_message_id[SNS_MESSAGE_ID_SIZE],
                   Err *err) {
    char region[AWS_REGION_SIZE];
    char message_id[SNS_MESSAGE_ID_SIZE];
    OWN(buf_done) Buf body = {0};
    TRY(check(message, region, err));
    buf_puts(&body, "Action=Publish&Version=" API_VERSION);
    append_parameter(&body, "TopicArn", message->topic_arn);
    if (message->subject != NULL) {
        append_parameter(&body, "Subject", message->subject);
    }
    append_parameter(&body, "Message", message->text);
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_SNS;
    request.target.region = region;
    request.operation = "Publish";
    request.body = buf_text(&body);
    request.body_size = body.size;
    request.max_answer_bytes = ANSWER_MAX_BYTES;
    request.parse = parse_publish;
    return call_run(aws, &request, ret_message_id == NULL ? message_id : ret_message_id, err);
}
