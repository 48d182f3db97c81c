#include "aws/ses.h"

#include "aws/call.h"
#include "base/str.h"
#include "format/digest.h"
#include "format/json.h"

#include <string.h>

enum {
    ADDRESS_MAX_BYTES = 320,
    SUBJECT_MAX_BYTES = 900, /* a line of a mail has 998 */
    FILE_NAME_MAX_BYTES = 255,
    CONTENT_TYPE_MAX_BYTES = 78,
    CONFIGURATION_SET_MAX_BYTES = 64,
    ANSWER_MAX_BYTES = 1 << 20,
    BODY_CEILING = 96 << 20, /* of the request: texts may have much to escape */
    TIMEOUT_MS = 10 * 60 * 1000,
};

/* --- Checks ---------------------------------------------------------------------------------- */

static bool has_control_characters(const char *text) {
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

/* One line of UTF-8. */
static bool is_line(const char *text, size_t max_bytes) {
    size_t size = text == NULL ? 0 : strlen(text);
    return size >= 1 && size <= max_bytes && str_valid_utf8(text, size) == size &&
           !has_control_characters(text);
}

static Status check_address(const char *what, const char *given, Err *err) {
    const char *address = given == NULL ? "" : given;
    bool is_good = is_line(address, ADDRESS_MAX_BYTES);
    const char *at = strchr(address, '@');
    for (const char *c = address; is_good && *c != '\0'; c++) {
        is_good = (unsigned char)*c < 0x80;
    }
    if (!is_good || at == NULL || at == address || at[1] == '\0' || at[1] == '>') {
        (void)err_set(err, ST_USAGE, "\"%.100s\" is no address %s", address, what);
        return err == NULL ? ST_USAGE
                           : err_hint(err, "like team@example.com or Team <team@example.com>, in "
                                           "ASCII");
    }
    return ST_OK;
}

static Status check_addresses(const SesEmail *email, Err *err) {
    TRY(check_address("to send a mail from", email->from, err));
    if (email->to_count == 0 || email->to_count > SES_MAX_ADDRESSES ||
        email->reply_to_count > SES_MAX_ADDRESSES) {
        return err_set(err, ST_USAGE, "a mail goes to 1 to %d addresses, not to %zu",
                       SES_MAX_ADDRESSES, email->to_count);
    }
    for (size_t i = 0; i < email->to_count; i++) {
        TRY(check_address("to send a mail to", email->to[i], err));
    }
    for (size_t i = 0; i < email->reply_to_count; i++) {
        TRY(check_address("to reply to", email->reply_to[i], err));
    }
    return ST_OK;
}

static Status check_text(const char *text, Err *err) {
    if (text != NULL && str_valid_utf8(text, strlen(text)) != strlen(text)) {
        return err_set(err, ST_USAGE, "the text of a mail is not UTF-8");
    }
    return ST_OK;
}

static Status check_attachment(const SesAttachment *attachment, Err *err) {
    const char *type = attachment->content_type;
    if (!is_line(attachment->file_name, FILE_NAME_MAX_BYTES)) {
        return err_set(err, ST_USAGE, "the name of an attachment has 1 to %d bytes of UTF-8",
                       FILE_NAME_MAX_BYTES);
    }
    if (type != NULL && !is_line(type, CONTENT_TYPE_MAX_BYTES)) {
        return err_set(err, ST_USAGE, "the content type of %s has 1 to %d bytes",
                       attachment->file_name, CONTENT_TYPE_MAX_BYTES);
    }
    return ST_OK;
}

/* Before anything is put together: what is too large is not even copied. */
static Status check_size(const SesEmail *email, Err *err) {
    size_t bytes = (email->text == NULL ? 0 : strlen(email->text)) +
                   (email->html == NULL ? 0 : strlen(email->html));
    for (size_t i = 0; i < email->attachment_count && bytes <= SES_MAX_BYTES; i++) {
        size_t size = email->attachments[i].size;
        bytes = size > SES_MAX_BYTES ? size : bytes + (size + 2) / 3 * 4;
    }
    if (bytes > SES_MAX_BYTES) {
        (void)err_set(err, ST_LIMIT, "the mail is larger than 40 MB, which is what SES takes");
        return err == NULL ? ST_LIMIT : err_hint(err, "send a link instead of an attachment");
    }
    return ST_OK;
}

static Status check(const SesEmail *email, Err *err) {
    TRY(check_addresses(email, err));
    if (!is_line(email->subject, SUBJECT_MAX_BYTES)) {
        return err_set(err, ST_USAGE, "the subject of a mail is one line of 1 to %d bytes of UTF-8",
                       SUBJECT_MAX_BYTES);
    }
    if (email->configuration_set != NULL &&
        !is_line(email->configuration_set, CONFIGURATION_SET_MAX_BYTES)) {
        return err_set(err, ST_USAGE, "the name of a configuration set has 1 to %d bytes",
                       CONFIGURATION_SET_MAX_BYTES);
    }
    if (email->text == NULL && email->html == NULL) {
        return err_set(err, ST_USAGE, "a mail has a text, or HTML, or both");
    }
    for (size_t i = 0; i < email->attachment_count; i++) {
        TRY(check_attachment(&email->attachments[i], err));
    }
    TRY(check_text(email->text, err));
    TRY(check_text(email->html, err));
    return check_size(email, err);
}

/* --- The request ----------------------------------------------------------------------------- */

static void put_addresses(JsonWriter *json, const char *name, const char *const *addresses,
                          size_t count) {
    json_begin_array(json, name);
    for (size_t i = 0; i < count; i++) {
        json_put_text(json, NULL, addresses[i]);
    }
    json_end_array(json);
}

static void put_data(JsonWriter *json, const char *name, const char *text) {
    if (text != NULL) {
        json_begin_object(json, name);
        json_put_text(json, "Data", text);
        json_put_text(json, "Charset", "UTF-8");
        json_end_object(json);
    }
}

static void put_attachment(JsonWriter *json, const SesAttachment *attachment) {
    OWN(buf_done) Buf content = {.ceiling = BODY_CEILING};
    digest_append_base64(&content, attachment->data, attachment->size);
    json_begin_object(json, NULL);
    json_put_text(json, "FileName", attachment->file_name);
    json_put_text(json, "ContentDisposition", "ATTACHMENT");
    json_put_text(json, "ContentTransferEncoding", "BASE64");
    if (attachment->content_type != NULL) {
        json_put_text(json, "ContentType", attachment->content_type);
    }
    json_put_text(json, "RawContent", buf_text(&content));
    json_end_object(json);
}

static void put_content(JsonWriter *json, const SesEmail *email) {
    json_begin_object(json, "Content");
    json_begin_object(json, "Simple");
    put_data(json, "Subject", email->subject);
    json_begin_object(json, "Body");
    put_data(json, "Text", email->text);
    put_data(json, "Html", email->html);
    json_end_object(json);
    if (email->attachment_count > 0) {
        json_begin_array(json, "Attachments");
        for (size_t i = 0; i < email->attachment_count; i++) {
            put_attachment(json, &email->attachments[i]);
        }
        json_end_array(json);
    }
    json_end_object(json);
    json_end_object(json);
}

static Status write_body(const SesEmail *email, Buf *body, Err *err) {
    JsonWriter json = {.out = body};
    json_begin_object(&json, NULL);
    json_put_text(&json, "FromEmailAddress", email->from);
    json_begin_object(&json, "Destination");
    put_addresses(&json, "ToAddresses", email->to, email->to_count);
    json_end_object(&json);
    if (email->reply_to_count > 0) {
        put_addresses(&json, "ReplyToAddresses", email->reply_to, email->reply_to_count);
    }
    if (email->configuration_set != NULL) {
        json_put_text(&json, "ConfigurationSetName", email->configuration_set);
    }
    put_content(&json, email);
    json_end_object(&json);
    if (body->overflowed) {
        return err_set(err, ST_LIMIT, "the mail is too large");
    }
    return ST_OK;
}

/* --- The call -------------------------------------------------------------------------------- */

static Status parse_sent(void *context, const HttpAnswer *answer, Err *err) {
    char *message_id = context;
    OWN(json_free_at) Json *root = NULL;
    const char *id = NULL;
    TRY(json_parse(answer->body, answer->body_size, &root, err));
    TRY(json_text(root, "MessageId", 1, SES_MESSAGE_ID_SIZE - 1, &id, err));
    str_copy(message_id, SES_MESSAGE_ID_SIZE, id);
    return ST_OK;
}

Status ses_send_email(Aws *aws, const SesEmail *email, char ret_message_id[SES_MESSAGE_ID_SIZE],
                      Err *err) {
    char message_id[SES_MESSAGE_ID_SIZE];
    OWN(buf_done) Buf body = {.ceiling = BODY_CEILING};
    TRY(check(email, err));
    TRY(write_body(email, &body, err));
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_SES;
    request.target.region = email->region == NULL ? aws_region(aws) : email->region;
    request.operation = "SendEmail";
    request.path = "/v2/email/outbound-emails";
    request.body = buf_text(&body);
    request.body_size = body.size;
    request.max_answer_bytes = ANSWER_MAX_BYTES;
    request.timeout_ms = TIMEOUT_MS;
    request.parse = parse_sent;
    return call_run(aws, &request, ret_message_id == NULL ? message_id : ret_message_id, err);
}
