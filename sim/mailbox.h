/* Mailbox: the messages that SNS and SES took. The latest are kept, and shown at /_sim/messages. */
#ifndef SIM_MAILBOX_H
#define SIM_MAILBOX_H

#include "base/buf.h"

typedef struct Mailbox Mailbox;

Mailbox *mailbox_new(void);
void mailbox_free(Mailbox *mailbox);

/* `json` is one JSON object; copied. */
void mailbox_add(Mailbox *mailbox, const Buf *json);
void mailbox_clear(Mailbox *mailbox);

/* As one JSON array, oldest first. */
void mailbox_write(Mailbox *mailbox, Buf *out);

#endif
