#include "warehouse/collect.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "warehouse/collect_scope.h"
#include "warehouse/session.h"

enum { DEFAULT_SCOPES = 32, DEFAULT_RULES = 3, SESSION_SECONDS = 3600 };

typedef struct Collect {
    Aws *aws;
    CollectOptions options;
    Shard *shard;
    size_t next_account; /* whose scopes are begun next */
    int scopes_running;
    CollectResult result;
    Err failure;    /* the first that makes the shard impossible; ST_OK = none */
    bool beginning; /* begin_accounts is at work further up */
    bool finished;
} Collect;

/* An account whose scopes are under way; they share its session. */
typedef struct AccountTask {
    Collect *collect;
    Session *session;
    size_t scopes_running;
} AccountTask;

static void begin_accounts(Collect *collect);

static int64_t scopes_in_all(const Collect *collect) {
    return (int64_t)(collect->options.account_count * collect->options.region_count);
}

static void show_progress(const Collect *collect) {
    log_progress("scanning: %lld of %lld scopes, %lld calls",
                 (long long)collect->result.scopes_done, (long long)scopes_in_all(collect),
                 (long long)aws_stats(collect->aws).attempts);
}

static void on_scope_done(void *context, ScopeEnd end, const Err *failure) {
    AccountTask *account = context;
    Collect *collect = account->collect;
    collect->scopes_running--;
    collect->result.scopes_done += end == SCOPE_END_DONE;
    collect->result.scopes_left += end == SCOPE_END_LEFT;
    if (end == SCOPE_END_FATAL && collect->failure.status == ST_OK) {
        collect->failure = *failure;
    }
    account->scopes_running--;
    if (account->scopes_running == 0) {
        session_free(account->session);
        mem_free(account);
    }
    show_progress(collect);
    begin_accounts(collect);
}

static void begin_account(Collect *collect, const CollectAccount *account) {
    const CollectOptions *options = &collect->options;
    const StsAssumeRole role = {.account_id = account->id,
                                .role_name = options->role_name,
                                .region = options->regions[0],
                                .external_id = options->external_id,
                                .session_name = "confhouse",
                                .duration_s = SESSION_SECONDS};
    AccountTask *task = mem_alloc(sizeof *task);
    *task = (AccountTask){.collect = collect,
                          .session = session_new(collect->aws, &role),
                          .scopes_running = options->region_count};
    collect->scopes_running += (int)options->region_count;
    for (size_t i = 0; i < options->region_count; i++) {
        const ScopeOptions scope = {.aws = collect->aws,
                                    .shard = collect->shard,
                                    .session = task->session,
                                    .account_id = account->id,
                                    .account_name = account->name,
                                    .region = options->regions[i],
                                    .tag_prefixes = options->tag_prefixes,
                                    .rules_side_by_side = options->rules_side_by_side,
                                    .done = on_scope_done,
                                    .context = task};
        scope_start(&scope);
    }
}

static Status put_skipped(Collect *collect, const CollectAccount *account, Err *err) {
    const ShardScopeEnd end = {
        .outcome = SCOPE_SKIPPED, .error_code = "skipped", .message = account->skip_reason};
    for (size_t i = 0; i < collect->options.region_count; i++) {
        int64_t scope = 0;
        TRY(shard_begin_scope(collect->shard, account->id, account->name,
                              collect->options.regions[i], &scope, err));
        TRY(shard_end_scope(collect->shard, scope, &end, err));
        collect->result.scopes_done++;
    }
    return ST_OK;
}

static bool may_begin(const Collect *collect) {
    const CollectOptions *options = &collect->options;
    bool cancelled = options->cancelled != NULL && *options->cancelled;
    bool late = options->deadline_ms > 0 && clock_now_ms() >= options->deadline_ms;
    return collect->failure.status == ST_OK && !cancelled && !late;
}

/* Fills the free places. A scope that ends at once calls this again from within: then it is for the
 * call further up to go on. */
static void begin_accounts(Collect *collect) {
    if (collect->beginning) {
        return;
    }
    collect->beginning = true;
    const CollectOptions *options = &collect->options;
    while (collect->next_account < options->account_count && may_begin(collect) &&
           collect->scopes_running < options->scopes_side_by_side) {
        const CollectAccount *account = &options->accounts[collect->next_account++];
        if (account->skip_reason == NULL) {
            begin_account(collect, account);
        } else if (put_skipped(collect, account, &collect->failure) != ST_OK) {
            break;
        }
    }
    collect->beginning = false;
    if (collect->scopes_running == 0) {
        collect->finished = true;
    }
}

Status collect_run(Aws *aws, const CollectOptions *options, Shard *shard, CollectResult *ret_result,
                   Err *err) {
    Collect collect = {.aws = aws, .options = *options, .shard = shard};
    if (collect.options.scopes_side_by_side == 0) {
        collect.options.scopes_side_by_side = DEFAULT_SCOPES;
    }
    if (collect.options.rules_side_by_side == 0) {
        collect.options.rules_side_by_side = DEFAULT_RULES;
    }
    begin_accounts(&collect);
    if (!collect.finished) {
        TRY(aws_wait(aws, &collect.finished, err));
    }
    log_progress(NULL);
    size_t begun = collect.next_account * options->region_count;
    collect.result.scopes_left += scopes_in_all(&collect) - (int64_t)begun;
    *ret_result = collect.result;
    if (collect.failure.status != ST_OK) {
        *err = collect.failure;
        return err->status;
    }
    return ST_OK;
}
