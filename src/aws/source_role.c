/* A profile's role_arn: the role is assumed with the keys of its source_profile, which may itself
 * name a role, or of its credential_source. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html */
#include "aws/source.h"
#include "aws/source_mfa.h"
#include "aws/sts.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { MAX_CHAIN = 8, DURATION_MIN_S = 900, DURATION_MAX_S = 43200, CHAINED_MAX_S = 3600 };

/* The profiles that led here, the first one first. */
typedef struct Trail {
    const char *names[MAX_CHAIN];
    size_t count;
} Trail;

static Status find_role(const SourceContext *context, const char *name, Trail *trail,
                        SourceKeys *found, Err *err);

/* --- What the profile says ------------------------------------------------------------------- */

static Status refuse(const ProfileValue *value, Err *err, const char *what) {
    return err_set(err, ST_USAGE, "%.400s:%d: %s", value->path, value->line, what);
}

/* Optional properties of the role. */
static Status read_options(const SourceContext *context, const char *name, StsRole *role,
                           Err *err) {
    const Profile *profile = context->profile;
    ProfileValue session = profile_get(profile, name, "role_session_name");
    ProfileValue external_id = profile_get(profile, name, "external_id");
    ProfileValue duration = profile_get(profile, name, "duration_seconds");
    int64_t seconds = 0;
    if (session.text != NULL && !sts_is_session_name(session.text)) {
        return refuse(&session, err,
                      "role_session_name must be 2 to 64 letters, digits or _+=,.@-");
    }
    if (external_id.text != NULL && !sts_is_external_id(external_id.text)) {
        return refuse(&external_id, err,
                      "external_id must be 2 to 1224 letters, digits or _+=,.@:/-");
    }
    if (duration.text != NULL &&
        !str_parse_int(duration.text, DURATION_MIN_S, DURATION_MAX_S, &seconds)) {
        return refuse(&duration, err, "duration_seconds must be a number from 900 to 43200");
    }
    role->session_name = session.text == NULL ? "confhouse" : session.text;
    role->external_id = external_id.text;
    role->mfa_serial = profile_get(profile, name, "mfa_serial").text;
    role->duration_s = (int)seconds;
    return ST_OK;
}

static Status read_role(const SourceContext *context, const char *name, const ProfileValue *arn,
                        StsRole *role, Err *err) {
    if (!sts_is_role_arn(arn->text)) {
        return refuse(arn, err,
                      "role_arn is no ARN of a role, like arn:aws:iam::123456789012:role/reader");
    }
    role->arn = arn->text;
    return read_options(context, name, role, err);
}

/* --- Whose keys the role is assumed with ----------------------------------------------------- */

static bool has_static_keys(const SourceContext *context, const char *name) {
    return profile_get(context->profile, name, "aws_access_key_id").text != NULL ||
           profile_get(context->profile, name, "aws_secret_access_key").text != NULL;
}

static Status refuse_circle(const Trail *trail, const ProfileValue *source, Err *err) {
    OWN(buf_done) Buf circle = {0};
    for (size_t i = 0; i < trail->count; i++) {
        buf_printf(&circle, "%.64s -> ", trail->names[i]);
    }
    return err_set(err, ST_USAGE, "%.300s:%d: profiles take their keys from each other: %s%.64s",
                   source->path, source->line, buf_text(&circle), source->text);
}

/* A profile may name itself, when it has keys of its own; those are meant then. */
static Status check_circle(const SourceContext *context, const Trail *trail,
                           const ProfileValue *source, Err *err) {
    for (size_t i = 0; i < trail->count; i++) {
        bool is_itself = i + 1 == trail->count && has_static_keys(context, source->text);
        if (str_equal(trail->names[i], source->text) && !is_itself) {
            return refuse_circle(trail, source, err);
        }
    }
    return ST_OK;
}

static Status find_source_profile(const SourceContext *context, const ProfileValue *source,
                                  Trail *trail, SourceKeys *found, Err *err) {
    const char *name = source->text;
    if (!profile_exists(context->profile, name)) {
        return err_set(err, ST_USAGE, "%.400s:%d: there is no profile '%.64s'", source->path,
                       source->line, name);
    }
    TRY(check_circle(context, trail, source, err));
    Status status = ST_NOTHING;
    if (!has_static_keys(context, name)) {
        status = find_role(context, name, trail, found, err);
    }
    if (status == ST_NOTHING) {
        status = source_of_profile(context, name, found, err);
    }
    if (status == ST_NOTHING) {
        err->status = ST_USAGE;
        return err_wrap(err, "%.300s:%d", source->path, source->line);
    }
    return status;
}

static Status find_credential_source(const SourceContext *context, const ProfileValue *source,
                                     SourceKeys *found, Err *err) {
    Status status = ST_OK;
    if (str_equal(source->text, "Environment")) {
        status = source_environment(found, err);
    } else if (str_equal(source->text, "EcsContainer")) {
        status = source_container(context, found, err);
    } else if (str_equal(source->text, "Ec2InstanceMetadata")) {
        status = source_instance(context, found, err);
    } else {
        return refuse(source, err,
                      "credential_source must be Environment, Ec2InstanceMetadata or EcsContainer");
    }
    if (status == ST_NOTHING) {
        err->status = ST_CREDENTIALS;
        return err_wrap(err, "%.300s:%d: credential_source = %s", source->path, source->line,
                        source->text);
    }
    return status;
}

static Status find_base_keys(const SourceContext *context, const char *name,
                             const ProfileValue *arn, Trail *trail, SourceKeys *found, Err *err) {
    ProfileValue profile = profile_get(context->profile, name, "source_profile");
    ProfileValue source = profile_get(context->profile, name, "credential_source");
    if (profile.text != NULL && source.text != NULL) {
        return refuse(&source, err, "there is both a source_profile and a credential_source");
    }
    if (profile.text == NULL && source.text == NULL) {
        return refuse(arn, err, "a role_arn needs a source_profile or a credential_source");
    }
    if (source.text != NULL) {
        return find_credential_source(context, &source, found, err);
    }
    if (trail->count == MAX_CHAIN) {
        return refuse(&profile, err, "more than 8 profiles lead from one to the next");
    }
    trail->names[trail->count++] = name;
    return find_source_profile(context, &profile, trail, found, err);
}

/* --- Assuming it ----------------------------------------------------------------------------- */

static Status assume(const SourceContext *context, const SourceKeys *base, const StsRole *role,
                     SourceKeys *found, Err *err) {
    char code[SOURCE_MFA_CODE_SIZE] = "";
    StsRole with_code = *role;
    OWN(source_client_close) SourceClient client = {0};
    if (role->mfa_serial != NULL) {
        TRY(source_ask_mfa_code(context, role->mfa_serial, code, err));
        with_code.mfa_code = code;
    }
    TRY(source_client_open(context, &base->keys, context->region, &client, err));
    return sts_assume_role_arn(client.aws, &with_code, &found->keys, err);
}

static bool is_chained(const SourceKeys *base) {
    return base->keys.session_token[0] != '\0';
}

static Status find_role(const SourceContext *context, const char *name, Trail *trail,
                        SourceKeys *found, Err *err) {
    StsRole role = {0};
    OWN(source_wipe) SourceKeys base = {0};
    ProfileValue arn = profile_get(context->profile, name, "role_arn");
    if (arn.text == NULL ||
        profile_get(context->profile, name, "web_identity_token_file").text != NULL) {
        return err_set(err, ST_NOTHING, "no role_arn");
    }
    TRY(read_role(context, name, &arn, &role, err));
    TRY(find_base_keys(context, name, &arn, trail, &base, err));
    Status status = assume(context, &base, &role, found, err);
    if (status != ST_OK && err != NULL) {
        if (str_equal(err->code, "ValidationError") && role.duration_s > CHAINED_MAX_S &&
            is_chained(&base)) {
            (void)err_hint(err, "a role that is assumed with another role's keys lasts an hour at "
                                "most: set duration_seconds to 3600 or less");
        }
        return err_wrap(err, "profile '%.64s' (%.200s:%d)", name, arn.path, arn.line);
    }
    snprintf(found->words, sizeof found->words,
             "role %.200s of profile '%.64s', assumed with %.300s", role.arn, name, base.words);
    return status;
}

Status source_role(const SourceContext *context, const char *name, SourceKeys *ret_found,
                   Err *err) {
    Trail trail = {0};
    Err own = {0}; /* messages are put together here, whether anybody wants them or not */
    Status status = find_role(context, name, &trail, ret_found, &own);
    if (status != ST_OK && err != NULL) {
        *err = own;
    }
    return status;
}
