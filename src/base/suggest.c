#include "base/suggest.h"

#include "base/str.h"

#include <stdint.h>
#include <string.h>

enum { MAX_WORD = 63 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's distance, where two swapped letters count once. */
size_t suggest_distance(const char *a, const char *b) {
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > MAX_WORD || b_size > MAX_WORD) {
        return SIZE_MAX;
    }
    size_t rows[3][MAX_WORD + 1];
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t same = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], above_that[j - 2] + 1);
            }
        }
    }
    return rows[a_size % 3][b_size];
}

void suggest_begin(Suggestion *suggestion, const char *word) {
    suggestion->word = word;
    suggestion->best = NULL;
    suggestion->distance = strlen(word) / 3 + 2; /* a third of the letters may be wrong, and one */
}

void suggest_offer(Suggestion *suggestion, const char *candidate) {
    size_t distance = suggest_distance(suggestion->word, candidate);
    bool is_beginning = strlen(suggestion->word) > 1 && str_starts(candidate, suggestion->word);
    if (is_beginning && distance > 1) {
        distance = 1;
    }
    if (distance < suggestion->distance) {
        suggestion->distance = distance;
        suggestion->best = candidate;
    }
}
