#include "mailbox.h"

#include "base/err.h"
#include "base/mem.h"

#include <pthread.h>

enum { MAILBOX_MESSAGES = 1000, MAILBOX_MAX_BYTES = 32 << 20 };

struct Mailbox {
    pthread_mutex_t lock;
    size_t count;
    size_t bytes;
    Buf messages[MAILBOX_MESSAGES]; /* oldest first */
};

Mailbox *mailbox_new(void) {
    Mailbox *mailbox = mem_alloc(sizeof *mailbox);
    ASSERT(pthread_mutex_init(&mailbox->lock, NULL) == 0);
    return mailbox;
}

static void forget_oldest(Mailbox *mailbox) {
    mailbox->bytes -= mailbox->messages[0].size;
    buf_done(&mailbox->messages[0]);
    mailbox->count--;
    for (size_t i = 0; i < mailbox->count; i++) {
        mailbox->messages[i] = mailbox->messages[i + 1];
    }
    mailbox->messages[mailbox->count] = (Buf){0};
}

void mailbox_free(Mailbox *mailbox) {
    if (mailbox != NULL) {
        mailbox_clear(mailbox);
        pthread_mutex_destroy(&mailbox->lock);
        mem_free(mailbox);
    }
}

void mailbox_add(Mailbox *mailbox, const Buf *json) {
    pthread_mutex_lock(&mailbox->lock);
    while (mailbox->count > 0 && (mailbox->count == MAILBOX_MESSAGES ||
                                  mailbox->bytes + json->size > MAILBOX_MAX_BYTES)) {
        forget_oldest(mailbox);
    }
    buf_append(&mailbox->messages[mailbox->count], buf_text(json), json->size);
    mailbox->count++;
    mailbox->bytes += json->size;
    pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_clear(Mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    while (mailbox->count > 0) {
        forget_oldest(mailbox);
    }
    pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_write(Mailbox *mailbox, Buf *out) {
    pthread_mutex_lock(&mailbox->lock);
    buf_putc(out, '[');
    for (size_t i = 0; i < mailbox->count; i++) {
        buf_puts(out, i > 0 ? ",\n" : "");
        buf_append(out, buf_text(&mailbox->messages[i]), mailbox->messages[i].size);
    }
    buf_puts(out, "]\n");
    pthread_mutex_unlock(&mailbox->lock);
}
