/* credential_process: real programs that print keys. */
#include "aws/source_world.h"

#include <signal.h>

#define GOOD                                                                                       \
    "{\"Version\": 1, \"AccessKeyId\": \"PID\", \"SecretAccessKey\": \"s3cr3t\", "                 \
    "\"SessionToken\": \"t\", \"Expiration\": \"2096-11-22T08:30:00+01:30\"}"

/* A profile whose process is `sh <home>/keys.sh` with this script. */
static void use_script(World *world, const char *script) {
    char config[900];
    snprintf(config, sizeof config, "[profile p]\ncredential_process = sh '%s' one \"two three\"\n",
             world_write(world, "key s.sh", script));
    world_config(world, config);
}

static void what_the_program_prints_is_used(void **state) {
    World *world = *state;
    use_script(world, "test \"$1/$2/$#\" = 'one/two three/2' && cat <<'X'\n" GOOD "\nX\n");
    world_expect_key(world, "p", "PID");
    assert_string_equal(world->found.keys.secret_key, "s3cr3t");
    assert_string_equal(world->found.keys.session_token, "t");
    int64_t expected_ms = 0;
    assert_true(clock_parse_time("2096-11-22T07:00:00Z", &expected_ms));
    assert_int_equal(world->found.keys.expires_ms, expected_ms);
    assert_non_null(strstr(world->found.words, "credential_process of profile 'p' ("));
    assert_non_null(strstr(world->found.words, "/.aws/config:2)"));
}

static void keys_may_last_for_ever(void **state) {
    World *world = *state;
    use_script(world, "echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"b\"}'");
    world_expect_key(world, "p", "A");
    assert_int_equal(world->found.keys.expires_ms, 0);
    assert_string_equal(world->found.keys.session_token, "");
}

static void it_runs_in_no_shell_and_with_no_files_of_ours(void **state) {
    World *world = *state;
    use_script(world, "test \"$(ls /proc/self/fd | wc -l)\" -le 4 && test -z \"$(cat)\" && "
                      "echo '" GOOD "'");
    world_expect_key(world, "p", "PID");
    world_config(world, "[profile p]\ncredential_process = echo '" GOOD "' > file\n");
    world_expect_failure(world, "p", ST_CREDENTIALS, "no JSON object");
}

static void what_is_wrong_names_file_and_line_and_no_secret(void **state) {
    World *world = *state;
    static const struct {
        const char *script;
        const char *message;
    } wrong[] = {
        {"echo s3cr3t; exit 3", "'sh' ended with status 3"},
        {"kill -9 $$", "'sh' ended with signal 9"},
        {"echo s3cr3t", "what it printed is no JSON object"},
        {"echo '[]'", "what it printed is no JSON object"},
        {"true", "what it printed is no JSON object"},
        {"echo '{\"Version\":2,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s3cr3t\"}'",
         "it must print \"Version\": 1"},
        {"echo '{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s3cr3t\"}'", "\"Version\": 1"},
        {"echo '{\"Version\":\"1\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s3cr3t\"}'",
         "\"Version\": 1"},
        {"echo '{\"Version\":1,\"SecretAccessKey\":\"s3cr3t\"}'", "has no AccessKeyId"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"A\"}'", "has no SecretAccessKey"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":7}'",
         "has no SecretAccessKey"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s3cr3t x\"}'",
         "SecretAccessKey holds a blank"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s3cr3t\","
         "\"Expiration\":\"soon\"}'",
         "Expiration is no time"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s3cr3t\","
         "\"Expiration\":\"2001-01-01T00:00:00Z\"}'",
         "have expired"},
        {"head -c 70000 /dev/zero | tr '\\0' x; sleep 30", "more than 65536 bytes"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        use_script(world, wrong[i].script);
        Status status = world_find(world, "p");
        assert_true(status == ST_CREDENTIALS || status == ST_LIMIT);
        if (strstr(world->err.message, wrong[i].message) == NULL ||
            strstr(world->err.message, "/.aws/config:2: credential_process: ") == NULL) {
            fail_msg("%s: %s", wrong[i].script, world->err.message);
        }
        assert_null(strstr(world->err.message, "s3cr3t"));
    }
}

static void a_program_that_is_not_there_is_named(void **state) {
    World *world = *state;
    world_config(world, "[profile p]\ncredential_process = /no/such --flag\n");
    world_expect_failure(world, "p", ST_CREDENTIALS,
                         "cannot run '/no/such': No such file or directory");
    world_config(world, "[profile p]\ncredential_process = sh 'x\n");
    world_expect_failure(world, "p", ST_USAGE, "nothing that closes it");
}

static void a_program_that_never_ends_is_ended(void **state) {
    World *world = *state;
    use_script(world, "trap '' TERM; echo $$ > \"$0.pid\"; while :; do sleep 1; done");
    world_use(world, "p");
    SourceContext context = world_context(world);
    context.deadline_ms = clock_now_ms() + 700;
    assert_int_equal(source_process(&context, "p", &world->found, &world->err), ST_CREDENTIALS);
    assert_non_null(strstr(world->err.message, "'sh' took too long"));
    OWN(buf_done) Buf pid = {0};
    char path[700];
    snprintf(path, sizeof path, "%s/key s.sh.pid", world->home.path);
    assert_int_equal(file_read(path, 100, &pid, &world->err), ST_OK);
    assert_int_equal(kill((pid_t)strtol(buf_text(&pid), NULL, 10), 0), -1);
}

static void cancelling_ends_it(void **state) {
    World *world = *state;
    use_script(world, "sleep 30");
    world->cancelled = true;
    assert_int_equal(world_find(world, "p"), ST_CANCELLED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(what_the_program_prints_is_used),
        WORLD_TEST(keys_may_last_for_ever),
        WORLD_TEST(it_runs_in_no_shell_and_with_no_files_of_ours),
        WORLD_TEST(what_is_wrong_names_file_and_line_and_no_secret),
        WORLD_TEST(a_program_that_is_not_there_is_named),
        WORLD_TEST(a_program_that_never_ends_is_ended),
        WORLD_TEST(cancelling_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
