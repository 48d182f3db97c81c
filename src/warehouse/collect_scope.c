#include "warehouse/collect_scope.h"

#include "aws/config.h"
#include "base/mem.h"
#include "base/str.h"
#include "warehouse/collect_line.h"

#include <string.h>

enum { MAX_RULES = 10000 };

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

/* As AWS refuses keys that are good elsewhere. */
static bool looks_off(const Err *failure) {
    static const char *const codes[] = {"UnrecognizedClientException", "InvalidClientTokenId",
                                        "AuthFailure", "OptInRequired", "RegionDisabledException"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (str_equal(failure->code, codes[i])) {
            return !str_equal(failure->operation, "AssumeRole");
        }
    }
    return false;
}

/* That a scan can do without. */
static bool is_missing_permission(const Err *failure) {
    return failure->status == ST_DENIED && !looks_off(failure);
}

static ScopeEnd end_of(ScopeTask *task, Err *err) {
    bool left = err->status == ST_CANCELLED || err->status == ST_DEADLINE;
    if (task->fatal) {
        return SCOPE_END_FATAL;
    }
    bool off = looks_off(err);
    Status status =
        left ? shard_forget_scope(task->options.shard, task->scope, err) : record_end(task, err);
    if (status != ST_OK) {
        return SCOPE_END_FATAL;
    }
    return left ? SCOPE_END_LEFT : off ? SCOPE_END_OFF : SCOPE_END_DONE;
}

static void line_done(Line *line) {
    buf_done(&line->token);
    buf_done(&line->mark);
    buf_done(&line->chunk.where);
    arena_done(&line->chunk.arena);
}

void collect_scope_finish(ScopeTask *task) {
    Err err = task->failure;
    int64_t scope = task->scope;
    ScopeEnd end = end_of(task, &err);
    ScopeDone *done = task->options.done;
    void *context = task->options.context;
    for (size_t i = 0; i < SCOPE_MAX_LINES; i++) {
        line_done(&task->lines[i]);
    }
    mem_free(task->rules);
    arena_done(&task->arena);
    mem_free(task);
    done(context, end, scope, &err);
}

/* ---- recorder, rules, what they say as a whole ---- */

static void step_rules(Line *line);
static void step_compliance(Line *line);

static void on_recorder(void *context, ConfigRecorderState state, const Err *failure) {
    static const char *const names[] = {[CONFIG_RECORDER_NONE] = "none",
                                        [CONFIG_RECORDER_STOPPED] = "stopped",
                                        [CONFIG_RECORDER_ON] = "on"};
    Line *line = context;
    if (line_is_settled(line, failure)) {
        return;
    }
    /* Rules are read whatever the recorder does; what it does may be denied to us, too. */
    if (failure == NULL) {
        line->task->recorder = names[state];
    } else if (is_missing_permission(failure)) {
        line_note_missing(line, &line->task->options.notes->recorder,
                          "whether recorders are on is not known", failure);
    } else {
        line_fail_scope(line, failure, false);
        return;
    }
    line_go_first_page(line, step_rules);
}

static void step_recorder(Line *line) {
    Err err;
    Status status = config_recorder_state(line->task->options.aws, &line->task->target, on_recorder,
                                          line, &err);
    line_check_started(line, status, &err);
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
                         .arn = arena_strdup(&task->arena, rule->arn),
                         .is_of_service = rule->created_by[0] != '\0',
                         .oddity = rule->oddity == NULL ? NULL
                                                        : arena_strdup(&task->arena, rule->oddity)};
    TRY(shard_put_rule(task->options.shard, task->scope, rule, &entry->key, err));
    task->rule_count++;
    return ST_OK;
}

static void on_rules(void *context, const ConfigRulePage *page, const Err *failure) {
    Line *line = context;
    if (line_is_settled(line, failure)) {
        return;
    }
    if (failure != NULL) {
        line_fail_scope(line, failure, false);
        return;
    }
    for (size_t i = 0; i < page->count; i++) {
        Err err;
        if (!line_stored(line, add_rule(line->task, &page->rules[i], &err), &err)) {
            return;
        }
    }
    if (!line_go_next_page(line, page->next_token)) {
        line_go_first_page(line, step_compliance);
    }
}

static void step_rules(Line *line) {
    Err err;
    Status status = config_describe_rules(line->task->options.aws, &line->task->target,
                                          line_token(line), on_rules, line, &err);
    line_check_started(line, status, &err);
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

static void on_compliance(void *context, const ConfigRuleCompliancePage *page, const Err *failure) {
    Line *line = context;
    if (line_is_settled(line, failure)) {
        return;
    }
    if (failure == NULL) {
        for (size_t i = 0; i < page->count; i++) {
            RuleEntry *rule = find_rule(line->task, page->rules[i].rule_name);
            if (rule != NULL) {
                rule->says_nothing = page->rules[i].compliance == CONFIG_INSUFFICIENT_DATA;
            }
        }
        if (line_go_next_page(line, page->next_token)) {
            return;
        }
    }
    if (failure != NULL && !is_missing_permission(failure)) {
        line_fail_scope(line, failure, false);
        return;
    }
    if (failure != NULL) {
        line->task->says_nothing_of_rules = true;
        line_note_missing(line, &line->task->options.notes->compliance,
                          "rules without evaluations count as such with insufficient data",
                          failure);
    }
    collect_rules_begin(line); /* all rules are asked for their details then */
}

static void step_compliance(Line *line) {
    Err err;
    Status status = config_describe_compliance_by_rule(line->task->options.aws, &line->task->target,
                                                       line_token(line), on_compliance, line, &err);
    line_check_started(line, status, &err);
}

void scope_start(const ScopeOptions *options) {
    ScopeTask *task = mem_alloc(sizeof *task);
    ASSERT(options->max_lines >= 1 && options->max_lines <= SCOPE_MAX_LINES);
    task->options = *options;
    task->target = (AwsTarget){
        .account_id = options->account_id, .region = options->region, .rank = options->rank};
    for (size_t i = 0; i < SCOPE_MAX_LINES; i++) {
        task->lines[i].task = task;
    }
    Line *first = &task->lines[0];
    first->is_at_work = true;
    task->at_work = 1;
    Err err;
    Status status = shard_begin_scope(options->shard, options->account_id, options->account_name,
                                      options->region, &task->scope, &err);
    if (line_stored(first, status, &err)) {
        line_go(first, step_recorder);
    }
}
