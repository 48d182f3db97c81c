/* Resource Groups Tagging: GetResources. Only what has tags is there. */
#include "base/mem.h"
#include "base/str.h"
#include "pools.h"
#include "service.h"
#include "tokens.h"

#include <ctype.h>
#include <string.h>

enum { TAGGING_PAGE = 100 };

static bool has_text(const Json *list, const char *text) {
    for (const Json *item = json_first(list); item != NULL; item = json_next(item)) {
        if (str_equal(json_text_value(item), text)) {
            return true;
        }
    }
    return false;
}

/* Each filter must find its key, with one of its values where it names some. */
static bool passes_tags(const Json *filters, const WorldTag *tags, size_t count) {
    for (const Json *filter = json_first(filters); filter != NULL; filter = json_next(filter)) {
        const Json *values = json_at(filter, "Values");
        bool found = false;
        for (size_t i = 0; i < count; i++) {
            found = found || (str_equal(service_text(filter, "Key"), tags[i].key) &&
                              (json_first(values) == NULL || has_text(values, tags[i].value)));
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Filters are "s3" or "ec2:instance": the service, and the kind as it stands in the ARN. */
static bool passes_type(const Json *filters, const char *arn) {
    if (json_first(filters) == NULL) {
        return true;
    }
    const char *service = strchr(arn + 4, ':') + 1;
    size_t service_size = strcspn(service, ":");
    const char *kind = strrchr(arn, ':') + 1;
    for (const Json *item = json_first(filters); item != NULL; item = json_next(item)) {
        const char *filter = json_text_value(item);
        size_t size = strcspn(filter, ":");
        const char *wanted = filter[size] == ':' ? filter + size + 1 : "";
        bool is_bucket = service_size == 2 && strncmp(service, "s3", 2) == 0;
        if (size == service_size && strncmp(filter, service, size) == 0 &&
            (wanted[0] == '\0' || str_starts(kind, wanted) ||
             (is_bucket && str_equal(wanted, "bucket")))) {
            return true;
        }
    }
    return false;
}

static void put_resource(JsonWriter *json, const char *arn, const WorldTag *tags, size_t count) {
    json_begin_object(json, NULL);
    json_put_text(json, "ResourceARN", arn);
    json_begin_array(json, "Tags");
    for (size_t i = 0; i < count; i++) {
        json_begin_object(json, NULL);
        json_put_text(json, "Key", tags[i].key);
        json_put_text(json, "Value", tags[i].value);
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
}

/* What is given when it has tags and passes the filters. */
static bool give_tagged(const Json *input, const char *arn, const WorldTag *tags, size_t count,
                        JsonWriter *json) {
    const Json *arns = json_at(input, "ResourceARNList");
    if (count == 0 || !passes_tags(json_at(input, "TagFilters"), tags, count) ||
        !passes_type(json_at(input, "ResourceTypeFilters"), arn) ||
        (json_first(arns) != NULL && !has_text(arns, arn))) {
        return false;
    }
    put_resource(json, arn, tags, count);
    return true;
}

static bool give_rule(const Exchange *exchange, int region, int place, const Json *input,
                      JsonWriter *json) {
    ScopeRule rule;
    WorldTag tags[WORLD_MAX_TAGS];
    char arn[WORLD_ARN_SIZE];
    scope_rule_open(exchange->world, exchange->knobs, exchange->request.caller.account, region,
                    place, &rule);
    scope_rule_arn(&rule, arn);
    return give_tagged(input, arn, tags, scope_rule_tags(&rule, tags), json);
}

static bool give_account(const Exchange *exchange, int place, const Json *input, JsonWriter *json) {
    const World *world = exchange->world;
    WorldTag tags[WORLD_MAX_TAGS];
    OWN(buf_done) Buf arn = {0};
    buf_printf(&arn, "arn:%s:organizations::%s:account/%s/%s",
               world_partition(exchange->request.caller.region), world->accounts[0].id,
               world->organization_id, world->accounts[place].id);
    return give_tagged(input, buf_text(&arn), tags, world_account_tags(world, place, tags), json);
}

/* True when the resource at the pool's place is given. */
static bool give_resource(const Pool *pool, const Json *input, JsonWriter *json) {
    Evaluation resource;
    WorldTag tags[WORLD_MAX_TAGS];
    OWN(buf_done) Buf arn = {0};
    pool_resource(pool, &resource);
    size_t count = pool_tags(pool, &resource, tags);
    pool_append_arn(pool, &resource, &arn);
    return !str_equal(pool->rule.type, "AWS::::Account") &&
           give_tagged(input, buf_text(&arn), tags, count, json);
}

/* Whether only rules, or only accounts, are asked for. */
static bool asks_only(const Json *input, const char *kind) {
    const Json *first = json_first(json_at(input, "ResourceTypeFilters"));
    return first != NULL && json_next(first) == NULL && str_starts(json_text_value(first), kind);
}

/* What the token is bound to: everything that was asked but the token itself and the page's size.
 */
static void append_arguments(const Json *input, Buf *out) {
    const Json *filters = json_at(input, "TagFilters");
    const Json *types = json_at(input, "ResourceTypeFilters");
    for (const Json *item = json_first(types); item != NULL; item = json_next(item)) {
        buf_printf(out, "%s\n", json_text_value(item));
    }
    for (const Json *item = json_first(filters); item != NULL; item = json_next(item)) {
        const Json *values = json_at(item, "Values");
        buf_printf(out, "%s:", service_text(item, "Key"));
        for (const Json *value = json_first(values); value != NULL; value = json_next(value)) {
            buf_printf(out, "%s,", json_text_value(value));
        }
    }
}

static void write_page(Exchange *exchange, const Json *input, int region, const Page *page) {
    JsonWriter json = {.out = &exchange->reply.body};
    OWN(pools_done) Pools pools = {0};
    Pool pool;
    bool more = true;
    bool has_pools = !asks_only(input, "config:") && !asks_only(input, "organizations:");
    /* The organization's accounts are its management account's, in one region. */
    bool has_accounts = exchange->request.caller.account == 0 &&
                        str_equal(exchange->request.caller.region, "us-east-1");
    uint64_t rules = exchange->world->rule_count;
    uint64_t others = rules + (has_accounts ? exchange->world->account_count : 0);
    if (has_pools) {
        pools_open(exchange->world, exchange->knobs, exchange->request.caller.account, region,
                   &pools);
    }
    uint64_t at = page->offset;
    json_begin_object(&json, NULL);
    json_begin_array(&json, "ResourceTagMappingList");
    for (size_t given = 0; given < page->limit; at++) {
        if (at < rules) {
            given += give_rule(exchange, region, (int)at, input, &json);
            continue;
        }
        if (at < others) {
            given += give_account(exchange, (int)(at - rules), input, &json);
            continue;
        }
        more = has_pools && pools_find(&pools, at - others, &pool);
        if (!more) {
            break;
        }
        given += give_resource(&pool, input, &json);
    }
    json_end_array(&json);
    OWN(buf_done) Buf token = {0};
    if (more) {
        page_append_token(exchange, page, at, &token);
    }
    json_put_text(&json, "PaginationToken", buf_text(&token)); /* empty after the last page */
    json_end_object(&json);
}

static void get_resources(Exchange *exchange, const Json *input) {
    int region = service_open_region(exchange);
    OWN(buf_done) Buf arguments = {0};
    Page page;
    if (region == WORLD_NONE) {
        return;
    }
    append_arguments(input, &arguments);
    if (!page_open(exchange, service_text(input, "PaginationToken"), buf_text(&arguments),
                   (size_t)service_int(input, "ResourcesPerPage", TAGGING_PAGE), &page)) {
        reply_error(&exchange->reply, 400, "PaginationTokenExpiredException",
                    "The pagination token is invalid or has expired.");
        return;
    }
    write_page(exchange, input, region, &page);
}

static const Member filter_members[] = {
    {.name = "Key", .min = 1, .max = 128, .required = true},
    {.name = "Values", .type = MEMBER_TEXTS, .max = 20},
    {0},
};
static const Member resources_members[] = {
    {.name = "PaginationToken", .max = 2048},
    {.name = "TagFilters", .type = MEMBER_OBJECTS, .max = 50, .members = filter_members},
    {.name = "ResourcesPerPage", .type = MEMBER_INT, .min = 1, .max = 100},
    {.name = "TagsPerPage", .type = MEMBER_INT, .min = 100, .max = 500},
    {.name = "ResourceTypeFilters", .type = MEMBER_TEXTS, .max = 100},
    {.name = "IncludeComplianceDetails", .type = MEMBER_BOOL},
    {.name = "ExcludeCompliantResources", .type = MEMBER_BOOL},
    {.name = "ResourceARNList", .type = MEMBER_TEXTS, .max = 100},
    {0},
};

const Operation tagging_operations[] = {
    {"GetResources", resources_members, get_resources},
    {0},
};
