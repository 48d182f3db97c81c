#include "warehouse/plan_shards.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS_PER_SHARD = 25 };

/* An account that is scanned. */
typedef struct Item {
    PlanAccount *account;
    int64_t weight;
} Item;

typedef struct Items {
    Arena *arena;
    Item *items; /* in the order of the account ids */
    size_t count;
    bool has_weights; /* otherwise all weigh the same */
} Items;

static int by_weight(const void *a, const void *b) {
    const Item *left = a;
    const Item *right = b;
    if (left->weight != right->weight) {
        return left->weight > right->weight ? -1 : 1;
    }
    return strcmp(left->account->id, right->account->id);
}

static int by_number(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Of those that are known: 0 when none is. The higher one of two in the middle. */
static int64_t median_weight(const Items *items) {
    int64_t *known = arena_alloc(items->arena, (items->count + 1) * sizeof *known);
    size_t count = 0;
    for (size_t i = 0; i < items->count; i++) {
        if (items->items[i].weight > 0) {
            known[count++] = items->items[i].weight;
        }
    }
    if (count == 0) {
        return 0;
    }
    qsort(known, count, sizeof *known, by_number);
    return known[count / 2];
}

static void take_items(const Weights *weights, Plan *plan, Items *ret_items) {
    Items items = {.arena = &plan->arena};
    items.items = arena_alloc(&plan->arena, (plan->account_count + 1) * sizeof *items.items);
    for (size_t i = 0; i < plan->account_count; i++) {
        PlanAccount *account = &plan->accounts[i];
        if (account->skip_reason == NULL) {
            int64_t weight = weights == NULL ? 0 : weights_of(weights, account->id);
            items.items[items.count++] = (Item){account, weight};
        }
    }
    int64_t median = median_weight(&items);
    items.has_weights = median > 0;
    for (size_t i = 0; i < items.count; i++) {
        if (items.items[i].weight == 0) {
            items.items[i].weight = items.has_weights ? median : 1;
        }
    }
    *ret_items = items;
}

/* ---- how many ---- */

static size_t shards_for(size_t accounts) {
    return (accounts + ACCOUNTS_PER_SHARD - 1) / ACCOUNTS_PER_SHARD;
}

/* One for every 25 accounts, and one for each that outweighs what a shard would have then. */
static size_t usual_count(const Items *items) {
    size_t base = shards_for(items->count);
    int64_t total = 0;
    size_t large = 0;
    for (size_t i = 0; i < items->count; i++) {
        total += items->items[i].weight;
    }
    for (size_t i = 0; i < items->count; i++) {
        large += items->items[i].weight > total / (int64_t)base;
    }
    size_t shards = large + shards_for(items->count - large);
    return shards > PLAN_MAX_SHARDS ? PLAN_MAX_SHARDS : shards;
}

static size_t count_shards(const PlanOptions *options, const Items *items) {
    int said = options->shards != 0 ? options->shards : options->default_shards;
    size_t shards = said != 0 ? (size_t)said : usual_count(items);
    return shards > items->count ? items->count : shards;
}

/* ---- the least loaded shard ---- */

typedef struct Load {
    int64_t weight;
    int shard;
} Load;

/* A heap: the first is the least, and of equal ones that with the lowest number. */
typedef struct Loads {
    Load *items;
    size_t count;
} Loads;

static bool is_less(const Load *left, const Load *right) {
    return left->weight != right->weight ? left->weight < right->weight
                                         : left->shard < right->shard;
}

static void sink(Loads *loads, size_t place) {
    for (;;) {
        size_t least = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2; child++) {
            if (child < loads->count && is_less(&loads->items[child], &loads->items[least])) {
                least = child;
            }
        }
        if (least == place) {
            return;
        }
        Load load = loads->items[place];
        loads->items[place] = loads->items[least];
        loads->items[least] = load;
        place = least;
    }
}

/* Those that are in a shard (>= 0) stay there; the others come in the order of their weights. */
static void fill_shards(const Items *items, size_t shards) {
    Loads loads = {arena_alloc(items->arena, shards * sizeof(Load)), shards};
    Item *left = arena_alloc(items->arena, (items->count + 1) * sizeof *left);
    size_t left_count = 0;
    for (size_t i = 0; i < shards; i++) {
        loads.items[i] = (Load){0, (int)i};
    }
    for (size_t i = 0; i < items->count; i++) {
        const Item *item = &items->items[i];
        if (item->account->shard >= 0) {
            loads.items[item->account->shard].weight += item->weight;
        } else {
            left[left_count++] = *item;
        }
    }
    for (size_t place = shards; place-- > 0;) {
        sink(&loads, place);
    }
    qsort(left, left_count, sizeof *left, by_weight);
    for (size_t i = 0; i < left_count; i++) {
        left[i].account->shard = loads.items[0].shard;
        loads.items[0].weight += left[i].weight;
        sink(&loads, 0);
    }
}

static void place_neighbours(const Items *items, size_t shards) {
    for (size_t i = 0; i < items->count; i++) {
        items->items[i].account->shard = (int)(i * shards / items->count);
    }
}

/* ---- an earlier plan of the group ---- */

static int account_by_id(const void *id, const void *account) {
    return strcmp(id, ((const PlanAccount *)account)->id);
}

/* Puts them where they were, and returns how many those are. */
static size_t place_as_before(const Plan *before, const Items *items) {
    size_t placed = 0;
    for (size_t i = 0; i < items->count; i++) {
        PlanAccount *account = items->items[i].account;
        const PlanAccount *old = bsearch(account->id, before->accounts, before->account_count,
                                         sizeof *before->accounts, account_by_id);
        account->shard = old == NULL ? -1 : old->shard;
        placed += account->shard >= 0;
    }
    return placed;
}

static bool has_empty_shard(const Items *items, size_t shards) {
    bool *is_used = arena_alloc(items->arena, shards * sizeof *is_used);
    size_t used = 0;
    for (size_t i = 0; i < items->count; i++) {
        bool *it = &is_used[items->items[i].account->shard];
        used += !*it;
        *it = true;
    }
    return used < shards;
}

static bool keep_before(const PlanOptions *options, const Items *items, size_t wanted) {
    const Plan *before = options->before;
    if (before == NULL || before->account_count == 0) {
        return false;
    }
    size_t shards = (size_t)before->shard_count;
    bool fits = options->shards != 0 ? shards == wanted : shards > 1 || wanted == 1;
    if (!fits || place_as_before(before, items) * 2 < items->count) {
        return false;
    }
    fill_shards(items, shards);
    return !has_empty_shard(items, shards);
}

Status plan_assign_shards(const PlanOptions *options, Plan *plan, Err *err) {
    Items items;
    if (options->shards < 0 || options->shards > PLAN_MAX_SHARDS) {
        return err_set(err, ST_USAGE, "there are 1 to %d shards, not %d", PLAN_MAX_SHARDS,
                       options->shards);
    }
    take_items(options->weights, plan, &items);
    if (items.count == 0) {
        err_set(err, ST_USAGE,
                "no account is left to scan: all %zu are excluded, not included or not active",
                plan->account_count);
        return err_hint(err, "include more, or exclude fewer");
    }
    size_t shards = count_shards(options, &items);
    if (keep_before(options, &items, shards)) {
        plan->shard_count = options->before->shard_count;
        plan->created_at = options->before->created_at == NULL
                               ? NULL
                               : arena_strdup(&plan->arena, options->before->created_at);
        return ST_OK;
    }
    plan->shard_count = (int)shards;
    for (size_t i = 0; i < items.count; i++) {
        items.items[i].account->shard = -1;
    }
    if (items.has_weights) {
        fill_shards(&items, shards);
    } else {
        place_neighbours(&items, shards);
    }
    return ST_OK;
}
