/* The contract of store/store.h, on small objects. Where it is checked: see store_world.h. */
#include "store/store_world.h"

static void gives_back_what_was_put(void **state) {
    Store *store = ((Fixture *)*state)->store;
    assert_absent(store, "a");
    assert_absent(store, "a/b/c");
    assert_put(store, "a/b/c", "one");
    assert_holds(store, "a/b/c", "one");
    assert_put(store, "a/b/c", "");
    assert_holds(store, "a/b/c", "");
    assert_put(store, "top", "two");
    assert_holds(store, "top", "two");
    assert_absent(store, "a/b");
    assert_absent(store, "top/x");
}

static void names_contents_by_etag(void **state) {
    Store *store = ((Fixture *)*state)->store;
    StoreObject one;
    StoreObject two;
    StoreObject seen;
    Err err;
    assert_int_equal(put_text(store, "k", "one", STORE_ALWAYS, NULL, &one), ST_OK);
    assert_int_equal(store_head(store, "k", &seen, &err), ST_OK);
    assert_string_equal(seen.etag, one.etag);
    assert_int_equal(seen.bytes, 3);
    assert_int_equal(put_text(store, "k", "other", STORE_ALWAYS, NULL, &two), ST_OK);
    assert_string_not_equal(one.etag, two.etag);
    assert_int_equal(store_head(store, "k", &seen, &err), ST_OK);
    assert_string_equal(seen.etag, two.etag);
    assert_int_equal(seen.bytes, 5);
}

static void moves_files(void **state) {
    Fixture *fixture = *state;
    OWN(mem_free_at) char *from = temp_dir_path(&fixture->dir, "from");
    OWN(mem_free_at) char *to = temp_dir_path(&fixture->dir, "to");
    OWN(mem_free_at) char *data = mem_alloc(300000);
    Err err;
    digest_random(data, 300000);
    assert_int_equal(file_write_atomic(from, data, 300000, &err), ST_OK);
    StorePut put = {.key = "big", .path = from};
    StoreObject object;
    assert_int_equal(store_put(fixture->store, &put, &object, &err), ST_OK);
    assert_int_equal(object.bytes, 300000);

    assert_int_equal(file_write_atomic(to, "old", 3, &err), ST_OK);
    StoreObject got;
    assert_int_equal(store_get_file(fixture->store, "big", to, &got, &err), ST_OK);
    assert_string_equal(got.etag, object.etag);
    OWN(buf_done) Buf back = {0};
    assert_int_equal(file_read(to, 300000, &back, &err), ST_OK);
    assert_int_equal(back.size, 300000);
    assert_memory_equal(back.data, data, 300000);

    put.path = "/nonexistent/file";
    put.key = "none";
    assert_int_equal(store_put(fixture->store, &put, NULL, &err), ST_NOT_FOUND);
    assert_absent(fixture->store, "none");
}

static void a_failed_download_leaves_the_old_file(void **state) {
    Fixture *fixture = *state;
    OWN(mem_free_at) char *to = temp_dir_path(&fixture->dir, "to");
    Err err;
    assert_int_equal(file_write_atomic(to, "old", 3, &err), ST_OK);
    assert_int_equal(store_get_file(fixture->store, "none", to, NULL, &err), ST_NOT_FOUND);
    OWN(buf_done) Buf back = {0};
    assert_int_equal(file_read(to, 100, &back, &err), ST_OK);
    assert_string_equal(buf_text(&back), "old");
    assert_put(fixture->store, "k", "x");
    assert_int_equal(store_get_file(fixture->store, "k", "/nonexistent/to", NULL, &err), ST_IO);
}

static void reads_no_more_than_asked(void **state) {
    Store *store = ((Fixture *)*state)->store;
    OWN(buf_done) Buf data = {0};
    Err err;
    assert_put(store, "k", "12345");
    assert_int_equal(store_get(store, "k", 4, &data, NULL, &err), ST_LIMIT);
    assert_int_equal(store_get(store, "k", 5, &data, NULL, &err), ST_OK);
    assert_int_equal(store_get(store, "k", 5, &data, NULL, &err), ST_OK);
    assert_string_equal(buf_text(&data), "12345");
}

static void puts_only_where_nothing_is(void **state) {
    Store *store = ((Fixture *)*state)->store;
    assert_int_equal(put_text(store, "d/k", "one", STORE_IF_ABSENT, NULL, NULL), ST_OK);
    assert_int_equal(put_text(store, "d/k", "two", STORE_IF_ABSENT, NULL, NULL), ST_CONFLICT);
    if (!has_faults()) { /* after a lost answer, the same bytes pass for one's own */
        assert_int_equal(put_text(store, "d/k", "one", STORE_IF_ABSENT, NULL, NULL), ST_CONFLICT);
    }
    assert_holds(store, "d/k", "one");
}

static void replaces_only_what_was_seen(void **state) {
    Store *store = ((Fixture *)*state)->store;
    StoreObject one;
    StoreObject two;
    assert_int_equal(put_text(store, "k", "one", STORE_ALWAYS, NULL, &one), ST_OK);
    assert_int_equal(put_text(store, "k", "two", STORE_IF_MATCH, one.etag, &two), ST_OK);
    assert_int_equal(put_text(store, "k", "three", STORE_IF_MATCH, one.etag, NULL), ST_CONFLICT);
    assert_holds(store, "k", "two");
    assert_int_equal(put_text(store, "none", "x", STORE_IF_MATCH, one.etag, NULL), ST_CONFLICT);
    assert_absent(store, "none");
    assert_int_equal(put_text(store, "k", "four", STORE_IF_MATCH, two.etag, NULL), ST_OK);
    assert_holds(store, "k", "four");
}

static void deletes(void **state) {
    Store *store = ((Fixture *)*state)->store;
    Err err;
    assert_put(store, "d/a", "x");
    assert_put(store, "d/b", "y");
    assert_int_equal(store_delete(store, "d/a", &err), ST_OK);
    assert_absent(store, "d/a");
    assert_int_equal(store_delete(store, "d/a", &err), ST_OK);
    assert_int_equal(store_delete(store, "none/a", &err), ST_OK);
    assert_int_equal(store_delete(store, "d", &err), ST_OK);
    assert_holds(store, "d/b", "y");
}

static Status note_key(void *context, const char *key, int64_t bytes, Err *err) {
    if (bytes == 13) {
        return err_set(err, ST_CANCELLED, "enough");
    }
    buf_printf(context, "%s=%lld ", key, (long long)bytes);
    return ST_OK;
}

static void assert_listed(Store *store, const char *prefix, const char *expected) {
    OWN(buf_done) Buf seen = {0};
    Err err;
    assert_int_equal(store_list(store, prefix, note_key, &seen, &err), ST_OK);
    assert_string_equal(buf_text(&seen), expected);
}

static void lists_in_the_order_of_keys(void **state) {
    Store *store = ((Fixture *)*state)->store;
    assert_listed(store, "", "");
    assert_listed(store, "none/", "");
    static const char *const keys[] = {"a/b",   "a-b", "a.b",  "a0", "B",
                                       "a/a/z", "b/1", "b/10", "b/2"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_put(store, keys[i], i == 0 ? "12" : "1");
    }
    assert_listed(store, "", "B=1 a-b=1 a.b=1 a/a/z=1 a/b=2 a0=1 b/1=1 b/10=1 b/2=1 ");
    assert_listed(store, "a/", "a/a/z=1 a/b=2 ");
    assert_listed(store, "a", "a-b=1 a.b=1 a/a/z=1 a/b=2 a0=1 ");
    assert_listed(store, "b/1", "b/1=1 b/10=1 ");
    assert_listed(store, "b/3", "");
    assert_listed(store, "b/1/", "");
}

static void a_list_stops_when_told(void **state) {
    Store *store = ((Fixture *)*state)->store;
    OWN(buf_done) Buf seen = {0};
    Err err;
    assert_put(store, "a", "1");
    assert_put(store, "b", "1234567890123");
    assert_put(store, "c", "1");
    assert_int_equal(store_list(store, "", note_key, &seen, &err), ST_CANCELLED);
    assert_string_equal(buf_text(&seen), "a=1 ");
    assert_string_equal(err.message, "enough");
}

static void refuses_keys_that_lead_elsewhere(void **state) {
    Store *store = ((Fixture *)*state)->store;
    static const char *const bad[] = {"",     "/",    "/etc/passwd", "..",    "../x",     "a/../b",
                                      "a//b", "a/",   "./a",         ".lock", "a/.tmp-1", "a b",
                                      "a\\b", "a\nb", "a?b=c",       "a%2fb", "\xC3\xA9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(buf_done) Buf data = {0};
        StoreObject object;
        Err err;
        assert_int_equal(put_text(store, bad[i], "x", STORE_ALWAYS, NULL, NULL), ST_INPUT);
        assert_int_equal(store_get(store, bad[i], 9, &data, NULL, &err), ST_INPUT);
        assert_int_equal(store_get_file(store, bad[i], "/nonexistent", NULL, &err), ST_INPUT);
        assert_int_equal(store_head(store, bad[i], &object, &err), ST_INPUT);
        assert_int_equal(store_delete(store, bad[i], &err), ST_INPUT);
    }
    Err err;
    assert_int_equal(store_list(store, "../", note_key, NULL, &err), ST_INPUT);
    assert_int_equal(store_list(store, "/", note_key, NULL, &err), ST_INPUT);

    char key[300];
    memset(key, 'k', sizeof key);
    key[256] = '\0';
    assert_int_equal(store_delete(store, key, &err), ST_INPUT);
    key[255] = '\0';
    assert_true(store_key_is_valid(key));
}

static void shows_where_an_object_is(void **state) {
    const Fixture *fixture = *state;
    OWN(buf_done) Buf location = {0};
    OWN(mem_free_at) char *expected = mem_printf("%s/a/b", fixture->url);
    store_append_location(fixture->store, "a/b", &location);
    assert_string_equal(buf_text(&location), expected);
}

static Status race_for_absent(Store *store, int racer) {
    char text[2] = {(char)('a' + racer), '\0'};
    return put_text(store, "race/absent", text, STORE_IF_ABSENT, NULL, NULL);
}

static void of_several_creators_one_wins(void **state) {
    Fixture *fixture = *state;
    Err err;
    for (int round = 0; round < 5; round++) {
        assert_int_equal(run_race(fixture, race_for_absent), 1);
        assert_int_equal(store_delete(fixture->store, "race/absent", &err), ST_OK);
    }
}

static char raced_etag[128];

static Status race_for_match(Store *store, int racer) {
    char text[3] = {(char)('a' + racer), '!', '\0'};
    return put_text(store, "race/match", text, STORE_IF_MATCH, raced_etag, NULL);
}

static void of_several_replacers_one_wins(void **state) {
    Fixture *fixture = *state;
    for (int round = 0; round < 5; round++) {
        StoreObject object;
        assert_int_equal(put_text(fixture->store, "race/match", "old", STORE_ALWAYS, NULL, &object),
                         ST_OK);
        str_copy(raced_etag, sizeof raced_etag, object.etag);
        assert_int_equal(run_race(fixture, race_for_match), 1);
    }
}

enum { STEPS = 10 };

/* Counts up by STEPS, each time from what it has just read. */
static Status count_up(Store *store, int racer) {
    (void)racer;
    for (int step = 0, attempt = 0; step < STEPS; attempt++) {
        OWN(buf_done) Buf data = {0};
        StoreObject object;
        Err err;
        int64_t number = 0;
        if (attempt == 10000) {
            return ST_DEADLINE;
        }
        TRY(store_get(store, "race/count", 20, &data, &object, &err));
        if (!str_parse_int(buf_text(&data), 0, 1000, &number)) {
            return ST_CORRUPT;
        }
        char text[20];
        snprintf(text, sizeof text, "%d", (int)number + 1);
        Status status = put_text(store, "race/count", text, STORE_IF_MATCH, object.etag, NULL);
        if (status == ST_OK) {
            step++;
        } else if (status != ST_CONFLICT) {
            return status;
        }
    }
    return ST_OK;
}

static void no_update_is_lost(void **state) {
    Fixture *fixture = *state;
    assert_put(fixture->store, "race/count", "0");
    assert_int_equal(run_race(fixture, count_up), RACERS);
    char expected[20];
    snprintf(expected, sizeof expected, "%d", RACERS * STEPS);
    assert_holds(fixture->store, "race/count", expected);
}

static void copies(void **state) {
    Store *store = ((Fixture *)*state)->store;
    Err err;
    assert_put(store, "a/from", "one");
    assert_int_equal(store_copy(store, "a/from", "b/to", &err), ST_OK);
    assert_holds(store, "b/to", "one");
    assert_put(store, "a/from", "other");
    assert_holds(store, "b/to", "one");
    assert_int_equal(store_copy(store, "a/from", "b/to", &err), ST_OK);
    assert_holds(store, "b/to", "other");
    assert_holds(store, "a/from", "other");
    assert_int_equal(store_copy(store, "none", "b/to", &err), ST_NOT_FOUND);
    assert_holds(store, "b/to", "other");
    assert_int_equal(store_copy(store, "../x", "b/to", &err), ST_INPUT);
    assert_int_equal(store_copy(store, "a/from", "../x", &err), ST_INPUT);
    assert_listed(store, "", "a/from=5 b/to=5 ");
}

static void keep_body(void *context, const HttpAnswer *answer, const Err *failure) {
    assert_null(failure);
    assert_int_equal(answer->status, 200);
    buf_puts(context, answer->body);
}

static void links_to_what_is_there(void **state) {
    const Fixture *fixture = *state;
    OWN(buf_done) Buf url = {0};
    OWN(buf_done) Buf body = {0};
    S3LinkLife life;
    Err err = {0};
    assert_put(fixture->store, "a/b", "one");
    if (fixture->http == NULL) {
        assert_int_equal(store_link(fixture->store, "a/b", 60, &url, &life, &err), ST_REJECTED);
        return;
    }
    assert_int_equal(store_link(fixture->store, "none", 60, &url, &life, &err), ST_NOT_FOUND);
    assert_int_equal(store_link(fixture->store, "a/b", 60, &url, &life, &err), ST_OK);
    if (has_faults()) {
        return; /* nobody would ask again */
    }
    HttpRequest request = HTTP_REQUEST_NONE;
    request.method = "GET";
    request.url = buf_text(&url);
    assert_int_equal(http_start(fixture->http, &request, keep_body, &body, NULL, &err), ST_OK);
    assert_int_equal(http_run(fixture->http, NULL, &err), ST_OK);
    assert_string_equal(buf_text(&body), "one");
}

/* More than S3 tells at once: a directory, where each put waits for the disk, has no pages. */
static void lists_many_keys(void **state) {
    const Fixture *fixture = *state;
    Store *store = fixture->store;
    OWN(buf_done) Buf expected = {0};
    int count = fixture->aws != NULL ? 1234 : 124;
    if (has_faults()) {
        skip();
    }
    for (int i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "many/%04d.x", i);
        assert_put(store, key, i % 100 == 0 ? "12" : "1");
        buf_printf(&expected, "%s=%d ", key, i % 100 == 0 ? 2 : 1);
    }
    assert_listed(store, "", buf_text(&expected));
    assert_listed(store, "many/001",
                  "many/0010.x=1 many/0011.x=1 many/0012.x=1 many/0013.x=1 "
                  "many/0014.x=1 many/0015.x=1 many/0016.x=1 many/0017.x=1 "
                  "many/0018.x=1 many/0019.x=1 ");
}

static void takes_the_oddest_keys_that_it_allows(void **state) {
    Store *store = ((Fixture *)*state)->store;
    char longest[256];
    memset(longest, 'k', sizeof longest);
    memcpy(longest, "l/", 2);
    longest[getenv("CONFHOUSE_TEST_S3_FILES") == NULL ? 255 : 190] = '\0'; /* of file names */
    const char *keys[] = {longest,        "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p",
                          "A..b/c..",     "-",
                          "_._",          "uploads",
                          "x/partNumber", "0/-.-"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_put(store, keys[i], keys[i]);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_holds(store, keys[i], keys[i]);
    }
}

#define CONTRACT(setup)                                                                            \
    IN(gives_back_what_was_put, setup), IN(names_contents_by_etag, setup), IN(moves_files, setup), \
        IN(a_failed_download_leaves_the_old_file, setup), IN(reads_no_more_than_asked, setup),     \
        IN(puts_only_where_nothing_is, setup), IN(replaces_only_what_was_seen, setup),             \
        IN(deletes, setup), IN(lists_in_the_order_of_keys, setup),                                 \
        IN(a_list_stops_when_told, setup), IN(refuses_keys_that_lead_elsewhere, setup),            \
        IN(shows_where_an_object_is, setup), IN(copies, setup), IN(links_to_what_is_there, setup), \
        IN(lists_many_keys, setup), IN(takes_the_oddest_keys_that_it_allows, setup),               \
        IN(of_several_creators_one_wins, setup), IN(of_several_replacers_one_wins, setup),         \
        IN(no_update_is_lost, setup)

int main(void) {
    const struct CMUnitTest on_directory[] = {CONTRACT(open_directory)};
    const struct CMUnitTest on_s3[] = {CONTRACT(open_s3)};
    return RUN_CONTRACT(on_directory, on_s3);
}
