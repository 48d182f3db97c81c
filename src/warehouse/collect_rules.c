/* The rules of a scope: their evaluations, several rules side by side. */
#include "aws/config.h"
#include "warehouse/collect_line.h"

static void step_details(Line *line);

void collect_rules_begin(Line *line) {
    if (line->task->options.tag_prefixes[0] == '\0') {
        line->task->no_rule_tags = true;
        line->task->no_resource_tags = true;
    }
    if (line->task->no_rule_tags || line->task->rule_count == 0) {
        collect_rules_read(line);
    } else {
        collect_rule_tags_begin(line);
    }
}

void collect_rules_read(Line *line) {
    line_begin_work(line, collect_rules_take_next);
}

/* A rule that has nothing to tell, or whose name or source breaks AWS's own limits. */
static Status end_unasked(const ScopeTask *task, const RuleEntry *rule, Err *err) {
    Err why = {0};
    if (rule->oddity != NULL) {
        err_set(&why, ST_PROTOCOL, "the rule cannot be asked for: %s", rule->oddity);
    }
    return shard_end_rule(task->options.shard, rule->key, rule->oddity != NULL ? &why : NULL, err);
}

void collect_rules_take_next(Line *line) {
    ScopeTask *task = line->task;
    while (task->failure.status == ST_OK && task->next_rule < task->rule_count) {
        RuleEntry *rule = &task->rules[task->next_rule++];
        if (!rule->says_nothing && rule->oddity == NULL) {
            line->rule = rule;
            line_go_first_page(line, step_details);
            return;
        }
        Err err;
        if (!line_stored(line, end_unasked(task, rule, &err), &err)) {
            return;
        }
    }
    line_stop(line);
}

/* Rules that other services made deny their details to everybody. Where all others do, too, and no
 * rule was read, it is us who may not: the scope is no more read than one without its role. */
void collect_rules_judge(ScopeTask *task) {
    if (task->rules_read == 0 && task->denied.status != ST_OK) {
        task->failure = task->denied;
    }
}

static void fail_rule(Line *line, const Err *failure) {
    ScopeTask *task = line->task;
    Err err;
    if (failure->status == ST_DENIED && !line->rule->is_of_service &&
        task->denied.status == ST_OK) {
        task->denied = *failure;
    }
    if (line_stored(line, shard_end_rule(task->options.shard, line->rule->key, failure, &err),
                    &err)) {
        collect_rules_take_next(line);
    }
}

/* What AWS means by insufficient data is that there is no evaluation. */
static Status end_untold(const Line *line, Err *err) {
    const ScopeTask *task = line->task;
    return task->says_nothing_of_rules && !line->rule->has_evaluations
               ? shard_end_rule(task->options.shard, line->rule->key, NULL, err)
               : ST_OK;
}

static Status put_page(Line *line, const ConfigEvaluationPage *page, Err *err) {
    const ScopeTask *task = line->task;
    for (size_t i = 0; i < page->count; i++) {
        const ConfigEvaluation *evaluation = &page->evaluations[i];
        if (evaluation->compliance != CONFIG_INSUFFICIENT_DATA) {
            TRY(shard_put_evaluation(task->options.shard, task->scope, line->rule->key, evaluation,
                                     err));
            line->rule->has_evaluations = true;
        }
    }
    return ST_OK;
}

static void on_details(void *context, const ConfigEvaluationPage *page, const Err *failure) {
    Line *line = context;
    if (line_is_settled(line, failure)) {
        return;
    }
    if (failure != NULL) {
        fail_rule(line, failure);
        return;
    }
    Err err;
    line->task->rules_read++;
    Status status = put_page(line, page, &err);
    if (status == ST_CORRUPT) { /* something in it breaks AWS's own limits */
        fail_rule(line, &err);
        return;
    }
    if (!line_stored(line, status, &err) || line_go_next_page(line, page->next_token)) {
        return;
    }
    if (!line_stored(line, end_untold(line, &err), &err)) {
        return;
    }
    if (line->task->tags_by_rule && !line->task->no_rule_tags && line->rule->arn[0] != '\0') {
        collect_rule_tags_of_rule(line);
    } else {
        collect_rules_take_next(line);
    }
}

static void step_details(Line *line) {
    Err err;
    Status status =
        config_get_compliance_details(line->task->options.aws, &line->task->target,
                                      line->rule->name, line_token(line), on_details, line, &err);
    line_check_started(line, status, &err);
}
