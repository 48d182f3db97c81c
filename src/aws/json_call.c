#include "aws/json_call.h"

#include "base/mem.h"
#include "base/str.h"

enum { TOKEN_MAX_BYTES = 100000 };

static void free_call(void *context) {
    JsonCall *call = context;
    buf_done(&call->body);
    json_free(call->answer);
    arena_done(&call->arena);
    mem_free(call);
}

static Status on_parse(void *context, const HttpAnswer *answer, Err *err) {
    JsonCall *call = context;
    json_free(call->answer); /* of an attempt whose answer made no sense */
    call->answer = NULL;
    arena_reset(&call->arena);
    call->page = arena_alloc(&call->arena, call->operation->page_size);
    TRY(json_parse_marked(answer->body, answer->body_size, &call->answer, err));
    if (!json_is_object(call->answer)) {
        return err_set(err, ST_PROTOCOL, "the answer is no JSON object");
    }
    return call->operation->read(call, err);
}

static void on_done(void *context, const HttpAnswer *answer, const Err *failure) {
    (void)answer;
    JsonCall *call = context;
    call->operation->give(call, failure);
    free_call(call);
}

JsonCall *json_call_new(const JsonOperation *operation, JsonDone *done, void *context) {
    JsonCall *call = mem_alloc(sizeof *call);
    call->operation = operation;
    call->done = done;
    call->context = context;
    return call;
}

Status json_call_start(Aws *aws, const AwsTarget *target, JsonCall *call, Err *err) {
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = call->operation->service;
    request.target = *target;
    request.operation = call->operation->name;
    request.body = buf_text(&call->body);
    request.body_size = call->body.size;
    request.parse = on_parse;
    request.drop = free_call;
    Status status = aws_start(aws, &request, on_done, call, err);
    if (status != ST_OK) {
        free_call(call);
    }
    return status;
}

Status json_call_next_token(const JsonCall *call, const char *name, const char **ret_token,
                            Err *err) {
    TRY(json_text_or(call->answer, name, TOKEN_MAX_BYTES, NULL, ret_token, err));
    if (str_is_empty(*ret_token)) {
        *ret_token = NULL;
    }
    return ST_OK;
}

Status json_call_items(JsonCall *call, const char *name, size_t max_count, size_t record_size,
                       JsonItems *ret_items, Err *err) {
    const Json *array = NULL;
    size_t count = 0;
    if (!json_is_array(json_at(call->answer, name))) {
        return err_set(err, ST_PROTOCOL, "the answer holds no list of %s", name);
    }
    TRY(json_array(call->answer, name, max_count, &array, err));
    ret_items->first = json_first(array);
    for (const Json *item = ret_items->first; item != NULL; item = json_next(item)) {
        count++;
    }
    ret_items->records = arena_alloc(&call->arena, (count == 0 ? 1 : count) * record_size);
    return ST_OK;
}
