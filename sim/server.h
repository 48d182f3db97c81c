/* Server: HTTP on loopback. Reads a request whole, waits out the latency without holding a thread,
 * has it answered, and sends the answer: whole, in chunks, cut short or not at all, as the knobs
 * say. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim.h"

typedef struct Server Server;

Status server_open(Sim *sim, Server **ret_server, Err *err) WARN_UNUSED;
int server_port(const Server *server);
void server_close(Server *server);

#endif
