# Writes OUT, a header that holds the bytes of FILE as embedded_rules.
file(READ ${FILE} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n    " bytes "${bytes}")
file(WRITE ${OUT} "/* Made from sim/data/managed-rules.csv: do not edit. */
#include <stddef.h>

static const unsigned char embedded_rules[] = {
    ${bytes}
};
static const size_t embedded_rules_size = sizeof embedded_rules;
")
