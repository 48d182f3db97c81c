/* SelectResourceConfig of AWS Config: what aws/config.h says of resources' tags. */
#include "aws/config.h"
#include "aws/json_call.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum { RESULTS_PER_PAGE = 100, MAX_TAGS = 200, TEXT_MAX_CHARS = 4096 };

/* Each result is JSON in a string:
 * {"resourceType": …, "resourceId": …, "tags": [{"key": …, "value": …, "tag": "key=value"}, …]} */
static Status parse_result(const Json *item, Json **ret_resource, Err *err) {
    const char *text = json_text_value(item);
    if (text == NULL) {
        return err_set(err, ST_PROTOCOL, "a result is no text");
    }
    return json_parse_marked(text, strlen(text), ret_resource, err);
}

static Status add_tags(JsonCall *call, const Json *resource, ConfigResourceTag *tags, size_t *count,
                       Err *err) {
    const Json *array = NULL;
    const char *type = NULL;
    const char *id = NULL;
    TRY(json_label_or(resource, "resourceType", TEXT_MAX_CHARS, "", &type, err));
    TRY(json_label_or(resource, "resourceId", TEXT_MAX_CHARS, "", &id, err));
    TRY(json_array(resource, "tags", MAX_TAGS, &array, err));
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        ConfigTag tag;
        TRY(config_read_tag(item, "key", "value", &tag, err));
        /* The texts live in a document of their own, which is gone after this. */
        tags[(*count)++] = (ConfigResourceTag){
            arena_strdup(&call->arena, type),
            arena_strdup(&call->arena, id),
            {arena_strdup(&call->arena, tag.key), arena_strdup(&call->arena, tag.value)}};
    }
    return ST_OK;
}

static Status read_results(JsonCall *call, Err *err) {
    ConfigResourceTagPage *page = call->page;
    JsonItems items;
    TRY(json_call_items(call, "Results", RESULTS_PER_PAGE, MAX_TAGS * sizeof(ConfigResourceTag),
                        &items, err));
    page->tags = items.records;
    for (const Json *item = items.first; item != NULL; item = json_next(item)) {
        OWN(json_free_at) Json *resource = NULL;
        TRY(parse_result(item, &resource, err));
        TRY(add_tags(call, resource, items.records, &page->count, err));
    }
    return json_call_next_token(call, "NextToken", &page->next_token, err);
}

static void give_results(const JsonCall *call, const Err *failure) {
    ((ConfigResourceTagPageDone *)call->done)(call->context, failure == NULL ? call->page : NULL,
                                              failure);
}

Status config_select_tags(Aws *aws, const AwsTarget *target, const char *where,
                          const char *next_token, ConfigResourceTagPageDone *done, void *context,
                          Err *err) {
    static const JsonOperation operation = {AWS_CONFIG, "SelectResourceConfig",
                                            sizeof(ConfigResourceTagPage), read_results,
                                            give_results};
    OWN(mem_free_at)
    char *expression = mem_printf("SELECT resourceType, resourceId, tags WHERE %s", where);
    JsonCall *call = json_call_new(&operation, (JsonDone *)done, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    json_put_text(&json, "Expression", expression);
    json_put_int(&json, "Limit", RESULTS_PER_PAGE);
    if (next_token != NULL) {
        json_put_text(&json, "NextToken", next_token);
    }
    json_end_object(&json);
    return json_call_start(aws, target, call, err);
}
