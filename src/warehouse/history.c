#include "warehouse/history.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/json.h"
#include "sql_text.h"
#include "warehouse/chain.h"

#include <stdlib.h>
#include <string.h>

enum { LATEST_MAX_BYTES = 64 * 1024, MAX_COPIES_OF_A_GROUP = 10000 };
enum { SCHEMA_EDIT_VERSION = 11 }; /* its migration rewrites the texts of tables: see there */

/* ---- latest.json ---- */

/* "history/" and one name that layout_history makes. */
static bool is_history_key(const char *key) {
    static const char folder[] = "history/compliance-";
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return str_starts(key, folder) && str_ends(key, ".db") &&
           strspn(key + 8, letters) == strlen(key + 8);
}

static Status parse_ref(const Json *node, HistoryRef *ret_ref, Err *err) {
    const char *key = NULL;
    const char *group_id = NULL;
    const char *sha256 = NULL;
    TRY(json_text(node, "key", 1, LAYOUT_KEY_SIZE - 1, &key, err));
    TRY(json_text(node, "group_id", 1, 64, &group_id, err));
    TRY(json_text(node, "sha256", 64, 64, &sha256, err));
    TRY(json_int_or(node, "bytes", 0, INT64_MAX / 1024, -1, &ret_ref->bytes, err));
    TRY(json_int_or(node, "schema_version", 1, 1000000, -1, &ret_ref->schema_version, err));
    TRY(str_check_id("group_id", group_id, err));
    bool hex = strspn(sha256, "0123456789abcdef") == 64;
    if (!hex || !is_history_key(key) || ret_ref->bytes < 0 || ret_ref->schema_version < 0) {
        return err_set(err, ST_PROTOCOL,
                       "key, bytes, sha256 or schema_version is not as it should");
    }
    str_copy(ret_ref->key, sizeof ret_ref->key, key);
    str_copy(ret_ref->group_id, sizeof ret_ref->group_id, group_id);
    str_copy(ret_ref->sha256, sizeof ret_ref->sha256, sha256);
    return ST_OK;
}

static Status parse_latest(const Buf *text, HistoryLatest *ret_latest, Err *err) {
    OWN(json_free_at) Json *root = NULL;
    TRY(json_parse(buf_text(text), text->size, &root, err));
    TRY(parse_ref(root, &ret_latest->newest, err));
    const Json *previous = json_at(root, "previous");
    ret_latest->has_previous = previous != NULL;
    if (previous != NULL) {
        TRY(parse_ref(previous, &ret_latest->previous, err));
    }
    ret_latest->exists = true;
    return ST_OK;
}

Status history_latest(Store *store, HistoryLatest *ret_latest, Err *err) {
    *ret_latest = (HistoryLatest){0};
    OWN(buf_done) Buf text = {0};
    StoreObject object = {0};
    Status status = store_get(store, LAYOUT_LATEST, LATEST_MAX_BYTES, &text, &object, err);
    if (status == ST_NOT_FOUND) {
        return ST_OK;
    }
    TRY(status);
    str_copy(ret_latest->etag, sizeof ret_latest->etag, object.etag);
    if (parse_latest(&text, ret_latest, err) != ST_OK) {
        OWN(mem_free_at) char *why = mem_strdup(err->message);
        err_set(err, ST_CORRUPT, "%s cannot be understood: %s", LAYOUT_LATEST, why);
        return err_hint(err, "restore it: it names the newest of the databases beside it");
    }
    return ST_OK;
}

static void put_ref(JsonWriter *json, const HistoryRef *ref) {
    json_put_text(json, "key", ref->key);
    json_put_int(json, "bytes", ref->bytes);
    json_put_text(json, "sha256", ref->sha256);
    json_put_text(json, "group_id", ref->group_id);
    json_put_int(json, "schema_version", ref->schema_version);
}

static void format_latest(const HistoryRef *newest, const HistoryLatest *before, Buf *out) {
    JsonWriter json = {.out = out};
    json_begin_object(&json, NULL);
    put_ref(&json, newest);
    if (before->exists) {
        json_begin_object(&json, "previous");
        put_ref(&json, &before->newest);
        json_end_object(&json);
    } else {
        json_put_null(&json, "previous");
    }
    json_end_object(&json);
    buf_putc(out, '\n');
}

/* ---- a latest.json that was lost ---- */

typedef struct Orphans {
    const char *own_prefix; /* what does not count; "" = all do */
    int count;
    char last[LAYOUT_KEY_SIZE];
} Orphans;

static Status count_orphan(void *context, const char *key, int64_t bytes, Err *err) {
    Orphans *orphans = context;
    (void)bytes;
    (void)err;
    bool is_own = orphans->own_prefix[0] != '\0' && str_starts(key, orphans->own_prefix);
    if (is_history_key(key) && !is_own) {
        orphans->count++;
        str_copy(orphans->last, sizeof orphans->last, key);
    }
    return ST_OK;
}

Status history_check_not_lost(Store *store, const char *group_id, Err *err) {
    OWN(mem_free_at)
    char *own = group_id == NULL ? mem_strdup("") : mem_printf("history/compliance-%s.", group_id);
    Orphans orphans = {.own_prefix = own};
    TRY(store_list(store, "history/", count_orphan, &orphans, err));
    if (orphans.count == 0) {
        return ST_OK;
    }
    err_set(err, ST_CORRUPT, "%s is missing, though %d histories lie beside it, the last %s",
            LAYOUT_LATEST, orphans.count, orphans.last);
    return err_hint(err, "restore it from a backup, or move them away to begin a new history");
}

/* ---- fetching and opening ---- */

Status history_fetch(Store *store, const HistoryLatest *latest, const char *path, Err *err) {
    if (!latest->exists) {
        TRY(history_check_not_lost(store, NULL, err));
        err_set(err, ST_NOTHING, "there is no history yet");
        return err_hint(err, "run `confhouse run`, or check --store");
    }
    char sha256[SHA256_HEX_SIZE];
    int64_t bytes = 0;
    Status status = store_get_file(store, latest->newest.key, path, NULL, err);
    if (status == ST_NOT_FOUND) {
        return err_set(err, ST_CORRUPT, "%s names %s, and there is no such object", LAYOUT_LATEST,
                       latest->newest.key);
    }
    TRY(status);
    TRY(digest_file_sha256_hex(path, sha256, &bytes, err));
    if (strcmp(sha256, latest->newest.sha256) != 0) {
        err_set(err, ST_CORRUPT, "%s is not what was published: its SHA-256 is %s, not %s",
                latest->newest.key, sha256, latest->newest.sha256);
        return err_hint(err, "restore it from a backup, or merge from its predecessor again");
    }
    return ST_OK;
}

static Status check_is_history(Db *db, const char *path, int64_t *ret_version, Err *err) {
    int64_t application = 0;
    TRY(db_pragma_int(db, "main", "application_id", &application, err));
    TRY(db_pragma_int(db, "main", "user_version", ret_version, err));
    if (application != HISTORY_APPLICATION_ID) {
        return err_set(err, ST_CORRUPT, "%s is a database, but no history of confhouse", path);
    }
    if (*ret_version > HISTORY_SCHEMA_VERSION) {
        err_set(err, ST_NEWER, "%s has schema version %lld; this confhouse knows up to %d", path,
                (long long)*ret_version, HISTORY_SCHEMA_VERSION);
        return err_hint(err, "use the newer confhouse that wrote it");
    }
    return ST_OK;
}

/* One migration is one transaction. */
static Status migrate_to(Db *db, int64_t version, const char *sql, Err *err) {
    bool edits_schema = version == SCHEMA_EDIT_VERSION;
    if (edits_schema) {
        TRY(db_edit_schema(db, true, err));
    }
    TRY(db_begin(db, err));
    Status status = db_run(db, sql, NULL, err);
    if (status == ST_OK) {
        status = db_set_pragma_int(db, "user_version", version, err);
    }
    if (status == ST_OK) {
        status = db_commit(db, err);
    }
    if (status != ST_OK) {
        db_rollback(db);
        return err_wrap(err, "migrating the history to schema version %lld", (long long)version);
    }
    return edits_schema ? db_edit_schema(db, false, err) : ST_OK;
}

/* Files of sql/migrations/ are in the order of their numbers. */
static Status migrate(Db *db, int64_t from_version, Err *err) {
    static const char folder[] = "sql/migrations/";
    for (const SqlFile *file = sql_files; file->path != NULL; file++) {
        if (!str_starts(file->path, folder)) {
            continue;
        }
        int64_t version = strtoll(file->path + sizeof folder - 1, NULL, 10);
        if (version > from_version) {
            TRY(migrate_to(db, version, file->text, err));
        }
    }
    return ST_OK;
}

Status history_open_scratch(const char *path, Db **ret_db, Err *err) {
    *ret_db = NULL;
    bool is_new = !file_exists(path);
    OWN(db_close_at) Db *db = NULL;
    int64_t version = 0;
    TRY(db_open(path, DB_SCRATCH, &db, err));
    if (is_new) {
        TRY(db_set_pragma_int(db, "application_id", HISTORY_APPLICATION_ID, err));
    }
    TRY(check_is_history(db, path, &version, err));
    TRY(migrate(db, version, err));
    *ret_db = db;
    db = NULL;
    return ST_OK;
}

static Status open_to_read(const char *path, Db **ret_db, int64_t *ret_version, Err *err) {
    OWN(db_close_at) Db *db = NULL;
    if (!file_exists(path)) {
        return err_set(err, ST_NOT_FOUND, "there is no file %s", path);
    }
    TRY(db_open(path, DB_READ, &db, err));
    TRY(check_is_history(db, path, ret_version, err));
    *ret_db = db;
    db = NULL;
    return ST_OK;
}

Status history_open(const char *path, const char *scratch_path, Db **ret_db, Err *err) {
    *ret_db = NULL;
    OWN(db_close_at) Db *db = NULL;
    OWN(db_close_at) Db *current = NULL;
    int64_t version = 0;
    TRY(open_to_read(path, &db, &version, err));
    if (version < HISTORY_SCHEMA_VERSION) {
        TRY(file_copy(path, scratch_path, err));
        TRY(history_open_scratch(scratch_path, &current, err));
        db_close(current); /* reopened, so that nothing can write to it */
        current = NULL;
        db_close(db);
        db = NULL;
        TRY(open_to_read(scratch_path, &db, &version, err));
    }
    *ret_db = db;
    db = NULL;
    return ST_OK;
}

Status history_newest_group(Db *db, char ret_group_id[65], Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    ret_group_id[0] = '\0';
    TRY(db_prepare(db, sql_history_newest_group, &stmt, err));
    TRY(stmt_step(stmt, &row, err));
    if (row) {
        str_copy(ret_group_id, 65, stmt_text(stmt, 0));
    }
    return ST_OK;
}

/* ---- publishing ---- */

/* In the file itself, so that the chain reaches back further than latest.json does. */
static Status put_chain(const char *path, const HistoryLatest *latest, char ret_group_id[65],
                        Err *err) {
    OWN(db_close_at) Db *db = NULL;
    TRY(db_open(path, DB_SCRATCH, &db, err));
    TRY(chain_extend(db, latest, err));
    return history_newest_group(db, ret_group_id, err);
}

/* Under the first name that nobody has used, not even for a copy that was removed since. */
static Status upload(Store *store, const char *path, HistoryRef *ref, Err *err) {
    OWN(db_close_at) Db *db = NULL;
    TRY(db_open(path, DB_READ, &db, err));
    for (int number = 1; number <= MAX_COPIES_OF_A_GROUP; number++) {
        LayoutKey key;
        bool was_used = false;
        TRY(layout_history(ref->group_id, number, &key, err));
        TRY(chain_has(db, key.text, &was_used, err));
        if (was_used) {
            continue;
        }
        const StorePut put = {.key = key.text,
                              .content_type = "application/vnd.sqlite3",
                              .path = path,
                              .sha256 = ref->sha256,
                              .condition = STORE_IF_ABSENT};
        Status status = store_put(store, &put, NULL, err);
        if (status != ST_CONFLICT) {
            str_copy(ref->key, sizeof ref->key, key.text);
            return status;
        }
    }
    return err_set(err, ST_LIMIT, "there are %d histories of the group %s", MAX_COPIES_OF_A_GROUP,
                   ref->group_id);
}

/* Replaces latest.json if it still is the one that was read. */
static Status announce(Store *store, const HistoryRef *ref, const HistoryLatest *before, Err *err) {
    OWN(buf_done) Buf text = {0};
    format_latest(ref, before, &text);
    const StorePut put = {.key = LAYOUT_LATEST,
                          .content_type = "application/json",
                          .data = buf_text(&text),
                          .size = text.size,
                          .condition = before->exists ? STORE_IF_MATCH : STORE_IF_ABSENT,
                          .etag = before->etag};
    return store_put(store, &put, NULL, err);
}

/* Whether `now` was the only history announced since `before` was read. */
static bool follows(const HistoryLatest *now, const HistoryLatest *before) {
    if (!now->exists || !now->has_previous) {
        return now->exists && !before->exists;
    }
    return before->exists && strcmp(now->previous.key, before->newest.key) == 0;
}

/* A put whose answer was lost is sent again and then conflicts with itself: whether it was ours
 * that won is told by what stands there now. When others have followed upon it, nothing tells: then
 * it is left, and merging again shows that it is in. */
static Status settle_conflict(Store *store, const HistoryRef *ref, const HistoryLatest *before,
                              Err *err) {
    HistoryLatest now;
    Err unread = {0};
    if (history_latest(store, &now, &unread) != ST_OK) {
        return err_wrap(err, "%s", unread.message); /* not known: so nothing is removed */
    }
    bool is_newest = now.exists && strcmp(now.newest.key, ref->key) == 0;
    bool is_previous = now.has_previous && strcmp(now.previous.key, ref->key) == 0;
    if (is_newest || is_previous) {
        return ST_OK;
    }
    if (follows(&now, before)) {
        Err ignored;
        (void)!store_delete(store, ref->key, &ignored); /* nobody was ever told of it */
    }
    return err->status;
}

Status history_publish(Store *store, const HistoryLatest *latest, const char *path,
                       HistoryRef *ret_ref, Err *err) {
    HistoryRef ref = {.schema_version = HISTORY_SCHEMA_VERSION};
    TRY(put_chain(path, latest, ref.group_id, err));
    TRY(digest_file_sha256_hex(path, ref.sha256, &ref.bytes, err));
    TRY(upload(store, path, &ref, err));
    Status status = announce(store, &ref, latest, err);
    if (status == ST_CONFLICT) {
        status = settle_conflict(store, &ref, latest, err);
    }
    TRY(status);
    *ret_ref = ref;
    return ST_OK;
}
