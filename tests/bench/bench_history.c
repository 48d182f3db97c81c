/* What scripts/bench-history measures with, besides confhouse itself.
 *
 * generate STORE DATE WEEK SHARDS ROWS: puts the shards of a run into the store.
 *
 * pass STORE DATE FILE SCRIPT: unpacks each of them, checks it, attaches it to the database FILE
 * and runs SCRIPT.
 *
 * publish STORE FILE: takes its SHA-256 and puts it into the store.
 *
 * carry STORE: fetches the newest history, and publishes it under another name. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/gzip.h"
#include "warehouse/history.h"
#include "warehouse/merge_shard.h"
#include "warehouse/shard.h"
#include "warehouse/shard_store.h"

#include <stdio.h>
#include <stdlib.h>

/* A scope has 40 rules over 5 types of 50 resources: each resource is told of by eight rules. */
enum {
    RULES = 40,
    TYPES = 5,
    RESOURCES = 50,
    ROWS_A_SCOPE = RULES * RESOURCES,
    CHANGED_PERCENT = 2,
    SCRIPT_MAX_BYTES = 65536,
};
#define SHARD_MAX_BYTES ((int64_t)16 << 30)

typedef struct Bench {
    Store *store;
    TempDir dir;
} Bench;

/* ---- generate ---- */

/* SplitMix64: everything generated follows from its number. */
static uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

/* A state begins as 70% compliant, 20% not, 10% not applicable, and changes to another in two of a
 * hundred weeks. */
static int state_of(uint64_t number, int week) {
    static const int first[] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 2};
    int state = first[mix(number) % 10];
    for (int w = 1; w <= week; w++) {
        uint64_t roll = mix(number * 1024 + (uint64_t)w);
        if (roll % 100 < CHANGED_PERCENT) {
            state = (state + 1 + (int)(roll >> 60 == 0)) % 3;
        }
    }
    return state;
}

typedef struct Scope {
    Shard *shard;
    int64_t key;
    uint64_t number;
    int week;
} Scope;

static Status put_rule(const Scope *scope, int rule, Err *err) {
    char name[64];
    char type[64];
    char resource[64];
    char annotation[128];
    int64_t rule_key = 0;
    int kind = rule % TYPES;
    snprintf(name, sizeof name, "resource-%d-must-obey-rule-%02d", kind, rule);
    snprintf(type, sizeof type, "AWS::Service%d::Resource", kind);
    const ConfigRule config = {.name = name, .source_owner = "AWS", .source_identifier = name};
    TRY(shard_put_rule(scope->shard, scope->key, &config, &rule_key, err));
    for (int i = 0; i < RESOURCES; i++) {
        uint64_t id = (scope->number * TYPES + (uint64_t)kind) * RESOURCES + (uint64_t)i;
        int state = state_of(id * RULES + (uint64_t)rule, scope->week);
        snprintf(resource, sizeof resource, "resource-%d-%016llx", kind,
                 (unsigned long long)mix(id));
        snprintf(annotation, sizeof annotation, "Rule %d does not hold here, for reason %d.", rule,
                 i % 3);
        const ConfigEvaluation evaluation = {.rule_name = name,
                                             .resource_type = type,
                                             .resource_id = resource,
                                             .mode = "DETECTIVE",
                                             .compliance = (ConfigCompliance)state,
                                             .annotation = state == 1 ? annotation : ""};
        TRY(shard_put_evaluation(scope->shard, scope->key, rule_key, &evaluation, err));
    }
    return ST_OK;
}

/* Three of four resources that are not compliant name an owner. */
static Status put_tags(const Scope *scope, Err *err) {
    OWN(arena_done) Arena arena = {0};
    ShardResource resources[TYPES * RESOURCES];
    size_t count = 0;
    TRY(shard_begin_resource_tags(scope->shard, scope->key, err));
    TRY(shard_next_untagged(scope->shard, scope->key, 0, &arena, resources, TYPES * RESOURCES,
                            &count, err));
    for (size_t i = 0; i < count; i++) {
        uint64_t roll = mix(scope->number * 1024 + (uint64_t)resources[i].id[12]);
        const char *owner = arena_printf(&arena, "team-%d", (int)(roll % 40));
        const ConfigTag tags[] = {{"mox.owner", owner}, {"mox.stage", "live"}};
        for (size_t tag = roll % 4 == 0; tag < 2; tag++) {
            TRY(shard_put_resource_tag(scope->shard, resources[i].key, &tags[tag], err));
        }
    }
    const ShardResources all = {.scope = scope->key, .up_to = INT64_MAX};
    return shard_end_resource_tags(scope->shard, &all, err);
}

static Status put_scope(Shard *shard, uint64_t number, int week, Err *err) {
    static const char *const words[] = {"prod", "dev", "shared"};
    char account[24];
    char name[64];
    Scope scope = {.shard = shard, .number = number, .week = week};
    snprintf(account, sizeof account, "%012llu", 100000000000U + (unsigned long long)number / 2);
    snprintf(name, sizeof name, "team-%llu-%s", (unsigned long long)number / 2,
             words[number / 2 % 3]);
    const char *region = number % 2 == 0 ? "eu-west-1" : "us-east-1";
    TRY(shard_begin_scope(shard, account, name, region, &scope.key, err));
    for (int rule = 0; rule < RULES; rule++) {
        TRY(put_rule(&scope, rule, err));
    }
    TRY(put_tags(&scope, err));
    const ShardScopeEnd end = {.outcome = SCOPE_SCANNED, .recorder = "on"};
    return shard_end_scope(shard, scope.key, &end, err);
}

static Status generate(const Bench *bench, char **words, Err *err) {
    int64_t week = 0;
    int64_t shards = 0;
    int64_t rows = 0;
    if (!str_parse_int(words[1], 0, 1000, &week) || !str_parse_int(words[2], 1, 999, &shards) ||
        !str_parse_int(words[3], ROWS_A_SCOPE, 100000000, &rows)) {
        return err_set(err, ST_USAGE, "WEEK, SHARDS and ROWS are numbers");
    }
    OWN(mem_free_at) char *path = temp_dir_path(&bench->dir, "generated.db");
    uint64_t scope = 0;
    for (int64_t i = 1; i <= shards; i++) {
        char shard_id[24];
        OWN(shard_close_at) Shard *shard = NULL;
        snprintf(shard_id, sizeof shard_id, "%03d", (int)i);
        const ShardOptions options = {words[0], shard_id, words[0]};
        TRY(shard_open(path, &options, &shard, err));
        for (int64_t row = 0; row < rows; row += ROWS_A_SCOPE) {
            TRY(put_scope(shard, scope++, (int)week, err));
        }
        TRY(shard_store_save(shard, bench->store, err));
        TRY(file_remove(path, err));
    }
    return ST_OK;
}

/* ---- pass ---- */

typedef struct Pass {
    const Bench *bench;
    Db *db;
    const char *group_id;
    Buf script;
    int64_t run_no;
} Pass;

static Status pass_shard(void *context, const char *key, int64_t bytes, Err *err) {
    Pass *pass = context;
    char shard_id[65];
    char sha256[SHA256_HEX_SIZE];
    ShardFacts facts;
    if (!layout_shard_id(key, shard_id, sizeof shard_id)) {
        return ST_OK;
    }
    OWN(mem_free_at) char *packed = temp_dir_path(&pass->bench->dir, "shard.db.gz");
    OWN(mem_free_at) char *path = temp_dir_path(&pass->bench->dir, "shard.db");
    TRY(store_get_file(pass->bench->store, key, packed, NULL, err));
    TRY(gzip_unpack_file(packed, path, SHARD_MAX_BYTES, err));
    TRY(digest_file_sha256_hex(path, sha256, &bytes, err));
    const ShardClaim claim = {.path = path, .group_id = pass->group_id, .shard_id = shard_id};
    TRY(shard_check(&claim, &facts, err));
    TRY(db_attach(pass->db, path, "shard", err));
    TRY(db_begin(pass->db, err));
    TRY(db_run(pass->db, buf_text(&pass->script),
               (DbParam[]){DB_INT(":run_no", pass->run_no), DB_END}, err));
    TRY(db_commit(pass->db, err));
    return db_detach(pass->db, "shard", err);
}

static Status pass_all(const Bench *bench, char **words, Err *err) {
    Pass pass = {.bench = bench, .group_id = words[0]};
    LayoutKey prefix;
    int64_t time_ms = 0;
    if (!clock_parse_date(words[0], &time_ms)) {
        return err_set(err, ST_USAGE, "'%s' is no date", words[0]);
    }
    pass.run_no = time_ms / 1000;
    TRY(file_read(words[2], SCRIPT_MAX_BYTES, &pass.script, err));
    TRY(layout_batch_prefix(words[0], &prefix, err));
    TRY(db_open(words[1], DB_SCRATCH, &pass.db, err));
    Status status = store_list(bench->store, prefix.text, pass_shard, &pass, err);
    db_close(pass.db);
    buf_done(&pass.script);
    return status;
}

/* ---- publish and carry, as a merge does it ---- */

static Status publish_file(const Bench *bench, const char *path, Err *err) {
    char sha256[SHA256_HEX_SIZE];
    int64_t bytes = 0;
    TRY(digest_file_sha256_hex(path, sha256, &bytes, err));
    const StorePut put = {.key = "published.db", .path = path};
    return store_put(bench->store, &put, NULL, err);
}

static Status publish(const Bench *bench, char **words, Err *err) {
    return publish_file(bench, words[0], err);
}

static Status carry(const Bench *bench, char **words, Err *err) {
    (void)words;
    HistoryLatest latest;
    OWN(mem_free_at) char *path = temp_dir_path(&bench->dir, "history.db");
    TRY(history_latest(bench->store, &latest, err));
    TRY(history_fetch(bench->store, &latest, path, err));
    return publish_file(bench, path, err);
}

/* ---- the program ---- */

static const struct Command {
    const char *name;
    int words;
    Status (*run)(const Bench *bench, char **words, Err *err);
} commands[] = {
    {"generate", 4, generate}, {"pass", 3, pass_all}, {"publish", 1, publish}, {"carry", 0, carry}};

static Status run(const struct Command *command, char **words, Err *err) {
    Bench bench;
    TRY(temp_dir_open(&bench.dir, err));
    Status status = store_open(words[0], NULL, &bench.store, err);
    if (status == ST_OK) {
        status = command->run(&bench, words + 1, err);
        store_close(bench.store);
    }
    temp_dir_close(&bench.dir);
    return status;
}

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (argc == 3 + commands[i].words && str_equal(argv[1], commands[i].name)) {
            Err err = {0};
            Status status = run(&commands[i], argv + 2, &err);
            if (status != ST_OK) {
                fprintf(stderr, "bench_history: %s\n", err.message);
            }
            return status == ST_OK ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    }
    fprintf(stderr, "bench_history: scripts/bench-history shows how this is used\n");
    return 2;
}
