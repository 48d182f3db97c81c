#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* stderr goes into a file during a test; `logged` gives what came since it was last asked. */
typedef struct Capture {
    TempDir dir;
    int terminal; /* the true stderr */
    Buf text;
} Capture;
static Capture capture;

static int begin_capture(void **state) {
    (void)state;
    if (temp_dir_open(&capture.dir, NULL) != ST_OK) {
        return -1;
    }
    OWN(mem_free_at) char *path = temp_dir_path(&capture.dir, "stderr");
    OWN(file_close_at) int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    fflush(stderr);
    capture.terminal = dup(STDERR_FILENO);
    return fd >= 0 && capture.terminal >= 0 && dup2(fd, STDERR_FILENO) >= 0 ? 0 : -1;
}

static int end_capture(void **state) {
    (void)state;
    fflush(stderr);
    dup2(capture.terminal, STDERR_FILENO);
    close(capture.terminal);
    buf_done(&capture.text);
    temp_dir_close(&capture.dir);
    log_configure(LOG_INFO, LOG_TEXT);
    return 0;
}

static const char *logged(void) {
    OWN(mem_free_at) char *path = temp_dir_path(&capture.dir, "stderr");
    fflush(stderr);
    buf_clear(&capture.text);
    assert_int_equal(file_read(path, 1 << 20, &capture.text, NULL), ST_OK);
    assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
    return buf_text(&capture.text);
}

/* Checks `{"time":"<now>",` and gives what comes behind it. */
static const char *logged_after_time(void) {
    const char *line = logged();
    const char *opening = "{\"time\":\"";
    assert_memory_equal(line, opening, strlen(opening));
    char time[21];
    str_copy(time, sizeof time, line + strlen(opening));
    int64_t time_ms = 0;
    assert_true(clock_parse_time(time, &time_ms));
    assert_true(clock_now_ms() - time_ms < 60000);
    const char *rest = line + strlen(opening) + 20;
    assert_memory_equal(rest, "\",", 2);
    return rest + 2;
}

static void lines_for_people(void **state) {
    (void)state;
    log_configure(LOG_INFO, LOG_TEXT);
    log_message(LOG_INFO, "run %s begins", "2026-11-22");
    assert_string_equal(logged(), "confhouse: run 2026-11-22 begins\n");
    log_message(LOG_WARN, "one scope was denied");
    assert_string_equal(logged(), "confhouse: warning: one scope was denied\n");
    const LogField fields[] = {
        {"account", "123456789012"}, {"region", NULL}, {"code", ""}, {"shard", "01"}, {NULL, NULL}};
    log_fields(LOG_ERROR, fields, "denied");
    assert_string_equal(logged(), "confhouse: error: denied (account 123456789012, shard 01)\n");
}

static void levels_above_the_configured_one_are_silent(void **state) {
    (void)state;
    log_configure(LOG_WARN, LOG_TEXT);
    assert_true(log_enabled(LOG_ERROR));
    assert_true(log_enabled(LOG_WARN));
    assert_false(log_enabled(LOG_INFO));
    const LogField none[] = {{NULL, NULL}};
    Err err;
    err_set(&err, ST_IO, "unheard");
    log_message(LOG_INFO, "unheard");
    log_fields(LOG_INFO, none, "unheard");
    log_err(LOG_INFO, &err);
    assert_string_equal(logged(), "");
}

static void data_cannot_forge_a_line_or_drive_a_terminal(void **state) {
    (void)state;
    log_configure(LOG_INFO, LOG_TEXT);
    const LogField fields[] = {{"name", "a\rb\x7F"}, {NULL, NULL}};
    log_fields(LOG_INFO, fields, "%s", "x\nconfhouse: error: forged \033[2J");
    assert_string_equal(logged(), "confhouse: x confhouse: error: forged  [2J (name a b )\n");
}

static void objects_for_machines(void **state) {
    (void)state;
    log_configure(LOG_DEBUG, LOG_JSON);
    log_message(LOG_INFO, "said \"%s\"\n\t\\ %s", "so", "\xC3\xA9\x01");
    assert_string_equal(logged_after_time(),
                        "\"level\":\"info\",\"message\":"
                        "\"said \\\"so\\\"\\u000a\\u0009\\\\ \xC3\xA9\\u0001\"}\n");
    const LogField fields[] = {{"acc\"ount", "1\n2"}, {"region", NULL}, {NULL, NULL}};
    log_fields(LOG_DEBUG, fields, "x");
    assert_string_equal(logged_after_time(), "\"level\":\"debug\",\"message\":\"x\","
                                             "\"acc\\\"ount\":\"1\\u000a2\"}\n");
}

/* JSON is UTF-8: a text cut within a character, or no text at all, must not spoil the line. */
static void objects_are_valid_utf8_whatever_the_data(void **state) {
    (void)state;
    log_configure(LOG_INFO, LOG_JSON);
    log_message(LOG_INFO, "%s", "cut \xC3");
    assert_string_equal(logged_after_time(),
                        "\"level\":\"info\",\"message\":\"cut \xEF\xBF\xBD\"}\n");
    log_message(LOG_INFO, "%s",
                "\xFF\xFE"
                "a\xED\xA0\x80"
                "b");
    const char *line = logged_after_time();
    assert_int_equal(str_valid_utf8(line, strlen(line)), strlen(line));
    assert_non_null(strstr(line, "a"));
    assert_non_null(strstr(line, "b\"}"));
}

static void an_error_says_its_hint_and_where_it_came_from(void **state) {
    (void)state;
    Err err;
    err_set(&err, ST_DENIED, "may not list rules");
    err_hint(&err, "grant it");
    str_copy(err.account, sizeof err.account, "123456789012");
    str_copy(err.region, sizeof err.region, "eu-west-1");
    str_copy(err.operation, sizeof err.operation, "DescribeConfigRules");
    str_copy(err.code, sizeof err.code, "AccessDeniedException");
    str_copy(err.request_id, sizeof err.request_id, "r-1");
    log_configure(LOG_INFO, LOG_TEXT);
    log_err(LOG_ERROR, &err);
    assert_string_equal(logged(), "confhouse: error: may not list rules (grant it)\n");
    log_configure(LOG_INFO, LOG_JSON);
    log_err(LOG_ERROR, &err);
    assert_string_equal(logged_after_time(),
                        "\"level\":\"error\",\"message\":\"may not list rules\","
                        "\"kind\":\"denied\",\"hint\":\"grant it\",\"account\":\"123456789012\","
                        "\"region\":\"eu-west-1\",\"operation\":\"DescribeConfigRules\","
                        "\"code\":\"AccessDeniedException\",\"request_id\":\"r-1\"}\n");
}

static void progress_is_for_terminals_only(void **state) {
    (void)state;
    log_configure(LOG_INFO, LOG_TEXT);
    log_progress("%d of %d", 1, 2);
    log_progress(NULL);
    assert_string_equal(logged(), "");
}

/* Checks `{"timestamp":"<now>",` and gives what comes behind it. */
static const char *logged_after_timestamp(void) {
    const char *line = logged();
    const char *opening = "{\"timestamp\":\"";
    assert_memory_equal(line, opening, strlen(opening));
    char time[LOG_TIME_SIZE];
    str_copy(time, sizeof time, line + strlen(opening));
    assert_true(time[19] == '.' && time[23] == 'Z');
    time[24] = '\0';
    int64_t time_ms = 0;
    assert_true(clock_parse_time(time, &time_ms));
    assert_true(clock_now_ms() - time_ms < 60000);
    const char *rest = line + strlen(opening) + 24;
    assert_memory_equal(rest, "\",", 2);
    return rest + 2;
}

static void lines_for_lambda_go_to_stdout_with_its_names(void **state) {
    (void)state;
    int out = dup(STDOUT_FILENO);
    fflush(stdout);
    assert_true(dup2(STDERR_FILENO, STDOUT_FILENO) >= 0); /* into the file that is looked at */
    assert_true(dup2(capture.terminal, STDERR_FILENO) >= 0);
    log_use_lambda(true);
    log_configure(LOG_DEBUG, LOG_JSON);
    log_set_invocation("8476a536-e9f4");
    log_message(LOG_WARN, "one scope was denied");
    fflush(stdout);
    assert_true(dup2(STDOUT_FILENO, STDERR_FILENO) >= 0);
    assert_string_equal(logged_after_timestamp(),
                        "\"level\":\"WARN\",\"requestId\":\"8476a536-e9f4\","
                        "\"message\":\"one scope was denied\"}\n");
    static const char *const names[] = {"FATAL", "ERROR", "WARN", "INFO", "DEBUG"};
    log_set_invocation(NULL);
    for (int level = LOG_FATAL; level <= LOG_DEBUG; level++) {
        char expected[64];
        snprintf(expected, sizeof expected, "\"level\":\"%s\",\"message\":\"x\"}\n", names[level]);
        log_message((LogLevel)level, "x");
        assert_string_equal(logged_after_timestamp(), expected);
        assert_string_equal(log_lambda_level((LogLevel)level), names[level]);
    }
    log_use_lambda(false);
    assert_true(dup2(out, STDOUT_FILENO) >= 0);
    close(out);
}

int main(void) {
#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, begin_capture, end_capture)
    const struct CMUnitTest tests[] = {
        CAPTURED(lines_for_people),
        CAPTURED(levels_above_the_configured_one_are_silent),
        CAPTURED(data_cannot_forge_a_line_or_drive_a_terminal),
        CAPTURED(objects_for_machines),
        CAPTURED(objects_are_valid_utf8_whatever_the_data),
        CAPTURED(an_error_says_its_hint_and_where_it_came_from),
        CAPTURED(progress_is_for_terminals_only),
        CAPTURED(lines_for_lambda_go_to_stdout_with_its_names),
    };
#undef CAPTURED
    return cmocka_run_group_tests(tests, NULL, NULL);
}
