#include "config.h"

void config_select_resources(Exchange *exchange, const Json *input) {
    (void)input;
    reply_error(&exchange->reply, 400, "InvalidExpressionException", "not supported yet");
}
