/* Expected: the ground truth, streamed. What a complete scan must have found in a week:
 *   evaluations  one line for each, of what can be read
 *   scopes       one line per account and region: its outcome, recorder and counts
 *   rules        one line per rule in a scope that can be read: how it stands, its tags
 *   resources    one line per resource that rules evaluate: its tags
 * As JSON lines, or as CSV with a header. */
#ifndef SIM_EXPECTED_H
#define SIM_EXPECTED_H

#include "exchange.h"
#include "format/json.h"

typedef enum ExpectedKind {
    EXPECTED_EVALUATIONS,
    EXPECTED_SCOPES,
    EXPECTED_RULES,
    EXPECTED_RESOURCES,
} ExpectedKind;

/* "", "scopes", "rules", "resources" */
bool expected_kind_parse(const char *name, ExpectedKind *ret_kind);

typedef struct ExpectedOptions {
    const World *world; /* borrowed */
    Knobs knobs;        /* with the week that is asked for */
    ExpectedKind kind;
    bool as_csv;
} ExpectedOptions;

ReplyStream expected_open(const ExpectedOptions *options);

/* How many calls a reader needs at least for one whole scan, by operation, into the open object. */
void expected_write_minimum(const World *world, const Knobs *knobs, JsonWriter *json);

#endif
