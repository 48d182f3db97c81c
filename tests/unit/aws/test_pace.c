/* Pace against token buckets, in virtual time: how long a scope takes, and how often it is
 * throttled. Nothing here waits. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "aws/pace.h"
#include "base/err.h"

#include <stdio.h>

enum { MAX_LINES = 8, LISTINGS = 5, CALLS_FOR_A_LINE = 8 };

/* What is asked, and how it answers. A scope begins with listings, one call after the other; then
 * more and more lines of calls run side by side. */
typedef struct Service {
    double rate; /* calls per second; 0 = no bucket */
    double burst;
    double strays; /* probability of a throttle that no bucket explains */
    int64_t latency_ms;
    int calls;
    uint64_t seed;
} Service;

typedef struct Outcome {
    double seconds;
    int sent;
    int throttled;
} Outcome;

typedef enum LineState { IDLE, WAITING, ON_ITS_WAY, ANSWERED } LineState;

typedef struct Line {
    LineState state;
    bool again;
    bool refused;
    PaceTurn turn;
    int64_t arrives_ms;
    int64_t answered_ms;
} Line;

typedef struct Scope {
    const Service *service;
    PaceTable *table;
    Pace *pace;
    uint64_t random;
    double tokens;
    int64_t filled_ms;
    Line lines[MAX_LINES];
    int begun;
    int done;
    Outcome outcome;
} Scope;

static double next_random(Scope *scope) {
    scope->random ^= scope->random << 13;
    scope->random ^= scope->random >> 7;
    scope->random ^= scope->random << 17;
    return (double)(scope->random >> 11) / 9007199254740992.0;
}

static bool is_refused(Scope *scope, int64_t now_ms) {
    const Service *service = scope->service;
    scope->tokens += (double)(now_ms - scope->filled_ms) * service->rate / 1000;
    scope->tokens = scope->tokens > service->burst ? service->burst : scope->tokens;
    scope->filled_ms = now_ms;
    if (next_random(scope) < service->strays) {
        return true;
    }
    bool empty = service->rate > 0 && scope->tokens < 1;
    scope->tokens -= empty ? 0 : 1;
    return empty;
}

static void take_answer(Scope *scope, Line *line, int64_t now_ms) {
    line->state = IDLE;
    line->again = line->refused;
    if (line->refused) {
        pace_throttled(scope->pace, &line->turn, now_ms);
        scope->outcome.throttled++;
    } else {
        pace_answered(scope->pace, &line->turn, now_ms);
        scope->done++;
    }
}

static int lines_now(const Scope *scope) {
    int lines = scope->done < LISTINGS ? 1 : 1 + (scope->done - LISTINGS) / CALLS_FOR_A_LINE;
    return lines < MAX_LINES ? lines : MAX_LINES;
}

static void line_up(Scope *scope, Line *line) {
    if (!line->again) {
        if (scope->begun == scope->service->calls) {
            return;
        }
        scope->begun++;
    }
    pace_line_up(scope->pace, &line->turn, line->again);
    line->state = WAITING;
}

static void step_line(Scope *scope, Line *line, bool may_begin, int64_t now_ms) {
    if (line->state == ON_ITS_WAY && now_ms >= line->arrives_ms) {
        line->refused = is_refused(scope, now_ms);
        line->state = ANSWERED;
    }
    if (line->state == ANSWERED && now_ms >= line->answered_ms) {
        take_answer(scope, line, now_ms);
    }
    if (line->state == IDLE && (may_begin || line->again)) {
        line_up(scope, line);
    }
    if (line->state == WAITING && pace_wait_ms(scope->pace, &line->turn, now_ms) == 0) {
        double spread = 1 + 0.2 * next_random(scope);
        int64_t half_ms = (int64_t)((double)scope->service->latency_ms * spread / 2);
        pace_go(scope->pace, &line->turn, now_ms);
        line->state = ON_ITS_WAY;
        line->arrives_ms = now_ms + half_ms;
        line->answered_ms = now_ms + (half_ms > 0 ? 2 * half_ms : 1);
        scope->outcome.sent++;
    }
}

static Outcome scan(const Service *service) {
    Scope scope = {.service = service, .tokens = service->burst, .random = service->seed | 1};
    scope.table = pace_table_new();
    scope.pace = pace_enter(scope.table, 0, "123456789012", "eu-west-1");
    int64_t now_ms = 1000000;
    scope.filled_ms = now_ms;
    int64_t end_ms = now_ms + 4 * 3600 * 1000;
    int64_t begin_ms = now_ms;
    for (; scope.done < service->calls; now_ms++) {
        assert_true(now_ms < end_ms);
        for (int i = 0; i < MAX_LINES; i++) {
            step_line(&scope, &scope.lines[i], i < lines_now(&scope), now_ms);
        }
    }
    scope.outcome.seconds = (double)(now_ms - begin_ms) / 1000;
    pace_leave(scope.table, scope.pace);
    pace_table_free(scope.table);
    return scope.outcome;
}

/* What the bucket allows, or, where it is no obstacle, what the service takes anyhow. */
static double allowed_seconds(const Service *service) {
    Service open = *service;
    open.rate = 0;
    open.strays = 0;
    double by_bucket = ((double)service->calls - service->burst) / service->rate;
    double by_latency = scan(&open).seconds;
    return by_bucket > by_latency ? by_bucket : by_latency;
}

static void check(const Service *service, double most_time, double most_throttled) {
    Outcome outcome = scan(service);
    double time = outcome.seconds / allowed_seconds(service);
    double throttled = (double)outcome.throttled / (double)outcome.sent;
    if (time > most_time || throttled > most_throttled) {
        fail_msg("%g/s, burst %g, %d ms, %d calls: %.2f times as long as allowed, %.1f%% throttled",
                 service->rate, service->burst, (int)service->latency_ms, service->calls, time,
                 100 * throttled);
    }
}

static const int64_t latencies_ms[] = {1, 20, 50, 100};
enum { LATENCIES = sizeof latencies_ms / sizeof *latencies_ms };

/* Where an answer takes longer than the bucket needs for a token, a call or two more meet it
 * empty. */
static void check_rate(double rate, int64_t latency_ms) {
    static const int seconds[] = {10, 15, 20, 100};
    double most_throttled = rate * (double)latency_ms <= 1000 ? 0.05 : 0.06;
    for (size_t i = 0; i < 4; i++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            Service service = {.rate = rate,
                               .burst = rate,
                               .latency_ms = latency_ms,
                               .calls = (int)rate * seconds[i],
                               .seed = seed * 7919};
            check(&service, 1.25, most_throttled);
        }
    }
}

static void a_bucket_is_used_up_and_seldom_overdrawn(void **state) {
    (void)state;
    for (size_t i = 0; i < LATENCIES; i++) {
        check_rate(10, latencies_ms[i]);
        check_rate(20, latencies_ms[i]);
        check_rate(50, latencies_ms[i]);
    }
}

static void a_slow_bucket_is_found_by_halving(void **state) {
    (void)state;
    static const double rates[] = {1, 2};
    for (size_t r = 0; r < 2; r++) {
        for (size_t i = 0; i < LATENCIES; i++) {
            check(&(Service){rates[r], 10, 0, latencies_ms[i], 200, 1}, 1.25, 0.08);
            check(&(Service){rates[r], 10, 0, latencies_ms[i], 1000, 1}, 1.25, 0.05);
        }
    }
}

static void without_a_limit_nothing_waits(void **state) {
    (void)state;
    Service service = {.latency_ms = 50, .calls = 1000, .seed = 1};
    Outcome outcome = scan(&service);
    assert_int_equal(outcome.sent, 1000);
    assert_true(outcome.seconds < 1000 * 0.06 / 8 + 5);
}

static void strays_do_not_slow_it_to_a_crawl(void **state) {
    (void)state;
    double sum = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        Service service = {.strays = 0.05, .latency_ms = 2, .calls = 200, .seed = seed * 104729};
        double seconds = scan(&service).seconds;
        assert_true(seconds < 30); /* two in a row early on look like a bucket */
        sum += seconds;
    }
    assert_true(sum / 24 < 3);
}

static void a_limit_that_is_lifted_is_found(void **state) {
    (void)state;
    PaceTable *table = pace_table_new();
    Pace *pace = pace_enter(table, 0, "123456789012", "eu-west-1");
    PaceTurn turn = {0};
    int64_t now_ms = 0;
    for (int i = 0; i < 3; i++) {
        pace_line_up(pace, &turn, false);
        pace_go(pace, &turn, now_ms);
        pace_throttled(pace, &turn, ++now_ms);
    }
    assert_true(pace_rate(pace) > 0);
    assert_true(pace_rate(pace) < 20);
    int calls = 0;
    for (; pace_rate(pace) > 0 && calls < 2000; calls++) {
        pace_line_up(pace, &turn, false);
        now_ms += pace_wait_ms(pace, &turn, now_ms);
        pace_go(pace, &turn, now_ms);
        pace_answered(pace, &turn, now_ms);
    }
    assert_true(calls < 500);
    pace_leave(table, pace);
    pace_table_free(table);
}

static void those_who_wait_go_in_turn_at_the_pace_of_now(void **state) {
    (void)state;
    PaceTable *table = pace_table_new();
    Pace *pace = pace_enter(table, 0, "123456789012", "eu-west-1");
    PaceTurn first = {0};
    PaceTurn second = {0};
    PaceTurn third = {0};
    pace_line_up(pace, &first, false);
    pace_line_up(pace, &second, false);
    assert_int_equal(pace_wait_ms(pace, &second, 0), 0); /* no limit has shown */
    pace_go(pace, &first, 0);
    pace_go(pace, &second, 0);
    pace_throttled(pace, &first, 10);
    pace_throttled(pace, &second, 10); /* the second in a row: now there is one */
    double gap_ms = 1000 / pace_rate(pace);
    pace_line_up(pace, &first, false);
    pace_line_up(pace, &second, false);
    pace_line_up(pace, &third, true);
    assert_true(pace_wait_ms(pace, &third, 10) >= (int64_t)gap_ms);
    assert_true(pace_wait_ms(pace, &first, 10) >= (int64_t)(2 * gap_ms));
    assert_true(pace_wait_ms(pace, &second, 10) >= (int64_t)(3 * gap_ms));
    pace_step_out(pace, &first);
    pace_step_out(pace, &first);
    assert_true(pace_wait_ms(pace, &second, 10) < (int64_t)(2.5 * gap_ms));
    pace_step_out(pace, &second);
    pace_step_out(pace, &third);
    pace_leave(table, pace);
    pace_table_free(table);
}

static void each_account_and_region_has_its_own(void **state) {
    (void)state;
    PaceTable *table = pace_table_new();
    Pace *one = pace_enter(table, 0, "123456789012", "eu-west-1");
    Pace *same = pace_enter(table, 0, "123456789012", "eu-west-1");
    Pace *other_region = pace_enter(table, 0, "123456789012", "us-east-1");
    Pace *other_service = pace_enter(table, 1, "123456789012", "eu-west-1");
    assert_ptr_equal(one, same);
    assert_ptr_not_equal(one, other_region);
    assert_ptr_not_equal(one, other_service);
    pace_leave(table, one);
    pace_leave(table, same);
    pace_leave(table, other_region);
    pace_leave(table, other_service);
    for (int i = 0; i < 5000; i++) { /* those that nobody uses do not pile up */
        char account[16];
        snprintf(account, sizeof account, "%012d", i);
        pace_leave(table, pace_enter(table, 0, account, "eu-west-1"));
    }
    pace_table_free(table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_is_used_up_and_seldom_overdrawn),
        cmocka_unit_test(a_slow_bucket_is_found_by_halving),
        cmocka_unit_test(without_a_limit_nothing_waits),
        cmocka_unit_test(strays_do_not_slow_it_to_a_crawl),
        cmocka_unit_test(a_limit_that_is_lifted_is_found),
        cmocka_unit_test(those_who_wait_go_in_turn_at_the_pace_of_now),
        cmocka_unit_test(each_account_and_region_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
