/* Select: the little language of SelectResourceConfig, as far as it is simulated:
 *   SELECT field, field WHERE field = 'x' AND field IN ('a', 'b') AND field LIKE 'c%'
 * with the fields of a resource (no nested ones but tags.key, tags.value and tags.tag in
 * conditions), key words in any case. */
#ifndef SIM_SELECT_H
#define SIM_SELECT_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { SELECT_MAX_FIELDS = 16, SELECT_MAX_CONDITIONS = 16, SELECT_MAX_VALUES = 100 };

typedef struct SelectCondition {
    const char *field;
    bool is_like; /* the value is a pattern: % is any run of characters */
    size_t count;
    const char **values;
} SelectCondition;

typedef struct Select {
    size_t field_count;
    const char *fields[SELECT_MAX_FIELDS];
    size_t condition_count;
    SelectCondition conditions[SELECT_MAX_CONDITIONS];
} Select;

/* Texts live in the arena. ST_INPUT says what is not understood. */
Status select_parse(Arena *arena, const char *expression, Select *ret_select, Err *err) WARN_UNUSED;

/* Does any of the values hold for the text? */
bool select_matches(const SelectCondition *condition, const char *text);

#endif
