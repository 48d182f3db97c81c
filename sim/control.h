/* Control: what the simulator itself answers, under /_sim/. No signature, no faults; loopback is
 * all that it listens on. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "exchange.h"

bool control_is_path(const char *path);

/* Takes the knobs' lock itself, as it may change them. */
void control_answer(Exchange *exchange);

#endif
