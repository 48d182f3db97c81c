#include "flags.h"

#include "base/str.h"
#include "cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_HELP = 'h', VALUE_VERSION = 'V', VALUE_SETTING = 256 };

typedef struct Spec {
    struct option long_flags[SETTING_COUNT + 3];
    char short_flags[2 * SETTING_COUNT + 8];
} Spec;

static void make_spec(Spec *spec) {
    size_t at = 0;
    spec->short_flags[at++] = ':'; /* a missing value is told from an unknown flag */
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        const Setting *info = setting_info(id);
        bool is_flag = info->type == SETTING_FLAG;
        spec->long_flags[id] = (struct option){
            .name = info->name,
            .has_arg = is_flag ? optional_argument : required_argument,
            .val = VALUE_SETTING + (int)id,
        };
        if (info->short_flag != 0) {
            spec->short_flags[at++] = info->short_flag;
            if (!is_flag) {
                spec->short_flags[at++] = ':';
            }
        }
    }
    spec->short_flags[at++] = VALUE_HELP;
    spec->short_flags[at++] = VALUE_VERSION;
    spec->short_flags[at] = '\0';
    spec->long_flags[SETTING_COUNT] = (struct option){.name = "help", .val = VALUE_HELP};
    spec->long_flags[SETTING_COUNT + 1] = (struct option){.name = "version", .val = VALUE_VERSION};
    spec->long_flags[SETTING_COUNT + 2] = (struct option){0};
}

/* The flag as it was written, without its value. */
static void written_flag(char **argv, char *ret_flag, size_t size) {
    int at = optarg != NULL && optarg == argv[optind - 1] ? optind - 2 : optind - 1;
    str_copy(ret_flag, size, argv[at]);
    ret_flag[strcspn(ret_flag, "=")] = '\0';
}

static void set_problem(Flags *flags, const Err *err) {
    if (flags->problem.status == ST_OK) {
        flags->problem = *err;
    }
}

static void refuse_unknown(Flags *flags, const char *flag) {
    Err err;
    err_set(&err, ST_USAGE, "there is no option %s", flag);
    if (flags->problem.status == ST_OK) {
        str_copy(flags->unknown, sizeof flags->unknown, flag);
    }
    set_problem(flags, &err);
}

static bool id_of_value(int value, SettingId *ret_id) {
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        if (value == VALUE_SETTING + (int)id ||
            (setting_info(id)->short_flag != 0 && value == setting_info(id)->short_flag)) {
            *ret_id = id;
            return true;
        }
    }
    return false;
}

static void take_setting(Flags *flags, Settings *settings, SettingId id) {
    Err err;
    char origin[80];
    snprintf(origin, sizeof origin, "--%s", setting_info(id)->name);
    flags->given[id] = true;
    const char *text = optarg == NULL ? "true" : optarg;
    if (settings_put(settings, id, text, SOURCE_FLAG, origin, &err) != ST_OK) {
        set_problem(flags, &err);
    }
}

static void refuse_missing(Flags *flags, char **argv) {
    Err err;
    char flag[64];
    written_flag(argv, flag, sizeof flag);
    err_set(&err, ST_USAGE, "the option %s needs a value", flag);
    set_problem(flags, &err);
}

static void refuse_rejected(Flags *flags, char **argv) {
    char flag[64];
    if (optopt > 0 && optopt < VALUE_SETTING && !str_starts(argv[optind - 1], "--")) {
        snprintf(flag, sizeof flag, "-%c", optopt);
    } else {
        written_flag(argv, flag, sizeof flag);
    }
    refuse_unknown(flags, flag);
}

/* getopt takes the beginning of a name for the name, which would make scripts break when there is
 * another one some day. */
static bool is_abbreviated(char **argv, const struct option *option) {
    char flag[64];
    written_flag(argv, flag, sizeof flag);
    return str_starts(flag, "--") && !str_equal(flag + 2, option->name);
}

static void take_value(Flags *flags, Settings *settings, char **argv, int value) {
    SettingId id = 0;
    if (value == ':') {
        refuse_missing(flags, argv);
    } else if (value == VALUE_HELP) {
        flags->help = true;
    } else if (value == VALUE_VERSION) {
        flags->version = true;
    } else if (id_of_value(value, &id)) {
        take_setting(flags, settings, id);
    } else {
        refuse_rejected(flags, argv);
    }
}

void flags_parse(int argc, char **argv, Settings *settings, Flags *ret_flags) {
    Spec spec;
    make_spec(&spec);
    *ret_flags = (Flags){0};
    opterr = 0;
    optind = 1;
    for (;;) {
        int index = -1;
        int value = getopt_long(argc, argv, spec.short_flags, spec.long_flags, &index);
        if (value < 0) {
            break;
        }
        if (index >= 0 && value != ':' && is_abbreviated(argv, &spec.long_flags[index])) {
            char flag[64];
            written_flag(argv, flag, sizeof flag);
            refuse_unknown(ret_flags, flag);
        } else {
            take_value(ret_flags, settings, argv, value);
        }
    }
    ret_flags->operand_count = argc - optind;
    ret_flags->operands = argv + optind;
}

static Status suggest_flag(const char *unknown, const char *command, unsigned bit, Err *err) {
    const char *near = str_starts(unknown, "--") ? setting_suggest(unknown + 2, bit) : NULL;
    err_set(err, ST_USAGE, "'confhouse %s' has no option %s", command, unknown);
    if (near != NULL) {
        return err_hint(err, "did you mean --%s?", near);
    }
    return err_hint(err, "'confhouse help %s' lists them", command);
}

static Status refuse_foreign(SettingId id, const char *command, Err *err) {
    OWN(buf_done) Buf others = {0};
    for (const Command *other = command_table; other->name != NULL; other++) {
        if ((other->bit & setting_info(id)->commands) != 0) {
            buf_printf(&others, "%s%s", others.size == 0 ? "" : ", ", other->name);
        }
    }
    err_set(err, ST_USAGE, "'confhouse %s' has no option --%s", command, setting_info(id)->name);
    return err_hint(err, "it belongs to %s", buf_text(&others));
}

Status flags_check(const Flags *flags, const char *command, unsigned bit, Err *err) {
    if (flags->unknown[0] != '\0') {
        return suggest_flag(flags->unknown, command, bit, err);
    }
    if (flags->problem.status != ST_OK) {
        *err = flags->problem;
        return err->status;
    }
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        if (flags->given[id] && (setting_info(id)->commands & bit) == 0) {
            return refuse_foreign(id, command, err);
        }
    }
    return ST_OK;
}
