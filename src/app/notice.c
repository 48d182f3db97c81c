#include "app/notice.h"

#include "base/str.h"
#include "format/digest.h"
#include "format/json.h"

enum { NOTICE_MAX_BYTES = 4096 };

/* What the object says. */
typedef struct Record {
    bool exists;
    char published_at[CLOCK_TIME_SIZE];
    char mailed_at[CLOCK_TIME_SIZE];
    int64_t sending_until_ms; /* 0 = nobody is sending */
    char etag[128];
} Record;

static Status read_time(const Json *root, const char *name, char ret_text[CLOCK_TIME_SIZE],
                        int64_t *ret_ms, Err *err) {
    const char *text = NULL;
    *ret_ms = 0;
    TRY(json_text_or(root, name, CLOCK_TIME_SIZE - 1, "", &text, err));
    if (text[0] != '\0' && !clock_parse_time(text, ret_ms)) {
        return err_set(err, ST_CORRUPT, "%s is not a time", name);
    }
    str_copy(ret_text, CLOCK_TIME_SIZE, text);
    return ST_OK;
}

static Status parse_record(const Buf *text, Record *record, Err *err) {
    OWN(json_free_at) Json *root = NULL;
    char until[CLOCK_TIME_SIZE];
    int64_t time_ms = 0;
    TRY(json_parse(buf_text(text), text->size, &root, err));
    TRY(read_time(root, "published_at", record->published_at, &time_ms, err));
    TRY(read_time(root, "mailed_at", record->mailed_at, &time_ms, err));
    return read_time(root, "sending_until", until, &record->sending_until_ms, err);
}

/* With `again`, what it says does not count; its ETag still does. */
static Status read_record(Store *store, const LayoutKey *key, bool again, Record *ret_record,
                          Err *err) {
    OWN(buf_done) Buf text = {0};
    StoreObject object;
    Err cause;
    *ret_record = (Record){0};
    Status status = store_get(store, key->text, NOTICE_MAX_BYTES, &text, &object, err);
    if (status == ST_NOT_FOUND) {
        return ST_OK;
    }
    TRY(status);
    ret_record->exists = true;
    str_copy(ret_record->etag, sizeof ret_record->etag, object.etag);
    if (!again && parse_record(&text, ret_record, &cause) != ST_OK) {
        err_set(err, ST_CORRUPT, "%s: %s", key->text, cause.message);
        return err_hint(err, "nobody was told; report with --notify-again to tell people");
    }
    return ST_OK;
}

static Status write_record(Store *store, const Notice *notice, int64_t sending_until_ms,
                           StorePut *put, StoreObject *ret_object, Err *err) {
    OWN(buf_done) Buf text = {0};
    JsonWriter json = {.out = &text};
    LayoutKey key;
    TRY(layout_notice(notice->group_id, &key, err));
    json_begin_object(&json, NULL);
    json_put_text(&json, "group_id", notice->group_id);
    if (notice->published_at[0] != '\0') {
        json_put_text(&json, "published_at", notice->published_at);
    }
    if (notice->mailed_at[0] != '\0') {
        json_put_text(&json, "mailed_at", notice->mailed_at);
    }
    if (sending_until_ms != 0) {
        char until[CLOCK_TIME_SIZE];
        clock_format_time(sending_until_ms, until);
        json_put_text(&json, "sending_until", until);
        json_put_text(&json, "sender", notice->sender);
    }
    json_end_object(&json);
    buf_putc(&text, '\n');
    put->key = key.text;
    put->content_type = "application/json";
    put->data = text.data;
    put->size = text.size;
    return store_put(store, put, ret_object, err);
}

/* No two claims are the same bytes: the store takes a write that broke, and was sent again, for its
 * own when it finds its own bytes there. */
static void name_sender(Notice *notice) {
    uint8_t random[8];
    digest_random(random, sizeof random);
    digest_to_hex(random, sizeof random, notice->sender);
}

Status notice_claim(Store *store, const char *group_id, NoticeWays wanted, bool again,
                    Notice *ret_notice, NoticeClaim *ret_claim, Err *err) {
    Notice notice = {.ways = wanted};
    Record record;
    LayoutKey key;
    StoreObject object;
    *ret_notice = (Notice){0};
    TRY(layout_notice(group_id, &key, err));
    TRY(read_record(store, &key, again, &record, err));
    str_copy(notice.group_id, sizeof notice.group_id, group_id);
    str_copy(notice.published_at, sizeof notice.published_at, record.published_at);
    str_copy(notice.mailed_at, sizeof notice.mailed_at, record.mailed_at);
    notice.ways.publish &= record.published_at[0] == '\0';
    notice.ways.mail &= record.mailed_at[0] == '\0';
    name_sender(&notice);
    int64_t now_ms = clock_now_ms();
    if (!notice.ways.publish && !notice.ways.mail) {
        *ret_claim = NOTICE_TOLD;
        return ST_OK;
    }
    *ret_claim = NOTICE_BUSY;
    if (record.sending_until_ms > now_ms) {
        return ST_OK;
    }
    StorePut put = {.condition = record.exists ? STORE_IF_MATCH : STORE_IF_ABSENT,
                    .etag = record.etag};
    Status status = write_record(store, &notice, now_ms + NOTICE_CLAIM_MS, &put, &object, err);
    if (status == ST_CONFLICT) { /* somebody else was a moment faster */
        return ST_OK;
    }
    TRY(status);
    str_copy(notice.etag, sizeof notice.etag, object.etag);
    *ret_notice = notice;
    *ret_claim = NOTICE_OURS;
    return ST_OK;
}

Status notice_settle(Store *store, Notice *notice, NoticeWays done, Err *err) {
    StoreObject object;
    char now[CLOCK_TIME_SIZE];
    clock_format_time(clock_now_ms(), now);
    if (done.publish) {
        str_copy(notice->published_at, sizeof notice->published_at, now);
    }
    if (done.mail) {
        str_copy(notice->mailed_at, sizeof notice->mailed_at, now);
    }
    StorePut put = {.condition = STORE_IF_MATCH, .etag = notice->etag};
    TRY(write_record(store, notice, 0, &put, &object, err));
    str_copy(notice->etag, sizeof notice->etag, object.etag);
    return ST_OK;
}
