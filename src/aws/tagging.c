#include "aws/tagging.h"

#include "aws/json_call.h"

enum { RESOURCES_PER_PAGE = 100, MAX_TAGS = 200, ARN_MAX_CHARS = 4096 };

static Status read_tags(JsonCall *call, const Json *item, TaggingResource *resource, Err *err) {
    const Json *array = NULL;
    ConfigTag *tags = arena_alloc(&call->arena, MAX_TAGS * sizeof *tags);
    TRY(json_array(item, "Tags", MAX_TAGS, &array, err));
    for (const Json *tag = json_first(array); tag != NULL; tag = json_next(tag)) {
        ConfigTag *it = &tags[resource->tag_count++];
        TRY(config_read_tag(tag, "Key", "Value", it, err));
    }
    resource->tags = tags;
    return ST_OK;
}

static Status read_resources(JsonCall *call, Err *err) {
    TaggingPage *page = call->page;
    JsonItems items;
    TRY(json_call_items(call, "ResourceTagMappingList", RESOURCES_PER_PAGE, sizeof(TaggingResource),
                        &items, err));
    TaggingResource *resources = items.records;
    page->resources = resources;
    for (const Json *item = items.first; item != NULL; item = json_next(item)) {
        TaggingResource *resource = &resources[page->count++];
        TRY(json_label_or(item, "ResourceARN", ARN_MAX_CHARS, "", &resource->arn, err));
        TRY(read_tags(call, item, resource, err));
    }
    return json_call_next_token(call, "PaginationToken", &page->next_token, err);
}

static void give_resources(const JsonCall *call, const Err *failure) {
    ((TaggingPageDone *)call->done)(call->context, failure == NULL ? call->page : NULL, failure);
}

Status tagging_get_resources(Aws *aws, const AwsTarget *target, const char *type,
                             const char *next_token, TaggingPageDone *done, void *context,
                             Err *err) {
    static const JsonOperation operation = {AWS_TAGGING, "GetResources", sizeof(TaggingPage),
                                            read_resources, give_resources};
    JsonCall *call = json_call_new(&operation, (JsonDone *)done, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    json_put_int(&json, "ResourcesPerPage", RESOURCES_PER_PAGE);
    if (type != NULL) {
        json_begin_array(&json, "ResourceTypeFilters");
        json_put_text(&json, NULL, type);
        json_end_array(&json);
    }
    if (next_token != NULL) {
        json_put_text(&json, "PaginationToken", next_token);
    }
    json_end_object(&json);
    return json_call_start(aws, target, call, err);
}
