/* confhouse: parse, call, print, exit. */
#include "app/process.h"
#include "base/log.h"
#include "cli.h"
#include "flags.h"
#include "help.h"
#include "output.h"

#include <stdio.h>

static void configure_log(const Settings *settings) {
    LogLevel level = settings_flag(settings, SETTING_QUIET)     ? LOG_ERROR
                     : settings_flag(settings, SETTING_VERBOSE) ? LOG_DEBUG
                                                                : LOG_INFO;
    log_configure(level, settings_int(settings, SETTING_LOG_FORMAT) == 1 ? LOG_JSON : LOG_TEXT);
}

static Status check_operands(const Cli *cli, Err *err) {
    const Command *command = cli->command;
    if (cli->operand_count < command->min_operands) {
        return err_set(err, ST_USAGE, "'confhouse %s' needs %s", command->name, command->operands);
    }
    if (cli->operand_count > command->max_operands) {
        err_set(err, ST_USAGE, "'confhouse %s' does not take '%.80s'", command->name,
                cli->operands[command->max_operands]);
        return err_hint(err, "usage: confhouse %s [OPTIONS] %s", command->name, command->operands);
    }
    return ST_OK;
}

static Status run_command(Cli *cli, Err *err) {
    if (cli->command->bit != 0) {
        Status status = settings_load(&cli->settings, err);
        configure_log(&cli->settings);
        TRY(status);
        settings_warn_of_variables();
    }
    app_init(&cli->app, &cli->connections, &cli->settings);
    app_watch_signals(&cli->app);
    Status status = cli->command->run(cli, err);
    app_watch_signals(NULL);
    app_close(&cli->app);
    connections_close(&cli->connections);
    return status;
}

static Status print_version(Err *err) {
    printf("confhouse %s\n", app_version());
    return output_finish(err);
}

static Status print_overview(Err *err) {
    OWN(buf_done) Buf text = {0};
    help_append_overview(&text);
    return output_text(buf_text(&text), err);
}

static Status print_command_help(const Command *command, Err *err) {
    OWN(buf_done) Buf text = {0};
    help_append_command(&text, command);
    return output_text(buf_text(&text), err);
}

static Status start(Cli *cli, const Flags *flags, Err *err) {
    if (flags->version) {
        return print_version(err);
    }
    if (flags->operand_count == 0 && flags->help) {
        return print_overview(err);
    }
    if (flags->operand_count == 0) {
        if (flags->problem.status != ST_OK) {
            *err = flags->problem;
            return err->status;
        }
        err_set(err, ST_USAGE, "there is no command");
        return err_hint(err, "'confhouse help' lists them");
    }
    TRY(command_find(flags->operands[0], &cli->command, err));
    if (flags->help) {
        return print_command_help(cli->command, err);
    }
    TRY(flags_check(flags, cli->command->name, cli->command->bit, err));
    cli->operand_count = flags->operand_count - 1;
    cli->operands = flags->operands + 1;
    TRY(check_operands(cli, err));
    return run_command(cli, err);
}

static void settle(const Settings *settings, Status status, const Err *err) {
    if (status == ST_OK) {
        return;
    }
    configure_log(settings);
    log_err(status == ST_PARTIAL ? LOG_WARN : LOG_ERROR, err);
}

int main(int argc, char **argv) {
    process_prepare();
    Cli cli = {0};
    Flags flags;
    Err err = {0};
    flags_parse(argc, argv, &cli.settings, &flags);
    Status status = start(&cli, &flags, &err);
    if (status == ST_IO && output_is_closed()) {
        status = ST_OK; /* it was not for want of results */
    }
    settle(&cli.settings, status, &err);
    settings_done(&cli.settings);
    return status_exit(status);
}
