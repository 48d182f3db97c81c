#include "notify/notify.h"

#include "aws/ses.h"
#include "aws/sns.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "notify/message.h"

#include <stdio.h>
#include <string.h>

static const char workbook_type[] =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/* Where the workbook is, in words of its own. */
typedef struct Place {
    Buf location;
    Buf link;
    char until[CLOCK_TIME_SIZE];
    bool may_end_sooner;
} Place;

static void place_done(Place *place) {
    buf_done(&place->location);
    buf_done(&place->link);
}

static Status find_place(const NotifyReport *report, int link_life_s, Place *ret_place, Err *err) {
    S3LinkLife life = {0};
    Err no_link = {0};
    store_append_location(report->store, report->key, &ret_place->location);
    Status status =
        store_link(report->store, report->key, link_life_s, &ret_place->link, &life, &no_link);
    if (status == ST_REJECTED) { /* a directory */
        return ST_OK;
    }
    if (status != ST_OK) {
        *err = no_link;
        return status;
    }
    clock_format_time(life.until_ms, ret_place->until);
    ret_place->may_end_sooner = life.may_end_sooner;
    return ST_OK;
}

static MessagePlace shown_place(const Place *place, const char *remark) {
    return (MessagePlace){
        .location = buf_text(&place->location),
        .link = place->link.size == 0 ? NULL : buf_text(&place->link),
        .until = place->until,
        .may_end_sooner = place->may_end_sooner,
        .remark = remark,
    };
}

static Status publish(Aws *aws, const char *topic_arn, const MessageFigures *figures,
                      const Place *place, Err *err) {
    char subject[MESSAGE_SUBJECT_SIZE];
    OWN(buf_done) Buf text = {0};
    MessagePlace shown = shown_place(place, "");
    message_subject(figures, subject);
    message_append_text(figures, &shown, &text);
    const SnsMessage message = {
        .topic_arn = topic_arn, .subject = subject, .text = buf_text(&text)};
    return sns_publish(aws, &message, NULL, err);
}

/* Reads the workbook if it is to be attached; `ret_remark` says what became of it. */
static Status read_attachment(const NotifyReport *report, const NotifyOptions *options,
                              Buf *ret_data, char ret_remark[128], Err *err) {
    int64_t bytes = 0;
    ret_remark[0] = '\0';
    if (options->attach_max_bytes == 0) {
        return ST_OK;
    }
    TRY(file_size(report->path, &bytes, err));
    if (bytes > options->attach_max_bytes) {
        snprintf(ret_remark, 128, "It is not attached: %.1f MB are more than the %.1f MB allowed.",
                 (double)bytes / 1e6, (double)options->attach_max_bytes / 1e6);
        return ST_OK;
    }
    str_copy(ret_remark, 128, "It is attached.");
    ret_data->ceiling = (size_t)options->attach_max_bytes + 1;
    return file_read(report->path, (size_t)options->attach_max_bytes, ret_data, err);
}

/* The addresses of the list, cut in place. */
static Status split_addresses(char *list, const char *to[SES_MAX_ADDRESSES], size_t *ret_count,
                              Err *err) {
    *ret_count = 0;
    for (char *one = str_split(&list, ","); one != NULL; one = str_split(&list, ",")) {
        if (*ret_count == SES_MAX_ADDRESSES) {
            return err_set(err, ST_USAGE, "mail-to has more than %d addresses", SES_MAX_ADDRESSES);
        }
        to[(*ret_count)++] = one;
    }
    return ST_OK;
}

static const char *file_name(const char *key) {
    const char *slash = strrchr(key, '/');
    return slash == NULL ? key : slash + 1;
}

static Status mail(Aws *aws, const NotifyReport *report, const NotifyOptions *options,
                   const MessageFigures *figures, const Place *place, Err *err) {
    char subject[MESSAGE_SUBJECT_SIZE];
    char remark[128];
    const char *to[SES_MAX_ADDRESSES];
    size_t to_count = 0;
    OWN(buf_done) Buf workbook = {0};
    OWN(buf_done) Buf text = {0};
    OWN(buf_done) Buf html = {0};
    OWN(mem_free_at) char *list = mem_strdup(options->mail_to);
    TRY(split_addresses(list, to, &to_count, err));
    TRY(read_attachment(report, options, &workbook, remark, err));
    MessagePlace shown = shown_place(place, remark);
    message_subject(figures, subject);
    message_append_text(figures, &shown, &text);
    message_append_html(figures, &shown, &html);
    const SesAttachment attachment = {.file_name = file_name(report->key),
                                      .content_type = workbook_type,
                                      .data = workbook.data,
                                      .size = workbook.size};
    const SesEmail email = {.from = options->mail_from,
                            .to_count = to_count,
                            .to = to,
                            .subject = subject,
                            .text = buf_text(&text),
                            .html = buf_text(&html),
                            .attachment_count = workbook.size > 0 ? 1 : 0,
                            .attachments = &attachment};
    return ses_send_email(aws, &email, NULL, err);
}

/* Both were tried: the first failure is told, with what became of the other. */
static Status tell_failures(const Err *published, const Err *mailed, Err *err) {
    if (published->status == ST_OK && mailed->status == ST_OK) {
        return ST_OK;
    }
    if (published->status != ST_OK && mailed->status != ST_OK) {
        *err = *published;
        OWN(mem_free_at)
        char *both = mem_printf("%s; and by mail: %s", published->message, mailed->message);
        str_copy(err->message, sizeof err->message, both);
        return err->status;
    }
    *err = published->status != ST_OK ? *published : *mailed;
    return err->status;
}

Status notify_send(Aws *aws, const NotifyReport *report, const NotifyOptions *options,
                   NotifyResult *ret_result, Err *err) {
    *ret_result = (NotifyResult){0};
    OWN(message_done) MessageFigures figures = {0};
    OWN(place_done) Place place = {0};
    Err published = {0};
    Err mailed = {0};
    TRY(message_load(report->history, report->group_id, &figures, err));
    figures.green_from = options->green_from;
    figures.yellow_from = options->yellow_from;
    TRY(find_place(report, options->link_life_s, &place, err));
    if (options->topic_arn != NULL) {
        ret_result->published =
            publish(aws, options->topic_arn, &figures, &place, &published) == ST_OK;
    }
    if (options->mail_from != NULL) {
        ret_result->mailed = mail(aws, report, options, &figures, &place, &mailed) == ST_OK;
    }
    return tell_failures(&published, &mailed, err);
}
