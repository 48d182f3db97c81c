/* SNS Publish (query protocol) and SES v2 SendEmail (JSON): what is sent is checked as AWS does and
 * kept in the mailbox. */
#include "base/clock.h"
#include "base/str.h"
#include "form.h"
#include "service.h"
#include "sim.h"

#include <stdio.h>
#include <string.h>

enum {
    SNS_MAX_MESSAGE_BYTES = 262144,
    SNS_MAX_SUBJECT = 99,
    SES_MAX_BYTES = 40 << 20,
    SES_MAX_RECIPIENTS = 50
};

static void begin_message(JsonWriter *json, const Exchange *exchange, const char *service) {
    char time[CLOCK_TIME_SIZE];
    clock_format_time(clock_now_ms(), time);
    json_begin_object(json, NULL);
    json_put_text(json, "service", service);
    json_put_text(json, "id", exchange->reply.request_id);
    json_put_text(json, "received_at", time);
    json_put_text(json, "region", exchange->request.caller.region);
}

/* --- SNS ------------------------------------------------------------------------------------- */

static bool is_subject(const char *subject) {
    size_t size = strlen(subject);
    for (size_t i = 0; i < size; i++) {
        if (subject[i] < ' ' || (unsigned char)subject[i] >= 0x7f) {
            return false;
        }
    }
    return size >= 1 && size <= SNS_MAX_SUBJECT && subject[0] != ' ';
}

/* What is wrong with the call; NULL when nothing is. */
static const char *find_sns_mistake(const Form *form) {
    const char *message = form_text(form, "Message");
    const char *subject = form_text(form, "Subject");
    const char *structure = form_text(form, "MessageStructure");
    if (str_is_empty(message)) {
        return "Invalid parameter: Empty message";
    }
    if (strlen(message) > SNS_MAX_MESSAGE_BYTES) {
        return "Invalid parameter: Message too long";
    }
    if (subject != NULL && !is_subject(subject)) {
        return "Invalid parameter: Subject";
    }
    if (structure != NULL && !str_equal(structure, "json")) {
        return "Invalid parameter: MessageStructure";
    }
    return NULL;
}

static bool check_topic(Exchange *exchange, const Form *form) {
    const char *topic = form_text(form, "TopicArn");
    const char *target = topic != NULL ? topic : form_text(form, "TargetArn");
    char start[48];
    snprintf(start, sizeof start, "arn:%s:sns:", world_partition(exchange->request.caller.region));
    if (target == NULL || !str_starts(target, start) || strlen(target) > 512) {
        reply_error(&exchange->reply, 400, "InvalidParameter", "Invalid parameter: TopicArn");
        return false;
    }
    const char *region = target + strlen(start);
    size_t size = strcspn(region, ":");
    const char *own = exchange->request.caller.region;
    if (size != strlen(own) || strncmp(region, own, size) != 0) {
        reply_error(&exchange->reply, 400, "InvalidParameter",
                    "Invalid parameter: TopicArn Reason: the topic is in another region");
        return false;
    }
    return true;
}

static void publish(Exchange *exchange, const Form *form) {
    const char *topic = form_text(form, "TopicArn");
    const char *id = exchange->reply.request_id;
    OWN(buf_done) Buf message = {0};
    JsonWriter json = {.out = &message};
    begin_message(&json, exchange, "sns");
    json_put_text(&json, "topic_arn", topic != NULL ? topic : form_text(form, "TargetArn"));
    json_put_text(&json, "subject", form_text(form, "Subject"));
    json_put_text(&json, "message", form_text(form, "Message"));
    json_end_object(&json);
    mailbox_add(exchange->sim->mailbox, &message);
    buf_printf(&exchange->reply.body,
               "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\n"
               "  <PublishResult>\n    <MessageId>%s</MessageId>\n  </PublishResult>\n"
               "  <ResponseMetadata>\n    <RequestId>%s</RequestId>\n  </ResponseMetadata>\n"
               "</PublishResponse>\n",
               id, id);
}

void sns_answer(Exchange *exchange) {
    Reply *reply = &exchange->reply;
    Form form;
    bool is_form = form_open(&exchange->request, &form);
    const char *unknown =
        form_find_unknown(&form, "TopicArn TargetArn PhoneNumber Message Subject MessageStructure "
                                 "MessageAttributes. MessageDeduplicationId MessageGroupId");
    const char *mistake = find_sns_mistake(&form);
    if (!is_form) {
        reply_error(reply, 400, "MalformedInput", "The body is not a form");
    } else if (!str_equal(form_text(&form, "Action"), "Publish") ||
               !str_equal(form_text(&form, "Version"), "2010-03-31")) {
        reply_error(reply, 400, "InvalidAction", "Only Publish of version 2010-03-31 is simulated");
    } else if (unknown != NULL) {
        reply_error(reply, 400, "InvalidParameter", "Unknown parameter %.80s", unknown);
    } else if (mistake != NULL) {
        reply_error(reply, 400, "InvalidParameter", "%s", mistake);
    } else if (check_topic(exchange, &form)) {
        publish(exchange, &form);
    }
    form_done(&form);
}

/* --- SES ------------------------------------------------------------------------------------- */

static const Member text_members[] = {
    {.name = "Data", .max = SES_MAX_BYTES, .required = true},
    {.name = "Charset", .max = 64},
    {0},
};
static const Member body_members[] = {
    {.name = "Text", .type = MEMBER_OBJECT, .members = text_members},
    {.name = "Html", .type = MEMBER_OBJECT, .members = text_members},
    {0},
};
static const Member header_members[] = {
    {.name = "Name", .min = 1, .max = 126, .required = true},
    {.name = "Value", .min = 1, .max = 870, .required = true},
    {0},
};
static const Member attachment_members[] = {
    {.name = "RawContent", .max = SES_MAX_BYTES, .required = true},
    {.name = "FileName", .min = 1, .max = 255, .required = true},
    {.name = "ContentDisposition", .max = 16, .values = "ATTACHMENT INLINE"},
    {.name = "ContentDescription", .max = 1000},
    {.name = "ContentId", .max = 78},
    {.name = "ContentTransferEncoding", .max = 32, .values = "BASE64 QUOTED_PRINTABLE SEVEN_BIT"},
    {.name = "ContentType", .max = 78},
    {0},
};
static const Member simple_members[] = {
    {.name = "Subject", .type = MEMBER_OBJECT, .required = true, .members = text_members},
    {.name = "Body", .type = MEMBER_OBJECT, .required = true, .members = body_members},
    {.name = "Headers", .type = MEMBER_OBJECTS, .max = 15, .members = header_members},
    {.name = "Attachments", .type = MEMBER_OBJECTS, .max = 100, .members = attachment_members},
    {0},
};
static const Member raw_members[] = {
    {.name = "Data", .max = SES_MAX_BYTES, .required = true},
    {0},
};
static const Member content_members[] = {
    {.name = "Simple", .type = MEMBER_OBJECT, .members = simple_members},
    {.name = "Raw", .type = MEMBER_OBJECT, .members = raw_members},
    {0},
};
static const Member destination_members[] = {
    {.name = "ToAddresses", .type = MEMBER_TEXTS, .max = SES_MAX_RECIPIENTS},
    {.name = "CcAddresses", .type = MEMBER_TEXTS, .max = SES_MAX_RECIPIENTS},
    {.name = "BccAddresses", .type = MEMBER_TEXTS, .max = SES_MAX_RECIPIENTS},
    {0},
};
static const Member tag_members[] = {
    {.name = "Name", .max = 256, .required = true},
    {.name = "Value", .max = 256, .required = true},
    {0},
};
static const Member email_members[] = {
    {.name = "FromEmailAddress", .max = 320},
    {.name = "FromEmailAddressIdentityArn", .max = 512},
    {.name = "Destination", .type = MEMBER_OBJECT, .members = destination_members},
    {.name = "ReplyToAddresses", .type = MEMBER_TEXTS, .max = SES_MAX_RECIPIENTS},
    {.name = "FeedbackForwardingEmailAddress", .max = 320},
    {.name = "Content", .type = MEMBER_OBJECT, .required = true, .members = content_members},
    {.name = "EmailTags", .type = MEMBER_OBJECTS, .max = 50, .members = tag_members},
    {.name = "ConfigurationSetName", .max = 64},
    {0},
};

static size_t count_recipients(const Json *input) {
    static const char *const lists[] = {"Destination.ToAddresses", "Destination.CcAddresses",
                                        "Destination.BccAddresses"};
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) {
        const Json *list = json_at(input, lists[i]);
        for (const Json *item = json_first(list); item != NULL; item = json_next(item)) {
            count++;
        }
    }
    return count;
}

static const char *find_ses_mistake(const Json *input) {
    bool simple = json_at(input, "Content.Simple") != NULL;
    bool raw = json_at(input, "Content.Raw") != NULL;
    size_t recipients = count_recipients(input);
    if (simple == raw) {
        return "Content needs exactly one of Simple and Raw";
    }
    if (recipients == 0 || recipients > SES_MAX_RECIPIENTS) {
        return "Between 1 and 50 recipients are needed";
    }
    if (simple && strchr(service_text(input, "FromEmailAddress"), '@') == NULL) {
        return "FromEmailAddress is not an address";
    }
    if (simple && json_at(input, "Content.Simple.Body.Text") == NULL &&
        json_at(input, "Content.Simple.Body.Html") == NULL) {
        return "Body needs Text or Html";
    }
    return NULL;
}

static void put_list(JsonWriter *json, const char *name, const Json *list) {
    json_begin_array(json, name);
    for (const Json *item = json_first(list); item != NULL; item = json_next(item)) {
        json_put_text(json, NULL, json_text_value(item));
    }
    json_end_array(json);
}

static void put_attachments(JsonWriter *json, const Json *list) {
    json_begin_array(json, "attachments");
    for (const Json *item = json_first(list); item != NULL; item = json_next(item)) {
        json_begin_object(json, NULL);
        json_put_text(json, "name", service_text(item, "FileName"));
        json_put_text(json, "content_type", service_text(item, "ContentType"));
        json_put_int(json, "base64_bytes", (int64_t)strlen(service_text(item, "RawContent")));
        json_end_object(json);
    }
    json_end_array(json);
}

static void send_email(Exchange *exchange, const Json *input) {
    OWN(buf_done) Buf message = {0};
    JsonWriter json = {.out = &message};
    begin_message(&json, exchange, "ses");
    json_put_text(&json, "from", service_text(input, "FromEmailAddress"));
    put_list(&json, "to", json_at(input, "Destination.ToAddresses"));
    put_list(&json, "cc", json_at(input, "Destination.CcAddresses"));
    put_list(&json, "bcc", json_at(input, "Destination.BccAddresses"));
    json_put_text(&json, "subject", service_text(input, "Content.Simple.Subject.Data"));
    json_put_text(&json, "text", service_text(input, "Content.Simple.Body.Text.Data"));
    json_put_text(&json, "html", service_text(input, "Content.Simple.Body.Html.Data"));
    json_put_text(&json, "raw", service_text(input, "Content.Raw.Data"));
    put_attachments(&json, json_at(input, "Content.Simple.Attachments"));
    json_end_object(&json);
    mailbox_add(exchange->sim->mailbox, &message);
    JsonWriter answer = {.out = &exchange->reply.body};
    json_begin_object(&answer, NULL);
    json_put_text(&answer, "MessageId", exchange->reply.request_id);
    json_end_object(&answer);
}

void ses_answer(Exchange *exchange) {
    const Request *request = &exchange->request;
    Reply *reply = &exchange->reply;
    Err err = {0};
    OWN(json_free_at) Json *input = NULL;
    if (!str_equal(request->method, "POST") ||
        !str_equal(request->path, "/v2/email/outbound-emails")) {
        reply_error(reply, 404, "NotFoundException", "Only SendEmail is simulated");
        return;
    }
    if (json_parse(buf_text(&request->body), request->body.size, &input, &err) != ST_OK) {
        reply_error(reply, 400, "BadRequestException", "%s", err.message);
        return;
    }
    if (!members_check(exchange, input, email_members)) {
        return;
    }
    const char *mistake = find_ses_mistake(input);
    if (mistake != NULL) {
        reply_error(reply, 400, "BadRequestException", "%s", mistake);
        return;
    }
    send_email(exchange, input);
}
