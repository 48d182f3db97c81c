#include "warehouse/shard.h"

#include "aws/failure.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "db/db.h"
#include "sql_text.h"
#include "warehouse/shard_check.h"
#include "warehouse/shard_internal.h"

#include <string.h>

/* Rows of a scope lie together: more makes nothing faster. */
enum { CACHE_KIB = 2 * 1024, COPY_CACHE_KIB = 512 };

static Status prepare_all(Shard *shard, Err *err) {
    ShardStatements *s = &shard->stmts;
    const struct {
        Stmt **stmt;
        const char *sql;
    } all[] = {
        {&s->put_rule, sql_shard_put_rule},
        {&s->find_type, sql_shard_find_resource_type},
        {&s->put_type, sql_shard_put_resource_type},
        {&s->find_resource, sql_shard_find_resource},
        {&s->put_resource, sql_shard_put_resource},
        {&s->want_tags, sql_shard_want_tags},
        {&s->put_resource_tag, sql_shard_put_resource_tag},
        {&s->find_annotation, sql_shard_find_annotation},
        {&s->put_annotation, sql_shard_put_annotation},
        {&s->put_evaluation, sql_shard_put_evaluation},
    };
    TRY(db_run(shard->db, sql_shard_create_scratch, NULL, err));
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        TRY(db_prepare(shard->db, all[i].sql, all[i].stmt, err));
    }
    return ST_OK;
}

static void now_text(char ret_text[CLOCK_TIME_SIZE + 4]) {
    int64_t now_ms = clock_now_ms();
    clock_format_time(now_ms, ret_text);
    /* Milliseconds decide between two scans of a scope in the same second. */
    int milliseconds = (int)(now_ms % 1000);
    char *z = strchr(ret_text, 'Z');
    z[0] = '.';
    z[1] = (char)('0' + milliseconds / 100);
    z[2] = (char)('0' + milliseconds / 10 % 10);
    z[3] = (char)('0' + milliseconds % 10);
    z[4] = 'Z';
    z[5] = '\0';
}

static Status put_info(Shard *shard, const char *name, const char *value, Err *err) {
    return db_run(shard->db, sql_shard_put_info,
                  (DbParam[]){DB_TEXT(":name", name), DB_TEXT(":value", value), DB_END}, err);
}

static Status fill_new(Shard *shard, const ShardOptions *options, Err *err) {
    char now[CLOCK_TIME_SIZE + 4];
    now_text(now);
    TRY(db_set_pragma_int(shard->db, "application_id", SHARD_APPLICATION_ID, err));
    TRY(db_set_pragma_int(shard->db, "user_version", SHARD_SCHEMA_VERSION, err));
    TRY(db_begin(shard->db, err));
    TRY(db_run(shard->db, sql_shard_create, NULL, err));
    TRY(put_info(shard, "group_id", options->group_id, err));
    TRY(put_info(shard, "shard_id", options->shard_id, err));
    TRY(put_info(shard, "scan_date", options->date, err));
    TRY(put_info(shard, "started_at", now, err));
    TRY(put_info(shard, "version", CONFHOUSE_VERSION, err));
    return prepare_all(shard, err);
}

/* Nothing of it is prepared yet. */
static Status open_at(const char *path, const ShardOptions *options, Shard **ret_shard, Err *err) {
    *ret_shard = NULL;
    TRY(str_check_id("group_id", options->group_id, err));
    TRY(str_check_id("shard_id", options->shard_id, err));
    OWN(shard_close_at) Shard *shard = mem_alloc(sizeof *shard);
    shard->path = mem_strdup(path);
    str_copy(shard->group_id, sizeof shard->group_id, options->group_id);
    str_copy(shard->shard_id, sizeof shard->shard_id, options->shard_id);
    TRY(db_open(path, DB_SCRATCH, &shard->db, err));
    TRY(db_set_pragma_int(shard->db, "cache_size", -CACHE_KIB, err));
    *ret_shard = shard;
    shard = NULL;
    return ST_OK;
}

Status shard_open(const char *path, const ShardOptions *options, Shard **ret_shard, Err *err) {
    ASSERT(!file_exists(path));
    OWN(shard_close_at) Shard *shard = NULL;
    *ret_shard = NULL;
    TRY(open_at(path, options, &shard, err));
    TRY(fill_new(shard, options, err));
    *ret_shard = shard;
    shard = NULL;
    return ST_OK;
}

/* Through another connection: nothing of the file is believed before. */
static Status check_old(const char *path, const ShardOptions *options, Err *err) {
    ShardFacts facts;
    const ShardClaim claim = {
        .path = path, .group_id = options->group_id, .shard_id = options->shard_id};
    return shard_check(&claim, &facts, err);
}

static void may_reread(const char *error_code, char *ret_text, size_t size) {
    str_copy(ret_text, size, shard_may_reread(error_code) ? "yes" : "no");
}

static Status keep_scanned(Shard *shard, Err *err) {
    TRY(db_add_text_function(shard->db, "may_reread", may_reread, err));
    TRY(db_run(shard->db, sql_shard_keep_scanned, NULL, err));
    return db_run(shard->db, sql_shard_drop_unfinished, NULL, err);
}

Status shard_reopen(const char *path, const ShardOptions *options, Shard **ret_shard, Err *err) {
    OWN(shard_close_at) Shard *shard = NULL;
    *ret_shard = NULL;
    TRY(check_old(path, options, err));
    TRY(open_at(path, options, &shard, err));
    TRY(db_begin(shard->db, err));
    TRY(keep_scanned(shard, err));
    TRY(put_info(shard, "scan_date", options->date, err));
    TRY(put_info(shard, "version", CONFHOUSE_VERSION, err));
    TRY(prepare_all(shard, err));
    *ret_shard = shard;
    shard = NULL;
    return ST_OK;
}

static void close_db(Shard *shard) {
    ShardStatements *s = &shard->stmts;
    Stmt **all[] = {&s->put_rule,         &s->find_type,       &s->put_type,
                    &s->find_resource,    &s->put_resource,    &s->want_tags,
                    &s->put_resource_tag, &s->find_annotation, &s->put_annotation,
                    &s->put_evaluation};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        stmt_free_at(all[i]);
    }
    db_close(shard->db);
    shard->db = NULL;
}

void shard_close(Shard *shard) {
    if (shard != NULL) {
        close_db(shard);
        mem_free(shard->path);
        mem_free(shard);
    }
}

void shard_close_at(Shard **shard) {
    shard_close(*shard);
}

const char *shard_group_id(const Shard *shard) {
    return shard->group_id;
}

const char *shard_id(const Shard *shard) {
    return shard->shard_id;
}

const char *shard_path(const Shard *shard) {
    return shard->path;
}

const char *scope_outcome_name(ScopeOutcome outcome) {
    static const char *const names[] = {[SCOPE_SCANNED] = "scanned",
                                        [SCOPE_DENIED] = "denied",
                                        [SCOPE_FAILED] = "failed",
                                        [SCOPE_SKIPPED] = "skipped"};
    return names[outcome];
}

Status shard_begin_scope(Shard *shard, const char *account_id, const char *account_name,
                         const char *region, int64_t *ret_scope, Err *err) {
    char now[CLOCK_TIME_SIZE + 4];
    now_text(now);
    const DbParam params[] = {DB_TEXT(":account_id", account_id),
                              DB_TEXT(":account_name", account_name), DB_TEXT(":region", region),
                              DB_TEXT(":now", now), DB_END};
    TRY(db_run(shard->db, sql_shard_begin_scope, params, err));
    *ret_scope = db_last_rowid(shard->db);
    return ST_OK;
}

Status shard_end_scope(Shard *shard, int64_t scope, const ShardScopeEnd *end, Err *err) {
    char now[CLOCK_TIME_SIZE + 4];
    now_text(now);
    if (end->outcome != SCOPE_SCANNED) {
        TRY(db_run(shard->db, sql_shard_drop_scope, (DbParam[]){DB_INT(":scope", scope), DB_END},
                   err));
    }
    const DbParam params[] = {DB_INT(":scope", scope),
                              DB_TEXT(":outcome", scope_outcome_name(end->outcome)),
                              DB_TEXT(":recorder", end->recorder),
                              DB_TEXT(":error_code", end->error_code),
                              DB_TEXT(":message", end->message),
                              DB_TEXT(":now", now),
                              DB_END};
    return db_run(shard->db, sql_shard_end_scope, params, err);
}

Status shard_forget_scope(Shard *shard, int64_t scope, Err *err) {
    const DbParam params[] = {DB_INT(":scope", scope), DB_END};
    TRY(db_run(shard->db, sql_shard_drop_scope, params, err));
    return db_run(shard->db, sql_shard_forget_scope, params, err);
}

/* The key that `stmt` finds; 0 when it finds none. */
static Status find_key(Stmt *stmt, int64_t *ret_key, Err *err) {
    bool row = false;
    Status status = stmt_step(stmt, &row, err);
    *ret_key = row ? stmt_int(stmt, 0) : 0;
    stmt_reset(stmt);
    return status;
}

Status shard_put_rule(Shard *shard, int64_t scope, const ConfigRule *rule, int64_t *ret_rule,
                      Err *err) {
    Stmt *put = shard->stmts.put_rule;
    stmt_bind_int(put, 1, scope);
    stmt_bind_text(put, 2, rule->name);
    stmt_bind_text(put, 3, rule->source_owner);
    stmt_bind_text(put, 4, rule->source_identifier);
    return find_key(put, ret_rule, err);
}

bool shard_may_reread(const char *error_code) {
    const int bad_request = 400; /* an answer whose code alone says what it is */
    Status status = failure_classify(bad_request, error_code);
    return status != ST_DENIED && status != ST_NOT_FOUND &&
           !str_equal(error_code, status_word(ST_DENIED)) &&
           !str_equal(error_code, status_word(ST_NOT_FOUND));
}

Status shard_end_rule(Shard *shard, int64_t rule, const Err *failure, Err *err) {
    bool failed = failure != NULL;
    const char *code = !failed                    ? NULL
                       : failure->code[0] != '\0' ? failure->code
                                                  : status_word(failure->status);
    const DbParam params[] = {DB_INT(":rule", rule),
                              DB_TEXT(":outcome", failed ? "failed" : "insufficient_data"),
                              DB_TEXT(":error_code", code),
                              DB_TEXT(":message", failed ? failure->message : NULL), DB_END};
    return db_run(shard->db, sql_shard_end_rule, params, err);
}

static Status type_key(Shard *shard, const char *type, int64_t *ret_key, Err *err) {
    if (shard->last_type_key != 0 && strcmp(shard->last_type, type) == 0) {
        *ret_key = shard->last_type_key;
        return ST_OK;
    }
    stmt_bind_text(shard->stmts.find_type, 1, type);
    TRY(find_key(shard->stmts.find_type, ret_key, err));
    if (*ret_key == 0) {
        stmt_bind_text(shard->stmts.put_type, 1, type);
        TRY(stmt_run(shard->stmts.put_type, err));
        *ret_key = db_last_rowid(shard->db);
    }
    str_copy(shard->last_type, sizeof shard->last_type, type);
    shard->last_type_key = *ret_key;
    return ST_OK;
}

/* The resource, and whether it is known already that its tags are wanted. */
typedef struct ResourceKey {
    int64_t key;
    bool is_wanted;
} ResourceKey;

static Status find_resource(Stmt *find, ResourceKey *ret_resource, Err *err) {
    bool row = false;
    Status status = stmt_step(find, &row, err);
    *ret_resource =
        row ? (ResourceKey){stmt_int(find, 0), stmt_int(find, 1) != 0} : (ResourceKey){0};
    stmt_reset(find);
    return status;
}

static Status resource_key(Shard *shard, int64_t scope, const ConfigEvaluation *evaluation,
                           int64_t *ret_key, Err *err) {
    int64_t type = 0;
    ResourceKey resource;
    TRY(type_key(shard, evaluation->resource_type, &type, err));
    Stmt *find = shard->stmts.find_resource;
    stmt_bind_int(find, 1, scope);
    stmt_bind_int(find, 2, type);
    stmt_bind_text(find, 3, evaluation->resource_id);
    TRY(find_resource(find, &resource, err));
    bool wants_tags = evaluation->compliance == CONFIG_NON_COMPLIANT;
    if (resource.key == 0) {
        Stmt *put = shard->stmts.put_resource;
        stmt_bind_int(put, 1, scope);
        stmt_bind_int(put, 2, type);
        stmt_bind_text(put, 3, evaluation->resource_id);
        stmt_bind_int(put, 4, wants_tags);
        TRY(stmt_run(put, err));
        resource.key = db_last_rowid(shard->db);
    } else if (wants_tags && !resource.is_wanted) {
        stmt_bind_int(shard->stmts.want_tags, 1, resource.key);
        TRY(stmt_run(shard->stmts.want_tags, err));
    }
    *ret_key = resource.key;
    return ST_OK;
}

/* 0 = none. */
static Status annotation_key(Shard *shard, const char *text, int64_t *ret_key, Err *err) {
    *ret_key = 0;
    if (text[0] == '\0') {
        return ST_OK;
    }
    stmt_bind_text(shard->stmts.find_annotation, 1, text);
    TRY(find_key(shard->stmts.find_annotation, ret_key, err));
    if (*ret_key == 0) {
        stmt_bind_text(shard->stmts.put_annotation, 1, text);
        TRY(stmt_run(shard->stmts.put_annotation, err));
        *ret_key = db_last_rowid(shard->db);
    }
    return ST_OK;
}

/* An evaluation as the shard keeps it. */
typedef struct EvaluationRow {
    int64_t rule;
    int64_t resource;
    int64_t mode;
    int64_t compliance;
    int64_t annotation; /* 0 = none */
} EvaluationRow;

static Status insert_evaluation(Shard *shard, const EvaluationRow *row, Err *err) {
    Stmt *put = shard->stmts.put_evaluation;
    stmt_bind_int(put, 1, row->rule);
    stmt_bind_int(put, 2, row->resource);
    stmt_bind_int(put, 3, row->mode);
    stmt_bind_int(put, 4, row->compliance);
    if (row->annotation == 0) {
        stmt_bind_null(put, 5);
    } else {
        stmt_bind_int(put, 5, row->annotation);
    }
    return stmt_run(put, err);
}

static Status replace_evaluation(Shard *shard, const EvaluationRow *row, Err *err) {
    DbParam annotation = DB_INT(":annotation", row->annotation);
    annotation.value.type = row->annotation == 0 ? CELL_NULL : CELL_INT;
    const DbParam params[] = {DB_INT(":rule", row->rule),
                              DB_INT(":resource", row->resource),
                              DB_INT(":mode", row->mode),
                              DB_INT(":compliance", row->compliance),
                              annotation,
                              DB_END};
    return db_run(shard->db, sql_shard_replace_evaluation, params, err);
}

Status shard_put_evaluation(Shard *shard, int64_t scope, int64_t rule,
                            const ConfigEvaluation *evaluation, Err *err) {
    ASSERT(evaluation->compliance != CONFIG_INSUFFICIENT_DATA);
    EvaluationRow row = {.rule = rule,
                         .mode = strcmp(evaluation->mode, "PROACTIVE") == 0 ? 1 : 0,
                         .compliance = (int64_t)evaluation->compliance};
    TRY(resource_key(shard, scope, evaluation, &row.resource, err));
    TRY(annotation_key(shard, evaluation->annotation, &row.annotation, err));
    TRY(insert_evaluation(shard, &row, err));
    bool told_before = db_changes(shard->db) == 0;
    return told_before ? replace_evaluation(shard, &row, err) : ST_OK;
}

Status shard_totals(Shard *shard, ShardTotals *ret_totals, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(db_prepare(shard->db, sql_shard_totals, &stmt, err));
    TRY(stmt_step(stmt, &row, err));
    ASSERT(row);
    *ret_totals = (ShardTotals){
        .scopes = stmt_int(stmt, 0),
        .scanned = stmt_int(stmt, 1),
        .denied = stmt_int(stmt, 2),
        .failed = stmt_int(stmt, 3),
        .skipped = stmt_int(stmt, 4),
        .rules = stmt_int(stmt, 5),
        .rules_failed = stmt_int(stmt, 6),
        .evaluations = stmt_int(stmt, 7),
    };
    str_copy(ret_totals->regions_off, sizeof ret_totals->regions_off, stmt_text(stmt, 8));
    return ST_OK;
}

Status shard_prepare_gaps(Shard *shard, Stmt **ret_stmt, Err *err) {
    return db_prepare(shard->db, sql_shard_gaps, ret_stmt, err);
}

Status shard_has_scope(Shard *shard, const char *account_id, const char *region, bool *ret_has,
                       Err *err) {
    int64_t scope = 0;
    const DbParam params[] = {DB_TEXT(":account_id", account_id), DB_TEXT(":region", region),
                              DB_END};
    TRY(db_get_int(shard->db, sql_shard_find_scope, params, &scope, err));
    *ret_has = scope != 0;
    return ST_OK;
}

static Status finish_copy(const char *path, Err *err) {
    OWN(db_close_at) Db *copy = NULL;
    char now[CLOCK_TIME_SIZE + 4];
    now_text(now);
    TRY(db_open(path, DB_SCRATCH, &copy, err));
    TRY(db_set_pragma_int(copy, "cache_size", -COPY_CACHE_KIB, err));
    TRY(db_begin(copy, err));
    TRY(db_run(copy, sql_shard_drop_unfinished, NULL, err));
    const DbParam info[] = {DB_TEXT(":name", "finished_at"), DB_TEXT(":value", now), DB_END};
    TRY(db_run(copy, sql_shard_put_info, info, err));
    return db_commit(copy, err);
}

static Status write_copy(Shard *shard, const char *path, Err *err) {
    const DbParam params[] = {DB_TEXT(":path", path), DB_END};
    TRY(db_run(shard->db, sql_shard_copy, params, err));
    return finish_copy(path, err);
}

Status shard_write_copy(Shard *shard, const char *path, Err *err) {
    TRY(file_remove(path, err));
    TRY(db_commit(shard->db, err));
    Err ignored;
    Status status = write_copy(shard, path, err);
    Status begun = db_begin(shard->db, status == ST_OK ? err : &ignored);
    return status == ST_OK ? begun : status;
}
