/* Serves many invocations in one process, as a Lambda function does: for each line of stdin, an
 * object {"text": the event, "left_ms": until the caller is gone, "cancel_ms": until it is
 * cancelled}, writes a line: {"status", "error_type", "message", "answer" as text, "mode",
 * "calls", "files": descriptors that are open, "rss_kib"}. */
#include "app/invocation.h"
#include "app/process.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/json.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static int64_t count_files(void) {
    int64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    ASSERT(folder != NULL);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count - 3; /* ".", ".." and the folder itself */
}

static int64_t resident_kib(void) {
    char line[256];
    long long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    ASSERT(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (str_starts(line, "VmRSS:")) {
            kib = strtoll(line + strlen("VmRSS:"), NULL, 10);
        }
    }
    fclose(file);
    return kib;
}

static void on_alarm(int number) {
    (void)number;
    invocation_cancel();
}

static void cancel_in(int64_t cancel_ms) {
    const struct itimerval timer = {
        .it_value = {.tv_sec = cancel_ms / 1000, .tv_usec = (cancel_ms % 1000) * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void write_line(Status status, const InvocationResult *result, const Err *err) {
    OWN(buf_done) Buf line = {0};
    JsonWriter json = {.out = &line};
    json_begin_object(&json, NULL);
    json_put_text(&json, "status", status_word(status));
    json_put_text(&json, "error_type", status_error_type(status));
    json_put_text(&json, "message", err->message);
    json_put_text(&json, "mode", event_mode_name(result->mode));
    json_put_text(&json, "answer", buf_text(&result->answer));
    json_put_int(&json, "calls", result->calls.attempts);
    json_put_int(&json, "files", count_files());
    json_put_int(&json, "rss_kib", resident_kib());
    json_end_object(&json);
    printf("%s\n", buf_text(&line));
    fflush(stdout);
}

static Status serve(Connections *connections, const Settings *settings, const char *line,
                    Err *err) {
    OWN(json_free_at) Json *order = NULL;
    const char *text = NULL;
    int64_t left_ms = 0;
    int64_t cancel_ms = 0;
    TRY(json_parse(line, strlen(line), &order, err));
    TRY(json_text(order, "text", 0, EVENT_MAX_BYTES, &text, err));
    TRY(json_int_or(order, "left_ms", -1000000, 1000000, 0, &left_ms, err));
    TRY(json_int_or(order, "cancel_ms", 0, 1000000, 0, &cancel_ms, err));
    const InvocationRequest request = {
        .text = text,
        .size = strlen(text),
        .defaults = event_defaults,
        .end_ms = left_ms == 0 ? 0 : clock_now_ms() + left_ms,
    };
    OWN(invocation_done) InvocationResult result = {0};
    cancel_in(cancel_ms);
    Err problem = {0};
    Status status = invocation_run(connections, settings, &request, &result, &problem);
    cancel_in(0);
    write_line(status, &result, &problem);
    return ST_OK;
}

int main(void) {
    process_prepare();
    const struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    Err err = {0};
    OWN(settings_done) Settings settings = {0};
    OWN(connections_close) Connections connections = {0};
    Status status = settings_load(&settings, &err);
    char *line = NULL;
    size_t size = 0;
    while (status == ST_OK && getline(&line, &size, stdin) > 0) {
        status = serve(&connections, &settings, line, &err);
    }
    free(line);
    if (status != ST_OK) {
        fprintf(stderr, "invocations: %s\n", err.message);
    }
    return status_exit(status);
}
