/* A profile's credential_process: a program of the user's prints keys as JSON. It is run directly;
 * its line is split into words like a shell's, by blanks and quotes, and nothing in it is expanded.
 * What it writes to standard error goes to ours: it may ask for something there, and nobody keeps
 * it. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
#include "aws/source.h"
#include "aws/source_words.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX_BYTES = 64 << 10, POLL_MS = 100, END_MS = 2000, WAIT_NS = 10000000 };

/* --- Running --------------------------------------------------------------------------------- */

/* Standard input is the terminal's if it is one, else nothing: it may be an event that we read. */
static void set_descriptors(posix_spawn_file_actions_t *actions, int output) {
    if (!isatty(STDIN_FILENO)) {
        posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

/* Signals do again what they do by default. */
static void set_signals(posix_spawnattr_t *attributes) {
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(attributes, &defaults);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
}

static Status spawn(char **words, int output, pid_t *ret_pid, Err *err) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    set_descriptors(&actions, output);
    set_signals(&attributes);
    int failure = posix_spawnp(ret_pid, words[0], &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        return err_set(err, ST_CREDENTIALS, "cannot run '%.200s': %s", words[0], strerror(failure));
    }
    return ST_OK;
}

/* Reads until the program has closed its output. */
static Status read_output(const SourceContext *context, int output, Buf *text, Err *err) {
    for (;;) {
        char chunk[4096];
        struct pollfd input = {.fd = output, .events = POLLIN};
        TRY(source_check_time(context, err));
        if (poll(&input, 1, POLL_MS) <= 0) {
            continue;
        }
        ssize_t got = read(output, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return ST_OK;
        }
        bool fits = buf_append(text, chunk, (size_t)got);
        explicit_bzero(chunk, sizeof chunk);
        if (!fits) {
            return err_set(err, ST_LIMIT, "it printed more than %d bytes", OUTPUT_MAX_BYTES);
        }
    }
}

/* Waits for its end, asks for it when that does not come, and forces it in the end. */
static int end_process(pid_t pid, bool is_wanted) {
    int64_t begun_ms = clock_monotonic_ms();
    int status = 0;
    int signal_next = is_wanted ? 0 : SIGTERM;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        int64_t waited_ms = clock_monotonic_ms() - begun_ms;
        if (signal_next != 0) {
            kill(pid, signal_next);
            signal_next = 0;
        }
        if (waited_ms > END_MS) {
            begun_ms = clock_monotonic_ms();
            signal_next = is_wanted ? SIGTERM : SIGKILL;
            is_wanted = false;
        }
        const struct timespec pause = {.tv_nsec = WAIT_NS};
        nanosleep(&pause, NULL);
    }
    return status;
}

static Status run(const SourceContext *context, char **words, Buf *text, Err *err) {
    int ends[2];
    pid_t pid = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_set(err, ST_IO, "cannot make a pipe: %s", strerror(errno));
    }
    OWN(file_close_at) int output = ends[0];
    Status status = spawn(words, ends[1], &pid, err);
    close(ends[1]);
    TRY(status);
    status = read_output(context, output, text, err);
    int ended = end_process(pid, status == ST_OK);
    if (status == ST_DEADLINE) {
        return err_set(err, ST_CREDENTIALS, "'%.200s' took too long", words[0]);
    }
    if (status == ST_OK && !(WIFEXITED(ended) && WEXITSTATUS(ended) == 0)) {
        return err_set(err, ST_CREDENTIALS, "'%.200s' ended with %s %d", words[0],
                       WIFEXITED(ended) ? "status" : "signal",
                       WIFEXITED(ended) ? WEXITSTATUS(ended) : WTERMSIG(ended));
    }
    return status;
}

/* --- What it printed ------------------------------------------------------------------------- */

static Status read_version(const Json *root, Err *err) {
    Err ignored = {0};
    int64_t version = 0;
    if (json_int_or(root, "Version", 0, 1000000, 0, &version, &ignored) != ST_OK || version != 1) {
        return err_set(err, ST_CREDENTIALS, "it must print \"Version\": 1");
    }
    return ST_OK;
}

static Status read_printed(const Buf *text, AwsKeys *keys, Err *err) {
    OWN(json_free_at) Json *root = NULL;
    Err ignored = {0};
    if (json_parse(buf_text(text), text->size, &root, &ignored) != ST_OK || !json_is_object(root)) {
        return err_set(err, ST_CREDENTIALS, "what it printed is no JSON object");
    }
    TRY(read_version(root, err));
    TRY(source_read_keys(root, "SessionToken", keys, err));
    if (keys->expires_ms != 0 && keys->expires_ms <= clock_now_ms()) {
        return err_set(err, ST_CREDENTIALS, "the keys that it printed have expired");
    }
    return ST_OK;
}

static Status find(const SourceContext *context, const char *line, SourceKeys *found, Err *err) {
    OWN(source_wipe_text) Buf text = {.ceiling = OUTPUT_MAX_BYTES};
    OWN(source_words_done) SourceWords words = {0};
    TRY(source_words_split(line, &words, err));
    TRY(run(context, words.words, &text, err));
    return read_printed(&text, &found->keys, err);
}

Status source_process(const SourceContext *context, const char *name, SourceKeys *ret_found,
                      Err *err) {
    Err own = {0};
    ProfileValue line = profile_get(context->profile, name, "credential_process");
    if (str_is_empty(line.text)) {
        return err_set(err, ST_NOTHING, "no credential_process");
    }
    Status status = find(context, line.text, ret_found, &own);
    if (status != ST_OK) {
        (void)err_wrap(&own, "%.300s:%d: credential_process", line.path, line.line);
        if (err != NULL) {
            *err = own;
        }
        return status;
    }
    snprintf(ret_found->words, sizeof ret_found->words,
             "credential_process of profile '%.64s' (%.300s:%d)", name, line.path, line.line);
    return ST_OK;
}
