/* Arena: memory of one operation (a page, a scope, a command), given back all at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *blocks; /* newest first */
    size_t total_bytes;
} Arena; /* all zero = empty and ready */

void *arena_alloc(Arena *arena, size_t size); /* zeroed, aligned for any type */
char *arena_strdup(Arena *arena, const char *text);
char *arena_strndup(Arena *arena, const char *text, size_t size);
char *arena_printf(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets everything but keeps one block for the next round. */
void arena_reset(Arena *arena);
void arena_done(Arena *arena);

#endif
