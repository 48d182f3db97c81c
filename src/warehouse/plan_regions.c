/* Which regions a plan has: what warehouse/plan.h says of them. */
#include "aws/ec2.h"
#include "base/mem.h"
#include "base/str.h"
#include "warehouse/plan.h"

#include <string.h>

bool plan_asks_regions(const char *text) {
    return str_equal(text, "all");
}

typedef struct Regions {
    Arena *arena;
    const char **items;
    size_t count;
} Regions;

static Status add_region(Regions *regions, const char *region, Err *err) {
    if (!str_is_region(region)) {
        err_set(err, ST_USAGE, "'%.40s' is no region", region);
        return err_hint(err, "write regions like eu-west-1,us-east-1, or all");
    }
    for (size_t i = 0; i < regions->count; i++) {
        if (str_equal(regions->items[i], region)) {
            return ST_OK;
        }
    }
    if (regions->count == PLAN_MAX_REGIONS) {
        return err_set(err, ST_USAGE, "there are more than %d regions", PLAN_MAX_REGIONS);
    }
    regions->items[regions->count++] = arena_strdup(regions->arena, region);
    return ST_OK;
}

typedef struct Asked {
    bool finished;
    Ec2Regions regions;
    Err failure;
} Asked;

static void on_regions(void *context, const Ec2Regions *regions, const Err *failure) {
    Asked *asked = context;
    asked->finished = true;
    if (failure != NULL) {
        asked->failure = *failure;
    } else {
        asked->regions = *regions;
    }
}

static Status add_all(Regions *regions, Aws *aws, Err *err) {
    OWN(mem_free_at) Asked *asked = mem_alloc(sizeof *asked);
    const AwsTarget target = {.account_id = "", .region = aws_region(aws)};
    TRY(ec2_describe_regions(aws, &target, on_regions, asked, err));
    TRY(aws_wait(aws, &asked->finished, err));
    if (asked->failure.status != ST_OK) {
        *err = asked->failure;
        return err_hint(err, "allow ec2:DescribeRegions, or name the regions with --regions");
    }
    for (size_t i = 0; i < asked->regions.count; i++) {
        TRY(add_region(regions, asked->regions.items[i].name, err));
    }
    return ST_OK;
}

Status plan_split_regions(const char *text, Aws *aws, Arena *arena, const char ***ret_regions,
                          size_t *ret_count, Err *err) {
    Regions regions = {.arena = arena};
    char *rest = arena_strdup(arena, text == NULL ? "" : text);
    regions.items = arena_alloc(arena, PLAN_MAX_REGIONS * sizeof *regions.items);
    if (plan_asks_regions(text)) {
        ASSERT(aws != NULL);
        TRY(add_all(&regions, aws, err));
    } else {
        for (char *one = str_split(&rest, ","); one != NULL; one = str_split(&rest, ",")) {
            TRY(add_region(&regions, one, err));
        }
    }
    if (regions.count == 0) {
        err_set(err, ST_USAGE, "there is no region to scan");
        return err_hint(err, "name them with --regions eu-west-1,us-east-1, or set AWS_REGION");
    }
    *ret_regions = regions.items;
    *ret_count = regions.count;
    return ST_OK;
}
