#include "warehouse/shard_check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "sql_text.h"
#include "warehouse/shard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_BYTES = 100 };

static Status get_text(Db *db, const char *sql, const DbParam *params, char **ret_text, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(db_prepare(db, sql, &stmt, err));
    TRY(stmt_bind(stmt, params, err));
    TRY(stmt_step(stmt, &row, err));
    *ret_text = mem_strdup(row ? stmt_text(stmt, 0) : NULL);
    return ST_OK;
}

/* The schema that a shard of this version has, as SQLite keeps it. */
static Status expected_schema(char **ret_schema, Err *err) {
    OWN(db_close_at) Db *fresh = NULL;
    TRY(db_open(":memory:", DB_SCRATCH, &fresh, err));
    TRY(db_run(fresh, sql_shard_create, NULL, err));
    return get_text(fresh, sql_shard_schema, NULL, ret_schema, err);
}

static Status check_schema(Db *db, Err *err) {
    int64_t application = 0;
    int64_t version = 0;
    int64_t differs = 0;
    TRY(db_pragma_int(db, "shard", "application_id", &application, err));
    TRY(db_pragma_int(db, "shard", "user_version", &version, err));
    if (application != SHARD_APPLICATION_ID) {
        return err_set(err, ST_CORRUPT, "it is a database, but no shard of confhouse");
    }
    if (version > SHARD_SCHEMA_VERSION) {
        return err_set(err, ST_NEWER, "it was written by a newer confhouse (schema version %lld)",
                       (long long)version);
    }
    if (version > 0 &&
        version < SHARD_SCHEMA_VERSION) { /* it lives for hours: it is not migrated */
        return err_set(err, ST_CORRUPT,
                       "it was written by an older confhouse (schema version %lld), and has to be "
                       "scanned again",
                       (long long)version);
    }
    OWN(mem_free_at) char *schema = NULL;
    TRY(expected_schema(&schema, err));
    const DbParam params[] = {DB_TEXT(":expected", schema), DB_END};
    TRY(db_get_int(db, sql_merge_shard_schema, params, &differs, err));
    if (version != SHARD_SCHEMA_VERSION || differs != 0) {
        return err_set(err, ST_CORRUPT, "its tables are not those of a shard");
    }
    return ST_OK;
}

static bool is_text(const char *text, size_t size) {
    return memchr(text, '\0', size) == NULL && str_valid_utf8(text, size) == size;
}

/* As a scanner writes it: other forms of the same moment would not compare as texts. */
static bool is_time(const char *text, size_t size) {
    int64_t ignored = 0;
    char time[sizeof "2026-11-22T06:00:00.000Z"];
    if (size != sizeof time - 1 || !is_text(text, size)) {
        return false;
    }
    memcpy(time, text, size);
    time[size] = '\0';
    return clock_parse_time(time, &ignored);
}

static Status check_texts(Db *db, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(db_add_text_test(db, "is_text", is_text, err));
    TRY(db_add_text_test(db, "is_time", is_time, err));
    TRY(db_prepare(db, sql_merge_shard_texts, &stmt, err));
    TRY(stmt_step(stmt, &row, err));
    if (row) {
        return err_set(err, ST_CORRUPT,
                       "%.64s holds a key that is not above zero, a text that is not UTF-8 or has "
                       "the character U+0000, or a time that is none",
                       stmt_text(stmt, 0));
    }
    return ST_OK;
}

static Status read_fact(Db *db, const char *name, char *ret_text, size_t size, Err *err) {
    OWN(mem_free_at) char *text = NULL;
    const DbParam params[] = {DB_TEXT(":name", name), DB_END};
    TRY(get_text(db, sql_merge_shard_info, params, &text, err));
    if (text == NULL || strlen(text) >= size) {
        return err_set(err, ST_CORRUPT, "it does not say its %s", name);
    }
    str_copy(ret_text, size, text);
    return ST_OK;
}

static Status read_facts(Db *db, ShardFacts *ret_facts, Err *err) {
    ShardFacts *f = ret_facts;
    int64_t ignored = 0;
    TRY(read_fact(db, "group_id", f->group_id, sizeof f->group_id, err));
    TRY(read_fact(db, "shard_id", f->shard_id, sizeof f->shard_id, err));
    TRY(read_fact(db, "scan_date", f->scan_date, sizeof f->scan_date, err));
    TRY(read_fact(db, "started_at", f->started_at, sizeof f->started_at, err));
    TRY(read_fact(db, "finished_at", f->finished_at, sizeof f->finished_at, err));
    if (!clock_parse_date(f->scan_date, &ignored) || !clock_parse_time(f->started_at, &ignored) ||
        !clock_parse_time(f->finished_at, &ignored)) {
        return err_set(err, ST_CORRUPT, "its dates are no dates");
    }
    return ST_OK;
}

static uint32_t be32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* What the header of a database says that SQLite would take, and that a scanner never writes: see
 * https://www.sqlite.org/fileformat2.html, 1.3. An empty database is left to check_schema. */
static Status check_header(const unsigned char header[HEADER_BYTES], Err *err) {
    enum { WRITE_VERSION = 18, READ_VERSION = 19, SCHEMA_FORMAT = 44, CACHE = 48, ENCODING = 56 };
    if (memcmp(header, "SQLite format 3", 16) != 0) {
        return err_set(err, ST_CORRUPT, "it is not a database");
    }
    if (header[WRITE_VERSION] != 1 || header[READ_VERSION] != 1) {
        return err_set(err, ST_CORRUPT, "its file format is %d and %d, not 1 and 1",
                       header[WRITE_VERSION], header[READ_VERSION]);
    }
    uint32_t format = be32(header + SCHEMA_FORMAT);
    uint32_t encoding = be32(header + ENCODING);
    if (format > 4) {
        return err_set(err, ST_CORRUPT, "its schema format is %u, and SQLite knows up to 4",
                       format);
    }
    if (encoding > 1) {
        return err_set(err, ST_CORRUPT, "its texts are not in UTF-8 (encoding %u)", encoding);
    }
    if (be32(header + CACHE) != 0) { /* SQLite would take that much memory */
        return err_set(err, ST_CORRUPT, "it asks for a cache of %u pages", be32(header + CACHE));
    }
    return ST_OK;
}

static Status read_header(const char *path, Err *err) {
    unsigned char header[HEADER_BYTES];
    OWN(file_close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? -1 : pread(fd, header, sizeof header, 0);
    if (count < 0) {
        return err_set(err, ST_IO, "cannot read it: %s", strerror(errno));
    }
    if (count == 0) {
        return err_set(err, ST_CORRUPT, "it is empty, and no shard of confhouse");
    }
    if (count < HEADER_BYTES) {
        return err_set(err, ST_CORRUPT, "it is not a database: it has %zd bytes", count);
    }
    return check_header(header, err);
}

static Status check_attached(Db *db, const ShardClaim *claim, ShardFacts *ret_facts, Err *err) {
    TRY(check_schema(db, err));
    TRY(db_check(db, "shard", err));
    TRY(check_texts(db, err));
    TRY(read_facts(db, ret_facts, err));
    if (strcmp(ret_facts->group_id, claim->group_id) != 0 ||
        strcmp(ret_facts->shard_id, claim->shard_id) != 0) {
        return err_set(err, ST_CORRUPT, "it says that it is shard %s of the group %s",
                       ret_facts->shard_id, ret_facts->group_id);
    }
    return ST_OK;
}

static Status check_file(const ShardClaim *claim, ShardFacts *ret_facts, Err *err) {
    OWN(db_close_at) Db *db = NULL;
    TRY(read_header(claim->path, err));
    TRY(db_open(":memory:", DB_SCRATCH, &db, err));
    db_set_limits(db, 0, claim->cancelled);
    TRY(db_attach(db, claim->path, "shard", err));
    return check_attached(db, claim, ret_facts, err);
}

Status shard_blame(Status status, Err *err) {
    switch (status) {
    case ST_OK:
    case ST_IO:
    case ST_DEADLINE:
    case ST_CANCELLED:
    case ST_STOPPED:
    case ST_CORRUPT:
    case ST_NEWER:
    case ST_LIMIT:
        return status;
    default:
        if (err != NULL) {
            err->status = ST_CORRUPT;
        }
        return ST_CORRUPT;
    }
}

Status shard_check(const ShardClaim *claim, ShardFacts *ret_facts, Err *err) {
    return shard_blame(check_file(claim, ret_facts, err), err);
}
