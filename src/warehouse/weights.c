#include "warehouse/weights.h"

#include "base/str.h"
#include "format/json.h"
#include "sql_text.h"
#include "store/layout.h"
#include "warehouse/history.h"
#include "warehouse/plan.h"

#include <stdlib.h>
#include <string.h>

enum { WEIGHTS_MAX_BYTES = 8 << 20 };

void weights_done(Weights *weights) {
    arena_done(&weights->arena);
    *weights = (Weights){0};
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const Weight *)a)->account_id, ((const Weight *)b)->account_id);
}

int64_t weights_of(const Weights *weights, const char *account_id) {
    const Weight key = {.account_id = account_id};
    const Weight *found = weights->count == 0 ? NULL
                                              : bsearch(&key, weights->items, weights->count,
                                                        sizeof *weights->items, by_id);
    return found == NULL ? 0 : found->calls;
}

static Status append_calls(Db *history, JsonWriter *json, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(db_prepare(history, sql_history_calls_of_accounts, &stmt, err));
    for (;;) {
        TRY(stmt_step(stmt, &row, err));
        if (!row) {
            return ST_OK;
        }
        json_put_int(json, stmt_text(stmt, 0), stmt_int(stmt, 1));
    }
}

Status weights_write(Db *history, Store *store, Err *err) {
    OWN(buf_done) Buf text = {.ceiling = WEIGHTS_MAX_BYTES};
    JsonWriter json = {.out = &text};
    char newest[65];
    TRY(history_newest_group(history, newest, err));
    json_begin_object(&json, NULL);
    json_put_text(&json, "group_id", newest);
    json_begin_object(&json, "calls");
    TRY(append_calls(history, &json, err));
    json_end_object(&json);
    json_end_object(&json);
    buf_putc(&text, '\n');
    if (text.overflowed) {
        return err_set(err, ST_LIMIT, "%s would be too large", LAYOUT_WEIGHTS);
    }
    const StorePut put = {.key = LAYOUT_WEIGHTS,
                          .content_type = "application/json",
                          .data = text.data,
                          .size = text.size};
    return store_put(store, &put, NULL, err);
}

static Status take_weight(const Json *member, Weights *weights, Err *err) {
    const char *id = json_name(member);
    int64_t calls = 0;
    if (!str_is_account(id)) {
        return err_set(err, ST_CORRUPT, "'%.40s' is not an account id", id);
    }
    TRY(json_int_or(member, "", 1, WEIGHTS_MAX_CALLS, 0, &calls, err));
    if (calls == 0) {
        return err_set(err, ST_CORRUPT, "the account %s has no number of calls", id);
    }
    weights->items[weights->count++] = (Weight){arena_strdup(&weights->arena, id), calls};
    return ST_OK;
}

static Status parse_weights(const Buf *text, Weights *weights, Err *err) {
    OWN(json_free_at) Json *root = NULL;
    size_t count = 0;
    TRY(json_parse(buf_text(text), text->size, &root, err));
    const Json *calls = json_at(root, "calls");
    if (!json_is_object(calls)) {
        return err_set(err, ST_CORRUPT, "calls is not an object");
    }
    for (const Json *member = json_first(calls); member != NULL; member = json_next(member)) {
        count++;
    }
    weights->items = arena_alloc(&weights->arena, (count + 1) * sizeof *weights->items);
    for (const Json *member = json_first(calls); member != NULL; member = json_next(member)) {
        TRY(take_weight(member, weights, err));
    }
    qsort(weights->items, weights->count, sizeof *weights->items, by_id);
    return ST_OK;
}

Status weights_read(Store *store, Weights *ret_weights, Err *err) {
    OWN(weights_done) Weights weights = {0};
    OWN(buf_done) Buf text = {0};
    Err cause;
    *ret_weights = (Weights){0};
    Status status = store_get(store, LAYOUT_WEIGHTS, WEIGHTS_MAX_BYTES, &text, NULL, err);
    if (status == ST_NOT_FOUND) {
        return ST_OK;
    }
    TRY(status);
    if (parse_weights(&text, &weights, &cause) != ST_OK) {
        return err_set(err, ST_CORRUPT, "%s: %s", LAYOUT_WEIGHTS, cause.message);
    }
    *ret_weights = weights;
    weights = (Weights){0};
    return ST_OK;
}
