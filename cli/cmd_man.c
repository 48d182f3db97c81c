/* The manual page (mdoc), made from the tables of commands and settings. */
#include "base/str.h"
#include "cli.h"
#include "help.h"
#include "output.h"

#include <string.h>

static const char page_date[] = "November 22, 2026"; /* of the last change to what it says */

enum { SOURCE_WIDTH = 76 };

/* Text in which nothing is taken for a request or an escape. */
static void append_text(Buf *out, const char *text) {
    if (text[0] == '.' || text[0] == '\'') {
        buf_puts(out, "\\&");
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\') {
            buf_puts(out, "\\e");
        } else if (*c == '-') {
            buf_puts(out, "\\-");
        } else {
            buf_putc(out, *c);
        }
    }
}

/* Text that the reader's program fills: the page's source has a new line for each sentence. */
static void append_line(Buf *out, const char *text) {
    size_t at = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        OWN(buf_done) Buf word = {0};
        buf_append(&word, text, size);
        if (at > 0) {
            bool breaks = at + 1 + size > SOURCE_WIDTH || str_ends(buf_text(out), ".");
            at = breaks ? 0 : at + 1;
            buf_putc(out, breaks ? '\n' : ' ');
        }
        append_text(out, buf_text(&word));
        at += size;
        text += size;
        text += strspn(text, " ");
    }
    buf_putc(out, '\n');
}

static void append_paragraphs(Buf *out, const char *text) {
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t size = end == NULL ? strlen(text) : (size_t)(end - text);
        OWN(buf_done) Buf paragraph = {0};
        buf_append(&paragraph, text, size);
        buf_puts(out, ".Pp\n");
        append_line(out, buf_text(&paragraph));
        text += size;
        text += strspn(text, "\n");
    }
}

static void append_literal(Buf *out, const char *text) {
    buf_puts(out, ".Bd -literal -offset indent\n");
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        OWN(buf_done) Buf line = {0};
        buf_append(&line, text, size);
        append_text(out, buf_text(&line));
        buf_putc(out, '\n');
        text += size;
        text += *text == '\n';
    }
    buf_puts(out, ".Ed\n");
}

static void append_head(Buf *out) {
    buf_printf(out,
               ".Dd %s\n.Dt CONFHOUSE 1\n.Os\n.Sh NAME\n.Nm confhouse\n"
               ".Nd keep the compliance history of an AWS organization\n.Sh SYNOPSIS\n"
               ".Nm\n.Ar command\n.Op Ar options\n"
               ".Sh DESCRIPTION\n",
               page_date);
    append_line(out, "confhouse asks AWS Config in every account and region of an organization "
                     "which resources obey which rules, merges the answers into one history "
                     "database, and renders a workbook from it.");
    append_paragraphs(out, "The history is an SQLite database that grows only with what changed. "
                           "What could not be read is listed with its reason: it counts neither "
                           "as compliant nor as resolved.");
}

static void append_commands(Buf *out) {
    buf_puts(out, ".Sh COMMANDS\n");
    for (const Command *command = command_table; command->name != NULL; command++) {
        if (command->is_hidden) {
            continue;
        }
        buf_printf(out, ".Ss %s", command->name);
        if (command->operands[0] != '\0') {
            buf_putc(out, ' ');
            append_text(out, command->operands);
            buf_puts(out, "\\&"); /* its last bracket ends no sentence */
        }
        buf_putc(out, '\n');
        OWN(buf_done) Buf summary = {0};
        buf_printf(&summary, "%s.", command->summary);
        append_line(out, buf_text(&summary));
        append_paragraphs(out, command->details);
        if (command->examples[0] != '\0') {
            append_literal(out, command->examples);
        }
    }
}

static void append_belongs(Buf *out, const Setting *info) {
    OWN(buf_done) Buf names = {0};
    if ((info->commands & COMMAND_ALL) == COMMAND_ALL) {
        return;
    }
    for (const Command *command = command_table; command->name != NULL; command++) {
        if ((command->bit & info->commands) != 0) {
            buf_printf(&names, "%s%s", names.size == 0 ? "" : ", ", command->name);
        }
    }
    buf_puts(&names, ".");
    buf_puts(out, "Of ");
    append_line(out, buf_text(&names));
}

static void append_setting(Buf *out, const Setting *info) {
    OWN(buf_done) Buf help = {0};
    buf_puts(out, ".It ");
    if (info->short_flag != 0) {
        buf_printf(out, "Fl %c , ", info->short_flag);
    }
    buf_printf(out, "Fl -%s", info->name);
    if (info->placeholder != NULL) {
        buf_printf(out, " Ar %s", info->placeholder);
    }
    buf_puts(&help, info->help);
    if (info->fallback != NULL) {
        buf_printf(&help, " (default: %s)", info->fallback);
    }
    buf_puts(&help, ".");
    buf_putc(out, '\n');
    append_line(out, buf_text(&help));
    append_belongs(out, info);
}

static void append_settings(Buf *out) {
    buf_puts(out, ".Sh OPTIONS\n");
    append_line(out, "Each option is also an environment variable, CONFHOUSE_ and its name in "
                     "capitals with _ for -, and a name in the settings file.");
    for (SettingSection section = 0; section < SECTION_COUNT; section++) {
        buf_printf(out, ".Ss %s\n.Bl -tag -width Ds\n", settings_section_title(section));
        for (SettingId id = 0; id < SETTING_COUNT; id++) {
            if (setting_info(id)->section == section) {
                append_setting(out, setting_info(id));
            }
        }
        buf_puts(out, ".El\n");
    }
}

static void append_environment(Buf *out) {
    static const char *const variables[][2] = {
        {"CONFHOUSE_NAME", "The setting of that name. Flags come before it, the settings file "
                           "after it. An empty one counts as absent."},
        {"REPORT_BUCKET", "With REPORT_PREFIX the store, where no other is set."},
        {"AWS_ACCESS_KEY_ID", "With AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN the credentials."},
        {"AWS_REGION", "The region, where no other is set; then AWS_DEFAULT_REGION."},
        {"AWS_ENDPOINT_URL", "Where AWS is reached; AWS_ENDPOINT_URL_S3 and its like are for one "
                             "service."},
        {"AWS_CA_BUNDLE", "File of the certificates to trust."},
        {"TMPDIR", "Where scratch files lie: the history must fit there."},
    };
    buf_puts(out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n");
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        buf_printf(out, ".It Ev %s\n", variables[i][0]);
        append_line(out, variables[i][1]);
    }
    buf_puts(out, ".El\n");
}

static void append_files(Buf *out) {
    buf_puts(out, ".Sh FILES\n");
    append_line(out, "A settings file holds lines of the form name = value; lines that begin "
                     "with # are comments:");
    append_literal(out, "store = s3://reports/config\nregions = eu-west-1,us-east-1\n"
                        "role-name = audit\n# what the names of accounts tell\n"
                        "environment-name = *-live=prod,*-lab=nonprod");
}

static void append_exit(Buf *out) {
    buf_puts(out, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
    for (const ExitMeaning *meaning = exit_meanings; meaning->text != NULL; meaning++) {
        buf_printf(out, ".It %d\n", meaning->status);
        append_line(out, meaning->text);
    }
    buf_puts(out, ".El\n");
}

Status cmd_man(Cli *cli, Err *err) {
    OWN(buf_done) Buf page = {0};
    (void)cli;
    append_head(&page);
    append_commands(&page);
    append_settings(&page);
    append_environment(&page);
    append_files(&page);
    append_exit(&page);
    return output_text(buf_text(&page), err);
}
