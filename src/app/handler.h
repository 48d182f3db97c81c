/* Handler: does what an event says and tells what came of it as JSON: the same for Lambda and for
 * 'confhouse invoke'. */
#ifndef APP_HANDLER_H
#define APP_HANDLER_H

#include "app/app.h"
#include "app/event.h"
#include "base/buf.h"
#include "base/err.h"

/* Puts the event over the App's own settings and runs its mode. `*ret_answer` gets a JSON object,
 * also when the status is ST_PARTIAL; its members are those of the results in app/run.h. An event
 * of S3 is answered with `reports`, one for each run, and `ignored`, the keys that mean none. */
Status handler_run(App *app, const Event *event, Buf *ret_answer, Err *err) WARN_UNUSED;

#endif
