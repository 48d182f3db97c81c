/* Words of a command line, split as a shell does, and as AWS's own tools do it: at blanks, with
 * quotes and backslashes. Nothing is expanded: no variable, no pattern, no command. */
#ifndef AWS_SOURCE_WORDS_H
#define AWS_SOURCE_WORDS_H

#include "base/err.h"

#include <stddef.h>

typedef struct SourceWords {
    char **words; /* ends with NULL */
    size_t count;
} SourceWords;

/* At least one. ST_USAGE when there is none, or a quote is left open. */
Status source_words_split(const char *line, SourceWords *ret_words, Err *err) WARN_UNUSED;
void source_words_done(SourceWords *words);

#endif
