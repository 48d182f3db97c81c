#include "app/event.h"
#include "app/handler.h"
#include "cli.h"
#include "output.h"

Status cmd_invoke(Cli *cli, Err *err) {
    OWN(event_done) Event event = {0};
    OWN(buf_done) Buf answer = {0};
    TRY(event_read(cli->operands[0], &event_defaults, &event, err));
    Status status = handler_run(&cli->app, &event, &answer, err);
    if (status != ST_OK && status != ST_PARTIAL) {
        return status;
    }
    Err late;
    buf_putc(&answer, '\n');
    Status printed = output_text(buf_text(&answer), status == ST_OK ? err : &late);
    return status == ST_OK ? printed : status;
}
