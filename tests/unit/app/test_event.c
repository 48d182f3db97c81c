#include "event_world.h"
#include "format/json.h"

static void an_event_of_a_batch_is_read(void **state) {
    (void)state;
    OWN(event_done) Event event = {0};
    parse("{\"accounts\": [{\"account_id\": \"123456789012\", \"account_name\": \"prod-app-01\"}],"
          " \"group_id\": \"2023-10-27\", \"mode\": \"batch\","
          " \"role_name\": \"configreport-read-role\", \"shard_id\": \"01\","
          " \"regions\": [\"eu-west-1\", \"us-east-1\"], \"external_id\": \"x-1\","
          " \"date\": \"2023-10-28\"}",
          &event);
    assert_int_equal(event.mode, EVENT_BATCH);
    assert_int_equal(event.account_count, 1);
    assert_string_equal(event.accounts[0].id, "123456789012");
    assert_string_equal(event.accounts[0].name, "prod-app-01");
    assert_string_equal(event.group_id, "2023-10-27");
    assert_string_equal(event.shard_id, "01");
    assert_string_equal(event.role_name, "configreport-read-role");
    assert_string_equal(event.external_id, "x-1");
    assert_string_equal(event.date, "2023-10-28");
    assert_string_equal(event.regions, "eu-west-1,us-east-1");
}

static void an_empty_event_scans_everything(void **state) {
    (void)state;
    OWN(event_done) Event event = {0};
    parse("{\"accounts\": null, \"mode\": null}", &event);
    assert_int_equal(event.mode, EVENT_BATCH);
    assert_int_equal(event.account_count, 0);
    assert_null(event.group_id);
}

static void all_modes_are_known(void **state) {
    (void)state;
    static const struct {
        const char *text;
        EventMode mode;
    } modes[] = {{"{\"mode\":\"batch\"}", EVENT_BATCH},   {"{\"mode\":\"final\"}", EVENT_FINAL},
                 {"{\"mode\":\"plan\"}", EVENT_PLAN},     {"{\"mode\":\"merge\"}", EVENT_MERGE},
                 {"{\"mode\":\"report\"}", EVENT_REPORT}, {"{\"mode\":\"run\"}", EVENT_RUN},
                 {"{\"mode\":\"check\"}", EVENT_CHECK}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        OWN(event_done) Event event = {0};
        parse(modes[i].text, &event);
        assert_int_equal(event.mode, modes[i].mode);
        assert_non_null(strstr(modes[i].text, event_mode_name(event.mode)));
    }
}

static void an_error_names_the_member(void **state) {
    (void)state;
    static const BadEvent bad[] = {
        {"[]", "object"},
        {"", "event"},
        {"null", "object"},
        {"\"batch\"", "object"},
        {"{\"mode\": \"batch\"} x", "event"},
        {"{\"mode\": \"ba\xFFtch\"}", "event"},
        {"{", "event"},
        {"{\"mode\": \"all\"}", "mode"},
        {"{\"mode\": 1}", "mode"},
        {"{\"group_id\": 20231027}", "group_id"},
        {"{\"group_id\": \"../etc\"}", "group_id"},
        {"{\"shard_id\": \"a/b\"}", "shard_id"},
        {"{\"shard_id\": 1}", "shard_id"},
        {"{\"role_name\": [\"r\"]}", "role_name"},
        {"{\"external_id\": {}}", "external_id"},
        {"{\"date\": \"2026-02-30\"}", "date"},
        {"{\"mode\": \"run\", \"accounts\": [{\"account_id\": \"123456789012\"}]}", "accounts"},
        {"{\"mode\": \"plan\", \"accounts\": [{\"account_id\": \"123456789012\"}]}", "accounts"},
        {"{\"role_name\": \"\"}", "role_name"},
        {"{\"date\": \"27.10.2023\"}", "date"},
        {"{\"external_id\": \"x\"}", "external_id"},
        {"{\"regions\": \"eu-west-1\"}", "regions"},
        {"{\"regions\": [\"eu-west-1\", 2]}", "regions"},
        {"{\"regions\": []}", "regions"},
        {"{\"accounts\": []}", "accounts"},
        {"{\"accounts\": {}}", "accounts"},
        {"{\"accounts\": [\"123456789012\"]}", "accounts[0]"},
        {"{\"accounts\": [{\"account_id\": 123456789012}]}", "accounts[0].account_id"},
        {"{\"accounts\": [{\"account_id\": \"123456789012\"}, {}]}", "accounts[1].account_id"},
        {"{\"accounts\": [{\"account_id\": \"123456789012\", \"account_name\": 1}]}",
         "accounts[0].account_name"},
    };
    assert_all_refused(bad, sizeof bad / sizeof bad[0]);
}

static void the_defaults_count_where_no_mode_is_named(void **state) {
    (void)state;
    const EventDefaults defaults = {EVENT_MERGE, EVENT_PLAN};
    OWN(event_done) Event silent = {0};
    OWN(event_done) Event named = {0};
    Err err;
    assert_int_equal(event_parse("{}", 2, &defaults, &silent, &err), ST_OK);
    assert_int_equal(silent.mode, EVENT_MERGE);
    const char *text = "{\"mode\": \"report\"}";
    assert_int_equal(event_parse(text, strlen(text), &defaults, &named, &err), ST_OK);
    assert_int_equal(named.mode, EVENT_REPORT);
}

static void assert_refused(const Buf *text, const char *names) {
    Event event = {0};
    Err err = {0};
    assert_int_equal(event_parse(text->data, text->size, &event_defaults, &event, &err), ST_EVENT);
    if (strstr(err.message, names) == NULL) {
        fail_msg("'%s' does not name %s", err.message, names);
    }
}

static void refuses_an_event_that_is_nested_too_deep(void **state) {
    (void)state;
    OWN(buf_done) Buf text = {0};
    buf_puts(&text, "{\"mode\": ");
    for (int i = 0; i < 100000; i++) {
        buf_putc(&text, '[');
    }
    assert_refused(&text, "event");
}

static void refuses_an_event_that_is_too_large(void **state) {
    (void)state;
    OWN(buf_done) Buf text = {0};
    buf_puts(&text, "{}");
    while (text.size < EVENT_MAX_BYTES) {
        buf_puts(&text, "                                                                ");
    }
    assert_refused(&text, "bytes");
}

static void append_accounts(Buf *text, int count) {
    buf_puts(text, "{\"accounts\": [");
    for (int i = 0; i < count; i++) {
        buf_printf(text, "%s{\"account_id\": \"%012d\"}", i == 0 ? "" : ",", i);
    }
    buf_puts(text, "]}");
}

static void takes_100000_accounts_and_not_one_more(void **state) {
    (void)state;
    OWN(buf_done) Buf most = {0};
    OWN(buf_done) Buf more = {0};
    OWN(event_done) Event event = {0};
    Err err;
    append_accounts(&most, EVENT_MAX_ACCOUNTS);
    assert_int_equal(event_parse(most.data, most.size, &event_defaults, &event, &err), ST_OK);
    assert_int_equal(event.account_count, EVENT_MAX_ACCOUNTS);
    append_accounts(&more, EVENT_MAX_ACCOUNTS + 1);
    assert_refused(&more, "accounts");
}

static void unknown_members_are_passed_over(void **state) {
    (void)state;
    OWN(event_done) Event event = {0};
    parse("{\"colour\": \"red\", \"group_id\": \"g\", \"accounts\":"
          " [{\"account_id\": \"123456789012\", \"email\": \"x\"}]}",
          &event);
    assert_string_equal(event.group_id, "g");
    assert_string_equal(event.accounts[0].name, "");
}

static void an_account_named_twice_counts_once(void **state) {
    (void)state;
    OWN(event_done) Event event = {0};
    parse("{\"accounts\": [{\"account_id\": \"222222222222\"}, {\"account_id\": \"111111111111\"},"
          " {\"account_id\": \"222222222222\"}]}",
          &event);
    assert_int_equal(event.account_count, 2);
    assert_string_equal(event.accounts[0].id, "111111111111");
    assert_string_equal(event.accounts[1].id, "222222222222");
}

static void an_event_is_stronger_than_flags(void **state) {
    (void)state;
    OWN(event_done) Event event = {0};
    OWN(settings_done) Settings settings = {0};
    Err err;
    parse("{\"role_name\": \"reader\", \"regions\": [\"eu-west-1\"]}", &event);
    assert_int_equal(
        settings_put(&settings, SETTING_ROLE_NAME, "other", SOURCE_FLAG, "--role-name", &err),
        ST_OK);
    assert_int_equal(
        settings_put(&settings, SETTING_GROUP_ID, "stays", SOURCE_FLAG, "--group-id", &err), ST_OK);
    assert_int_equal(event_apply(&event, &settings, &err), ST_OK);
    assert_string_equal(settings_text(&settings, SETTING_ROLE_NAME), "reader");
    assert_string_equal(settings_text(&settings, SETTING_REGIONS), "eu-west-1");
    assert_string_equal(settings_text(&settings, SETTING_GROUP_ID), "stays");
}

static void what_is_written_can_be_read(void **state) {
    (void)state;
    OWN(event_done) Event event = {0};
    OWN(event_done) Event again = {0};
    OWN(buf_done) Buf text = {0};
    parse("{\"accounts\": [{\"account_id\": \"123456789012\", \"account_name\": \"a \\\"b\\\"\"}],"
          " \"group_id\": \"g\", \"shard_id\": \"02\", \"regions\": [\"eu-west-1\"]}",
          &event);
    event_append_json(&event, &text);
    parse(buf_text(&text), &again);
    assert_string_equal(again.accounts[0].name, "a \"b\"");
    assert_string_equal(again.shard_id, "02");
    assert_string_equal(again.regions, "eu-west-1");
    assert_null(again.external_id);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_of_a_batch_is_read),
        cmocka_unit_test(an_empty_event_scans_everything),
        cmocka_unit_test(all_modes_are_known),
        cmocka_unit_test(an_error_names_the_member),
        cmocka_unit_test(the_defaults_count_where_no_mode_is_named),
        cmocka_unit_test(refuses_an_event_that_is_nested_too_deep),
        cmocka_unit_test(refuses_an_event_that_is_too_large),
        cmocka_unit_test(takes_100000_accounts_and_not_one_more),
        cmocka_unit_test(unknown_members_are_passed_over),
        cmocka_unit_test(an_account_named_twice_counts_once),
        cmocka_unit_test(an_event_is_stronger_than_flags),
        cmocka_unit_test(what_is_written_can_be_read),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
