/* Lines: within a scope, one call after the other, with its session, its pages and its failures.
 * What collect_scope.c, collect_rules.c and collect_tags.c share; nobody else includes this.
 *
 * Every callback of a call begins with line_is_settled, and ends by going on: line_go,
 * line_go_next_page, or line_stop. */
#ifndef WAREHOUSE_COLLECT_LINE_H
#define WAREHOUSE_COLLECT_LINE_H

#include "base/arena.h"
#include "warehouse/collect_scope.h"

#include <stdbool.h>

enum { CHUNK_MAX = 99 }; /* a full page of 100 would have an empty one behind it */

typedef struct RuleEntry {
    int64_t key; /* in the shard */
    const char *name;
    const char *arn;
    bool is_of_service;   /* another service made it, and may deny its details to all */
    const char *oddity;   /* NULL, or why it cannot be asked for */
    bool says_nothing;    /* insufficient data: no details to fetch */
    bool has_evaluations; /* some of them are stored */
} RuleEntry;

typedef struct ScopeTask ScopeTask;
typedef struct Line Line;
typedef void Step(Line *line);

/* Resources whose tags are asked for with one query. */
typedef struct Chunk {
    Arena arena; /* the resources and their texts live in it */
    size_t count;
    ShardResource *resources;
    Buf where;
} Chunk;

struct Line {
    ScopeTask *task;
    bool is_at_work;
    Step *step;      /* makes the call that is due */
    RuleEntry *rule; /* the rule it is at */
    Chunk chunk;     /* the resources it is at */
    Buf token;       /* of the next page; empty = the first */
    Buf mark;        /* an earlier one, to see that the pages go in circles */
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
    size_t rules_read; /* whose details came */
    Err denied;        /* of the first rule of the account's own that denied them */
    size_t last_found;
    bool tags_by_rule; /* tags of rules are asked for rule by rule, … */
    bool no_rule_tags; /* … or not at all */
    bool no_resource_tags;
    bool says_nothing_of_rules; /* which of them have insufficient data was denied */
    int64_t last_resource;      /* the last whose tags were asked for */
    const char *recorder;
    Err failure; /* the first that ends the scope; ST_OK = none */
    bool fatal;
    Step *work;      /* what a line that is added does: takes the next piece of it */
    int64_t answers; /* since there is such work */
    int at_work;
    Line lines[SCOPE_MAX_LINES];
};

/* Makes the step's call as soon as there are keys. */
void line_go(Line *line, Step *step);
void line_go_first_page(Line *line, Step *step);
/* Goes on to the next page if there is one; false when this was the last. */
bool line_go_next_page(Line *line, const char *next_token);
const char *line_token(const Line *line); /* NULL for the first page */

/* This line has nothing more to do; the last one ends what the scope was at. */
void line_stop(Line *line);
/* The whole scope has failed, or cannot be stored. */
void line_fail_scope(Line *line, const Err *failure, bool fatal);

/* True when the line was dealt with: the scope is being given up, or keys that have expired were
 * renewed and the call is made again. */
bool line_is_settled(Line *line, const Err *failure);
/* Whether the call could be made. */
void line_check_started(Line *line, Status status, const Err *err);
/* Whether the shard could take it. False: the scan is over. */
bool line_stored(Line *line, Status status, const Err *err);

/* The first line begins with this work; more are added while answers come, so that a scope which is
 * throttled early has few calls under way. */
void line_begin_work(Line *line, Step *work);

/* Says once in a run what is missing. */
void line_note_missing(const Line *line, bool *noted, const char *what, const Err *failure);

/* The next stages, each of its file. */
void collect_rules_begin(Line *line);     /* after the listings: the tags of rules, then details */
void collect_rules_take_next(Line *line); /* the work of a line that reads rules */
void collect_rule_tags_begin(
    Line *line); /* tags of all rules with one call; then collect_rules_read */
void collect_rule_tags_of_rule(
    Line *line); /* tags of the line's rule; then collect_rules_take_next */
void collect_rules_read(Line *line);
/* After the rules. Where not one could be read, for want of permission, the scope is denied. */
void collect_rules_judge(ScopeTask *task);
void collect_resource_tags_begin(ScopeTask *task); /* after the rules; then collect_scope_finish */
void collect_scope_finish(ScopeTask *task);

#endif
