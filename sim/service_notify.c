#include "service.h"

void sns_answer(Exchange *exchange) {
    reply_error(&exchange->reply, 400, "InvalidAction", "not yet");
}
void ses_answer(Exchange *exchange) {
    reply_error(&exchange->reply, 400, "BadRequestException", "not yet");
}
