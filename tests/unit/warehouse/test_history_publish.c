/* Publishing when answers are lost: whose history is the newest, and what may be removed. */
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "sql_text.h"
#include "store/store_driver.h"
#include "warehouse/history.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

/* A directory store that loses the answer to the first write of latest.json, and says that the
 * condition does not hold when it is sent again. */
typedef struct LossyStore {
    Store base;
    Store *inside;
    const TempDir *dir;
    bool is_taken; /* whether that first write was carried out */
    int others;    /* publish meanwhile */
    bool has_lost;
} LossyStore;

/* A history whose newest run is that one. */
static char *make_history(const TempDir *dir, const char *group_id) {
    char *path = temp_dir_path(dir, group_id);
    Db *db = NULL;
    Err err;
    const DbParam run[] = {DB_INT(":run_no", 1),
                           DB_TEXT(":group_id", group_id),
                           DB_TEXT(":scan_date", "2026-11-22"),
                           DB_TEXT(":owner_tag", "mox.owner"),
                           DB_TEXT(":version", "0"),
                           DB_END};
    assert_int_equal(history_open_scratch(path, &db, &err), ST_OK);
    assert_int_equal(db_run(db, sql_merge_put_run, run, &err), ST_OK);
    db_close(db);
    return path;
}

static void publish_other(const LossyStore *lossy, int number) {
    HistoryLatest latest;
    HistoryRef ref;
    Err err;
    OWN(mem_free_at) char *group_id = mem_printf("other-%d", number);
    assert_int_equal(history_latest(lossy->inside, &latest, &err), ST_OK);
    OWN(mem_free_at) char *path = make_history(lossy->dir, group_id);
    assert_int_equal(history_publish(lossy->inside, &latest, path, &ref, &err), ST_OK);
}

static Status lossy_put(Store *store, const StorePut *put, StoreObject *ret_object, Err *err) {
    LossyStore *lossy = (LossyStore *)store;
    if (lossy->has_lost || !str_equal(put->key, LAYOUT_LATEST)) {
        return store_put(lossy->inside, put, ret_object, err);
    }
    lossy->has_lost = true;
    if (lossy->is_taken) {
        assert_int_equal(store_put(lossy->inside, put, ret_object, err), ST_OK);
    }
    for (int i = 0; i < lossy->others; i++) {
        publish_other(lossy, i);
    }
    return err_set(err, ST_CONFLICT, "the condition does not hold");
}

static Status lossy_get(Store *store, const char *key, size_t max_bytes, Buf *ret_data,
                        StoreObject *ret_object, Err *err) {
    return store_get(((LossyStore *)store)->inside, key, max_bytes, ret_data, ret_object, err);
}

static Status lossy_remove(Store *store, const char *key, Err *err) {
    return store_delete(((LossyStore *)store)->inside, key, err);
}

static const StoreDriver lossy_driver = {
    .put = lossy_put, .get = lossy_get, .remove = lossy_remove};

typedef struct Told {
    Status status;
    bool is_there; /* our history, afterwards */
} Told;

/* Publishes a history after one that is there, while `others` do the same. */
static Told publish_among(int others, bool is_taken) {
    TempDir dir;
    Err err;
    StoreObject object;
    HistoryRef ref;
    HistoryLatest latest;
    Store *inside = NULL;
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    OWN(mem_free_at) char *url = temp_dir_path(&dir, "store");
    OWN(mem_free_at) char *file = make_history(&dir, "ours");
    assert_int_equal(store_open(url, NULL, &inside, &err), ST_OK);
    LossyStore lossy = {
        {&lossy_driver}, .inside = inside, .dir = &dir, .is_taken = is_taken, .others = others};
    publish_other(&lossy, 99);

    assert_int_equal(history_latest(inside, &latest, &err), ST_OK);
    Told told = {.status = history_publish(&lossy.base, &latest, file, &ref, &err)};
    told.is_there = store_head(inside, "history/compliance-ours.db", &object, &err) == ST_OK;
    store_close(inside);
    temp_dir_close(&dir);
    return told;
}

static void a_write_that_was_done_is_done(void **state) {
    (void)state;
    Told told = publish_among(0, true);
    assert_int_equal(told.status, ST_OK);
    assert_true(told.is_there);
    told = publish_among(1, true); /* somebody else has built on it */
    assert_int_equal(told.status, ST_OK);
    assert_true(told.is_there);
}

static void who_lost_tidies_up(void **state) {
    (void)state;
    Told told = publish_among(1, false);
    assert_int_equal(told.status, ST_CONFLICT);
    assert_false(told.is_there);
}

static void what_the_chain_may_name_stays(void **state) {
    (void)state;
    Told told = publish_among(2, true);
    assert_int_equal(told.status, ST_CONFLICT);
    assert_true(told.is_there);
    told = publish_among(2, false); /* looks just the same from here */
    assert_int_equal(told.status, ST_CONFLICT);
    assert_true(told.is_there);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_was_done_is_done),
        cmocka_unit_test(who_lost_tidies_up),
        cmocka_unit_test(what_the_chain_may_name_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
