#include "pools.h"

#include "base/mem.h"
#include "base/str.h"
#include "draw.h"

#include <ctype.h>
#include <string.h>

/* The pool of a type in a scope is as large as the largest need of its rules. */
void pools_open(const World *world, const Knobs *knobs, int account, int region, Pools *ret_pools) {
    ret_pools->count = world->type_count;
    ret_pools->rules = mem_array(world->type_count, sizeof *ret_pools->rules);
    for (size_t i = 0; i < world->rule_count; i++) {
        ScopeRule rule;
        ScopeRule *largest = &ret_pools->rules[world->rules[i].type];
        scope_rule_open(world, knobs, account, region, (int)i, &rule);
        if (rule.evaluations > largest->evaluations) {
            *largest = rule;
        }
    }
}

void pools_done(Pools *pools) {
    mem_free(pools->rules);
    *pools = (Pools){0};
}

bool pools_find(const Pools *pools, uint64_t place, Pool *ret_pool) {
    uint64_t rest = place;
    for (size_t i = 0; i < pools->count; i++) {
        uint64_t size = (uint64_t)pools->rules[i].evaluations;
        if (rest < size) {
            ret_pool->rule = pools->rules[i];
            ret_pool->slot = (int64_t)rest;
            return true;
        }
        rest -= size;
    }
    return false;
}

void pool_resource(const Pool *pool, Evaluation *ret_resource) {
    evaluation_open(&pool->rule, pool->slot, ret_resource);
    /* What follows must not depend on the rule through which the pool was found. */
    ret_resource->draw = draw_next(draw_next(pool->rule.pool_draw, 900001 + (uint64_t)pool->slot),
                                   (uint64_t)ret_resource->born);
}

size_t pool_tags(const Pool *pool, const Evaluation *resource, WorldTag ret_tags[WORLD_MAX_TAGS]) {
    static const char *const owners[] = {"payments", "platform", "data",
                                         "web-shop", "identity", "unknown"};
    static const char *const names[] = {"blue", "green", "main", "batch"};
    (void)pool;
    uint64_t draw = resource->draw;
    if (draw_below(draw_next(draw, 1), 8) == 0) {
        return 0;
    }
    size_t count = 0;
    ret_tags[count++] = (WorldTag){"mox.owner", owners[draw_below(draw_next(draw, 2), 6)]};
    ret_tags[count++] = (WorldTag){"Name", names[draw_below(draw_next(draw, 3), 4)]};
    if (draw_below(draw_next(draw, 4), 2) == 0) {
        ret_tags[count++] = (WorldTag){"Mox.Owner", "the key is case-sensitive"};
    }
    return count;
}

/* "AWS::EC2::SecurityGroup" is ec2 and security-group. */
void pool_append_arn(const Pool *pool, const Evaluation *resource, Buf *out) {
    char id[RESOURCE_ID_SIZE];
    *evaluation_put_resource_id(&pool->rule, resource, id) = '\0';
    if (str_starts(id, "arn:")) {
        buf_puts(out, id);
        return;
    }
    const World *world = pool->rule.world;
    const char *region = world->regions[pool->rule.region];
    const char *service = pool->rule.type + strlen("AWS::");
    const char *kind = strstr(service, "::") + 2;
    if (str_equal(pool->rule.type, "AWS::S3::Bucket")) {
        buf_printf(out, "arn:%s:s3:::%s", world_partition(region), id);
        return;
    }
    buf_printf(out, "arn:%s:", world_partition(region));
    for (const char *c = service; *c != ':' && *c != '\0'; c++) {
        buf_putc(out, (char)tolower((unsigned char)*c));
    }
    buf_printf(out, ":%s:%s:", region, world->accounts[pool->rule.account].id);
    for (const char *c = kind; *c != '\0'; c++) {
        bool starts_word = c > kind && isupper((unsigned char)*c) && islower((unsigned char)c[-1]);
        buf_puts(out, starts_word ? "-" : "");
        buf_putc(out, (char)tolower((unsigned char)*c));
    }
    buf_printf(out, "/%s", id);
}
