/* Suggest: which known word was likely meant. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

/* Letters that must be changed, added, removed or swapped with their neighbour to make `b` of `a`.
 * Words longer than 63 letters are as far apart as can be. */
size_t suggest_distance(const char *a, const char *b);

/* Feed candidates to it one by one; `best` is NULL while none is near enough. */
typedef struct Suggestion {
    const char *word;
    const char *best;
    size_t distance;
} Suggestion;

void suggest_begin(Suggestion *suggestion, const char *word);
void suggest_offer(Suggestion *suggestion, const char *candidate);

#endif
