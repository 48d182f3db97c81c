/* The table of commands. */
#include "base/str.h"
#include "base/suggest.h"
#include "cli.h"

const ExitMeaning exit_meanings[] = {
    {EXIT_DONE, "done"},
    {EXIT_FAILED, "failed"},
    {EXIT_USAGE, "wrong usage, settings, or a file or event that is not as it should be"},
    {EXIT_PARTIAL, "done in part: something could not be read, and is listed"},
    {EXIT_NOTHING, "nothing to do: no such run, no shards, no history"},
    {0, NULL},
};

const Command command_table[] = {
    {.name = "run",
     .bit = COMMAND_RUN,
     .operands = "",
     .summary = "plan, scan, merge and report in one go",
     .details = "Asks AWS Config in every account and region which resources obey which rules, "
                "merges the answers into the history and renders the workbook.\n\n"
                "An account or region that cannot be read does not stop the others: it is listed, "
                "and the exit status is 3.",
     .examples = "confhouse run --regions eu-west-1,us-east-1 --store s3://reports/config\n"
                 "confhouse run --accounts accounts.csv --role-name audit --output week.xlsx",
     .run = cmd_run},
    {.name = "plan",
     .bit = COMMAND_PLAN,
     .operands = "",
     .summary = "write the shards of a run (and print their events)",
     .details = "Writes batches/<group id>/plan.json, which tells what must be there before the "
                "run is complete, and shards.json beside it, with the event of each shard. With "
                "--format json it prints those events.",
     .examples = "confhouse plan --regions eu-west-1 --shards 8 --format json",
     .run = cmd_plan},
    {.name = "scan",
     .bit = COMMAND_SCAN,
     .operands = "",
     .summary = "scan one shard; without an event, everything, as one shard",
     .details = "An event says which accounts to scan. --shard-id scans a shard of the run's "
                "plan. With neither, the plan is made and everything in it scanned.",
     .examples = "confhouse scan --event event.json\n"
                 "confhouse scan --group-id 2026-11-22 --shard-id 03",
     .run = cmd_scan},
    {.name = "merge",
     .bit = COMMAND_MERGE,
     .operands = "",
     .summary = "merge a run's shards into the history",
     .details = "The same shards, merged again or in another order, give the same history. "
                "Puts raw/config-rules-<date>.csv, the rows of the run, into the store "
                "(<date>_<group-id> of a run that is not named after its date).",
     .examples = "confhouse merge --group-id 2026-11-22",
     .run = cmd_merge},
    {.name = "report",
     .bit = COMMAND_REPORT,
     .operands = "",
     .summary = "render the workbook",
     .details =
         "Puts reports/ConfigRule_<date>.xlsx into the store (<date>_<group-id> of a run that "
         "is not named after its date). --output keeps a copy of the workbook. Those who "
         "are set (sns-topic, mail-to) are told of the newest run's.\n\n"
         "--since, --environment, --account and --owner narrow it; then, or where --run "
         "says which run, a workbook with --output goes there alone.",
     .examples = "confhouse report --run 2026-11-22 --output report.xlsx\n"
                 "confhouse report --owner team-payments --output payments.xlsx",
     .run = cmd_report},
    {.name = "trend",
     .bit = COMMAND_TREND,
     .operands = "",
     .summary = "draw how compliance moved from run to run",
     .details = "Bars for each environment, coloured on a terminal by --green-from and "
                "--yellow-from. With --format csv, json or markdown it gives the figures.",
     .examples = "confhouse trend --since 2026-09-01\n"
                 "confhouse trend --owner team-payments --format csv",
     .run = cmd_trend},
    {.name = "diff",
     .bit = COMMAND_DIFF,
     .operands = "[FROM [TO]]",
     .summary = "what is new, resolved, reopened, no longer seen",
     .details = "Between the newest run and the one before it, or FROM and the newest, or FROM "
                "and TO. What could not be read has not changed.",
     .examples = "confhouse diff\nconfhouse diff 2026-11-15 2026-11-22 --format csv",
     .max_operands = 2,
     .run = cmd_diff},
    {.name = "query",
     .bit = COMMAND_QUERY,
     .operands = "[NAME | --sql SQL] [-p NAME=VALUE]",
     .summary = "named queries, or any read-only SQL",
     .details = "Without a name, lists the queries there are; 'confhouse help query NAME' tells "
                "the parameters and columns of one.\n\n"
                "SQL of your own can only read. It is stopped after --deadline (1m when absent) "
                "and --limit rows.",
     .examples = "confhouse query trend\n"
                 "confhouse query findings -p environment=prod --format csv\n"
                 "confhouse query --sql 'SELECT owner, ratio FROM compliance_by_owner'",
     .max_operands = 1,
     .run = cmd_query},
    {.name = "export",
     .bit = COMMAND_EXPORT,
     .operands = "",
     .summary = "evaluations of a run as CSV or JSON lines",
     .details = "Text that begins with = + - @, tab or a carriage return gets an apostrophe before "
                "it in CSV, so that no spreadsheet takes it for a formula.",
     .examples = "confhouse export --run 2026-11-22 --output evaluations.csv\n"
                 "confhouse export --format json | jq -c 'select(.environment == \"prod\")'",
     .run = cmd_export},
    {.name = "pull",
     .bit = COMMAND_PULL,
     .operands = "",
     .summary = "download the history database, checked against its SHA-256",
     .details = "The file is an ordinary SQLite database that any client opens.",
     .examples = "confhouse pull --output history.db && sqlite3 history.db 'SELECT * FROM runs'",
     .run = cmd_pull},
    {.name = "history",
     .bit = COMMAND_HISTORY,
     .operands = "[list | verify | prune]",
     .summary = "list what is stored; verify it; make room",
     .details = "list, or nothing: every dated copy of the history, and which of them is the "
                "newest.\n\n"
                "verify: whether the newest copy and those it was built upon are what was "
                "published, whether the database is sound, no row of a shard lost, and every "
                "count what the evaluations come to. The exit status is 1 when not.\n\n"
                "prune: with --keep-dated, removes all but the newest dated copies; with "
                "--max-age, removes from the history what ended long ago: earlier runs keep their "
                "counts, but no evaluations. Only tells what would go, unless --yes is given.",
     .examples = "confhouse history\n"
                 "confhouse history verify\n"
                 "confhouse history prune --keep-dated 12\n"
                 "confhouse history prune --max-age 3y --keep-dated 12 --yes",
     .max_operands = 1,
     .run = cmd_history},
    {.name = "invoke",
     .bit = COMMAND_INVOKE,
     .operands = "EVENT.json",
     .summary = "run a Lambda handler here, on that event",
     .details = "The event's mode says what is done: batch (scan), final (merge and report), "
                "plan, merge, report, run, or check (how old the newest run is). Prints what came "
                "of it as JSON.",
     .examples = "confhouse invoke event.json",
     .min_operands = 1,
     .max_operands = 1,
     .run = cmd_invoke},
    {.name = "whoami",
     .bit = COMMAND_WHOAMI,
     .operands = "",
     .summary = "tell who one is for AWS, by which credentials, and where it is asked",
     .details = "Credentials are looked for where AWS's own tools look, in their order: the "
                "environment (unless --profile names a profile), the profile's role, a web "
                "identity, SSO, the credentials file, a process, the config file, the container, "
                "the EC2 instance.\n\n"
                "An endpoint that was set shows in brackets what set it.",
     .examples = "confhouse whoami --profile audit\n"
                 "confhouse whoami --format json | jq -r .[0].arn",
     .run = cmd_whoami},
    {.name = "help",
     .operands = "[COMMAND | settings | query NAME]",
     .summary = "tell about a command, all settings, or a query",
     .details = "",
     .examples = "",
     .max_operands = 2,
     .run = cmd_help},
    {.name = "man",
     .operands = "",
     .summary = "print the manual page",
     .details = "",
     .examples = "",
     .is_hidden = true,
     .run = cmd_man},
    {.name = NULL},
};

Status command_find(const char *name, const Command **ret_command, Err *err) {
    Suggestion suggestion;
    suggest_begin(&suggestion, name);
    for (const Command *command = command_table; command->name != NULL; command++) {
        if (str_equal(command->name, name)) {
            *ret_command = command;
            return ST_OK;
        }
        if (!command->is_hidden) {
            suggest_offer(&suggestion, command->name);
        }
    }
    err_set(err, ST_USAGE, "there is no command '%.60s'", name);
    if (suggestion.best != NULL) {
        return err_hint(err, "did you mean '%s'?", suggestion.best);
    }
    return err_hint(err, "'confhouse help' lists them");
}
