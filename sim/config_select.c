/* SelectResourceConfig: the resources of a scope, each as JSON in a string. */
#include "base/str.h"
#include "config.h"
#include "pools.h"
#include "select.h"
#include "tokens.h"

#include <string.h>

enum { SELECT_PAGE = 25 };

/* One resource with all that can be asked of it. */
typedef struct Resource {
    const Pool *pool;
    char id[RESOURCE_ID_SIZE];
    Buf arn;
    size_t tag_count;
    WorldTag tags[WORLD_MAX_TAGS];
} Resource;

static void open_resource(const Pool *pool, Resource *ret_resource) {
    Evaluation of;
    pool_resource(pool, &of);
    *ret_resource = (Resource){.pool = pool};
    *evaluation_put_resource_id(&pool->rule, &of, ret_resource->id) = '\0';
    pool_append_arn(pool, &of, &ret_resource->arn);
    ret_resource->tag_count = pool_tags(pool, &of, ret_resource->tags);
}

/* "" for what is not a single text. */
static const char *field_text(const Resource *resource, const char *field) {
    const World *world = resource->pool->rule.world;
    if (str_equal(field, "resourceType")) {
        return resource->pool->rule.type;
    }
    if (str_equal(field, "accountId")) {
        return world->accounts[resource->pool->rule.account].id;
    }
    if (str_equal(field, "awsRegion")) {
        return world->regions[resource->pool->rule.region];
    }
    if (str_equal(field, "arn")) {
        return buf_text(&resource->arn);
    }
    if (str_equal(field, "configurationItemStatus")) {
        return "ResourceDiscovered";
    }
    if (str_equal(field, "configurationItemCaptureTime")) {
        return "2025-01-04T00:00:00.000Z";
    }
    return str_starts(field, "resource") ? resource->id : "";
}

static bool matches_tags(const Resource *resource, const SelectCondition *condition) {
    for (size_t i = 0; i < resource->tag_count; i++) {
        const WorldTag *tag = &resource->tags[i];
        OWN(buf_done) Buf both = {0};
        buf_printf(&both, "%s=%s", tag->key, tag->value);
        const char *text = str_equal(condition->field, "tags.key")     ? tag->key
                           : str_equal(condition->field, "tags.value") ? tag->value
                                                                       : buf_text(&both);
        if (select_matches(condition, text)) {
            return true;
        }
    }
    return false;
}

static bool matches(const Resource *resource, const Select *select) {
    for (size_t i = 0; i < select->condition_count; i++) {
        const SelectCondition *condition = &select->conditions[i];
        if (str_starts(condition->field, "tags")
                ? !matches_tags(resource, condition)
                : !select_matches(condition, field_text(resource, condition->field))) {
            return false;
        }
    }
    return true;
}

static void put_tags(JsonWriter *json, const Resource *resource) {
    json_begin_array(json, "tags");
    for (size_t i = 0; i < resource->tag_count; i++) {
        OWN(buf_done) Buf both = {0};
        buf_printf(&both, "%s=%s", resource->tags[i].key, resource->tags[i].value);
        json_begin_object(json, NULL);
        json_put_text(json, "tag", buf_text(&both));
        json_put_text(json, "key", resource->tags[i].key);
        json_put_text(json, "value", resource->tags[i].value);
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_resource(JsonWriter *json, const Resource *resource, const Select *select) {
    OWN(buf_done) Buf text = {0};
    JsonWriter inner = {.out = &text};
    json_begin_object(&inner, NULL);
    for (size_t i = 0; i < select->field_count; i++) {
        if (str_starts(select->fields[i], "tags")) {
            put_tags(&inner, resource);
        } else {
            json_put_text(&inner, select->fields[i], field_text(resource, select->fields[i]));
        }
    }
    json_end_object(&inner);
    json_put_text(json, NULL, buf_text(&text));
}

static void write_page(Exchange *exchange, const Select *select, int region, const Page *page) {
    JsonWriter json = {.out = &exchange->reply.body};
    OWN(pools_done) Pools pools = {0};
    Pool pool;
    bool more = true;
    pools_open(exchange->world, exchange->knobs, exchange->request.caller.account, region, &pools);
    uint64_t at = page->offset;
    json_begin_object(&json, NULL);
    json_begin_array(&json, "Results");
    for (size_t given = 0; given < page->limit; at++) {
        more = pools_find(&pools, at, &pool);
        if (!more) {
            break;
        }
        Resource resource;
        open_resource(&pool, &resource);
        if (matches(&resource, select)) {
            put_resource(&json, &resource, select);
            given++;
        }
        buf_done(&resource.arn);
    }
    json_end_array(&json);
    json_begin_object(&json, "QueryInfo");
    json_begin_array(&json, "SelectFields");
    for (size_t i = 0; i < select->field_count; i++) {
        json_begin_object(&json, NULL);
        json_put_text(&json, "Name", select->fields[i]);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    if (more) {
        OWN(buf_done) Buf token = {0};
        page_append_token(exchange, page, at, &token);
        json_put_text(&json, "NextToken", buf_text(&token));
    }
    json_end_object(&json);
}

void config_select_resources(Exchange *exchange, const Json *input) {
    OWN(arena_done) Arena arena = {0};
    Select select;
    Err err = {0};
    const char *expression = service_text(input, "Expression");
    int64_t limit = service_int(input, "Limit", 0);
    int region = config_open_scope(exchange);
    if (region == WORLD_NONE) {
        return;
    }
    if (select_parse(&arena, expression, &select, &err) != ST_OK) {
        reply_error(&exchange->reply, 400, "InvalidExpressionException", "%s", err.message);
        return;
    }
    Page page;
    if (!page_open(exchange, service_text(input, "NextToken"), expression,
                   limit == 0 ? SELECT_PAGE : (size_t)limit, &page)) {
        config_refuse_token(exchange);
        return;
    }
    write_page(exchange, &select, region, &page);
}
