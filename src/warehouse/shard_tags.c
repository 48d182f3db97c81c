/* Tags in a shard: what warehouse/shard.h says of them. */
#include "base/str.h"
#include "sql_text.h"
#include "warehouse/shard_internal.h"

#include <string.h>

/* AWS has none that are longer: they are passed over. */
static bool is_storable(const ConfigTag *tag) {
    return str_count_chars(tag->key) <= 128 && str_count_chars(tag->value) <= 256;
}

Status shard_put_tag(Shard *shard, int64_t rule, const ConfigTag *tag, Err *err) {
    const DbParam params[] = {DB_INT(":rule", rule), DB_TEXT(":tag_key", tag->key),
                              DB_TEXT(":value", tag->value), DB_END};
    return is_storable(tag) ? db_run(shard->db, sql_shard_put_tag, params, err) : ST_OK;
}

Status shard_begin_resource_tags(Shard *shard, int64_t scope, Err *err) {
    const DbParam params[] = {DB_INT(":scope", scope), DB_END};
    return db_run(shard->db, sql_shard_begin_resource_tags, params, err);
}

Status shard_next_untagged(Shard *shard, int64_t scope, int64_t after, Arena *arena,
                           ShardResource *ret_resources, size_t max_count, size_t *ret_count,
                           Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    const DbParam params[] = {DB_INT(":scope", scope), DB_INT(":after", after),
                              DB_INT(":max_count", (int64_t)max_count), DB_END};
    *ret_count = 0;
    TRY(db_prepare(shard->db, sql_shard_next_untagged, &stmt, err));
    TRY(stmt_bind(stmt, params, err));
    for (;;) {
        bool row = false;
        TRY(stmt_step(stmt, &row, err));
        if (!row) {
            return ST_OK;
        }
        ret_resources[(*ret_count)++] =
            (ShardResource){stmt_int(stmt, 0), arena_strdup(arena, stmt_text(stmt, 1)),
                            arena_strdup(arena, stmt_text(stmt, 2))};
    }
}

static const char *after_last(const char *text, char sign) {
    const char *found = strrchr(text, sign);
    return found == NULL ? text : found + 1;
}

static const char *after_first(const char *text) {
    size_t size = strcspn(text, "/:");
    return text[size] == '\0' ? text : text + size + 1;
}

Status shard_find_by_arn(Shard *shard, int64_t scope, const char *arn, int64_t *ret_key, Err *err) {
    char service[64] = "";
    const char *partition = strchr(arn, ':');
    const char *begin = partition == NULL ? NULL : strchr(partition + 1, ':');
    size_t size = begin == NULL ? 0 : strcspn(begin + 1, ":%_");
    *ret_key = 0;
    if (size == 0 || size >= sizeof service) {
        return ST_OK;
    }
    memcpy(service, begin + 1, size);
    /* arn:partition:service:region:account:resource, in which resource is often kind/id. */
    const char *resource = arn;
    for (int colons = 0; colons < 5 && *resource != '\0'; resource++) {
        colons += *resource == ':';
    }
    const DbParam params[] = {DB_INT(":scope", scope),
                              DB_TEXT(":arn", arn),
                              DB_TEXT(":resource", resource),
                              DB_TEXT(":after_first", after_first(resource)),
                              DB_TEXT(":service", service),
                              DB_TEXT(":after_slash", after_last(arn, '/')),
                              DB_TEXT(":after_colon", after_last(arn, ':')),
                              DB_END};
    return db_get_int(shard->db, sql_shard_find_by_arn, params, ret_key, err);
}

Status shard_put_resource_tag(Shard *shard, int64_t resource, const ConfigTag *tag, Err *err) {
    Stmt *put = shard->stmts.put_resource_tag;
    stmt_bind_int(put, 1, resource);
    stmt_bind_text(put, 2, tag->key);
    stmt_bind_text(put, 3, tag->value);
    return is_storable(tag) ? stmt_run(put, err) : ST_OK;
}

Status shard_end_resource_tags(Shard *shard, const ShardResources *resources, Err *err) {
    const DbParam params[] = {DB_INT(":scope", resources->scope),
                              DB_INT(":after", resources->after),
                              DB_INT(":up_to", resources->up_to), DB_END};
    return db_run(shard->db, sql_shard_end_resource_tags, params, err);
}
