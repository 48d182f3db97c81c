#include "app/event.h"
#include "base/log.h"
#include "format/json.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static void parse(const char *text, Event *event) {
    Err err = {0};
    Status status = event_parse(text, strlen(text), &event_defaults, event, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ST_OK);
}

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
    } modes[] = {{"{\"mode\":\"batch\"}", EVENT_BATCH}, {"{\"mode\":\"final\"}", EVENT_FINAL},
                 {"{\"mode\":\"plan\"}", EVENT_PLAN},   {"{\"mode\":\"report\"}", EVENT_REPORT},
                 {"{\"mode\":\"run\"}", EVENT_RUN},     {"{\"mode\":\"check\"}", EVENT_CHECK}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        OWN(event_done) Event event = {0};
        parse(modes[i].text, &event);
        assert_int_equal(event.mode, modes[i].mode);
        assert_non_null(strstr(modes[i].text, event_mode_name(event.mode)));
    }
}

static void an_error_names_the_member(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *names;
    } bad[] = {
        {"[]", "object"},
        {"{", "event"},
        {"{\"mode\": \"all\"}", "mode"},
        {"{\"mode\": 1}", "mode"},
        {"{\"group_id\": 20231027}", "group_id"},
        {"{\"group_id\": \"../etc\"}", "group_id"},
        {"{\"shard_id\": \"a/b\"}", "shard_id"},
        {"{\"shard_id\": 1}", "shard_id"},
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
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        Event event = {0};
        Err err = {0};
        assert_int_equal(
            event_parse(bad[i].text, strlen(bad[i].text), &event_defaults, &event, &err), ST_EVENT);
        if (strstr(err.message, bad[i].names) == NULL) {
            fail_msg("%s: '%s' does not name %s", bad[i].text, err.message, bad[i].names);
        }
        assert_int_equal(event.account_count, 0);
    }
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
        cmocka_unit_test(unknown_members_are_passed_over),
        cmocka_unit_test(an_account_named_twice_counts_once),
        cmocka_unit_test(an_event_is_stronger_than_flags),
        cmocka_unit_test(what_is_written_can_be_read),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
