#include "aws/credentials.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* The value itself never goes into a message. */
static Status read_variable(const char *variable, char *ret_value, size_t size, Err *err) {
    const char *value = getenv(variable);
    if (value == NULL) {
        value = "";
    }
    size_t length = strlen(value);
    if (length >= size) {
        return err_set(err, ST_CREDENTIALS, "%s is longer than %zu characters", variable, size - 1);
    }
    for (size_t i = 0; i < length; i++) {
        if (value[i] <= ' ' || value[i] > '~') {
            return err_set(err, ST_CREDENTIALS,
                           "%s holds a blank, a line break or another character that no key has",
                           variable);
        }
    }
    memcpy(ret_value, value, length + 1);
    return ST_OK;
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

static Status read_keys(AwsKeys *keys, Err *err) {
    TRY(read_variable("AWS_ACCESS_KEY_ID", keys->access_key_id, sizeof keys->access_key_id, err));
    TRY(read_variable("AWS_SECRET_ACCESS_KEY", keys->secret_key, sizeof keys->secret_key, err));
    TRY(read_variable("AWS_SESSION_TOKEN", keys->session_token, sizeof keys->session_token, err));
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

void credentials_wipe(AwsKeys *keys) {
    explicit_bzero(keys, sizeof *keys);
}
