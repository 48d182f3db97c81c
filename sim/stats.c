#include "stats.h"

#include "base/mem.h"
#include "base/str.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Operations × outcomes that happen are few; what does not fit is counted in the last line. */
enum { STATS_LINES = 512 };

typedef struct StatsLine {
    char operation[80];
    char code[64];
    int http_status;
    int64_t count;
} StatsLine;

struct Stats {
    pthread_mutex_t lock;
    int64_t in_flight;
    int64_t peak_in_flight;
    size_t count;
    StatsLine lines[STATS_LINES];
};

Stats *stats_new(void) {
    Stats *stats = mem_alloc(sizeof *stats);
    ASSERT(pthread_mutex_init(&stats->lock, NULL) == 0);
    return stats;
}

void stats_free(Stats *stats) {
    if (stats != NULL) {
        pthread_mutex_destroy(&stats->lock);
        mem_free(stats);
    }
}

static StatsLine *find_line(Stats *stats, const char *operation, int http_status,
                            const char *code) {
    for (size_t i = 0; i < stats->count; i++) {
        StatsLine *line = &stats->lines[i];
        if (line->http_status == http_status && strcmp(line->operation, operation) == 0 &&
            strcmp(line->code, code) == 0) {
            return line;
        }
    }
    if (stats->count == STATS_LINES) {
        return &stats->lines[STATS_LINES - 1];
    }
    StatsLine *line = &stats->lines[stats->count++];
    *line = (StatsLine){.http_status = http_status};
    str_copy(line->operation, sizeof line->operation, operation);
    str_copy(line->code, sizeof line->code, code);
    return line;
}

void stats_count(Stats *stats, const char *operation, int http_status, const char *code) {
    pthread_mutex_lock(&stats->lock);
    find_line(stats, operation, http_status, code)->count++;
    pthread_mutex_unlock(&stats->lock);
}

void stats_reset(Stats *stats) {
    pthread_mutex_lock(&stats->lock);
    stats->count = 0;
    stats->peak_in_flight = stats->in_flight;
    pthread_mutex_unlock(&stats->lock);
}

void stats_begin_call(Stats *stats) {
    pthread_mutex_lock(&stats->lock);
    stats->in_flight++;
    if (stats->in_flight > stats->peak_in_flight) {
        stats->peak_in_flight = stats->in_flight;
    }
    pthread_mutex_unlock(&stats->lock);
}

void stats_end_call(Stats *stats) {
    pthread_mutex_lock(&stats->lock);
    stats->in_flight--;
    pthread_mutex_unlock(&stats->lock);
}

/* Is this line the first with its operation (or code)? Then it speaks for all of them. */
static bool is_first(const Stats *stats, size_t at, size_t offset) {
    const char *own = (const char *)&stats->lines[at] + offset;
    for (size_t i = 0; i < at; i++) {
        if (strcmp((const char *)&stats->lines[i] + offset, own) == 0) {
            return false;
        }
    }
    return true;
}

static void write_operation(const Stats *stats, size_t first, JsonWriter *json) {
    int64_t calls = 0;
    json_begin_object(json, stats->lines[first].operation);
    for (size_t i = first; i < stats->count; i++) {
        const StatsLine *line = &stats->lines[i];
        if (strcmp(line->operation, stats->lines[first].operation) == 0) {
            char name[96];
            snprintf(name, sizeof name, "%d%s%s", line->http_status, line->code[0] ? " " : "",
                     line->code);
            json_put_int(json, name, line->count);
            calls += line->count;
        }
    }
    json_put_int(json, "calls", calls);
    json_end_object(json);
}

void stats_write(Stats *stats, JsonWriter *json) {
    int64_t calls = 0;
    pthread_mutex_lock(&stats->lock);
    json_begin_object(json, "operations");
    for (size_t i = 0; i < stats->count; i++) {
        calls += stats->lines[i].count;
        if (is_first(stats, i, offsetof(StatsLine, operation))) {
            write_operation(stats, i, json);
        }
    }
    json_end_object(json);
    json_begin_object(json, "errors");
    for (size_t i = 0; i < stats->count; i++) {
        const char *code = stats->lines[i].code;
        if (code[0] == '\0' || !is_first(stats, i, offsetof(StatsLine, code))) {
            continue;
        }
        int64_t count = 0;
        for (size_t k = i; k < stats->count; k++) {
            count += strcmp(stats->lines[k].code, code) == 0 ? stats->lines[k].count : 0;
        }
        json_put_int(json, code, count);
    }
    json_end_object(json);
    json_put_int(json, "calls", calls);
    json_put_int(json, "peak_in_flight", stats->peak_in_flight);
    pthread_mutex_unlock(&stats->lock);
}
