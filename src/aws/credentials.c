#include "aws/credentials.h"

#include "aws/source.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum {
    ADVISED_BEFORE_MS = 15 * 60 * 1000,
    NEEDED_BEFORE_MS = 10 * 60 * 1000,
    FIRST_BUDGET_MS = 60 * 1000,
    ADVISED_BUDGET_MS = 10 * 1000,
    NEEDED_BUDGET_MS = 30 * 1000,
    ADVISED_PAUSE_MS = 60 * 1000, /* between tries that fail */
    NEEDED_PAUSE_MS = 10 * 1000,
};

struct Credentials {
    CredentialsOptions options;
    SourceKeys found;
    bool has_keys;
    int64_t got_ms;
    int64_t next_try_ms; /* after a renewal that failed: not before this */
    bool is_expired;     /* AWS says so, whatever their time */
    Err failure;         /* of the last renewal */
};

void credentials_open(const CredentialsOptions *options, Credentials **ret_credentials) {
    Credentials *credentials = mem_alloc(sizeof *credentials);
    credentials->options = *options;
    *ret_credentials = credentials;
}

void credentials_close(Credentials *credentials) {
    if (credentials != NULL) {
        credentials_wipe(&credentials->found.keys);
        mem_free(credentials);
    }
}

void credentials_close_at(Credentials **credentials) {
    credentials_close(*credentials);
    *credentials = NULL;
}

void credentials_watch(Credentials *credentials, const bool *cancelled) {
    credentials->options.cancelled = cancelled;
}

const char *credentials_source(const Credentials *credentials) {
    return credentials->found.words;
}

void credentials_wipe(AwsKeys *keys) {
    explicit_bzero(keys, sizeof *keys);
}

/* --- Finding and renewing -------------------------------------------------------------------- */

static Status look_in(Credentials *credentials, const Profile *profile, int64_t budget_ms,
                      Err *err) {
    const CredentialsOptions *options = &credentials->options;
    const SourceContext context = {
        .profile = profile,
        .region = options->region,
        .ca_bundle = options->ca_bundle,
        .user_agent = options->user_agent,
        .cancelled = options->cancelled,
        .deadline_ms = clock_now_ms() + budget_ms,
        .may_prompt = !credentials->has_keys,
    };
    OWN(source_wipe) SourceKeys found = {0};
    TRY(source_find(&context, &found, err));
    credentials->found = found;
    credentials->has_keys = true;
    credentials->is_expired = false;
    credentials->got_ms = clock_now_ms();
    log_message(LOG_DEBUG, "credentials: %s", found.words);
    return ST_OK;
}

/* From the second time on the files are read anew: somebody may have put new keys there. */
static Status look(Credentials *credentials, int64_t budget_ms, Err *err) {
    OWN(profile_close_at) Profile *anew = NULL;
    const Profile *profile = credentials->options.profile;
    if (credentials->has_keys) {
        TRY(profile_open(profile_is_explicit(profile) ? profile_name(profile) : NULL, &anew, err));
        profile = anew;
    }
    return look_in(credentials, profile, budget_ms, err);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

RenewalNeed credentials_renewal_need(int64_t got_ms, int64_t expires_ms, int64_t now_ms) {
    if (expires_ms == 0) {
        return RENEWAL_NONE;
    }
    int64_t life_ms = expires_ms - got_ms;
    int64_t left_ms = expires_ms - now_ms;
    if (left_ms < least(NEEDED_BEFORE_MS, life_ms / 6) || left_ms <= 0) {
        return RENEWAL_NEEDED;
    }
    return left_ms < least(ADVISED_BEFORE_MS, life_ms / 4) ? RENEWAL_ADVISED : RENEWAL_NONE;
}

static bool have_run_out(const Credentials *credentials) {
    int64_t expires_ms = credentials->found.keys.expires_ms;
    return credentials->is_expired || (expires_ms != 0 && expires_ms <= clock_now_ms());
}

/* Tries once, unless the last try is too near. The old keys stay when it fails. */
static void renew(Credentials *credentials, RenewalNeed need) {
    bool advised = need == RENEWAL_ADVISED;
    if (clock_monotonic_ms() < credentials->next_try_ms) {
        return;
    }
    Err err = {0};
    if (look(credentials, advised ? ADVISED_BUDGET_MS : NEEDED_BUDGET_MS, &err) == ST_OK) {
        credentials->next_try_ms = 0;
        credentials->failure = (Err){0};
        return;
    }
    credentials->next_try_ms =
        clock_monotonic_ms() + (advised ? ADVISED_PAUSE_MS : NEEDED_PAUSE_MS);
    credentials->failure = err;
    if (err.status != ST_CANCELLED) {
        log_message(advised ? LOG_DEBUG : LOG_WARN, "the credentials could not be renewed: %s",
                    err.message);
    }
}

/* Whatever went wrong, it holds for all that is signed with them. */
static Status say_they_ran_out(const Credentials *credentials, Err *err) {
    const Err *failure = &credentials->failure;
    if (failure->status == ST_CANCELLED) {
        return err_set(err, ST_CANCELLED, "cancelled");
    }
    (void)err_set(
        err, ST_CREDENTIALS, "the credentials have expired (%.300s)%s%.400s",
        credentials->found.words,
        failure->message[0] == '\0' ? "" : ", and there are no new ones: ", failure->message);
    return err == NULL || failure->hint[0] == '\0' ? ST_CREDENTIALS
                                                   : err_hint(err, "%s", failure->hint);
}

Status credentials_get(Credentials *credentials, const AwsKeys **ret_keys, Err *err) {
    if (!credentials->has_keys) {
        TRY(look(credentials, FIRST_BUDGET_MS, err));
    }
    RenewalNeed need = credentials_renewal_need(credentials->got_ms,
                                                credentials->found.keys.expires_ms, clock_now_ms());
    if (credentials->is_expired) {
        need = RENEWAL_NEEDED;
    }
    if (need != RENEWAL_NONE) {
        renew(credentials, need);
    }
    if (have_run_out(credentials)) {
        return say_they_ran_out(credentials, err);
    }
    *ret_keys = &credentials->found.keys;
    return ST_OK;
}

bool credentials_renew(Credentials *credentials, const char *access_key_id) {
    const char *current = credentials->found.keys.access_key_id;
    if (str_equal(current, access_key_id)) {
        renew(credentials, RENEWAL_NEEDED);
    }
    bool is_new = !str_equal(current, access_key_id); /* if not by us, by another call before */
    if (!is_new) {
        credentials->is_expired = true;
        credentials->next_try_ms = clock_monotonic_ms() + NEEDED_PAUSE_MS;
    }
    return is_new;
}

/* --- The environment ------------------------------------------------------------------------- */

Status credentials_copy_key(char *to, size_t size, const char *text, const char *what, Err *err) {
    size_t length = strlen(text);
    if (length >= size) {
        return err_set(err, ST_CREDENTIALS, "%s is longer than %zu characters", what, size - 1);
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return err_set(err, ST_CREDENTIALS,
                           "%s holds a blank, a line break or another character that no key has",
                           what);
        }
    }
    memcpy(to, text, length + 1);
    return ST_OK;
}

static Status read_variable(const char *variable, char *ret_value, size_t size, Err *err) {
    const char *value = getenv(variable);
    return credentials_copy_key(ret_value, size, value == NULL ? "" : value, variable, err);
}

static Status say_what_is_missing(const AwsKeys *keys, Err *err) {
    if (keys->access_key_id[0] == '\0' && keys->secret_key[0] == '\0') {
        return err_set(err, ST_CREDENTIALS, "there are no AWS credentials");
    }
    if (keys->access_key_id[0] == '\0') {
        return err_set(err, ST_CREDENTIALS,
                       "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
    }
    if (keys->secret_key[0] == '\0') {
        return err_set(err, ST_CREDENTIALS,
                       "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
    }
    return ST_OK;
}

static Status read_expiration(AwsKeys *keys, Err *err) {
    const char *text = getenv("AWS_CREDENTIAL_EXPIRATION");
    if (str_is_empty(text) || credentials_parse_expiry(text, &keys->expires_ms)) {
        return ST_OK;
    }
    return err_set(err, ST_CREDENTIALS, "AWS_CREDENTIAL_EXPIRATION='%.40s' is no time", text);
}

static Status read_keys(AwsKeys *keys, Err *err) {
    TRY(read_variable("AWS_ACCESS_KEY_ID", keys->access_key_id, sizeof keys->access_key_id, err));
    TRY(read_variable("AWS_SECRET_ACCESS_KEY", keys->secret_key, sizeof keys->secret_key, err));
    TRY(read_variable("AWS_SESSION_TOKEN", keys->session_token, sizeof keys->session_token, err));
    TRY(read_expiration(keys, err));
    return say_what_is_missing(keys, err);
}

Status credentials_from_environment(AwsKeys *ret_keys, Err *err) {
    *ret_keys = (AwsKeys){0};
    Status status = read_keys(ret_keys, err);
    if (status == ST_OK) {
        return ST_OK;
    }
    credentials_wipe(ret_keys);
    if (err != NULL) {
        (void)err_hint(err,
                       "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN "
                       "for a session's keys");
    }
    return status;
}

/* --- Times ----------------------------------------------------------------------------------- */

/* "+01:00" or "-0130" as minutes. */
static bool parse_offset(const char *text, int *ret_minutes) {
    char digits[5] = "";
    size_t size = strlen(text);
    bool has_colon = size == 6 && text[3] == ':';
    if ((text[0] != '+' && text[0] != '-') || (size != 5 && !has_colon)) {
        return false;
    }
    memcpy(digits, text + 1, 2);
    memcpy(digits + 2, text + size - 2, 2);
    int64_t number = 0;
    if (digits[0] == '-' || !str_parse_int(digits, 0, 2359, &number)) {
        return false;
    }
    int minutes = (int)(number / 100 * 60 + number % 100);
    *ret_minutes = text[0] == '-' ? -minutes : minutes;
    return true;
}

bool credentials_parse_expiry(const char *text, int64_t *ret_time_ms) {
    enum { UP_TO_SECONDS = 19 };
    if (text == NULL || strlen(text) < UP_TO_SECONDS || strlen(text) > 40) {
        return false;
    }
    size_t size = UP_TO_SECONDS + strcspn(text + UP_TO_SECONDS, "Z+-U");
    const char *zone = text + size;
    char utc[48];
    int minutes = 0;
    memcpy(utc, text, size);
    memcpy(utc + size, "Z", 2);
    bool is_utc = str_equal(zone, "Z") || str_equal(zone, "UTC");
    if (!is_utc && !parse_offset(zone, &minutes)) {
        return false;
    }
    int64_t time_ms = 0;
    bool is_time = clock_parse_time(utc, &time_ms);
    *ret_time_ms = time_ms - (int64_t)minutes * 60 * 1000;
    return is_time;
}
