/* Send: a reply as libmicrohttpd takes it. */
#ifndef SIM_SEND_H
#define SIM_SEND_H

#include "exchange.h"

struct MHD_Connection;

typedef struct SendOptions {
    bool chunked;
    bool truncated; /* what is announced is not all sent; then the connection is closed */
} SendOptions;

/* Takes what the reply holds. False: the connection is to be closed. */
bool send_reply(struct MHD_Connection *connection, Reply *reply, const SendOptions *options);

#endif
