#include "world.h"

#include "base/mem.h"
#include "base/str.h"
#include "draw.h"

#include <stdlib.h>
#include <string.h>

static Status parse_regions(World *world, const char *regions, Err *err) {
    OWN(mem_free_at) char *copy = mem_strdup(regions);
    char *rest = copy;
    for (char *part = str_split(&rest, ", "); part != NULL; part = str_split(&rest, ", ")) {
        if (!str_is_region(part)) {
            return err_set(err, ST_USAGE, "'%.60s' is not the name of a region", part);
        }
        if (world->region_count == KNOBS_MAX_REGIONS) {
            return err_set(err, ST_USAGE, "more than %d regions", KNOBS_MAX_REGIONS);
        }
        if (world_find_region(world, part) != WORLD_NONE) {
            return err_set(err, ST_USAGE, "the region %s is named twice", part);
        }
        str_copy(world->regions[world->region_count++], sizeof world->regions[0], part);
    }
    if (world->region_count == 0) {
        return err_set(err, ST_USAGE, "no region is named");
    }
    return ST_OK;
}

Status world_open(const Knobs *knobs, const char *regions, World **ret_world, Err *err) {
    World *world = mem_alloc(sizeof *world);
    world->seed = draw_mix((uint64_t)knobs->seed + 1);
    world->hostile_text = knobs->hostile_text;
    Status status = parse_regions(world, regions, err);
    if (status == ST_OK) {
        world_make_accounts(world, knobs);
        status = world_make_rules(world, knobs, err);
    }
    if (status != ST_OK) {
        world_close(world);
        return status;
    }
    *ret_world = world;
    return ST_OK;
}

void world_close(World *world) {
    if (world == NULL) {
        return;
    }
    mem_free(world->units);
    mem_free(world->accounts);
    mem_free(world->accounts_by_id);
    mem_free(world->rules);
    mem_free(world->rules_by_name);
    mem_free(world->types);
    mem_free(world->type_styles);
    mem_free(world->data);
    mem_free(world);
}

int world_find_account(const World *world, const char *id) {
    size_t low = 0;
    size_t high = world->account_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int place = world->accounts_by_id[middle];
        int order = strcmp(id, world->accounts[place].id);
        if (order == 0) {
            return place;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return WORLD_NONE;
}

int world_find_region(const World *world, const char *region) {
    for (size_t i = 0; i < world->region_count; i++) {
        if (strcmp(world->regions[i], region) == 0) {
            return (int)i;
        }
    }
    return WORLD_NONE;
}

int world_find_unit(const World *world, const char *id) {
    for (size_t i = 0; i < world->unit_count; i++) {
        if (strcmp(world->units[i].id, id) == 0) {
            return (int)i;
        }
    }
    return WORLD_NONE;
}

const char *world_partition(const char *region) {
    return str_starts(region, "us-gov-") ? "aws-us-gov"
           : str_starts(region, "cn-")   ? "aws-cn"
                                         : "aws";
}

static bool item_names_account(const World *world, const SelectorItem *item, int account) {
    if (item->account[0] == '\0' || strcmp(item->account, world->accounts[account].id) == 0) {
        return true;
    }
    return strlen(item->account) < 12 && strtol(item->account, NULL, 10) == account;
}

static bool item_names_region(const World *world, const SelectorItem *item, int region) {
    if (region == WORLD_NONE) {
        return item->region[0] == '\0';
    }
    return item->region[0] == '\0' || strcmp(item->region, world->regions[region]) == 0;
}

bool world_selects(const World *world, const Selector *selector, int account, int region,
                   const char *salt) {
    for (size_t i = 0; i < selector->count; i++) {
        if (item_names_account(world, &selector->items[i], account) &&
            item_names_region(world, &selector->items[i], region)) {
            return true;
        }
    }
    if (selector->fraction <= 0) {
        return false;
    }
    uint64_t draw = draw_text(world->accounts[account].draw, salt);
    return draw_is_below(draw_next(draw, (uint64_t)(region + 1)),
                         draw_threshold(selector->fraction));
}

WorldOutcome world_outcome(const World *world, const Knobs *knobs, int account, int region) {
    if (world->accounts[account].suspended) {
        return WORLD_SKIPPED;
    }
    /* The fraction is of accounts: the region has no say in it. The account that all calls come
     * from is read without a role. */
    if (world_selects(world, &knobs->deny, account, WORLD_NONE, "deny") &&
        (account != 0 || region == WORLD_NONE)) {
        return WORLD_ROLE_DENIED;
    }
    if (region == WORLD_NONE) {
        return WORLD_SCANNED;
    }
    if (world_selects(world, &knobs->region_off, account, region, "region-off")) {
        return WORLD_REGION_OFF;
    }
    Selector named = {0};
    for (size_t i = 0; i < knobs->deny.count; i++) {
        if (knobs->deny.items[i].region[0] != '\0') {
            named.items[named.count++] = knobs->deny.items[i];
        }
    }
    bool denied = world_selects(world, &named, account, region, "deny") ||
                  world_selects(world, &knobs->deny_region, account, region, "deny-region");
    return denied ? WORLD_REGION_DENIED : WORLD_SCANNED;
}

const char *world_recorder(const World *world, const Knobs *knobs, int account, int region) {
    if (world_selects(world, &knobs->recorder_off, account, region, "recorder-off")) {
        return "none";
    }
    if (world_selects(world, &knobs->recorder_stopped, account, region, "recorder-stopped")) {
        return "stopped";
    }
    return "on";
}
