#include "metrics.h"

#include "base/clock.h"
#include "base/log.h"
#include "format/json.h"

#include <stdio.h>

/* What the answer counts, by the name of its member. */
static const struct {
    const char *name;
    const char *member;
} counts[] = {
    {"ScopesPlanned", "scopes_planned"}, {"ScopesScanned", "scopes_scanned"},
    {"ScopesDenied", "scopes_denied"},   {"ScopesFailed", "scopes_failed"},
    {"ScopesMissing", "scopes_missing"}, {"ScopesLeft", "scopes_left"},
    {"Evaluations", "evaluations"},      {"FindingsNew", "findings_new"},
    {"FindingsOpen", "findings_open"},   {"RunAgeDays", "run_age_days"},
};
enum { COUNTS = sizeof counts / sizeof counts[0], OWN_METRICS = 5 };

typedef struct Metric {
    const char *name;
    const char *unit;
    int64_t value;
} Metric;

typedef struct MetricList {
    Metric items[COUNTS + OWN_METRICS];
    size_t count;
} MetricList;

static void add(MetricList *list, const char *name, const char *unit, int64_t value) {
    list->items[list->count++] = (Metric){name, unit, value};
}

static void add_counts(const Metrics *metrics, MetricList *list) {
    OWN(json_free_at) Json *answer = NULL;
    if (metrics->answer->size == 0 ||
        json_parse(buf_text(metrics->answer), metrics->answer->size, &answer, NULL) != ST_OK) {
        return;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        int64_t value = 0;
        if (json_at(answer, counts[i].member) != NULL &&
            json_int_or(answer, counts[i].member, 0, INT64_C(1) << 53, 0, &value, NULL) == ST_OK) {
            add(list, counts[i].name, "Count", value);
        }
    }
}

static void declare(JsonWriter *json, const MetricList *list) {
    json_begin_object(json, "_aws");
    json_put_int(json, "Timestamp", clock_now_ms());
    json_begin_array(json, "CloudWatchMetrics");
    json_begin_object(json, NULL);
    json_put_text(json, "Namespace", "confhouse");
    json_begin_array(json, "Dimensions");
    json_begin_array(json, NULL);
    json_put_text(json, NULL, "Mode");
    json_end_array(json);
    json_end_array(json);
    json_begin_array(json, "Metrics");
    for (size_t i = 0; i < list->count; i++) {
        json_begin_object(json, NULL);
        json_put_text(json, "Name", list->items[i].name);
        json_put_text(json, "Unit", list->items[i].unit);
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
    json_end_array(json);
    json_end_object(json);
}

/* The least severe one that passes, INFO or above. */
static LogLevel passing_level(void) {
    LogLevel level = LOG_INFO;
    while (level > LOG_FATAL && !log_enabled(level)) {
        level--;
    }
    return level;
}

static void put_properties(JsonWriter *json, const Metrics *metrics, bool is_error) {
    char now[LOG_TIME_SIZE];
    log_format_now(now);
    json_put_text(json, "timestamp", now);
    json_put_text(json, "level", log_lambda_level(passing_level()));
    json_put_text(json, "requestId", metrics->request_id);
    json_put_text(json, "Mode", metrics->mode);
    json_put_text(json, "status", status_word(metrics->status));
    if (is_error) {
        json_put_text(json, "errorType", status_error_type(metrics->status));
    }
}

void metrics_append(const Metrics *metrics, Buf *out) {
    MetricList list = {0};
    bool is_error = metrics->status != ST_OK && metrics->status != ST_PARTIAL;
    add_counts(metrics, &list);
    add(&list, "Calls", "Count", metrics->calls);
    add(&list, "Throttled", "Count", metrics->throttled);
    add(&list, "Errors", "Count", is_error);
    add(&list, "DurationMs", "Milliseconds", metrics->duration_ms);
    add(&list, "ColdStart", "Count", metrics->is_cold_start);
    JsonWriter json = {.out = out};
    json_begin_object(&json, NULL);
    put_properties(&json, metrics, is_error);
    for (size_t i = 0; i < list.count; i++) {
        json_put_int(&json, list.items[i].name, list.items[i].value);
    }
    declare(&json, &list);
    json_end_object(&json);
}

void metrics_print(const Metrics *metrics) {
    OWN(buf_done) Buf line = {0};
    metrics_append(metrics, &line);
    buf_putc(&line, '\n');
    fwrite(buf_text(&line), 1, line.size, stdout);
    fflush(stdout);
}
