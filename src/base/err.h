/* Errors: what went wrong, said once, by the place that knows.
 *
 * A function that can fail returns a Status and takes a caller-owned Err last. The place where it
 * happens fills the Err (err_set); callers on the way up add a frame only when that adds a noun
 * (err_wrap); the program prints it once. One table below says, for each kind of error, the exit
 * status of the program and whether trying again can help.
 *
 *     Status rule_load(const char *path, Rule *ret_rule, Err *err) {
 *         TRY(file_read(path, RULE_MAX_BYTES, &text, err));
 *         if (text.size == 0) {
 *             return err_set(err, ST_INPUT, "the rule file %s is empty", path);
 *         }
 *         ...
 *     }
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of the program. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_PARTIAL = 3, EXIT_NOTHING = 4 };

typedef enum Retry {
    RETRY_NO,        /* trying again gives the same */
    RETRY_TRANSIENT, /* something broke: try again a few times */
    RETRY_THROTTLE,  /* asked too fast: slow down and go on */
    RETRY_RENEW,     /* the credentials have expired: renew once */
} Retry;

/* X(name, word, exit status, retry, error type)
 *
 * The error type is the name that callers of a Lambda function and state machines match on. It is
 * an interface: renaming one breaks their Retry and Catch clauses. */
#define STATUS_TABLE(X)                                                                            \
    X(ST_OK, "ok", EXIT_DONE, RETRY_NO, "")                                                        \
    X(ST_USAGE, "usage", EXIT_USAGE, RETRY_NO, "InvalidSettings") /* flags, settings, names */     \
    X(ST_INPUT, "input", EXIT_USAGE, RETRY_NO, "InvalidInput")    /* a file that the user gave */  \
    X(ST_EVENT, "event", EXIT_USAGE, RETRY_NO, "InvalidEvent")    /* the event of an invocation */ \
    X(ST_IO, "io", EXIT_FAILED, RETRY_NO, "StorageFailed")        /* files, disks */               \
    X(ST_NETWORK, "network", EXIT_FAILED, RETRY_TRANSIENT, "NetworkFailed")                        \
    X(ST_THROTTLED, "throttled", EXIT_FAILED, RETRY_THROTTLE, "Throttled")                         \
    X(ST_SERVER, "server", EXIT_FAILED, RETRY_TRANSIENT, "ServiceFailed") /* 5xx and its like */   \
    X(ST_EXPIRED, "expired", EXIT_FAILED, RETRY_RENEW, "CredentialsExpired")                       \
    X(ST_CREDENTIALS, "credentials", EXIT_FAILED, RETRY_NO, "NoCredentials")                       \
    X(ST_DENIED, "denied", EXIT_FAILED, RETRY_NO, "AccessDenied")                                  \
    X(ST_REJECTED, "rejected", EXIT_FAILED, RETRY_NO, "RequestRejected") /* the service refused */ \
    X(ST_NOT_FOUND, "not-found", EXIT_FAILED, RETRY_NO, "NotFound")                                \
    X(ST_CONFLICT, "conflict", EXIT_FAILED, RETRY_NO, "Conflict") /* a condition did not hold */   \
    X(ST_PROTOCOL, "protocol", EXIT_FAILED, RETRY_TRANSIENT, "BadAnswer") /* it makes no sense */  \
    X(ST_FOREIGN, "foreign", EXIT_FAILED, RETRY_TRANSIENT, "NotAws")      /* a proxy answered */   \
    X(ST_CORRUPT, "corrupt", EXIT_FAILED, RETRY_NO, "CorruptData")                                 \
    X(ST_NEWER, "newer", EXIT_FAILED, RETRY_NO, "NewerSchema")   /* by a newer confhouse */        \
    X(ST_LIMIT, "limit", EXIT_FAILED, RETRY_NO, "LimitExceeded") /* larger than we accept */       \
    X(ST_DEADLINE, "deadline", EXIT_PARTIAL, RETRY_NO, "DeadlineExceeded")                         \
    X(ST_CANCELLED, "cancelled", EXIT_PARTIAL, RETRY_NO, "Cancelled") /* by Ctrl-C or SIGTERM */   \
    X(ST_STOPPED, "stopped", EXIT_FAILED, RETRY_NO, "Stopped") /* before there was anything */     \
    X(ST_PARTIAL, "partial", EXIT_PARTIAL, RETRY_NO, "PartialResult") /* done, with listed gaps */ \
    X(ST_NOTHING, "nothing", EXIT_NOTHING, RETRY_NO, "NothingToDo")   /* no such run, no shards */ \
    X(ST_INTERNAL, "internal", EXIT_FAILED, RETRY_NO, "InternalError")

typedef enum Status {
#define X(name, word, exit_status, retry, error_type) name,
    STATUS_TABLE(X)
#undef X
} Status;

/* All members are empty strings when unknown; all texts are cut, never overrun. */
typedef struct Err {
    Status status;
    char message[768];    /* what was being done, on what, what went wrong */
    char hint[320];       /* what to do about it */
    char account[13];     /* of the AWS call that failed */
    char region[32];      /* of the AWS call that failed */
    char operation[64];   /* of the AWS call that failed, as AWS names it */
    char code[96];        /* AWS's error code */
    char request_id[128]; /* AWS's request id */
    int http_status;      /* 0 when there was no answer */
} Err;

#define WARN_UNUSED                     __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

/* Runs `expr` and returns its Status from the calling function unless it is ST_OK. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        Status try_status_ = (expr);                                                               \
        if (try_status_ != ST_OK) {                                                                \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

/* Declares a handle that is released when its block is left:
 *     OWN(buf_done) Buf text = {0};    (the function gets a pointer to the variable) */
#define OWN(release) __attribute__((cleanup(release)))

/* What must hold, in every build: says where, and aborts. */
#define ASSERT(condition)                                                                          \
    ((condition) ? (void)0 : err_assert_failed(#condition, __FILE__, __LINE__))
void err_assert_failed(const char *condition, const char *file, int line) __attribute__((noreturn));

/* Clears everything, then sets kind and message. Returns `status`. `err` may be NULL. */
Status err_set(Err *err, Status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* Sets what to do about it. Returns err's status, so that `return err_hint(...)` reads well. */
Status err_hint(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts "<text>: " before the message. Returns err's status. */
Status err_wrap(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);

const char *status_word(Status status);
int status_exit(Status status);
Retry status_retry(Status status);

/* "Throttled": what the answer of a failed Lambda invocation has as its errorType. "" for ST_OK.
 * ST_PARTIAL has one, although a partial result is an answer and not an error. */
const char *status_error_type(Status status);

#endif
