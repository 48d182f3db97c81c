/* A call in AWS's JSON protocol, within the aws layer: JSON goes out, and the answer is read into a
 * page of plain C that lives during the callback.
 *
 * An operation is a static JsonOperation. json_call_new, JSON written into `body`, json_call_start:
 * see any function of config.c.
 */
#ifndef AWS_JSON_CALL_H
#define AWS_JSON_CALL_H

#include "aws/aws.h"
#include "base/arena.h"
#include "format/json.h"

typedef struct JsonCall JsonCall;
typedef void JsonDone(void); /* stands for whatever callback the operation has */

typedef struct JsonOperation {
    AwsService service;
    const char *name;
    size_t page_size;                         /* of what `read` fills */
    Status (*read)(JsonCall *call, Err *err); /* the answer into the page, which is all zero */
    void (*give)(const JsonCall *call, const Err *failure); /* calls `done` */
} JsonOperation;

struct JsonCall {
    const JsonOperation *operation;
    Buf body;
    Json *answer; /* the page's texts live in it */
    Arena arena;  /* the page and its records live in it */
    void *page;
    JsonDone *done;
    void *context;
};

JsonCall *json_call_new(const JsonOperation *operation, JsonDone *done, void *context);
/* Takes the call over, whatever comes of it. */
Status json_call_start(Aws *aws, const AwsTarget *target, JsonCall *call, Err *err) WARN_UNUSED;

/* The token of the next page, NULL after the last. */
Status json_call_next_token(const JsonCall *call, const char *name, const char **ret_token,
                            Err *err) WARN_UNUSED;

/* The first item of the list `name`, and room for a record of each. An answer without its list must
 * not pass for one with an empty list: ST_PROTOCOL. */
typedef struct JsonItems {
    const Json *first;
    void *records;
} JsonItems;
Status json_call_items(JsonCall *call, const char *name, size_t max_count, size_t record_size,
                       JsonItems *ret_items, Err *err) WARN_UNUSED;

#endif
