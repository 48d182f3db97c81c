#include "service.h"

#include "base/mem.h"
#include "base/str.h"
#include "form.h"
#include "sim.h"

#include <stdio.h>
#include <string.h>

/* A service by its signing name, and by what its targets begin with. */
typedef struct Service {
    const char *name;
    const char *target; /* NULL: it is not asked by target */
    const Operation *operations;
    void (*answer)(Exchange *exchange);
} Service;

static const Service services[] = {
    {"config", "StarlingDoveService.", config_operations, NULL},
    {"organizations", "AWSOrganizationsV20161128.", organizations_operations, NULL},
    {"tagging", "ResourceGroupsTaggingAPI_20170126.", tagging_operations, NULL},
    {"sts", NULL, NULL, sts_answer},
    {"ec2", NULL, NULL, ec2_answer},
    {"sns", NULL, NULL, sns_answer},
    {"ses", NULL, NULL, ses_answer},
    {"s3", NULL, NULL, s3_answer},
};
enum { SERVICE_COUNT = sizeof services / sizeof services[0] };

const char *service_text(const Json *input, const char *path) {
    const char *text = json_text_value(json_at(input, path));
    return text != NULL ? text : "";
}

int64_t service_int(const Json *input, const char *path, int64_t fallback) {
    int64_t number = fallback;
    Err err = {0};
    return json_int_or(input, path, INT64_MIN / 2048, INT64_MAX / 2048, fallback, &number, &err) ==
                   ST_OK
               ? number
               : fallback;
}

void service_put_time(JsonWriter *json, const char *name, int64_t time_ms) {
    json_put_double(json, name, (double)time_ms / 1000);
}

void service_name_operation(Exchange *exchange) {
    const Request *request = &exchange->request;
    const char *target = request_header(request, "x-amz-target");
    Form form;
    switch (exchange->reply.protocol) {
    case PROTOCOL_JSON:
        str_copy(exchange->operation, sizeof exchange->operation, "unknown");
        for (size_t i = 0; i < SERVICE_COUNT && target != NULL; i++) {
            if (services[i].target != NULL && str_starts(target, services[i].target)) {
                snprintf(exchange->operation, sizeof exchange->operation, "%s:%.50s",
                         services[i].name, target + strlen(services[i].target));
            }
        }
        return;
    case PROTOCOL_REST_JSON:
        str_copy(exchange->operation, sizeof exchange->operation, "ses:SendEmail");
        return;
    case PROTOCOL_QUERY: {
        const char *action = form_open(request, &form) ? form_text(&form, "Action") : NULL;
        const char *service = str_equal(action, "Publish")           ? "sns"
                              : str_equal(action, "DescribeRegions") ? "ec2"
                                                                     : "sts";
        snprintf(exchange->operation, sizeof exchange->operation, "%s:%.50s", service,
                 action != NULL ? action : "unknown");
        form_done(&form);
        return;
    }
    case PROTOCOL_S3:
        snprintf(exchange->operation, sizeof exchange->operation, "s3:%s", s3_operation(request));
        return;
    }
}

int service_open_region(Exchange *exchange) {
    const Caller *caller = &exchange->request.caller;
    int region = world_find_region(exchange->world, caller->region);
    if (region == WORLD_NONE || world_selects(exchange->world, &exchange->knobs->region_off,
                                              caller->account, region, "region-off")) {
        reply_error(&exchange->reply, 400, "UnrecognizedClientException",
                    "The security token included in the request is invalid.");
        return WORLD_NONE;
    }
    return region;
}

/* Is the operation among those that roles may not call? */
static bool is_denied(const Exchange *exchange) {
    OWN(mem_free_at) char *copy = mem_strdup(exchange->knobs->deny_operations);
    char *rest = copy;
    for (char *one = str_split(&rest, ","); one != NULL; one = str_split(&rest, ",")) {
        if (str_equal(one, exchange->operation)) {
            return true;
        }
    }
    return false;
}

static void deny_operation(Exchange *exchange) {
    bool is_ec2 = str_starts(exchange->operation, "ec2:");
    reply_error(&exchange->reply, is_ec2 ? 403 : 400,
                is_ec2 ? "UnauthorizedOperation" : "AccessDeniedException",
                "User is not authorized to perform: %s", exchange->operation);
}

static void answer_json(Exchange *exchange, const Service *service) {
    const Request *request = &exchange->request;
    Reply *reply = &exchange->reply;
    const char *target = request_header(request, "x-amz-target");
    const char *name = target != NULL ? target + strlen(service->target) : "";
    const Operation *operation = service->operations;
    while (operation->name != NULL && !str_equal(operation->name, name)) {
        operation++;
    }
    if (operation->name == NULL || strcmp(request->method, "POST") != 0) {
        reply_error(reply, 400, "UnknownOperationException", "There is no operation %.60s", name);
        return;
    }
    Err err = {0};
    OWN(json_free_at) Json *input = NULL;
    if (json_parse(buf_text(&request->body), request->body.size, &input, &err) != ST_OK) {
        reply_error(reply, 400, "SerializationException", "%s", err.message);
        return;
    }
    if (members_check(exchange, input, operation->members)) {
        operation->answer(exchange, input);
    }
}

void service_answer(Exchange *exchange) {
    const Request *request = &exchange->request;
    const char *target = request_header(request, "x-amz-target");
    if (is_denied(exchange)) {
        deny_operation(exchange);
        return;
    }
    if (!access_check(exchange)) {
        return;
    }
    for (size_t i = 0; i < SERVICE_COUNT; i++) {
        const Service *service = &services[i];
        if (!str_equal(service->name, request->caller.service)) {
            continue;
        }
        if (service->answer != NULL) {
            service->answer(exchange);
            return;
        }
        if (target != NULL && str_starts(target, service->target)) {
            answer_json(exchange, service);
            return;
        }
    }
    reply_error(&exchange->reply, 400, "InvalidSignatureException",
                "Credential should be scoped to the service that is called, not '%s'.",
                request->caller.service);
}
