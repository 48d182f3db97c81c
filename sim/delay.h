/* Delay: connections that wait for their time, suspended, and one thread that wakes them. */
#ifndef SIM_DELAY_H
#define SIM_DELAY_H

#include <stdint.h>

struct MHD_Connection;
typedef struct Delay Delay;

Delay *delay_new(void);
/* Wakes all that wait and takes no more. */
void delay_stop(Delay *delay);
void delay_free(Delay *delay);

/* To be called from the connection's handler, which returns after it and is called again later. */
void delay_connection(Delay *delay, struct MHD_Connection *connection, int64_t delay_ms);

#endif
