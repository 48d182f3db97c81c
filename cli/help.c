#include "help.h"

#include <ctype.h>
#include <string.h>

enum { LINE_WIDTH = 80, HELP_COLUMN = 30 };

/* `text` from column `column` on, broken at blanks; the cursor stands at `at`. */
static void append_wrapped(Buf *out, size_t at, size_t column, const char *text) {
    if (at + 1 >= column) {
        buf_putc(out, '\n');
        at = 0;
    }
    buf_printf(out, "%*s", (int)(column - at), "");
    at = column;
    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        if (at > column && at + 1 + size > LINE_WIDTH) {
            buf_printf(out, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            buf_putc(out, ' ');
            at++;
        }
        buf_append(out, text, size);
        at += size;
        text += size;
        text += strspn(text, " ");
    }
    buf_putc(out, '\n');
}

static void append_flag(Buf *out, const Setting *info) {
    size_t begin = out->size;
    OWN(buf_done) Buf help = {0};
    if (info->short_flag != 0) {
        buf_printf(out, "  -%c, --%s", info->short_flag, info->name);
    } else {
        buf_printf(out, "      --%s", info->name);
    }
    if (info->placeholder != NULL) {
        buf_printf(out, " %s", info->placeholder);
    }
    buf_puts(&help, info->help);
    if (info->fallback != NULL) {
        buf_printf(&help, " (default: %s)", info->fallback);
    }
    append_wrapped(out, out->size - begin, HELP_COLUMN, buf_text(&help));
}

/* The settings of a section that one of `commands` has. */
static void append_section(Buf *out, SettingSection section, unsigned commands) {
    bool any = false;
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        const Setting *info = setting_info(id);
        if (info->section != section || (info->commands & commands) == 0) {
            continue;
        }
        if (!any) {
            buf_printf(out, "\n%s:\n", settings_section_title(section));
            any = true;
        }
        append_flag(out, info);
    }
}

static void append_exit_statuses(Buf *out) {
    buf_puts(out, "\nExit status:\n");
    for (const ExitMeaning *meaning = exit_meanings; meaning->text != NULL; meaning++) {
        buf_printf(out, "  %d", meaning->status);
        append_wrapped(out, 3, 5, meaning->text);
    }
}

void help_append_overview(Buf *out) {
    buf_puts(out, "confhouse keeps the compliance history of an AWS organization.\n\n"
                  "Usage: confhouse COMMAND [OPTIONS]\n\nCommands:\n");
    for (const Command *command = command_table; command->name != NULL; command++) {
        if (!command->is_hidden) {
            buf_printf(out, "  %-9s  %s\n", command->name, command->summary);
        }
    }
    buf_puts(out, "\nOptions of all commands:\n");
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        if ((setting_info(id)->commands & COMMAND_ALL) == COMMAND_ALL) {
            append_flag(out, setting_info(id));
        }
    }
    buf_puts(out, "  -h, --help                  tell about a command\n"
                  "  -V, --version               print the version\n");
    append_exit_statuses(out);
    buf_puts(out, "\n'confhouse help COMMAND' tells about a command, 'confhouse help settings' how "
                  "to set\neach option in the environment or a settings file.\n");
}

static void append_paragraphs(Buf *out, const char *text) {
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t size = end == NULL ? strlen(text) : (size_t)(end - text);
        OWN(buf_done) Buf paragraph = {0};
        buf_append(&paragraph, text, size);
        buf_putc(out, '\n');
        append_wrapped(out, 0, 2, buf_text(&paragraph));
        text += size;
        text += strspn(text, "\n");
    }
}

static void append_examples(Buf *out, const char *text) {
    buf_puts(out, "\nExamples:\n");
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        buf_printf(out, "  %.*s\n", (int)size, text);
        text += size;
        text += *text == '\n';
    }
}

void help_append_command(Buf *out, const Command *command) {
    buf_printf(out, "confhouse %s: %s\n\nUsage: confhouse %s%s%s%s\n", command->name,
               command->summary, command->name, command->bit == 0 ? "" : " [OPTIONS]",
               command->operands[0] == '\0' ? "" : " ", command->operands);
    append_paragraphs(out, command->details);
    for (SettingSection section = 0; section < SECTION_COUNT; section++) {
        append_section(out, section, command->bit);
    }
    if (command->examples[0] != '\0') {
        append_examples(out, command->examples);
    }
    if (command->bit != 0) {
        append_exit_statuses(out);
    }
}

void help_append_variable(Buf *out, const Setting *info) {
    buf_puts(out, "CONFHOUSE_");
    for (const char *c = info->name; *c != '\0'; c++) {
        buf_putc(out, *c == '-' ? '_' : (char)toupper((unsigned char)*c));
    }
}

void help_append_settings(Buf *out) {
    buf_puts(out, "Each setting is a flag, an environment variable and a name in the settings file "
                  "(lines of\nthe form name = value; # begins a comment). Flags come first, then "
                  "the environment, then\nthe file that --config or CONFHOUSE_CONFIG names, then "
                  "the default.\n");
    for (SettingSection section = 0; section < SECTION_COUNT; section++) {
        buf_printf(out, "\n%s:\n", settings_section_title(section));
        for (SettingId id = 0; id < SETTING_COUNT; id++) {
            const Setting *info = setting_info(id);
            if (info->section == section) {
                size_t begin = out->size;
                buf_printf(out, "  %-20s ", info->name);
                help_append_variable(out, info);
                if (info->fallback == NULL) {
                    buf_putc(out, '\n');
                } else {
                    append_wrapped(out, out->size - begin, 54, info->fallback);
                }
            }
        }
    }
}
