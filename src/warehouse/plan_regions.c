/* Which regions a plan has: what warehouse/plan.h says of them. */
#include "aws/ec2.h"
#include "base/mem.h"
#include "base/partition.h"
#include "base/str.h"
#include "warehouse/plan.h"

#include <string.h>

bool plan_asks_regions(const char *text) {
    return str_equal(text, "all");
}

static Status add_region(PlanRegions *regions, Arena *arena, const char *region, Err *err) {
    for (size_t i = 0; i < regions->count; i++) {
        if (str_equal(regions->items[i], region)) {
            return ST_OK;
        }
    }
    if (regions->count == PLAN_MAX_REGIONS) {
        return err_set(err, ST_USAGE, "there are more than %d regions", PLAN_MAX_REGIONS);
    }
    regions->items[regions->count++] = arena_strdup(arena, region);
    return ST_OK;
}

/* The keys of one partition are worth nothing in another one. */
static Status check_partition(const PlanRegions *regions, const char *region, Err *err) {
    const Partition *partition = partition_of_region(region);
    const Partition *first =
        regions->count == 0 ? partition : partition_of_region(regions->items[0]);
    if (partition == first) {
        return ST_OK;
    }
    err_set(err, ST_USAGE, "%s is in the partition %s, and %s in %s", regions->items[0],
            first->name, region, partition->name);
    return err_hint(err, "scan each partition with keys, a store and a run of its own");
}

static Status add_named(PlanRegions *regions, Arena *arena, const PlanOptions *options,
                        const char *region, Err *err) {
    if (!str_is_region(region)) {
        err_set(err, ST_USAGE, "'%.40s' is not a valid region", region);
        return err_hint(err, "write regions like eu-west-1,us-east-1, or all");
    }
    TRY(partition_check_region(region, options->force_regions, err));
    TRY(check_partition(regions, region, err));
    return add_region(regions, arena, region, err);
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

static Status add_all(PlanRegions *regions, Arena *arena, Aws *aws, Err *err) {
    OWN(mem_free_at) Asked *asked = mem_alloc(sizeof *asked);
    const AwsTarget target = {.account_id = "", .region = aws_region(aws)};
    TRY(ec2_describe_regions(aws, &target, on_regions, asked, err));
    TRY(aws_wait(aws, &asked->finished, err));
    if (asked->failure.status != ST_OK) {
        *err = asked->failure;
        return err_hint(err, "allow ec2:DescribeRegions, or name the regions with --regions");
    }
    for (size_t i = 0; i < asked->regions.count; i++) {
        TRY(add_region(regions, arena, asked->regions.items[i].name, err));
    }
    return ST_OK;
}

static Status add_all_named(PlanRegions *regions, Arena *arena, const PlanOptions *options,
                            Err *err) {
    char *rest = arena_strdup(arena, options->regions == NULL ? "" : options->regions);
    for (char *one = str_split(&rest, ","); one != NULL; one = str_split(&rest, ",")) {
        TRY(add_named(regions, arena, options, one, err));
    }
    return ST_OK;
}

Status plan_split_regions(const PlanOptions *options, Aws *aws, Arena *arena,
                          PlanRegions *ret_regions, Err *err) {
    *ret_regions =
        (PlanRegions){.items = arena_alloc(arena, PLAN_MAX_REGIONS * sizeof *ret_regions->items)};
    if (plan_asks_regions(options->regions)) {
        ASSERT(aws != NULL);
        TRY(add_all(ret_regions, arena, aws, err));
    } else {
        TRY(add_all_named(ret_regions, arena, options, err));
    }
    if (ret_regions->count == 0) {
        err_set(err, ST_USAGE, "there is no region to scan");
        return err_hint(err, "name them with --regions eu-west-1,us-east-1, or set AWS_REGION");
    }
    return ST_OK;
}
