/* Profiles: the two files that AWS's own tools share, and the profile that is in use.
 *
 * ~/.aws/config (or $AWS_CONFIG_FILE) has [default], [profile NAME], [sso-session NAME] and
 * [services NAME]; ~/.aws/credentials (or $AWS_SHARED_CREDENTIALS_FILE) has [NAME]. A profile is
 * what both say of it; where they differ, the credentials file is right. A file that is not there
 * is empty. Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html */
#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

#include "base/err.h"

#include <stdbool.h>

typedef struct Profile Profile;

typedef enum ProfileFile { PROFILE_CONFIG, PROFILE_CREDENTIALS } ProfileFile;

/* What a file says, and where. Lives as long as the Profile. */
typedef struct ProfileValue {
    const char *text; /* NULL = nothing is said */
    const char *path;
    int line;
} ProfileValue;

/* Reads both files. `name` is the profile that was named for this program in particular, which puts
 * it before the keys of the environment; NULL means $AWS_PROFILE, $AWS_DEFAULT_PROFILE or
 * "default". A credentials file that cannot be read is passed over where the environment has keys
 * and no profile is named. ST_INPUT names the file and line that makes no sense; ST_USAGE when a
 * profile that is named is in neither file. */
Status profile_open(const char *name, Profile **ret_profile, Err *err) WARN_UNUSED;
void profile_close(Profile *profile); /* wipes it. NULL is fine */
void profile_close_at(Profile **profile);

const char *profile_name(const Profile *profile);
/* It was named for this program in particular. */
bool profile_is_explicit(const Profile *profile);

/* Whether there is a profile of that name. */
bool profile_exists(const Profile *profile, const char *name);
/* A property of a profile, in either file. `name` NULL is the profile in use. An empty value counts
 * as said. */
ProfileValue profile_get(const Profile *profile, const char *name, const char *property);
/* The same of one file alone. */
ProfileValue profile_get_in(const Profile *profile, ProfileFile file, const char *name,
                            const char *property);
/* Where a profile begins; its text is the name of the section. */
ProfileValue profile_place(const Profile *profile, const char *name);

/* Of [sso-session NAME] and [services NAME]: `kind` is "sso-session" or "services". A NULL property
 * is the section itself. */
ProfileValue profile_get_shared(const Profile *profile, const char *kind, const char *name,
                                const char *property);

const char *profile_path(const Profile *profile, ProfileFile file);

/* "$HOME/.aws/<rest>", allocated: mem_free. NULL when there is no $HOME. */
char *profile_home_path(const char *rest);

/* $VARIABLE, else the property of the profile in use (`profile` may be NULL), else nothing. Empty
 * counts as absent. The path of a variable is "", its line 0. */
ProfileValue profile_setting(const Profile *profile, const char *variable, const char *property);
/* The same for "true" and "false". ST_USAGE says what is neither. */
Status profile_flag(const Profile *profile, const char *variable, const char *property,
                    bool *ret_flag, Err *err) WARN_UNUSED;

enum { PROFILE_PLACE_SIZE = 400 };
/* "<path>:12", cut to fit. */
void profile_format_place(const ProfileValue *value, char ret_text[PROFILE_PLACE_SIZE]);

#endif
