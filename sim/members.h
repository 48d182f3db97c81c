/* Members: what a JSON request may hold, as the service's model says it. */
#ifndef SIM_MEMBERS_H
#define SIM_MEMBERS_H

#include "exchange.h"
#include "format/json.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum MemberType {
    MEMBER_TEXT, /* min and max are its length in bytes */
    MEMBER_INT,  /* min and max are its value */
    MEMBER_BOOL,
    MEMBER_TEXTS, /* a list; max is how many */
    MEMBER_OBJECT,
    MEMBER_OBJECTS, /* a list; max is how many */
} MemberType;

typedef struct Member Member;
struct Member {
    const char *name; /* NULL ends the table */
    MemberType type;
    int64_t min;
    int64_t max;
    bool required;
    const char *values;    /* the only ones allowed, with blanks between; NULL = any */
    const Member *members; /* of an object */
};

/* False when a member is unknown, of the wrong type or out of range: the reply says it as AWS
 * does. */
bool members_check(Exchange *exchange, const Json *input, const Member *members);

#endif
