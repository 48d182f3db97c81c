#include "warehouse/collect_scope.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum { MAX_RULES = 10000, MAX_RULES_SIDE_BY_SIDE = 64, MAX_PAGES = 1000000 };

typedef struct RuleEntry {
    int64_t key; /* in the shard */
    const char *name;
    const char *arn;
    bool says_nothing; /* insufficient data: no details to fetch */
} RuleEntry;

typedef struct Worker Worker;
typedef void Step(Worker *worker);

/* One line of calls: the scope's own, or one that takes rule after rule. */
struct Worker {
    ScopeTask *task;
    Step *step;      /* makes the call that is due */
    RuleEntry *rule; /* the rule it is at */
    Buf token;       /* of the next page; empty = the first */
    int pages;       /* of this listing */
    bool renewed;    /* for this call, the keys were renewed already */
    SessionWaiter waiter;
};

struct ScopeTask {
    ScopeOptions options;
    AwsTarget target;
    int64_t scope; /* key in the shard */
    Arena arena;   /* names of rules */
    RuleEntry *rules;
    size_t rule_count;
    size_t rule_capacity;
    size_t next_rule;
    size_t last_found;
    bool no_tags; /* tags are denied here */
    const char *recorder;
    Err failure; /* the first that ends the scope; ST_OK = none */
    bool fatal;
    int working;
    Worker workers[MAX_RULES_SIDE_BY_SIDE];
};

static void take_next_rule(Worker *worker);
static void step_rules(Worker *worker);
static void step_compliance(Worker *worker);
static void step_details(Worker *worker);
static void step_tags(Worker *worker);

/* ---- ending ---- */

static ScopeOutcome outcome_of(const Err *failure) {
    switch (failure->status) {
    case ST_OK:
        return SCOPE_SCANNED;
    case ST_DENIED:
        return SCOPE_DENIED;
    default:
        return SCOPE_FAILED;
    }
}

static Status record_end(ScopeTask *task, Err *err) {
    const Err *failure = &task->failure;
    bool failed = failure->status != ST_OK;
    const ShardScopeEnd end = {
        .outcome = outcome_of(failure),
        .recorder = task->recorder,
        .error_code = !failed                    ? NULL
                      : failure->code[0] != '\0' ? failure->code
                                                 : status_word(failure->status),
        .message = failed ? failure->message : NULL,
    };
    return shard_end_scope(task->options.shard, task->scope, &end, err);
}

static void end_task(ScopeTask *task) {
    Err err = task->failure;
    bool left = err.status == ST_CANCELLED || err.status == ST_DEADLINE;
    ScopeEnd end = left ? SCOPE_END_LEFT : SCOPE_END_DONE;
    if (task->fatal) {
        end = SCOPE_END_FATAL;
    } else {
        Status status = left ? shard_forget_scope(task->options.shard, task->scope, &err)
                             : record_end(task, &err);
        end = status == ST_OK ? end : SCOPE_END_FATAL;
    }
    ScopeDone *done = task->options.done;
    void *context = task->options.context;
    for (size_t i = 0; i < MAX_RULES_SIDE_BY_SIDE; i++) {
        buf_done(&task->workers[i].token);
    }
    mem_free(task->rules);
    arena_done(&task->arena);
    mem_free(task);
    done(context, end, &err);
}

/* This worker has nothing more to do; the last one ends the scope. */
static void stop_worker(Worker *worker) {
    ScopeTask *task = worker->task;
    task->working--;
    if (task->working == 0) {
        end_task(task);
    }
}

/* The whole scope has failed, or cannot be stored. */
static void fail_scope(Worker *worker, const Err *failure, bool fatal) {
    ScopeTask *task = worker->task;
    if (task->failure.status == ST_OK || (fatal && !task->fatal)) {
        task->failure = *failure;
        task->fatal = fatal;
    }
    stop_worker(worker);
}

/* ---- one call ---- */

static void on_session(void *context, const Err *failure) {
    Worker *worker = context;
    if (worker->task->failure.status != ST_OK) {
        stop_worker(worker);
    } else if (failure != NULL) {
        /* Our own keys are no good: that holds for every account. */
        fail_scope(worker, failure, failure->status == ST_CREDENTIALS);
    } else {
        worker->step(worker);
    }
}

static void go(Worker *worker, Step *step) {
    worker->step = step;
    worker->waiter = (SessionWaiter){.ready = on_session, .context = worker};
    session_use(worker->task->options.session, &worker->waiter);
}

static void go_first_page(Worker *worker, Step *step) {
    buf_clear(&worker->token);
    worker->pages = 0;
    go(worker, step);
}

static const char *page_token(const Worker *worker) {
    return worker->token.size > 0 ? worker->token.data : NULL;
}

/* Goes on to the next page if there is one; false when this was the last. */
static bool go_next_page(Worker *worker, const char *next_token) {
    if (str_is_empty(next_token)) {
        return false;
    }
    bool repeats = str_equal(next_token, page_token(worker));
    worker->pages++;
    if (repeats || worker->pages > MAX_PAGES) {
        Err err;
        err_set(&err, ST_PROTOCOL, "the pages of %s never end", worker->task->options.region);
        fail_scope(worker, &err, false);
        return true;
    }
    buf_clear(&worker->token);
    buf_puts(&worker->token, next_token);
    go(worker, worker->step);
    return true;
}

/* What every answer begins with. True when the worker was dealt with: the scope is being given up,
 * or keys that have expired were renewed and the call is made again. */
static bool is_settled(Worker *worker, const Err *failure) {
    if (worker->task->failure.status != ST_OK) {
        stop_worker(worker);
        return true;
    }
    if (failure == NULL) {
        worker->renewed = false;
        return false;
    }
    if (failure->status == ST_EXPIRED && !worker->renewed) {
        worker->renewed = true;
        session_expire(worker->task->options.session);
        go(worker, worker->step);
        return true;
    }
    if (failure->status == ST_CANCELLED || failure->status == ST_DEADLINE) {
        fail_scope(worker, failure, false);
        return true;
    }
    return false;
}

/* Whether the call could be made. */
static void check_started(Worker *worker, Status status, const Err *err) {
    if (status != ST_OK) {
        fail_scope(worker, err, false);
    }
}

/* Whether the shard could take it. False: the scan is over. */
static bool stored(Worker *worker, Status status, const Err *err) {
    if (status != ST_OK) {
        fail_scope(worker, err, true);
    }
    return status == ST_OK;
}

/* ---- recorder, rules, compliance ---- */

static void on_recorder(void *context, ConfigRecorderState state, const Err *failure) {
    static const char *const names[] = {[CONFIG_RECORDER_NONE] = "none",
                                        [CONFIG_RECORDER_STOPPED] = "stopped",
                                        [CONFIG_RECORDER_ON] = "on"};
    Worker *worker = context;
    if (is_settled(worker, failure)) {
        return;
    }
    /* Rules are read whatever the recorder does; not being told about it is no obstacle either. */
    if (failure == NULL) {
        worker->task->recorder = names[state];
    }
    go_first_page(worker, step_rules);
}

static void step_recorder(Worker *worker) {
    Err err;
    Status status = config_recorder_state(worker->task->options.aws, &worker->task->target,
                                          on_recorder, worker, &err);
    check_started(worker, status, &err);
}

static Status add_rule(ScopeTask *task, const ConfigRule *rule, Err *err) {
    if (task->rule_count == MAX_RULES) {
        return err_set(err, ST_LIMIT, "more than %d rules in one scope", MAX_RULES);
    }
    if (task->rule_count == task->rule_capacity) {
        task->rule_capacity = task->rule_capacity == 0 ? 64 : task->rule_capacity * 2;
        task->rules = mem_grow(task->rules, task->rule_capacity, sizeof *task->rules);
    }
    RuleEntry *entry = &task->rules[task->rule_count];
    *entry = (RuleEntry){.name = arena_strdup(&task->arena, rule->name),
                         .arn = arena_strdup(&task->arena, rule->arn)};
    TRY(shard_put_rule(task->options.shard, task->scope, rule, &entry->key, err));
    task->rule_count++;
    return ST_OK;
}

static void on_rules(void *context, const ConfigRulePage *page, const Err *failure) {
    Worker *worker = context;
    if (is_settled(worker, failure)) {
        return;
    }
    if (failure != NULL) {
        fail_scope(worker, failure, false);
        return;
    }
    for (size_t i = 0; i < page->count; i++) {
        Err err;
        if (!stored(worker, add_rule(worker->task, &page->rules[i], &err), &err)) {
            return;
        }
    }
    if (!go_next_page(worker, page->next_token)) {
        go_first_page(worker, step_compliance);
    }
}

static void step_rules(Worker *worker) {
    Err err;
    Status status = config_describe_rules(worker->task->options.aws, &worker->task->target,
                                          page_token(worker), on_rules, worker, &err);
    check_started(worker, status, &err);
}

/* Both listings have the same order: the search goes on where the last one ended. */
static RuleEntry *find_rule(ScopeTask *task, const char *name) {
    for (size_t i = 0; i < task->rule_count; i++) {
        size_t at = (task->last_found + 1 + i) % task->rule_count;
        if (strcmp(task->rules[at].name, name) == 0) {
            task->last_found = at;
            return &task->rules[at];
        }
    }
    return NULL;
}

static void start_rule_workers(Worker *first) {
    ScopeTask *task = first->task;
    int count = task->options.rules_side_by_side;
    task->working += count - 1; /* before any of them can stop */
    for (int i = 0; i < count; i++) {
        take_next_rule(&task->workers[i]);
    }
}

static void on_compliance(void *context, const ConfigRuleCompliancePage *page, const Err *failure) {
    Worker *worker = context;
    if (is_settled(worker, failure)) {
        return;
    }
    if (failure == NULL) {
        for (size_t i = 0; i < page->count; i++) {
            RuleEntry *rule = find_rule(worker->task, page->rules[i].rule_name);
            if (rule != NULL) {
                rule->says_nothing = page->rules[i].compliance == CONFIG_INSUFFICIENT_DATA;
            }
        }
        if (go_next_page(worker, page->next_token)) {
            return;
        }
    }
    /* Denied or broken: all rules are asked for their details then. */
    start_rule_workers(worker);
}

static void step_compliance(Worker *worker) {
    Err err;
    Status status =
        config_describe_compliance_by_rule(worker->task->options.aws, &worker->task->target,
                                           page_token(worker), on_compliance, worker, &err);
    check_started(worker, status, &err);
}

/* ---- rules, one after another ---- */

static void take_next_rule(Worker *worker) {
    ScopeTask *task = worker->task;
    while (task->failure.status == ST_OK && task->next_rule < task->rule_count) {
        RuleEntry *rule = &task->rules[task->next_rule++];
        if (!rule->says_nothing) {
            worker->rule = rule;
            go_first_page(worker, step_details);
            return;
        }
        Err err;
        if (!stored(worker, shard_end_rule(task->options.shard, rule->key, NULL, &err), &err)) {
            return;
        }
    }
    stop_worker(worker);
}

static void fail_rule(Worker *worker, const Err *failure) {
    ScopeTask *task = worker->task;
    Err err;
    if (stored(worker, shard_end_rule(task->options.shard, worker->rule->key, failure, &err),
               &err)) {
        take_next_rule(worker);
    }
}

static Status put_page(Worker *worker, const ConfigEvaluationPage *page, Err *err) {
    const ScopeTask *task = worker->task;
    for (size_t i = 0; i < page->count; i++) {
        const ConfigEvaluation *evaluation = &page->evaluations[i];
        if (evaluation->compliance != CONFIG_INSUFFICIENT_DATA) {
            TRY(shard_put_evaluation(task->options.shard, task->scope, worker->rule->key,
                                     evaluation, err));
        }
    }
    return ST_OK;
}

static void on_details(void *context, const ConfigEvaluationPage *page, const Err *failure) {
    Worker *worker = context;
    if (is_settled(worker, failure)) {
        return;
    }
    if (failure != NULL) {
        fail_rule(worker, failure);
        return;
    }
    Err err;
    if (!stored(worker, put_page(worker, page, &err), &err) ||
        go_next_page(worker, page->next_token)) {
        return;
    }
    if (worker->task->no_tags || worker->rule->arn[0] == '\0') {
        take_next_rule(worker);
    } else {
        go_first_page(worker, step_tags);
    }
}

static void step_details(Worker *worker) {
    Err err;
    Status status = config_get_compliance_details(worker->task->options.aws, &worker->task->target,
                                                  worker->rule->name, page_token(worker),
                                                  on_details, worker, &err);
    check_started(worker, status, &err);
}

/* "mox." or "mox.,team:" */
static bool is_wanted_tag(const char *prefixes, const char *key) {
    while (*prefixes != '\0') {
        size_t size = strcspn(prefixes, ",");
        if (size > 0 && strncmp(key, prefixes, size) == 0) {
            return true;
        }
        prefixes += size + (prefixes[size] == ',');
    }
    return false;
}

static Status put_tags(Worker *worker, const ConfigTagPage *page, Err *err) {
    const ScopeTask *task = worker->task;
    for (size_t i = 0; i < page->count; i++) {
        if (is_wanted_tag(task->options.tag_prefixes, page->tags[i].key)) {
            TRY(shard_put_tag(task->options.shard, worker->rule->key, &page->tags[i], err));
        }
    }
    return ST_OK;
}

static void on_tags(void *context, const ConfigTagPage *page, const Err *failure) {
    Worker *worker = context;
    if (is_settled(worker, failure)) {
        return;
    }
    Err err;
    if (failure == NULL) {
        if (!stored(worker, put_tags(worker, page, &err), &err) ||
            go_next_page(worker, page->next_token)) {
            return;
        }
    } else if (!worker->task->no_tags) {
        /* Tags are an extra: without them the owner is not known, and nothing else is missing. */
        worker->task->no_tags = failure->status == ST_DENIED;
        log_message(LOG_WARN, "tags of rules cannot be read, owners stay unknown: %s",
                    failure->message);
    }
    take_next_rule(worker);
}

static void step_tags(Worker *worker) {
    Err err;
    Status status = config_list_tags(worker->task->options.aws, &worker->task->target,
                                     worker->rule->arn, page_token(worker), on_tags, worker, &err);
    check_started(worker, status, &err);
}

void scope_start(const ScopeOptions *options) {
    ScopeTask *task = mem_alloc(sizeof *task);
    ASSERT(options->rules_side_by_side >= 1 &&
           options->rules_side_by_side <= MAX_RULES_SIDE_BY_SIDE);
    task->options = *options;
    task->target = (AwsTarget){.account_id = options->account_id,
                               .region = options->region,
                               .keys = session_keys(options->session)};
    task->working = 1;
    for (size_t i = 0; i < MAX_RULES_SIDE_BY_SIDE; i++) {
        task->workers[i].task = task;
    }
    Err err;
    Status status = shard_begin_scope(options->shard, options->account_id, options->account_name,
                                      options->region, &task->scope, &err);
    if (stored(&task->workers[0], status, &err)) {
        go(&task->workers[0], step_recorder);
    }
}
