/* How old the newest run is: what a daily check asks, so that a run that never began is missed. */
#include "app/run.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "warehouse/history.h"
#include "warehouse/plan.h"

static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;

/* Most runs are named their date. The plan knows that of any other, until it expires. */
static Status find_date(Store *store, RunAge *age, int64_t *ret_date_ms, Err *err) {
    OWN(plan_done) Plan plan = {0};
    if (clock_parse_date(age->group_id, ret_date_ms)) {
        str_copy(age->date, sizeof age->date, age->group_id);
        return ST_OK;
    }
    Status status = plan_read(age->group_id, store, &plan, err);
    if (status == ST_NOTHING) {
        log_message(LOG_WARN, "the date of run %s is not known: its plan is gone", age->group_id);
        return ST_OK;
    }
    TRY(status);
    if (clock_parse_date(plan.date, ret_date_ms)) {
        str_copy(age->date, sizeof age->date, plan.date);
    }
    return ST_OK;
}

Status run_age(App *app, RunAge *ret_age, Err *err) {
    Store *store = NULL;
    HistoryLatest latest;
    int64_t date_ms = 0;
    *ret_age = (RunAge){0};
    TRY(app_store(app, &store, err));
    TRY(history_latest(store, &latest, err));
    if (!latest.exists) {
        return ST_OK;
    }
    str_copy(ret_age->group_id, sizeof ret_age->group_id, latest.newest.group_id);
    TRY(find_date(store, ret_age, &date_ms, err));
    int64_t age_ms = clock_now_ms() - date_ms;
    ret_age->days = ret_age->date[0] == '\0' || age_ms < 0 ? 0 : age_ms / day_ms;
    return ST_OK;
}
