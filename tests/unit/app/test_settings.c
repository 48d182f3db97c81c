#include "app/settings.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each test begins without any variable of ours. */
static int clear_environment(void **state) {
    (void)state;
    static const char *const others[] = {"REPORT_BUCKET", "REPORT_PREFIX", "AWS_REGION",
                                         "AWS_DEFAULT_REGION"};
    for (char **entry = environ; *entry != NULL;) {
        char name[128];
        str_copy(name, sizeof name, *entry);
        name[strcspn(name, "=")] = '\0';
        if (str_starts(name, "CONFHOUSE_")) {
            unsetenv(name);
            entry = environ;
        } else {
            entry++;
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        unsetenv(others[i]);
    }
    return 0;
}

static void put_flag(Settings *settings, SettingId id, const char *text) {
    Err err;
    assert_int_equal(settings_put(settings, id, text, SOURCE_FLAG, "--flag", &err), ST_OK);
}

static void load(Settings *settings) {
    Err err = {0};
    Status status = settings_load(settings, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ST_OK);
}

/* A file with this text; the path is good until the folder is closed. */
static char *write_file(const TempDir *dir, const char *text) {
    Err err;
    char *path = temp_dir_path(dir, "settings.conf");
    assert_int_equal(file_write_atomic(path, text, strlen(text), &err), ST_OK);
    return path;
}

static void every_row_of_the_table_is_complete(void **state) {
    (void)state;
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        const Setting *info = setting_info(id);
        SettingId found = 0;
        assert_true(setting_find(info->name, &found));
        assert_int_equal(found, id); /* no name is there twice */
        assert_true(strlen(info->help) > 10);
        assert_true(info->commands != 0);
        assert_true(info->section < SECTION_COUNT);
        assert_true((info->type == SETTING_FLAG) == (info->placeholder == NULL));
        assert_true((info->type == SETTING_CHOICE) == (info->choices != NULL));
        assert_true((info->is_valid == NULL) == (info->shape == NULL));
    }
}

static void a_layer_changes_nothing_below(void **state) {
    (void)state;
    OWN(settings_done) Settings under = {0};
    Err err;
    put_flag(&under, SETTING_GROUP_ID, "below");
    put_flag(&under, SETTING_REGIONS, "eu-west-1");
    load(&under);
    for (int i = 0; i < 3; i++) {
        OWN(settings_done) Settings layer = {0};
        settings_layer(&under, &layer);
        assert_string_equal(settings_text(&layer, SETTING_GROUP_ID), "below");
        assert_int_equal(settings_source(&layer, SETTING_GROUP_ID), SOURCE_FLAG);
        assert_null(settings_text(&layer, SETTING_EXTERNAL_ID));
        assert_int_equal(
            settings_put(&layer, SETTING_GROUP_ID, "above", SOURCE_EVENT, "group_id", &err), ST_OK);
        assert_int_equal(
            settings_put(&layer, SETTING_EXTERNAL_ID, "x-1", SOURCE_EVENT, "external_id", &err),
            ST_OK);
        assert_int_equal(
            settings_put(&layer, SETTING_REGIONS, "us-east-1", SOURCE_FLAG, "--regions", &err),
            ST_OK);
        assert_string_equal(settings_text(&layer, SETTING_GROUP_ID), "above");
        assert_string_equal(settings_text(&layer, SETTING_REGIONS), "eu-west-1,us-east-1");
    }
    assert_string_equal(settings_text(&under, SETTING_GROUP_ID), "below");
    assert_string_equal(settings_text(&under, SETTING_REGIONS), "eu-west-1");
    assert_null(settings_text(&under, SETTING_EXTERNAL_ID));
}

static void all_defaults_are_valid(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    load(&settings);
    assert_int_equal(settings_int(&settings, SETTING_CONCURRENCY), 64);
    assert_string_equal(settings_text(&settings, SETTING_STORE), "./confhouse-data");
    assert_null(settings_text(&settings, SETTING_REGION));
    assert_false(settings_is_set(&settings, SETTING_CONCURRENCY));
    assert_false(settings_flag(&settings, SETTING_QUIET));
    assert_true(settings_ratio(&settings, SETTING_GREEN_FROM) > 0.949);
}

static void flags_come_before_environment_before_file_before_defaults(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir;
    OWN(settings_done) Settings settings = {0};
    Err err;
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    OWN(mem_free_at)
    char *path =
        write_file(&dir, "role-name = from-file\nconcurrency = 3\nowner-tag = from.file\n");
    setenv("CONFHOUSE_CONFIG", path, 1);
    setenv("CONFHOUSE_ROLE_NAME", "from-environment", 1);
    setenv("CONFHOUSE_CONCURRENCY", "4", 1);
    put_flag(&settings, SETTING_ROLE_NAME, "from-flag");
    load(&settings);
    assert_string_equal(settings_text(&settings, SETTING_ROLE_NAME), "from-flag");
    assert_int_equal(settings_source(&settings, SETTING_ROLE_NAME), SOURCE_FLAG);
    assert_int_equal(settings_int(&settings, SETTING_CONCURRENCY), 4);
    assert_int_equal(settings_source(&settings, SETTING_CONCURRENCY), SOURCE_ENVIRONMENT);
    assert_string_equal(settings_text(&settings, SETTING_OWNER_TAG), "from.file");
    assert_int_equal(settings_source(&settings, SETTING_OWNER_TAG), SOURCE_FILE);
    assert_string_equal(settings_text(&settings, SETTING_TAG_PREFIX), "mox.");
    assert_int_equal(settings_source(&settings, SETTING_TAG_PREFIX), SOURCE_DEFAULT);
    assert_string_equal(settings_origin(&settings, SETTING_ROLE_NAME), "--flag");
    assert_string_equal(settings_origin(&settings, SETTING_CONCURRENCY), "CONFHOUSE_CONCURRENCY");
    assert_true(str_ends(settings_origin(&settings, SETTING_OWNER_TAG), ":3: owner-tag"));
    assert_null(settings_origin(&settings, SETTING_REGION));
    /* A profile of AWS's tools is weaker than all of these. */
    assert_int_equal(
        settings_put(&settings, SETTING_OWNER_TAG, "from.profile", SOURCE_PROFILE, "x", &err),
        ST_OK);
    assert_string_equal(settings_text(&settings, SETTING_OWNER_TAG), "from.file");
    /* An event is stronger still. */
    assert_int_equal(
        settings_put(&settings, SETTING_ROLE_NAME, "from-event", SOURCE_EVENT, "role_name", &err),
        ST_OK);
    assert_string_equal(settings_text(&settings, SETTING_ROLE_NAME), "from-event");
}

static void an_error_names_where_the_value_came_from(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    Err err;
    setenv("CONFHOUSE_CONCURRENCY", "x", 1);
    assert_int_equal(settings_load(&settings, &err), ST_USAGE);
    assert_string_equal(err.message, "CONFHOUSE_CONCURRENCY='x' is not a number from 1 to 1000");
    assert_int_equal(
        settings_put(&settings, SETTING_DATE, "2026-02-30", SOURCE_FLAG, "--date", &err), ST_USAGE);
    assert_string_equal(err.message, "--date='2026-02-30' is not a date like 2026-11-22");
    assert_int_equal(settings_put(&settings, SETTING_STORE, "", SOURCE_FLAG, "--store", &err),
                     ST_USAGE);
    assert_string_equal(err.message, "--store is empty");
}

static void values_out_of_shape_are_refused(void **state) {
    (void)state;
    static const struct {
        SettingId id;
        const char *text;
    } bad[] = {
        {SETTING_CONCURRENCY, "0"},
        {SETTING_CONCURRENCY, "1001"},
        {SETTING_CONCURRENCY, "5 "},
        {SETTING_GROUP_ID, "../x"},
        {SETTING_GROUP_ID, ".x"},
        {SETTING_REGIONS, "eu-west-1,nowhere"},
        {SETTING_REGIONS, ","},
        {SETTING_GREEN_FROM, "1.01"},
        {SETTING_GREEN_FROM, "nan"},
        {SETTING_GREEN_FROM, "-0.1"},
        {SETTING_FORMAT, "xml"},
        {SETTING_QUIET, "maybe"},
        {SETTING_ROLE_NAME, "a b"},
        {SETTING_EXTERNAL_ID, "x"},
        {SETTING_PARAM, "group_id"},
        {SETTING_PARAM, "=x"},
        {SETTING_DEADLINE, "14"},
        {SETTING_DEADLINE, "0s"},
        {SETTING_DEADLINE, "m"},
        {SETTING_DEADLINE, "1w"},
        {SETTING_DEADLINE, "99999999999999h"},
        {SETTING_DEADLINE, "-1m"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(settings_done) Settings settings = {0};
        Err err;
        Status status = settings_put(&settings, bad[i].id, bad[i].text, SOURCE_FLAG, "--it", &err);
        if (status != ST_USAGE) {
            fail_msg("'%s' was taken for %s", bad[i].text, setting_info(bad[i].id)->name);
        }
        assert_null(settings_text(&settings, bad[i].id));
    }
}

static void an_external_id_is_not_shown(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    Err err;
    assert_int_equal(settings_put(&settings, SETTING_EXTERNAL_ID, "s3cret word", SOURCE_ENVIRONMENT,
                                  "CONFHOUSE_EXTERNAL_ID", &err),
                     ST_USAGE);
    assert_null(strstr(err.message, "s3cret"));
}

static void ages_are_read(void **state) {
    (void)state;
    int64_t days = 0;
    assert_true(setting_parse_age("1d", &days));
    assert_int_equal(days, 1);
    assert_true(setting_parse_age("2y", &days));
    assert_int_equal(days, 730);
    assert_true(setting_parse_age("100y", &days));
    static const char *const bad[] = {"",
                                      "7",
                                      "d",
                                      "0d",
                                      "-1d",
                                      "+1d",
                                      " 1d",
                                      "1w",
                                      "1dd",
                                      "101y",
                                      "36501d",
                                      "1.5y",
                                      "99999999999999999999d"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(setting_parse_age(bad[i], &days));
        assert_false(setting_is_age(bad[i]));
    }
}

static void durations_are_read(void **state) {
    (void)state;
    int64_t ms = 0;
    assert_true(setting_parse_duration("14m", &ms));
    assert_int_equal(ms, 14 * 60 * 1000);
    assert_true(setting_parse_duration("900s", &ms));
    assert_int_equal(ms, 900 * 1000);
    assert_true(setting_parse_duration("1h30m", &ms));
    assert_int_equal(ms, 90 * 60 * 1000);
    assert_false(setting_parse_duration("", &ms));
}

static void the_file_names_itself_and_its_line(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
        const char *hint;
    } bad[] = {
        {"# fine\n\nregoins = eu-west-1\n", ":3: 'regoins' is no setting", "'regions'"},
        {"store\n", ":1: this is not 'name = value'", ""},
        {"shards = 2\nshards = 3\n", ":2: 'shards' is set already, in line 1", ""},
        {"\nconcurrency = many\n", ":2: concurrency='many' is not a number", ""},
        {"config = other\n", ":1: a settings file cannot name another one", "--config"},
        {"store = \n", ":1: store is empty", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(temp_dir_close) TempDir dir;
        OWN(settings_done) Settings settings = {0};
        Err err;
        assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
        OWN(mem_free_at) char *path = write_file(&dir, bad[i].text);
        assert_int_equal(settings_load_file(&settings, path, &err), ST_USAGE);
        assert_non_null(strstr(err.message, path));
        assert_non_null(strstr(err.message, bad[i].message));
        assert_non_null(strstr(err.hint, bad[i].hint));
    }
}

static void the_file_may_be_written_freely(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir;
    OWN(settings_done) Settings settings = {0};
    Err err;
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    OWN(mem_free_at)
    char *path = write_file(
        &dir, "  # comment\r\n\r\nregions=eu-west-1, us-east-1\r\n  store  =  s3://b/p=1  ");
    assert_int_equal(settings_load_file(&settings, path, &err), ST_OK);
    assert_string_equal(settings_text(&settings, SETTING_REGIONS), "eu-west-1, us-east-1");
    assert_string_equal(settings_text(&settings, SETTING_STORE), "s3://b/p=1");
}

static void a_file_that_is_not_there_is_an_error(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    Err err;
    setenv("CONFHOUSE_CONFIG", "/nowhere/confhouse.conf", 1);
    assert_int_equal(settings_load(&settings, &err), ST_USAGE);
    assert_non_null(strstr(err.message, "/nowhere/confhouse.conf"));
}

static void the_store_falls_back_on_the_report_bucket(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    setenv("REPORT_BUCKET", "reports", 1);
    setenv("REPORT_PREFIX", "/config/history/", 1);
    load(&settings);
    assert_string_equal(settings_text(&settings, SETTING_STORE), "s3://reports/config/history");
    settings_done(&settings);
    unsetenv("REPORT_PREFIX");
    load(&settings);
    assert_string_equal(settings_text(&settings, SETTING_STORE), "s3://reports");
    settings_done(&settings);
    setenv("CONFHOUSE_STORE", "/srv/here", 1);
    load(&settings);
    assert_string_equal(settings_text(&settings, SETTING_STORE), "/srv/here");
}

static void the_region_falls_back_on_those_of_aws(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    setenv("AWS_DEFAULT_REGION", "eu-west-1", 1);
    load(&settings);
    assert_string_equal(settings_text(&settings, SETTING_REGION), "eu-west-1");
    settings_done(&settings);
    setenv("AWS_REGION", "eu-west-2", 1);
    load(&settings);
    assert_string_equal(settings_text(&settings, SETTING_REGION), "eu-west-2");
    settings_done(&settings);
    setenv("CONFHOUSE_REGION", "eu-west-3", 1);
    load(&settings);
    assert_string_equal(settings_text(&settings, SETTING_REGION), "eu-west-3");
}

static void an_empty_variable_counts_as_absent(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    setenv("CONFHOUSE_CONCURRENCY", "", 1);
    setenv("REPORT_BUCKET", "", 1);
    load(&settings);
    assert_int_equal(settings_int(&settings, SETTING_CONCURRENCY), 64);
    assert_string_equal(settings_text(&settings, SETTING_STORE), "./confhouse-data");
}

static void lists_grow_from_flag_to_flag(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    setenv("CONFHOUSE_EXCLUDE_ACCOUNT", "from-environment", 1);
    put_flag(&settings, SETTING_EXCLUDE_ACCOUNT, "sandbox-*");
    put_flag(&settings, SETTING_EXCLUDE_ACCOUNT, "123456789012");
    put_flag(&settings, SETTING_PARAM, "a=1,2");
    put_flag(&settings, SETTING_PARAM, "b=3");
    put_flag(&settings, SETTING_ROLE_NAME, "first");
    put_flag(&settings, SETTING_ROLE_NAME, "second");
    load(&settings);
    assert_string_equal(settings_text(&settings, SETTING_EXCLUDE_ACCOUNT),
                        "sandbox-*,123456789012");
    assert_string_equal(settings_text(&settings, SETTING_PARAM), "a=1,2\nb=3");
    assert_string_equal(settings_text(&settings, SETTING_ROLE_NAME), "second");
}

static void settings_that_exclude_each_other(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    Err err;
    put_flag(&settings, SETTING_QUIET, "true");
    put_flag(&settings, SETTING_VERBOSE, "true");
    assert_int_equal(settings_load(&settings, &err), ST_USAGE);
    settings_done(&settings);
    /* The flag has its way over the environment. */
    setenv("CONFHOUSE_ACCOUNTS", "accounts.csv", 1);
    put_flag(&settings, SETTING_ORGANIZATION, "true");
    load(&settings);
    assert_null(settings_text(&settings, SETTING_ACCOUNTS));
    settings_done(&settings);
    put_flag(&settings, SETTING_GREEN_FROM, "0.5");
    assert_int_equal(settings_load(&settings, &err), ST_USAGE);
    assert_non_null(strstr(err.message, "yellow-from=0.80 is above green-from=0.5"));
}

static void environment_rules_are_checked(void **state) {
    (void)state;
    OWN(settings_done) Settings settings = {0};
    Err err;
    put_flag(&settings, SETTING_ENVIRONMENT_NAME, "*-live=production");
    assert_int_equal(settings_load(&settings, &err), ST_USAGE);
}

static void the_nearest_name_is_suggested(void **state) {
    (void)state;
    assert_string_equal(setting_suggest("regoins", COMMAND_ALL), "regions");
    assert_string_equal(setting_suggest("concurency", COMMAND_ALL), "concurrency");
    assert_string_equal(setting_suggest("conc", COMMAND_ALL), "concurrency");
    assert_null(setting_suggest("zzzzzzzzz", COMMAND_ALL));
    /* Only among those of the command. */
    assert_null(setting_suggest("concurrency", COMMAND_DIFF));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_row_of_the_table_is_complete, clear_environment),
        cmocka_unit_test_setup(a_layer_changes_nothing_below, clear_environment),
        cmocka_unit_test_setup(all_defaults_are_valid, clear_environment),
        cmocka_unit_test_setup(flags_come_before_environment_before_file_before_defaults,
                               clear_environment),
        cmocka_unit_test_setup(an_error_names_where_the_value_came_from, clear_environment),
        cmocka_unit_test_setup(values_out_of_shape_are_refused, clear_environment),
        cmocka_unit_test_setup(an_external_id_is_not_shown, clear_environment),
        cmocka_unit_test_setup(ages_are_read, clear_environment),
        cmocka_unit_test_setup(durations_are_read, clear_environment),
        cmocka_unit_test_setup(the_file_names_itself_and_its_line, clear_environment),
        cmocka_unit_test_setup(the_file_may_be_written_freely, clear_environment),
        cmocka_unit_test_setup(a_file_that_is_not_there_is_an_error, clear_environment),
        cmocka_unit_test_setup(the_store_falls_back_on_the_report_bucket, clear_environment),
        cmocka_unit_test_setup(the_region_falls_back_on_those_of_aws, clear_environment),
        cmocka_unit_test_setup(an_empty_variable_counts_as_absent, clear_environment),
        cmocka_unit_test_setup(lists_grow_from_flag_to_flag, clear_environment),
        cmocka_unit_test_setup(settings_that_exclude_each_other, clear_environment),
        cmocka_unit_test_setup(environment_rules_are_checked, clear_environment),
        cmocka_unit_test_setup(the_nearest_name_is_suggested, clear_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
