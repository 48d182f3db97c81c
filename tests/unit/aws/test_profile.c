/* The files that AWS's tools share, and the profile in use. */
#include "aws/source_world.h"

static void assert_value(ProfileValue value, const char *text, const char *path_end, int line) {
    assert_string_equal(value.text == NULL ? "(nothing)" : value.text, text);
    assert_int_equal(value.line, line);
    assert_true(str_ends(value.path == NULL ? "" : value.path, path_end));
}

static void a_profile_is_what_both_files_say(void **state) {
    World *world = *state;
    world_config(world, "[default]\nregion = eu-west-1\n[profile a]\nregion = us-east-1\n"
                        "output = json\n[profile \"b c\"]\nregion = x\n[profiler]\nregion = y\n");
    world_credentials(world, "[a]\naws_access_key_id = A\nregion = us-west-2\n[only]\nx = 1\n");
    world_use(world, "a");
    const Profile *profile = world->profile;
    assert_value(profile_get(profile, NULL, "output"), "json", "/.aws/config", 5);
    assert_value(profile_get(profile, NULL, "region"), "us-west-2", "/.aws/credentials", 3);
    assert_value(profile_get_in(profile, PROFILE_CONFIG, NULL, "region"), "us-east-1",
                 "/.aws/config", 4);
    assert_value(profile_get(profile, "default", "region"), "eu-west-1", "/.aws/config", 2);
    assert_value(profile_get(profile, "b c", "region"), "x", "/.aws/config", 7);
    assert_value(profile_get(profile, "a", "nothing"), "(nothing)", "", 0);
    assert_value(profile_place(profile, "a"), "profile a", "/.aws/config", 3);
    assert_value(profile_place(profile, "only"), "only", "/.aws/credentials", 4);
    assert_true(profile_exists(profile, "default"));
    assert_false(profile_exists(profile, "r"));
    assert_false(profile_exists(profile, "profile a"));
    assert_true(profile_is_explicit(profile));
}

static void sections_beside_profiles_are_found(void **state) {
    World *world = *state;
    world_config(world, "[sso-session s]\nsso_region = eu-west-1\n"
                        "[services local]\nconfig_service =\n  endpoint_url = http://h\n");
    world_use(world, NULL);
    const Profile *profile = world->profile;
    assert_value(profile_get_shared(profile, "sso-session", "s", "sso_region"), "eu-west-1",
                 "/.aws/config", 2);
    assert_value(profile_get_shared(profile, "services", "local", "config_service.endpoint_url"),
                 "http://h", "/.aws/config", 5);
    assert_value(profile_get_shared(profile, "sso-session", "s", NULL), "sso-session s",
                 "/.aws/config", 1);
    assert_null(profile_get_shared(profile, "sso-session", "local", NULL).text);
}

static void the_files_may_be_elsewhere_or_nowhere(void **state) {
    World *world = *state;
    world_use(world, NULL);
    assert_false(profile_exists(world->profile, "default"));
    setenv("AWS_CONFIG_FILE", world_write(world, "my.conf", "[profile a]\nregion = r\n"), 1);
    (void)world_write(world, "my.keys", "[a]\nx = 1\n");
    setenv("AWS_SHARED_CREDENTIALS_FILE", "~/my.keys", 1);
    world_use(world, "a");
    assert_value(profile_get(world->profile, NULL, "region"), "r", "/my.conf", 2);
    assert_value(profile_get(world->profile, NULL, "x"), "1", "/my.keys", 2);
    unsetenv("AWS_CONFIG_FILE");
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    setenv("HOME", "/dev/null", 1);
    world_use(world, NULL);
    assert_false(profile_exists(world->profile, "a"));
    unsetenv("HOME");
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    world_use(world, NULL);
    assert_false(profile_exists(world->profile, "a"));
}

static void the_profile_in_use_is_named_or_that_of_the_environment(void **state) {
    World *world = *state;
    world_config(world, "[default]\n[profile a]\n[profile b]\n[profile c]\n");
    world_use(world, NULL);
    assert_string_equal(profile_name(world->profile), "default");
    assert_false(profile_is_explicit(world->profile));
    setenv("AWS_DEFAULT_PROFILE", "a", 1);
    world_use(world, NULL);
    assert_string_equal(profile_name(world->profile), "a");
    setenv("AWS_PROFILE", "b", 1);
    world_use(world, NULL);
    assert_string_equal(profile_name(world->profile), "b");
    assert_false(profile_is_explicit(world->profile));
    world_use(world, "c");
    assert_string_equal(profile_name(world->profile), "c");
}

static void assert_not_opened(const char *name, Status status, const char *message,
                              const char *hint) {
    Profile *profile = NULL;
    Err err = {0};
    assert_int_equal(profile_open(name, &profile, &err), status);
    assert_null(profile);
    if (strstr(err.message, message) == NULL || strstr(err.hint, hint) == NULL) {
        fail_msg("%s (%s)", err.message, err.hint);
    }
}

static void a_profile_that_is_not_there_is_named(void **state) {
    World *world = *state;
    world_config(world, "[profile a]\nx = 1\n[b]\ny = 1\n");
    assert_not_opened("nosuch", ST_USAGE, "there is no profile 'nosuch' in ", "list-profiles");
    assert_not_opened("b", ST_USAGE, "there is no profile 'b' in ", "line 3 of ");
    assert_not_opened("b", ST_USAGE, "", "must read [profile b]");
    setenv("AWS_PROFILE", "nosuch", 1);
    assert_not_opened(NULL, ST_USAGE, "there is no profile 'nosuch' of AWS_PROFILE in ", "");
}

static void a_file_that_makes_no_sense_is_named_with_its_line(void **state) {
    World *world = *state;
    world_credentials(world, "[a]\naws_secret_access_key = hush\nhush hush\n");
    assert_not_opened(NULL, ST_INPUT, "/.aws/credentials:3: this is neither", "");
    Profile *profile = NULL;
    Err err = {0};
    assert_int_equal(profile_open(NULL, &profile, &err), ST_INPUT);
    assert_null(strstr(err.message, "hush"));
}

static void settings_come_from_the_environment_first(void **state) {
    World *world = *state;
    bool flag = true;
    Err err = {0};
    world_config(world, "[default]\nca_bundle = /p\nempty =\nuse_fips_endpoint = TRUE\nodd = 1\n");
    world_use(world, NULL);
    const Profile *profile = world->profile;
    assert_value(profile_setting(profile, "AWS_X", "ca_bundle"), "/p", "/.aws/config", 2);
    assert_value(profile_setting(profile, "AWS_X", "empty"), "(nothing)", "", 0);
    setenv("AWS_X", "", 1);
    assert_value(profile_setting(profile, "AWS_X", "ca_bundle"), "/p", "/.aws/config", 2);
    setenv("AWS_X", "/e", 1);
    assert_value(profile_setting(profile, "AWS_X", "ca_bundle"), "/e", "", 0);
    assert_null(profile_setting(NULL, "AWS_Y", "ca_bundle").text);
    assert_int_equal(profile_flag(profile, "AWS_F", "use_fips_endpoint", &flag, &err), ST_OK);
    assert_true(flag);
    setenv("AWS_F", "false", 1);
    assert_int_equal(profile_flag(profile, "AWS_F", "use_fips_endpoint", &flag, &err), ST_OK);
    assert_false(flag);
    setenv("AWS_F", "1", 1);
    assert_int_equal(profile_flag(profile, "AWS_F", "use_fips_endpoint", &flag, &err), ST_USAGE);
    assert_string_equal(err.message, "AWS_F='1' is neither true nor false");
    assert_int_equal(profile_flag(profile, "AWS_G", "odd", &flag, &err), ST_USAGE);
    assert_non_null(strstr(err.message, "/.aws/config:5: odd = 1 is neither"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_profile_is_what_both_files_say),
        WORLD_TEST(sections_beside_profiles_are_found),
        WORLD_TEST(the_files_may_be_elsewhere_or_nowhere),
        WORLD_TEST(the_profile_in_use_is_named_or_that_of_the_environment),
        WORLD_TEST(a_profile_that_is_not_there_is_named),
        WORLD_TEST(a_file_that_makes_no_sense_is_named_with_its_line),
        WORLD_TEST(settings_come_from_the_environment_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
