/* A shard while it is filled: what is saved of it meanwhile, and tags of many resources. */
#include "base/file.h"
#include "base/mem.h"
#include "warehouse/shard.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

typedef struct Filled {
    TempDir dir;
    Shard *shard;
    int64_t scope;
    int64_t rule;
} Filled;

static void put_evaluations(Filled *filled, int first, int count) {
    Err err;
    for (int i = first; i < first + count; i++) {
        char id[32];
        snprintf(id, sizeof id, "bucket-%08d", i * 7919 % 1000003);
        const ConfigEvaluation evaluation = {.rule_name = "r",
                                             .resource_type = "AWS::S3::Bucket",
                                             .resource_id = id,
                                             .mode = "DETECTIVE",
                                             .compliance = CONFIG_NON_COMPLIANT,
                                             .annotation = ""};
        assert_int_equal(
            shard_put_evaluation(filled->shard, filled->scope, filled->rule, &evaluation, &err),
            ST_OK);
    }
}

static void fill(Filled *filled, int count) {
    Err err;
    const ShardOptions options = {.group_id = "g", .shard_id = "01", .date = "2026-11-22"};
    const ConfigRule rule = {.name = "r", .source_owner = "AWS", .source_identifier = "R"};
    assert_int_equal(temp_dir_open(&filled->dir, &err), ST_OK);
    OWN(mem_free_at) char *path = temp_dir_path(&filled->dir, "shard.db");
    assert_int_equal(shard_open(path, &options, &filled->shard, &err), ST_OK);
    assert_int_equal(
        shard_begin_scope(filled->shard, "111111111111", "one", "eu-west-1", &filled->scope, &err),
        ST_OK);
    assert_int_equal(shard_put_rule(filled->shard, filled->scope, &rule, &filled->rule, &err),
                     ST_OK);
    put_evaluations(filled, 0, count);
}

static void done(Filled *filled) {
    shard_close(filled->shard);
    temp_dir_close(&filled->dir);
}

static void no_file_over(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_a_copy_without_room_is_not_the_last(void **state) {
    (void)state;
    Filled filled;
    Err err;
    ShardTotals totals;
    const ShardScopeEnd end = {.outcome = SCOPE_SCANNED, .recorder = "on"};
    fill(&filled, 2000);
    assert_int_equal(shard_end_scope(filled.shard, filled.scope, &end, &err), ST_OK);
    OWN(mem_free_at) char *path = temp_dir_path(&filled.dir, "copy.db");
    assert_int_equal(shard_write_copy(filled.shard, path, &err), ST_OK);

    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    no_file_over(32 * 1024);
    assert_int_equal(shard_write_copy(filled.shard, path, &err), ST_IO);
    no_file_over(RLIM_INFINITY);

    put_evaluations(&filled, 2000, 2000);
    assert_int_equal(shard_write_copy(filled.shard, path, &err), ST_OK);
    shard_close(filled.shard);
    const ShardOptions options = {.group_id = "g", .shard_id = "01", .date = "2026-11-22"};
    assert_int_equal(shard_reopen(path, &options, &filled.shard, &err), ST_OK);
    assert_int_equal(shard_totals(filled.shard, &totals, &err), ST_OK);
    assert_int_equal(totals.evaluations, 4000);
    done(&filled);
}

static void test_tags_are_told_chunk_by_chunk(void **state) {
    (void)state;
    enum { COUNT = 3000, CHUNK = 99 };
    Filled filled;
    Err err;
    fill(&filled, COUNT);
    size_t found = 0;
    int told = 0;
    int64_t after = 0;
    assert_int_equal(shard_begin_resource_tags(filled.shard, filled.scope, &err), ST_OK);
    do {
        Arena arena = {0};
        ShardResource chunk[CHUNK];
        assert_int_equal(shard_next_untagged(filled.shard, filled.scope, after, &arena, chunk,
                                             CHUNK, &found, &err),
                         ST_OK);
        if (found > 0) {
            const ConfigTag tag = {"mox.owner", chunk[0].id};
            const ShardResources ended = {filled.scope, after, chunk[found - 1].key};
            assert_int_equal(shard_put_resource_tag(filled.shard, chunk[0].key, &tag, &err), ST_OK);
            assert_int_equal(shard_end_resource_tags(filled.shard, &ended, &err), ST_OK);
            after = ended.up_to;
            told += (int)found;
        }
        arena_done(&arena);
    } while (found > 0);
    assert_int_equal(told, COUNT);
    assert_int_equal(
        shard_next_untagged(filled.shard, filled.scope, 0, NULL, NULL, CHUNK, &found, &err), ST_OK);
    assert_int_equal(found, 0);
    done(&filled);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_without_room_is_not_the_last),
        cmocka_unit_test(test_tags_are_told_chunk_by_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
