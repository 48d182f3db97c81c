/* Tags of a scope's rules and of the resources that are not compliant: those whose key begins as
 * wanted. They are an extra: without them owners are not known, and nothing else is missing. */
#include "aws/config.h"
#include "aws/tagging.h"
#include "base/str.h"
#include "warehouse/collect_line.h"

#include <string.h>

static void step_rule_tags(Line *line);
static void step_tags_of_rule(Line *line);
static void step_chunk(Line *line);
static void step_all_tags(Line *line);

static bool is_wanted(const Line *line, const char *key) {
    const char *prefixes = line->task->options.tag_prefixes;
    while (*prefixes != '\0') {
        size_t size = strcspn(prefixes, ",");
        if (size > 0 && strncmp(key, prefixes, size) == 0) {
            return true;
        }
        prefixes += size + (prefixes[size] == ',');
    }
    return false;
}

/* ---- of all rules, with a call or two ---- */

static const RuleEntry *find_by_arn(const ScopeTask *task, const char *arn) {
    for (size_t i = 0; i < task->rule_count; i++) {
        if (strcmp(task->rules[i].arn, arn) == 0) {
            return &task->rules[i];
        }
    }
    return NULL;
}

static Status put_told_tags(Line *line, const TaggingResource *told, Err *err) {
    const RuleEntry *rule = find_by_arn(line->task, told->arn);
    for (size_t i = 0; rule != NULL && i < told->tag_count; i++) {
        if (is_wanted(line, told->tags[i].key)) {
            TRY(shard_put_tag(line->task->options.shard, rule->key, &told->tags[i], err));
        }
    }
    return ST_OK;
}

static Status put_rule_tags(Line *line, const TaggingPage *page, Err *err) {
    for (size_t i = 0; i < page->count; i++) {
        TRY(put_told_tags(line, &page->resources[i], err));
    }
    return ST_OK;
}

static void on_rule_tags(void *context, const TaggingPage *page, const Err *failure) {
    Line *line = context;
    if (line_is_settled(line, failure)) {
        return;
    }
    line->task->tags_by_rule = failure != NULL; /* AWS Config knows them, too */
    Err err;
    if (failure == NULL && (!line_stored(line, put_rule_tags(line, page, &err), &err) ||
                            line_go_next_page(line, page->next_token))) {
        return;
    }
    collect_rules_read(line);
}

static void step_rule_tags(Line *line) {
    Err err;
    Status status =
        tagging_get_resources(line->task->options.aws, &line->task->target, "config:config-rule",
                              line_token(line), on_rule_tags, line, &err);
    line_check_started(line, status, &err);
}

void collect_rule_tags_begin(Line *line) {
    line_go_first_page(line, step_rule_tags);
}

/* ---- of one rule ---- */

static Status put_tags_of_rule(Line *line, const ConfigTagPage *page, Err *err) {
    for (size_t i = 0; i < page->count; i++) {
        if (is_wanted(line, page->tags[i].key)) {
            TRY(shard_put_tag(line->task->options.shard, line->rule->key, &page->tags[i], err));
        }
    }
    return ST_OK;
}

static void on_tags_of_rule(void *context, const ConfigTagPage *page, const Err *failure) {
    Line *line = context;
    ScopeTask *task = line->task;
    if (line_is_settled(line, failure)) {
        return;
    }
    Err err;
    if (failure == NULL && (!line_stored(line, put_tags_of_rule(line, page, &err), &err) ||
                            line_go_next_page(line, page->next_token))) {
        return;
    }
    if (failure != NULL) {
        task->no_rule_tags = failure->status == ST_DENIED;
        line_note_missing(line, &task->options.notes->rule_tags,
                          "tags of rules cannot be read, so their owners stay unknown", failure);
    }
    collect_rules_take_next(line);
}

static void step_tags_of_rule(Line *line) {
    Err err;
    Status status = config_list_tags(line->task->options.aws, &line->task->target, line->rule->arn,
                                     line_token(line), on_tags_of_rule, line, &err);
    line_check_started(line, status, &err);
}

void collect_rule_tags_of_rule(Line *line) {
    line_go_first_page(line, step_tags_of_rule);
}

/* ---- of resources, by query ---- */

/* Quotes are doubled. False when it cannot stand in a query, or there is no room for it. */
static bool add_to_query(Buf *where, const char *id) {
    size_t begin = where->size;
    buf_puts(where, where->size == 0 ? "resourceId IN ('" : ", '");
    for (const char *c = id; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ') {
            where->size = begin;
            return true; /* passed over: no resource that can be queried has such an id */
        }
        buf_puts(where, *c == '\'' ? "''" : (const char[]){*c, '\0'});
    }
    buf_puts(where, "'");
    if (where->size < CONFIG_WHERE_MAX_BYTES) {
        return true;
    }
    where->size = begin;
    return false;
}

/* The next resources whose tags are wanted, as many as one query can name. */
static Status take_chunk(Line *line, Err *err) {
    ScopeTask *task = line->task;
    Chunk *chunk = &line->chunk;
    size_t found = 0;
    arena_reset(&chunk->arena);
    buf_clear(&chunk->where);
    chunk->count = 0;
    chunk->resources = arena_alloc(&chunk->arena, CHUNK_MAX * sizeof *chunk->resources);
    TRY(shard_next_untagged(task->options.shard, task->scope, task->last_resource, &chunk->arena,
                            chunk->resources, CHUNK_MAX, &found, err));
    while (chunk->count < found && add_to_query(&chunk->where, chunk->resources[chunk->count].id)) {
        task->last_resource = chunk->resources[chunk->count++].key;
    }
    buf_puts(&chunk->where, ")");
    return ST_OK;
}

static void take_next_chunk(Line *line) {
    Err err;
    if (line->task->failure.status != ST_OK || line->task->no_resource_tags) {
        line_stop(line);
    } else if (line_stored(line, take_chunk(line, &err), &err)) {
        if (line->chunk.count == 0) {
            line_stop(line);
        } else {
            line_go_first_page(line, step_chunk);
        }
    }
}

/* The resource of the chunk that is told of; NULL when it was not asked for. */
static const ShardResource *find_in_chunk(const Chunk *chunk, const ConfigResourceTag *told) {
    for (size_t i = 0; i < chunk->count; i++) {
        const ShardResource *resource = &chunk->resources[i];
        if (strcmp(resource->id, told->resource_id) == 0 &&
            strcmp(resource->type, told->resource_type) == 0) {
            return resource;
        }
    }
    return NULL;
}

static Status put_chunk_tags(Line *line, const ConfigResourceTagPage *page, Err *err) {
    Shard *shard = line->task->options.shard;
    for (size_t i = 0; i < page->count; i++) {
        const ConfigTag *tag = &page->tags[i].tag;
        const ShardResource *resource =
            is_wanted(line, tag->key) ? find_in_chunk(&line->chunk, &page->tags[i]) : NULL;
        if (resource != NULL) {
            TRY(shard_put_resource_tag(shard, resource->key, tag, err));
        }
    }
    return ST_OK;
}

static Status end_chunk(Line *line, Err *err) {
    const Chunk *chunk = &line->chunk;
    const ShardResources told = {.scope = line->task->scope,
                                 .after = chunk->resources[0].key - 1,
                                 .up_to = chunk->resources[chunk->count - 1].key};
    return shard_end_resource_tags(line->task->options.shard, &told, err);
}

static void on_chunk(void *context, const ConfigResourceTagPage *page, const Err *failure) {
    Line *line = context;
    if (line_is_settled(line, failure)) {
        return;
    }
    Err err;
    if (failure != NULL) { /* Resource Groups Tagging may be allowed instead */
        bool is_first = !line->task->no_resource_tags;
        line->task->no_resource_tags = true;
        if (is_first) {
            line_go_first_page(line, step_all_tags);
        } else {
            line_stop(line);
        }
        return;
    }
    if (!line_stored(line, put_chunk_tags(line, page, &err), &err) ||
        line_go_next_page(line, page->next_token)) {
        return;
    }
    if (line_stored(line, end_chunk(line, &err), &err)) {
        take_next_chunk(line);
    }
}

static void step_chunk(Line *line) {
    Err err;
    Status status =
        config_select_tags(line->task->options.aws, &line->task->target,
                           buf_text(&line->chunk.where), line_token(line), on_chunk, line, &err);
    line_check_started(line, status, &err);
}

/* ---- of all resources there are, page by page ---- */

static Status put_tags_of_resource(Line *line, const TaggingResource *told, Err *err) {
    Shard *shard = line->task->options.shard;
    int64_t key = 0;
    TRY(shard_find_by_arn(shard, line->task->scope, told->arn, &key, err));
    for (size_t i = 0; key != 0 && i < told->tag_count; i++) {
        if (is_wanted(line, told->tags[i].key)) {
            TRY(shard_put_resource_tag(shard, key, &told->tags[i], err));
        }
    }
    return ST_OK;
}

static Status put_all_tags(Line *line, const TaggingPage *page, Err *err) {
    for (size_t i = 0; i < page->count; i++) {
        TRY(put_tags_of_resource(line, &page->resources[i], err));
    }
    return ST_OK;
}

static void on_all_tags(void *context, const TaggingPage *page, const Err *failure) {
    Line *line = context;
    ScopeTask *task = line->task;
    if (line_is_settled(line, failure)) {
        return;
    }
    Err err;
    if (failure != NULL) {
        line_note_missing(line, &task->options.notes->resource_tags,
                          "tags of resources cannot be read, so their owners stay unknown",
                          failure);
        line_stop(line);
        return;
    }
    if (!line_stored(line, put_all_tags(line, page, &err), &err) ||
        line_go_next_page(line, page->next_token)) {
        return;
    }
    const ShardResources all = {.scope = task->scope, .up_to = INT64_MAX};
    Status status = shard_end_resource_tags(task->options.shard, &all, &err);
    if (line_stored(line, status, &err)) {
        line_stop(line);
    }
}

static void step_all_tags(Line *line) {
    Err err;
    Status status = tagging_get_resources(line->task->options.aws, &line->task->target, NULL,
                                          line_token(line), on_all_tags, line, &err);
    line_check_started(line, status, &err);
}

void collect_resource_tags_begin(ScopeTask *task) {
    Line *first = &task->lines[0];
    Err err;
    first->is_at_work = true;
    task->at_work = 1;
    Status status = shard_begin_resource_tags(task->options.shard, task->scope, &err);
    if (line_stored(first, status, &err)) {
        line_begin_work(first, take_next_chunk);
    }
}
