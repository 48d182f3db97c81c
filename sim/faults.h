/* Faults: what goes wrong on purpose. Drawn from a seeded sequence, call by call, so that asking
 * again is a new draw. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "exchange.h"

#include <stdbool.h>

typedef struct Faults Faults;

Faults *faults_new(const World *world, const Knobs *knobs);
void faults_free(Faults *faults);

bool fault_hits(Faults *faults, double probability);
size_t fault_below(Faults *faults, size_t count); /* 0 to count - 1 */

/* Is this call throttled, or answered with a 5xx? Then the reply says so as the service does. */
bool faults_strike(Faults *faults, Exchange *exchange);

#endif
