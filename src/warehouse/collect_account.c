#include "warehouse/collect_account.h"

#include "aws/ec2.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/partition.h"
#include "base/str.h"
#include "warehouse/session.h"

#include <string.h>

enum { SESSION_SECONDS = 3600 };

/* A scope that failed as one does whose region is off. */
typedef struct Suspect {
    int64_t scope;
    const char *region;
} Suspect;

typedef struct AccountTask AccountTask;

typedef struct ScopeSlot {
    AccountTask *task;
    const char *region;
} ScopeSlot;

struct AccountTask {
    AccountOptions options;
    Session *session;
    SessionWaiter waiter;
    const char *ask_in[3]; /* regions in which it is asked which are on, one after the other */
    size_t asked;
    bool knows_regions;
    Ec2Regions regions;
    size_t scopes_running;
    size_t slot_count;
    ScopeSlot slots[EC2_MAX_REGIONS];
    size_t suspect_count;
    Suspect suspects[EC2_MAX_REGIONS];
};

static void begin_scopes(AccountTask *task);
static void judge_suspects(AccountTask *task);

Status account_count_missing(const AccountOptions *options, size_t *ret_count, Err *err) {
    *ret_count = 0;
    for (size_t i = 0; i < options->collect->region_count; i++) {
        bool has = false;
        TRY(shard_has_scope(options->shard, options->account->id, options->collect->regions[i],
                            &has, err));
        *ret_count += !has;
    }
    return ST_OK;
}

static void free_task(AccountTask *task) {
    session_free(task->session);
    mem_free(task);
}

static void tell(const AccountTask *task, ScopeEnd end, const Err *failure) {
    task->options.ended(task->options.context, end, failure);
}

/* ---- which regions are on ---- */

static void ask_in_next(AccountTask *task);

static void on_regions(void *context, const Ec2Regions *regions, const Err *failure) {
    AccountTask *task = context;
    bool may_be_off = regions == NULL && failure->status == ST_CREDENTIALS;
    if (may_be_off && task->asked < sizeof task->ask_in / sizeof *task->ask_in) {
        ask_in_next(task);
        return;
    }
    task->knows_regions = regions != NULL;
    if (regions != NULL) {
        task->regions = *regions;
    } else {
        const LogField fields[] = {{"account", task->options.account->id}, {NULL, NULL}};
        log_fields(LOG_DEBUG, fields, "which regions are on is not known: %s", failure->message);
    }
    if (task->slot_count == 0) {
        begin_scopes(task);
    } else {
        judge_suspects(task);
    }
}

static void on_session(void *context, const Err *failure) {
    AccountTask *task = context;
    Err err;
    if (failure == NULL) {
        const AwsTarget target = {.account_id = task->options.account->id,
                                  .region = task->ask_in[task->asked++],
                                  .keys = session_keys(task->session),
                                  .rank = task->options.rank};
        if (ec2_describe_regions(task->options.aws, &target, on_regions, task, &err) == ST_OK) {
            return;
        }
        failure = &err;
    }
    task->asked = sizeof task->ask_in / sizeof *task->ask_in;
    on_regions(task, NULL, failure); /* the scopes will say what is wrong */
}

static void ask_in_next(AccountTask *task) {
    task->waiter = (SessionWaiter){.ready = on_session, .context = task};
    session_use(task->session, &task->waiter);
}

static bool is_suspect(const AccountTask *task, const char *region) {
    for (size_t i = 0; i < task->suspect_count; i++) {
        if (str_equal(task->suspects[i].region, region)) {
            return true;
        }
    }
    return false;
}

/* In a region of its own that answered, best of all: others may be closed by a policy. */
static void ask_regions(AccountTask *task) {
    const char *here = aws_region(task->options.aws);
    task->ask_in[0] = here;
    const Partition *partition = partition_of_region(here);
    task->ask_in[1] = partition == NULL ? here : partition->home_region;
    task->ask_in[2] = here;
    for (size_t i = task->slot_count; i > 0; i--) {
        if (!is_suspect(task, task->slots[i - 1].region)) {
            task->ask_in[0] = task->slots[i - 1].region;
        }
    }
    ask_in_next(task);
}

/* ---- the scopes ---- */

static Status put_off(const AccountTask *task, int64_t scope, Err *err) {
    const ShardScopeEnd end = {.outcome = SCOPE_SKIPPED,
                               .error_code = "region_off",
                               .message = "the account has not turned this region on"};
    return shard_end_scope(task->options.shard, scope, &end, err);
}

static Status put_off_unasked(const AccountTask *task, const char *region, Err *err) {
    const CollectAccount *account = task->options.account;
    int64_t scope = 0;
    TRY(shard_begin_scope(task->options.shard, account->id, account->name, region, &scope, err));
    return put_off(task, scope, err);
}

/* Those that failed as a region does that is off are told of only now. */
static void judge_suspects(AccountTask *task) {
    for (size_t i = 0; i < task->suspect_count; i++) {
        const Suspect *suspect = &task->suspects[i];
        Err err = {0};
        bool is_off = task->knows_regions && !ec2_is_on(&task->regions, suspect->region);
        Status status = is_off ? put_off(task, suspect->scope, &err) : ST_OK;
        tell(task, status == ST_OK ? SCOPE_END_DONE : SCOPE_END_FATAL, &err);
    }
    free_task(task);
}

static void end_scope(AccountTask *task) {
    task->scopes_running--;
    if (task->scopes_running > 0) {
        return;
    }
    if (task->suspect_count > 0 && !task->knows_regions) {
        ask_regions(task);
    } else {
        judge_suspects(task);
    }
}

static void on_scope_done(void *context, ScopeEnd end, int64_t scope, const Err *failure) {
    const ScopeSlot *slot = context;
    AccountTask *task = slot->task;
    if (end == SCOPE_END_OFF) {
        task->suspects[task->suspect_count++] = (Suspect){scope, slot->region};
    } else {
        tell(task, end, failure);
    }
    end_scope(task);
}

static void begin_scope(AccountTask *task, const char *region) {
    const AccountOptions *options = &task->options;
    ScopeSlot *slot = &task->slots[task->slot_count++];
    *slot = (ScopeSlot){task, region};
    const ScopeOptions scope = {.aws = options->aws,
                                .shard = options->shard,
                                .session = task->session,
                                .notes = options->notes,
                                .account_id = options->account->id,
                                .account_name = options->account->name,
                                .region = region,
                                .tag_prefixes = options->collect->tag_prefixes,
                                .rank = options->rank,
                                .max_lines = options->collect->rules_side_by_side,
                                .done = on_scope_done,
                                .context = slot};
    task->scopes_running++;
    scope_start(&scope);
}

static void begin_or_skip(AccountTask *task, const char *region) {
    bool has = false;
    Err err = {0};
    Status status =
        shard_has_scope(task->options.shard, task->options.account->id, region, &has, &err);
    if (status == ST_OK && has) {
        return;
    }
    bool is_off = task->knows_regions && !ec2_is_on(&task->regions, region);
    if (status == ST_OK && !is_off) {
        begin_scope(task, region);
        return;
    }
    if (status == ST_OK) {
        status = put_off_unasked(task, region, &err);
    }
    tell(task, status == ST_OK ? SCOPE_END_DONE : SCOPE_END_FATAL, &err);
}

static void begin_scopes(AccountTask *task) {
    const CollectOptions *collect = task->options.collect;
    task->scopes_running = 1; /* this one, until all are begun */
    for (size_t i = 0; i < collect->region_count; i++) {
        begin_or_skip(task, collect->regions[i]);
    }
    end_scope(task);
}

void account_start(const AccountOptions *options) {
    const CollectOptions *collect = options->collect;
    ASSERT(collect->region_count <= EC2_MAX_REGIONS);
    const StsAssumeRole role = {.account_id = options->account->id,
                                .role_name = collect->role_name,
                                .region = aws_region(options->aws),
                                .external_id = collect->external_id,
                                .session_name = "confhouse",
                                .duration_s = SESSION_SECONDS,
                                .rank = options->rank};
    AccountTask *task = mem_alloc(sizeof *task);
    task->options = *options;
    task->session = session_new(options->aws, &role, options->own_account_id);
    if (collect->asks_regions) {
        ask_regions(task);
    } else {
        begin_scopes(task);
    }
}
