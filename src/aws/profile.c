#include "aws/profile.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/ini.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 16 << 20, FILE_COUNT = 2 };

typedef struct SharedFile {
    char *path; /* NULL = there is no place for it */
    Ini ini;
} SharedFile;

struct Profile {
    char *name;
    const char *named_by; /* for messages */
    bool is_explicit;
    SharedFile files[FILE_COUNT]; /* by ProfileFile */
};

/* --- Names of sections ----------------------------------------------------------------------- */

/* Whether the section's name is `kind`, blanks and `name`; the name may be quoted. */
static bool is_section_of(const char *section, const char *kind, const char *name) {
    size_t size = strlen(kind);
    if (strncmp(section, kind, size) != 0 || strchr(" \t", section[size]) == NULL ||
        section[size] == '\0') {
        return false;
    }
    section += size + strspn(section + size, " \t");
    size = strlen(section);
    if (size >= 2 && (section[0] == '"' || section[0] == '\'') && section[size - 1] == section[0]) {
        return strlen(name) == size - 2 && strncmp(section + 1, name, size - 2) == 0;
    }
    return str_equal(section, name);
}

static const IniSection *find_shared(const Ini *config, const char *kind, const char *name) {
    for (size_t i = 0; i < config->section_count; i++) {
        if (is_section_of(config->sections[i].name, kind, name)) {
            return &config->sections[i];
        }
    }
    return NULL;
}

static const IniSection *find_profile(const Profile *profile, ProfileFile file, const char *name) {
    const Ini *ini = &profile->files[file].ini;
    if (file == PROFILE_CREDENTIALS) {
        return ini_find_section(ini, name);
    }
    const IniSection *section = find_shared(ini, "profile", name);
    return section == NULL && str_equal(name, "default") ? ini_find_section(ini, name) : section;
}

/* --- Opening --------------------------------------------------------------------------------- */

char *profile_home_path(const char *rest) {
    const char *home = getenv("HOME");
    return str_is_empty(home) ? NULL : mem_printf("%s/.aws/%s", home, rest);
}

/* What the variable says, "~/" at its beginning filled in; else the usual place. */
static char *find_path(const char *variable, const char *usual) {
    const char *path = getenv(variable);
    const char *home = getenv("HOME");
    if (str_is_empty(path)) {
        return profile_home_path(usual);
    }
    return str_starts(path, "~/") && home != NULL ? mem_printf("%s%s", home, path + 1)
                                                  : mem_strdup(path);
}

/* A home that may not be entered has no files, either: a service may have somebody else's. */
static Status read_file(SharedFile *file, Err *err) {
    Buf text = {0};
    if (file->path == NULL || !file_exists(file->path)) {
        return ST_OK;
    }
    Status status = file_read(file->path, FILE_MAX_BYTES, &text, err);
    if (status == ST_OK) {
        status = ini_parse(file->path, buf_text(&text), text.size, &file->ini, err);
    }
    if (text.data != NULL) {
        explicit_bzero(text.data, text.capacity);
    }
    buf_done(&text);
    return status;
}

/* Without a profile that is named, keys of the environment come first: who has them can do without
 * the file of keys, whatever is wrong with it. Settings stand in the other file. */
static bool is_needed(const Profile *profile, int file) {
    bool is_named = profile->is_explicit || profile->named_by != NULL;
    return file != PROFILE_CREDENTIALS || is_named || str_is_empty(getenv("AWS_ACCESS_KEY_ID"));
}

static Status read_files(Profile *profile, Err *err) {
    for (int file = 0; file < FILE_COUNT; file++) {
        Err problem;
        Status status = read_file(&profile->files[file], &problem);
        if (status != ST_OK && is_needed(profile, file)) {
            return err_set(err, status, "%s", problem.message);
        }
        if (status != ST_OK) {
            log_message(LOG_WARN, "passed over, as the environment has keys: %s", problem.message);
        }
    }
    return ST_OK;
}

static void choose_name(Profile *profile, const char *name) {
    static const char *const variables[] = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"};
    profile->is_explicit = name != NULL;
    for (size_t i = 0; name == NULL && i < 2; i++) {
        name = getenv(variables[i]);
        name = str_is_empty(name) ? NULL : name;
        profile->named_by = name == NULL ? NULL : variables[i];
    }
    profile->name = mem_strdup(name == NULL ? "default" : name);
}

/* In the config file it stands as [NAME], where it must be [profile NAME]. */
static const IniSection *find_misnamed(const Profile *profile) {
    const Ini *config = &profile->files[PROFILE_CONFIG].ini;
    return ini_find_section(config, profile->name);
}

static const char *path_or_none(const SharedFile *file) {
    return file->path == NULL ? "(no $HOME)" : file->path;
}

static Status check_name(const Profile *profile, Err *err) {
    bool is_named = profile->is_explicit || profile->named_by != NULL;
    if (!is_named || profile_exists(profile, profile->name)) {
        return ST_OK;
    }
    const SharedFile *config = &profile->files[PROFILE_CONFIG];
    const SharedFile *keys = &profile->files[PROFILE_CREDENTIALS];
    const IniSection *misnamed = find_misnamed(profile);
    (void)err_set(err, ST_USAGE, "there is no profile '%.64s'%s%s in %.200s or %.200s",
                  profile->name, profile->named_by == NULL ? "" : " of ",
                  profile->named_by == NULL ? "" : profile->named_by, path_or_none(config),
                  path_or_none(keys));
    if (err != NULL && misnamed != NULL) {
        return err_hint(err, "line %d of %.150s must read [profile %.64s]", misnamed->line,
                        config->path, profile->name);
    }
    return err == NULL ? ST_USAGE : err_hint(err, "'aws configure list-profiles' lists them");
}

Status profile_open(const char *name, Profile **ret_profile, Err *err) {
    OWN(profile_close_at) Profile *profile = mem_alloc(sizeof *profile);
    choose_name(profile, name);
    profile->files[PROFILE_CONFIG].path = find_path("AWS_CONFIG_FILE", "config");
    profile->files[PROFILE_CREDENTIALS].path =
        find_path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    TRY(read_files(profile, err));
    TRY(check_name(profile, err));
    *ret_profile = profile;
    profile = NULL;
    return ST_OK;
}

void profile_close(Profile *profile) {
    if (profile == NULL) {
        return;
    }
    for (int file = 0; file < FILE_COUNT; file++) {
        ini_done(&profile->files[file].ini);
        mem_free(profile->files[file].path);
    }
    mem_free(profile->name);
    mem_free(profile);
}

void profile_close_at(Profile **profile) {
    profile_close(*profile);
    *profile = NULL;
}

/* --- Asking ---------------------------------------------------------------------------------- */

const char *profile_name(const Profile *profile) {
    return profile->name;
}

bool profile_is_explicit(const Profile *profile) {
    return profile->is_explicit;
}

const char *profile_path(const Profile *profile, ProfileFile file) {
    return path_or_none(&profile->files[file]);
}

static ProfileValue value_of(const SharedFile *file, const IniSection *section,
                             const char *property) {
    const IniProperty *found = ini_find_property(&file->ini, section, property);
    if (found == NULL) {
        return (ProfileValue){0};
    }
    return (ProfileValue){.text = found->value, .path = file->path, .line = found->line};
}

static ProfileValue place_of(const SharedFile *file, const IniSection *section) {
    if (section == NULL) {
        return (ProfileValue){0};
    }
    return (ProfileValue){.text = section->name, .path = file->path, .line = section->line};
}

bool profile_exists(const Profile *profile, const char *name) {
    return profile_place(profile, name).text != NULL;
}

ProfileValue profile_place(const Profile *profile, const char *name) {
    name = name == NULL ? profile->name : name;
    ProfileValue place =
        place_of(&profile->files[PROFILE_CONFIG], find_profile(profile, PROFILE_CONFIG, name));
    return place.text != NULL ? place
                              : place_of(&profile->files[PROFILE_CREDENTIALS],
                                         find_profile(profile, PROFILE_CREDENTIALS, name));
}

ProfileValue profile_get_in(const Profile *profile, ProfileFile file, const char *name,
                            const char *property) {
    name = name == NULL ? profile->name : name;
    return value_of(&profile->files[file], find_profile(profile, file, name), property);
}

ProfileValue profile_get(const Profile *profile, const char *name, const char *property) {
    ProfileValue value = profile_get_in(profile, PROFILE_CREDENTIALS, name, property);
    return value.text != NULL ? value : profile_get_in(profile, PROFILE_CONFIG, name, property);
}

ProfileValue profile_get_shared(const Profile *profile, const char *kind, const char *name,
                                const char *property) {
    const SharedFile *config = &profile->files[PROFILE_CONFIG];
    const IniSection *section = find_shared(&config->ini, kind, name);
    return property == NULL ? place_of(config, section) : value_of(config, section, property);
}

ProfileValue profile_setting(const Profile *profile, const char *variable, const char *property) {
    const char *text = getenv(variable);
    if (!str_is_empty(text)) {
        return (ProfileValue){.text = text, .path = ""};
    }
    const ProfileValue nothing = {0};
    ProfileValue value = profile == NULL ? nothing : profile_get(profile, NULL, property);
    return str_is_empty(value.text) ? nothing : value;
}

Status profile_flag(const Profile *profile, const char *variable, const char *property,
                    bool *ret_flag, Err *err) {
    ProfileValue value = profile_setting(profile, variable, property);
    *ret_flag = value.text != NULL && str_equal_nocase(value.text, "true");
    if (value.text == NULL || *ret_flag || str_equal_nocase(value.text, "false")) {
        return ST_OK;
    }
    if (value.line == 0) {
        return err_set(err, ST_USAGE, "%s='%.40s' is neither true nor false", variable, value.text);
    }
    return err_set(err, ST_USAGE, "%.400s:%d: %s = %.40s is neither true nor false", value.path,
                   value.line, property, value.text);
}

void profile_format_place(const ProfileValue *value, char ret_text[PROFILE_PLACE_SIZE]) {
    snprintf(ret_text, PROFILE_PLACE_SIZE, "%.380s:%d", value->path, value->line);
}
