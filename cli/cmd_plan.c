#include "app/run.h"
#include "base/log.h"
#include "cli.h"
#include "output.h"

/* One array, an event on each line of it. */
static Status print_events(const Cli *cli, const Plan *plan, Err *err) {
    for (int shard = 0; shard < plan->shard_count; shard++) {
        OWN(event_done) Event event = {0};
        OWN(buf_done) Buf line = {0};
        run_plan_event(&cli->app, plan, shard, &event);
        event_append_json(&event, &line);
        printf("%s%s", shard == 0 ? "[\n" : ",\n", buf_text(&line));
    }
    printf("\n]\n");
    return output_finish(err);
}

static Status print_shards(const Cli *cli, const Plan *plan, Err *err) {
    const char *const columns[] = {"group_id",      "date",         "shard_id", "accounts",
                                   "first_account", "last_account", "regions"};
    OWN(table_free_at) Table *table = table_new(stdout, output_format(cli), 7, columns);
    for (int shard = 0; shard < plan->shard_count; shard++) {
        OWN(event_done) Event event = {0};
        run_plan_event(&cli->app, plan, shard, &event);
        const EventAccount none = {"", ""};
        size_t count = event.account_count;
        const EventAccount *first = count == 0 ? &none : &event.accounts[0];
        const EventAccount *last = count == 0 ? &none : &event.accounts[count - 1];
        const Cell cells[] = {
            {.type = CELL_TEXT, .text = event.group_id},
            {.type = CELL_TEXT, .text = event.date},
            {.type = CELL_TEXT, .text = event.shard_id},
            {.type = CELL_INT, .integer = (int64_t)count},
            {.type = CELL_TEXT, .text = first->id},
            {.type = CELL_TEXT, .text = last->id},
            {.type = CELL_TEXT, .text = event.regions},
        };
        table_row(table, cells);
    }
    return table_finish(table, err);
}

static void tell_skipped(const Plan *plan) {
    for (size_t i = 0; i < plan->account_count; i++) {
        const PlanAccount *account = &plan->accounts[i];
        if (account->skip_reason != NULL) {
            const LogField fields[] = {{"account", account->id}, {"name", account->name}, {0}};
            log_fields(LOG_INFO, fields, "skipped: %s", account->skip_reason);
        }
    }
}

Status cmd_plan(Cli *cli, Err *err) {
    OWN(plan_done) Plan plan = {0};
    TRY(run_plan(&cli->app, 0, &plan, err));
    tell_skipped(&plan);
    return output_format(cli) == TABLE_JSON ? print_events(cli, &plan, err)
                                            : print_shards(cli, &plan, err);
}
