#include "warehouse/collect_line.h"

#include "base/log.h"
#include "base/str.h"

enum { MAX_PAGES = 100000, ANSWERS_FOR_A_LINE = 8 };

/* ---- work for several ---- */

static void add_lines(ScopeTask *task) {
    int64_t wanted = 1 + task->answers / ANSWERS_FOR_A_LINE;
    for (int i = 0; i < task->options.max_lines && task->work != NULL; i++) {
        if (!task->lines[i].is_at_work && task->at_work < wanted && task->failure.status == ST_OK) {
            task->lines[i].is_at_work = true;
            task->at_work++;
            task->work(&task->lines[i]);
        }
    }
}

void line_begin_work(Line *line, Step *work) {
    line->task->work = work;
    line->task->answers = 0;
    work(line);
}

void line_stop(Line *line) {
    ScopeTask *task = line->task;
    line->is_at_work = false;
    task->at_work--;
    if (task->at_work > 0) {
        return;
    }
    bool is_reading = task->work == collect_rules_take_next && task->failure.status == ST_OK;
    task->work = NULL;
    if (is_reading) {
        collect_rules_judge(task);
    }
    if (is_reading && task->failure.status == ST_OK) {
        collect_resource_tags_begin(task);
    } else {
        collect_scope_finish(task);
    }
}

void line_fail_scope(Line *line, const Err *failure, bool fatal) {
    ScopeTask *task = line->task;
    if (task->failure.status == ST_OK || (fatal && !task->fatal)) {
        task->failure = *failure;
        task->fatal = fatal;
    }
    line_stop(line);
}

void line_note_missing(const Line *line, bool *noted, const char *what, const Err *failure) {
    const ScopeOptions *options = &line->task->options;
    const LogField fields[] = {
        {"account", options->account_id}, {"region", options->region}, {NULL, NULL}};
    log_fields(*noted ? LOG_DEBUG : LOG_WARN, fields, "%s%s: %s", what,
               *noted ? "" : " (said once, whatever the number of accounts)", failure->message);
    *noted = true;
}

/* ---- one call ---- */

static void on_session(void *context, const Err *failure) {
    Line *line = context;
    ScopeTask *task = line->task;
    if (task->failure.status != ST_OK) {
        line_stop(line);
    } else if (failure != NULL) {
        /* Our own keys are no good: that holds for every account. */
        line_fail_scope(line, failure, failure->status == ST_CREDENTIALS);
    } else {
        task->target.keys = session_keys(task->options.session);
        line->step(line);
    }
}

void line_go(Line *line, Step *step) {
    line->step = step;
    line->waiter = (SessionWaiter){.ready = on_session, .context = line};
    session_use(line->task->options.session, &line->waiter);
}

void line_go_first_page(Line *line, Step *step) {
    buf_clear(&line->token);
    buf_clear(&line->mark);
    line->pages = 0;
    line_go(line, step);
}

const char *line_token(const Line *line) {
    return line->token.size > 0 ? line->token.data : NULL;
}

/* The token after the first, second, fourth, eighth, … page is remembered: a circle of any length
 * comes by it again. */
static bool goes_in_circles(Line *line, const char *next_token) {
    if (str_equal(next_token, line_token(line)) ||
        (line->mark.size > 0 && str_equal(next_token, line->mark.data))) {
        return true;
    }
    if ((line->pages & (line->pages - 1)) == 0) {
        buf_clear(&line->mark);
        buf_puts(&line->mark, next_token);
    }
    return false;
}

bool line_go_next_page(Line *line, const char *next_token) {
    if (str_is_empty(next_token)) {
        return false;
    }
    line->pages++;
    if (goes_in_circles(line, next_token) || line->pages > MAX_PAGES) {
        Err err;
        err_set(&err, ST_PROTOCOL, "the pages of %s never end", line->task->options.region);
        line_fail_scope(line, &err, false);
        return true;
    }
    buf_clear(&line->token);
    buf_puts(&line->token, next_token);
    line_go(line, line->step);
    return true;
}

bool line_is_settled(Line *line, const Err *failure) {
    ScopeTask *task = line->task;
    if (task->failure.status != ST_OK) {
        line_stop(line);
        return true;
    }
    if (failure == NULL) {
        line->renewed = false;
        task->answers++;
        add_lines(task);
        return false;
    }
    if (failure->status == ST_EXPIRED && !line->renewed) {
        line->renewed = true;
        session_expire(task->options.session);
        line_go(line, line->step);
        return true;
    }
    if (failure->status == ST_CANCELLED || failure->status == ST_DEADLINE) {
        line_fail_scope(line, failure, false);
        return true;
    }
    return false;
}

void line_check_started(Line *line, Status status, const Err *err) {
    if (status != ST_OK) {
        line_fail_scope(line, err, false);
    }
}

bool line_stored(Line *line, Status status, const Err *err) {
    if (status != ST_OK) {
        line_fail_scope(line, err, status != ST_CORRUPT); /* what AWS said breaks its own limits */
    }
    return status == ST_OK;
}
