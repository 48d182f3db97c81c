/* Services: finds the one that a request is for, and its operation. A new JSON operation is one
 * row in its service's table and one function. */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include "exchange.h"
#include "format/json.h"
#include "members.h"

/* Answers a request whose signature is checked: fills the reply. */
void service_answer(Exchange *exchange);

/* Sets exchange.operation, from what the request says of itself. */
void service_name_operation(Exchange *exchange);

typedef struct Operation {
    const char *name; /* NULL ends the table */
    const Member *members;
    void (*answer)(Exchange *exchange, const Json *input);
} Operation;

extern const Operation config_operations[];
extern const Operation organizations_operations[];
extern const Operation tagging_operations[];

/* The others speak otherwise. */
void sts_answer(Exchange *exchange);
void ec2_answer(Exchange *exchange);
void sns_answer(Exchange *exchange);
void ses_answer(Exchange *exchange);
void s3_answer(Exchange *exchange);
const char *s3_operation(const Request *request);

/* The region's place, or WORLD_NONE with the error: it is not there, or the caller has not turned
 * it on. */
int service_open_region(Exchange *exchange);

/* Text at a path; "" when absent. For input that members_check has passed. */
const char *service_text(const Json *input, const char *path);
int64_t service_int(const Json *input, const char *path, int64_t fallback);

/* A time as AWS's JSON has it: seconds, with a fraction. */
void service_put_time(JsonWriter *json, const char *name, int64_t time_ms);

#endif
