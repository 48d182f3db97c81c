#include "control.h"

#include "base/mem.h"
#include "base/str.h"
#include "expected.h"
#include "sim.h"

#include <string.h>

bool control_is_path(const char *path) {
    return str_starts(path, "/_sim/");
}

static void refuse(Exchange *exchange, int status, const char *message) {
    Reply *reply = &exchange->reply;
    reply_error(reply, status, "SimError", "%s", message);
}

static void answer_health(Exchange *exchange) {
    buf_puts(&exchange->reply.body, "{\"status\":\"ok\"}\n");
}

static void answer_messages(Exchange *exchange) {
    mailbox_write(exchange->sim->mailbox, &exchange->reply.body);
    if (request_has_query(&exchange->request, "clear")) {
        mailbox_clear(exchange->sim->mailbox);
    }
}

static void answer_stats(Exchange *exchange) {
    JsonWriter json = {.out = &exchange->reply.body};
    Knobs knobs;
    pthread_rwlock_rdlock(&exchange->sim->knobs_lock);
    knobs = exchange->sim->knobs;
    pthread_rwlock_unlock(&exchange->sim->knobs_lock);
    json_begin_object(&json, NULL);
    stats_write(exchange->sim->stats, &json);
    if (request_has_query(&exchange->request, "minimum")) {
        json_begin_object(&json, "minimum");
        expected_write_minimum(exchange->world, &knobs, &json);
        json_end_object(&json);
    }
    json_end_object(&json);
    buf_putc(json.out, '\n');
    if (request_has_query(&exchange->request, "reset")) {
        stats_reset(exchange->sim->stats);
    }
}

static void answer_knobs(Exchange *exchange) {
    Sim *sim = exchange->sim;
    const Request *request = &exchange->request;
    Err err = {0};
    Status status = ST_OK;
    if (str_equal(request->method, "POST")) {
        pthread_rwlock_wrlock(&sim->knobs_lock);
        status = knobs_set_json(&sim->knobs, buf_text(&request->body), request->body.size, &err);
        pthread_rwlock_unlock(&sim->knobs_lock);
    }
    if (status != ST_OK) {
        refuse(exchange, 400, err.message);
        return;
    }
    pthread_rwlock_rdlock(&sim->knobs_lock);
    knobs_write_json(&sim->knobs, &exchange->reply.body);
    pthread_rwlock_unlock(&sim->knobs_lock);
    buf_putc(&exchange->reply.body, '\n');
}

/* The policies of roles from now on; {"roles": {}} lets all roles do all. */
static void answer_policies(Exchange *exchange) {
    Sim *sim = exchange->sim;
    const Request *request = &exchange->request;
    Access *access = NULL;
    Err err = {0};
    if (access_parse(buf_text(&request->body), request->body.size, &access, &err) != ST_OK) {
        refuse(exchange, 400, err.message);
        return;
    }
    pthread_rwlock_wrlock(&sim->knobs_lock);
    Access *before = sim->access;
    sim->access = access;
    pthread_rwlock_unlock(&sim->knobs_lock);
    access_free(before);
    buf_puts(&exchange->reply.body, "{\"status\":\"ok\"}\n");
}

static void answer_expected(Exchange *exchange, const char *name) {
    Sim *sim = exchange->sim;
    ExpectedOptions options = {.world = sim->world};
    OWN(mem_free_at) char *week = request_query(&exchange->request, "week");
    OWN(mem_free_at) char *format = request_query(&exchange->request, "format");
    pthread_rwlock_rdlock(&sim->knobs_lock);
    options.knobs = sim->knobs;
    pthread_rwlock_unlock(&sim->knobs_lock);
    Err err = {0};
    if (!expected_kind_parse(name, &options.kind)) {
        refuse(exchange, 404, "there is expected, and expected/scopes, /rules and /resources");
        return;
    }
    if (week != NULL && knob_set(&options.knobs, knob_find("week"), week, &err) != ST_OK) {
        refuse(exchange, 400, err.message);
        return;
    }
    options.as_csv = str_equal(format, "csv");
    if (format != NULL && !options.as_csv && !str_equal(format, "jsonl")) {
        refuse(exchange, 400, "format is jsonl or csv");
        return;
    }
    reply_content_type(&exchange->reply,
                       options.as_csv ? "text/csv; charset=utf-8" : "application/x-ndjson");
    exchange->reply.stream = expected_open(&options);
}

void control_answer(Exchange *exchange) {
    const Request *request = &exchange->request;
    const char *name = request->path + strlen("/_sim/");
    bool is_get = str_equal(request->method, "GET") || str_equal(request->method, "HEAD");
    bool is_post = str_equal(request->method, "POST");
    if (str_equal(name, "control") && (is_get || is_post)) {
        answer_knobs(exchange);
    } else if (str_equal(name, "policies") && is_post) {
        answer_policies(exchange);
    } else if (!is_get) {
        refuse(exchange, 405, "only GET here, and POST to /_sim/control and /_sim/policies");
    } else if (str_equal(name, "health")) {
        answer_health(exchange);
    } else if (str_equal(name, "messages")) {
        answer_messages(exchange);
    } else if (str_equal(name, "stats")) {
        answer_stats(exchange);
    } else if (str_equal(name, "expected")) {
        answer_expected(exchange, "");
    } else if (str_starts(name, "expected/")) {
        answer_expected(exchange, name + strlen("expected/"));
    } else {
        refuse(exchange, 404,
               "there is /_sim/health, control, stats, messages, expected and expected/...");
    }
}
