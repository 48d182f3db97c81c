#include "warehouse/collect.h"

#include "aws/sts.h"
#include "base/clock.h"
#include "base/log.h"
#include "warehouse/collect_account.h"
#include "warehouse/shard_store.h"

enum {
    DEFAULT_CONCURRENCY = 64,
    TICK_MS = 50,
    ACCOUNTS_A_TICK = 8, /* begun when there is room for more calls */
    SCOPES_A_CALL = 4,   /* at most so many for each call that may be in flight */
    SAVE_EVERY_MS = 250,
    SAVE_SHARE = 30, /* saving takes one part in so many of the time */
};

typedef struct Collect {
    Aws *aws;
    CollectOptions options;
    Shard *shard;
    char own_account_id[13];
    ScopeNotes notes;
    size_t next_account; /* whose scopes are begun next */
    int scopes_running;
    int64_t unsaved; /* scopes that have ended since the shard was saved */
    int64_t save_at_ms;
    CollectResult result;
    Err failure;    /* the first that makes the shard impossible; ST_OK = none */
    bool beginning; /* begin_accounts is at work further up */
    bool finished;
    bool stop; /* finished, or the shard is to be saved now */
} Collect;

static void begin_accounts(Collect *collect, int wanted_scopes);

static int64_t scopes_in_all(const Collect *collect) {
    return (int64_t)(collect->options.account_count * collect->options.region_count);
}

static void show_progress(const Collect *collect) {
    log_progress("scanning: %lld of %lld scopes, %lld calls",
                 (long long)(collect->result.scopes_done + collect->result.scopes_kept),
                 (long long)scopes_in_all(collect), (long long)aws_stats(collect->aws).attempts);
}

static void on_scope_end(void *context, ScopeEnd end, const Err *failure) {
    Collect *collect = context;
    collect->scopes_running--;
    if (end == SCOPE_END_FATAL) {
        if (collect->failure.status == ST_OK) {
            collect->failure = *failure;
        }
    } else if (end == SCOPE_END_LEFT) {
        collect->result.scopes_left++;
    } else {
        collect->result.scopes_done++;
        collect->unsaved++;
    }
    show_progress(collect);
    begin_accounts(collect, collect->options.concurrency);
}

static Status put_skipped(Collect *collect, const CollectAccount *account, Err *err) {
    const ShardScopeEnd end = {
        .outcome = SCOPE_SKIPPED, .error_code = "skipped", .message = account->skip_reason};
    for (size_t i = 0; i < collect->options.region_count; i++) {
        const char *region = collect->options.regions[i];
        bool has = false;
        int64_t scope = 0;
        TRY(shard_has_scope(collect->shard, account->id, region, &has, err));
        if (!has) {
            TRY(shard_begin_scope(collect->shard, account->id, account->name, region, &scope, err));
            TRY(shard_end_scope(collect->shard, scope, &end, err));
        }
        collect->result.scopes_done++;
    }
    return ST_OK;
}

/* As many scopes as can use all connections share them; those that were begun later have what is
 * left. Were all to share, they would all end late, and at a deadline none would have ended. */
static int64_t rank_of(const Collect *collect, size_t account) {
    size_t together = (size_t)collect->options.concurrency;
    return (int64_t)(account * collect->options.region_count / together);
}

static Status begin_account(Collect *collect, size_t at, Err *err) {
    const CollectAccount *account = &collect->options.accounts[at];
    const AccountOptions options = {.aws = collect->aws,
                                    .shard = collect->shard,
                                    .collect = &collect->options,
                                    .account = account,
                                    .own_account_id = collect->own_account_id,
                                    .rank = rank_of(collect, at),
                                    .notes = &collect->notes,
                                    .ended = on_scope_end,
                                    .context = collect};
    size_t missing = 0;
    if (account->skip_reason != NULL) {
        return put_skipped(collect, account, err);
    }
    TRY(account_count_missing(&options, &missing, err));
    collect->result.scopes_kept += (int64_t)(collect->options.region_count - missing);
    if (missing > 0) {
        collect->scopes_running += (int)missing;
        account_start(&options);
    }
    return ST_OK;
}

static bool may_begin(const Collect *collect) {
    const CollectOptions *options = &collect->options;
    bool cancelled = options->cancelled != NULL && *(const volatile bool *)options->cancelled;
    bool late = options->deadline_ms > 0 && clock_now_ms() >= options->deadline_ms;
    return collect->failure.status == ST_OK && !cancelled && !late;
}

/* Begins accounts until so many scopes are under way. A scope that ends at once calls this again
 * from within: then it is for the call further up to go on. */
static void begin_accounts(Collect *collect, int wanted_scopes) {
    if (collect->beginning) {
        return;
    }
    collect->beginning = true;
    while (collect->next_account < collect->options.account_count && may_begin(collect) &&
           collect->scopes_running < wanted_scopes) {
        if (begin_account(collect, collect->next_account++, &collect->failure) != ST_OK) {
            break;
        }
    }
    collect->beginning = false;
    if (collect->scopes_running == 0) {
        collect->finished = true;
        collect->stop = true;
    }
}

/* Where scopes wait for their pace, or have but one call under way, further ones use the room: no
 * more than that, as scopes that share it all end late. */
static void on_tick(void *context) {
    Collect *collect = context;
    int concurrency = collect->options.concurrency;
    int room = concurrency - http_in_flight(aws_http(collect->aws));
    if (room > 0) {
        int accounts = room < ACCOUNTS_A_TICK ? room : ACCOUNTS_A_TICK;
        int more = collect->scopes_running + accounts * (int)collect->options.region_count;
        int most = SCOPES_A_CALL * concurrency;
        begin_accounts(collect, more < most ? more : most);
    }
    if (collect->options.store != NULL && collect->unsaved > 0 &&
        clock_monotonic_ms() >= collect->save_at_ms) {
        collect->stop = true;
    }
    if (!collect->finished) {
        http_after(aws_http(collect->aws), TICK_MS, on_tick, collect);
    }
}

/* What cannot be saved now may well be at the end. */
static void save(Collect *collect) {
    Err err;
    int64_t begin_ms = clock_monotonic_ms();
    collect->unsaved = 0;
    if (shard_store_save(collect->shard, collect->options.store, &err) != ST_OK) {
        log_message(LOG_WARN, "what was read so far cannot be saved: %s", err.message);
    }
    int64_t end_ms = clock_monotonic_ms();
    int64_t pause_ms = (end_ms - begin_ms) * SAVE_SHARE;
    collect->save_at_ms = end_ms + (pause_ms > SAVE_EVERY_MS ? pause_ms : SAVE_EVERY_MS);
}

static Status run(Collect *collect, Err *err) {
    collect->save_at_ms = clock_monotonic_ms() + SAVE_EVERY_MS;
    begin_accounts(collect, collect->options.concurrency);
    if (!collect->finished) {
        http_after(aws_http(collect->aws), TICK_MS, on_tick, collect);
    }
    while (!collect->finished) {
        Status status = aws_wait(collect->aws, &collect->stop, err);
        if (status != ST_OK) {
            aws_drop_calls(collect->aws); /* their tasks would tell us, who are gone then */
            return status;
        }
        collect->stop = collect->finished;
        if (!collect->finished) {
            save(collect);
        }
    }
    return ST_OK;
}

/* So that the account we are in can be read without a role. */
static Status find_own_account(Collect *collect, Err *err) {
    Err cause = {0};
    Status status = sts_get_caller_identity(collect->aws, collect->own_account_id, &cause);
    if (status == ST_OK || status == ST_DENIED) {
        return ST_OK;
    }
    *err = cause;
    return status;
}

Status collect_run(Aws *aws, const CollectOptions *options, Shard *shard, CollectResult *ret_result,
                   Err *err) {
    Collect collect = {.aws = aws, .options = *options, .shard = shard};
    if (collect.options.concurrency == 0) {
        collect.options.concurrency = DEFAULT_CONCURRENCY;
    }
    if (collect.options.rules_side_by_side == 0) {
        collect.options.rules_side_by_side = SCOPE_MAX_LINES;
    }
    TRY(find_own_account(&collect, err));
    Status status = run(&collect, err);
    http_after_cancel(aws_http(aws), &collect);
    log_progress(NULL);
    TRY(status);
    size_t begun = collect.next_account * options->region_count;
    collect.result.scopes_left += scopes_in_all(&collect) - (int64_t)begun;
    *ret_result = collect.result;
    if (collect.failure.status != ST_OK) {
        *err = collect.failure;
        return err->status;
    }
    return ST_OK;
}
