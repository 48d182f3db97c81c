#include "app/budget.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

/* What was measured on two cores, divided by three or more. */
enum {
    FIXED_MS = 2000,
    NETWORK_MB_S = 25, /* of a function: to and from S3 */
    HISTORY_MB_S = 40, /* checked, read or written once, on one core */
    SHARDS_MB_S = 3,   /* of packed shards: unpacked, checked, merged */
    CSV_MB_S = 20,
    WORKBOOK_ROWS_S = 20000,
    CORE_MB = 1769, /* memory of a function that has one whole core */
};

/* How much larger things become. A shard unpacks to four times its size; a row of it takes some 13
 * bytes packed, and some 220 as CSV. */
enum {
    UNPACKED = 5,
    CSV_OF_PACKED = 18,
    GROWTH_OF_PACKED = 5,     /* of the history, when every row of a run is new */
    WORKBOOK_ROW_BYTES = 700, /* unpacked sheets and the packed file, while it is made */
};

enum { BASE_MB = 48, CACHE_MB = 64, SPARE_MB = 32 };
enum { CALL_KB = 512, SHARD_BASE_MB = 64 };

static double cores(int64_t memory_mb) {
    return memory_mb <= 0 || memory_mb >= CORE_MB ? 1.0 : (double)memory_mb / CORE_MB;
}

static int64_t ms_of(double bytes, double mb_per_s) {
    return (int64_t)(bytes / (double)BUDGET_MB / mb_per_s * 1000.0);
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

void budget_need_merge(const BudgetMerge *sizes, int64_t memory_mb, BudgetNeed *need) {
    double cpu = cores(memory_mb);
    int64_t grown = sizes->history + GROWTH_OF_PACKED * sizes->shards;
    int64_t csv = CSV_OF_PACKED * sizes->shards;
    /* Two shards at a time, packed and unpacked, with tables that one of them is sorted into, and
     * the journal; then, when these are gone, the CSV file. */
    int64_t merging = (2 + 4 * UNPACKED) * sizes->largest_shard + sizes->history / 4;
    need->disk_bytes = grown + larger(merging, csv) + SPARE_MB * BUDGET_MB;
    int64_t cache = grown < CACHE_MB * BUDGET_MB ? grown : CACHE_MB * BUDGET_MB;
    need->memory_bytes = BASE_MB * BUDGET_MB + cache;
    /* The history comes, goes, and comes again to be exported. */
    need->ms = FIXED_MS +
               ms_of((double)(sizes->history + 2 * grown + sizes->shards + csv), NETWORK_MB_S) +
               ms_of((double)(sizes->history + 2 * grown), HISTORY_MB_S * cpu) +
               ms_of((double)sizes->shards, SHARDS_MB_S * cpu) + ms_of((double)csv, CSV_MB_S * cpu);
}

void budget_need_history(int64_t history_bytes, bool is_older, int64_t memory_mb,
                         BudgetNeed *need) {
    int64_t copies = is_older ? 2 : 1;
    need->disk_bytes = copies * history_bytes + SPARE_MB * BUDGET_MB;
    need->memory_bytes = BASE_MB * BUDGET_MB;
    need->ms = FIXED_MS + ms_of((double)history_bytes, NETWORK_MB_S) +
               ms_of((double)(copies * history_bytes), HISTORY_MB_S * cores(memory_mb));
}

void budget_need_workbook(int64_t rows, int64_t memory_mb, BudgetNeed *need) {
    double bytes = (double)rows * WORKBOOK_ROW_BYTES;
    need->disk_bytes = (int64_t)bytes + SPARE_MB * BUDGET_MB;
    need->memory_bytes = BASE_MB * BUDGET_MB;
    need->ms = FIXED_MS + (int64_t)((double)rows / (WORKBOOK_ROWS_S * cores(memory_mb)) * 1000.0) +
               ms_of(bytes / 4, NETWORK_MB_S);
}

void budget_need_scan(int64_t shard_bytes, int concurrency, BudgetNeed *need) {
    need->ms = 0; /* it stops by itself */
    /* The packed shard, unpacked, copied to be saved, and packed again. */
    need->disk_bytes = 2 * (1 + UNPACKED) * shard_bytes + SHARD_BASE_MB * BUDGET_MB;
    need->memory_bytes = BASE_MB * BUDGET_MB + (int64_t)concurrency * CALL_KB * 1024;
}

int budget_concurrency(int64_t memory_mb, int wanted) {
    int64_t allowed = memory_mb <= 0 ? wanted : (memory_mb - BASE_MB) * 1024 / CALL_KB;
    allowed = allowed < 1 ? 1 : allowed;
    return allowed < wanted ? (int)allowed : wanted;
}

/* ---- what is missing ---- */

static long long up_to_mb(int64_t bytes) {
    return (long long)((bytes + BUDGET_MB - 1) / BUDGET_MB);
}

/* As sizes are set: in steps of so many MB. */
static long long in_steps(int64_t bytes, int64_t step_mb) {
    return (long long)((up_to_mb(bytes) + step_mb - 1) / step_mb * step_mb);
}

static Status check_time(const BudgetLimits *limits, const BudgetNeed *need, Err *err) {
    if (limits->left_ms < 0 || need->ms <= limits->left_ms) {
        return ST_OK;
    }
    err_set(err, ST_DEADLINE,
            "%s may take %lld s, and the deadline comes in %lld s: it is not begun, and nothing "
            "was changed",
            need->what, (long long)((need->ms + 999) / 1000), (long long)(limits->left_ms / 1000));
    if (limits->memory_mb > 0) {
        return err_hint(err,
                        "give the function more MemorySize (its CPU grows with it up to 1769 MB), "
                        "or do it as a Fargate task or by hand: %s; or set CONFHOUSE_BUDGET=warn",
                        need->retry);
    }
    return err_hint(err, "give it more time with --deadline, or none; or try with --budget warn");
}

enum { LAMBDA_DISK_MB = 10240, LAMBDA_MEMORY_MB = 10240 };

static Status hint_elsewhere(const BudgetNeed *need, Err *err) {
    return err_hint(err, "no function is that large: do it as a Fargate task or by hand: %s",
                    need->retry);
}

static Status check_disk(const BudgetLimits *limits, const BudgetNeed *need, Err *err) {
    if (limits->disk_free_bytes < 0 || need->disk_bytes <= limits->disk_free_bytes) {
        return ST_OK;
    }
    err_set(err, ST_LIMIT,
            "%s may need %lld MB in %s, and %lld MB are free there: it is not begun, and nothing "
            "was changed",
            need->what, up_to_mb(need->disk_bytes), limits->scratch,
            (long long)(limits->disk_free_bytes / BUDGET_MB));
    if (limits->memory_mb == 0) {
        return err_hint(err,
                        "set TMPDIR to a folder on a disk with %lld GB free, or try with --budget "
                        "warn",
                        in_steps(need->disk_bytes, 1024) / 1024);
    }
    long long wanted = in_steps(need->disk_bytes, 512);
    if (wanted > LAMBDA_DISK_MB) {
        return hint_elsewhere(need, err);
    }
    return err_hint(err, "set the function's EphemeralStorage to %lld MB, or CONFHOUSE_BUDGET=warn",
                    wanted);
}

static Status check_memory(const BudgetLimits *limits, const BudgetNeed *need, Err *err) {
    if (limits->memory_mb == 0 || need->memory_bytes <= limits->memory_mb * BUDGET_MB) {
        return ST_OK;
    }
    err_set(err, ST_LIMIT,
            "%s may need %lld MB of memory, and the function has %lld MB: it is not begun, and "
            "nothing was changed",
            need->what, up_to_mb(need->memory_bytes), (long long)limits->memory_mb);
    long long wanted = in_steps(need->memory_bytes, 64);
    if (wanted > LAMBDA_MEMORY_MB) {
        return hint_elsewhere(need, err);
    }
    return err_hint(err, "set the function's MemorySize to %lld MB, or CONFHOUSE_BUDGET=warn",
                    wanted);
}

Status budget_check(const BudgetLimits *limits, const BudgetNeed *need, Err *err) {
    TRY(check_time(limits, need, err));
    TRY(check_disk(limits, need, err));
    return check_memory(limits, need, err);
}

/* ---- what there is ---- */

int64_t budget_function_memory_mb(void) {
    const char *text = getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    int64_t megabytes = 0;
    return text != NULL && str_parse_int(text, 1, 1 << 20, &megabytes) ? megabytes : 0;
}

Status budget_measure(App *app, BudgetLimits *ret_limits, Err *err) {
    const TempDir *scratch = NULL;
    struct statvfs disk;
    TRY(app_scratch(app, &scratch, err));
    *ret_limits = (BudgetLimits){
        .left_ms = -1, .disk_free_bytes = -1, .memory_mb = budget_function_memory_mb()};
    str_copy(ret_limits->scratch, sizeof ret_limits->scratch, scratch->path);
    char *own_name = strrchr(ret_limits->scratch, '/');
    if (own_name != NULL && own_name > ret_limits->scratch) {
        *own_name = '\0'; /* the folder that the user knows */
    }
    if (app->deadline_ms != 0) {
        int64_t left_ms = app->deadline_ms - clock_now_ms();
        ret_limits->left_ms = left_ms > 0 ? left_ms : 0;
    }
    if (statvfs(scratch->path, &disk) == 0) {
        ret_limits->disk_free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    }
    return ST_OK;
}

Status budget_require(App *app, const BudgetNeed *need, Err *err) {
    const char *mode = settings_text(app->settings, SETTING_BUDGET);
    BudgetLimits limits;
    Err short_of;
    if (str_equal(mode, "off")) {
        return ST_OK;
    }
    TRY(budget_measure(app, &limits, err));
    if (budget_check(&limits, need, &short_of) == ST_OK) {
        return ST_OK;
    }
    if (str_equal(mode, "warn")) {
        log_message(LOG_WARN, "%s may take %lld s, %lld MB in %s and %lld MB of memory", need->what,
                    (long long)((need->ms + 999) / 1000), up_to_mb(need->disk_bytes),
                    limits.scratch, up_to_mb(need->memory_bytes));
        return ST_OK;
    }
    *err = short_of;
    return err->status;
}
