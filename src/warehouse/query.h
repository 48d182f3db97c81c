/* Query: the named queries of queries/ and SQL that users write, read only.
 *
 * A query file begins with a header that is its documentation and its contract:
 *
 *     -- summary: What changed between a run and the one before.
 *     -- param group_id: the run; the newest when absent
 *     -- column change: new, resolved, reopened or gone
 *     SELECT …
 *
 * Parameters are bound as :name; those that are not given are NULL. */
#ifndef WAREHOUSE_QUERY_H
#define WAREHOUSE_QUERY_H

#include "base/err.h"
#include "db/db.h"

#include <stddef.h>

typedef struct QueryInfo {
    char name[65];   /* file name without .sql */
    const char *sql; /* the whole file; lives forever */
    char summary[256];
} QueryInfo;

size_t query_count(void);
/* In the order of their names. */
void query_info(size_t index, QueryInfo *ret_info);
/* ST_USAGE with the names there are. */
Status query_find(const char *name, QueryInfo *ret_info, Err *err) WARN_UNUSED;

/* The documentation of a parameter or column: `kind` is "param" or "column". False after the last.
 */
typedef struct QueryDoc {
    char name[65];
    char text[256];
} QueryDoc;
bool query_doc(const QueryInfo *info, const char *kind, size_t index, QueryDoc *ret_doc);

bool query_has_param(const QueryInfo *info, const char *name);

/* Prepares the named query with its parameters bound; a parameter that the query does not have is
 * ST_USAGE. `params` ends with DB_END. Names without colon. */
Status query_prepare(Db *db, const QueryInfo *info, const DbParam *params, Stmt **ret_stmt,
                     Err *err) WARN_UNUSED;

/* Prepares one statement that a user wrote; what is not a single reading statement is ST_USAGE.
 * The Db must be guarded (db_guard_user_sql). */
Status query_prepare_user(Db *db, const char *sql, const DbParam *params, Stmt **ret_stmt,
                          Err *err) WARN_UNUSED;

#endif
