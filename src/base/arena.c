#include "base/arena.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct ArenaBlock {
    ArenaBlock *next;
    size_t capacity;
    size_t used;
    max_align_t data[];
};

static size_t align_up(size_t size) {
    size_t to = _Alignof(max_align_t);
    ASSERT(size <= SIZE_MAX - to);
    return (size + to - 1) & ~(to - 1);
}

static ArenaBlock *block_new(size_t at_least) {
    size_t capacity = at_least > BLOCK_BYTES ? at_least : BLOCK_BYTES;
    ASSERT(capacity <= SIZE_MAX - sizeof(ArenaBlock));
    ArenaBlock *block = mem_grow(NULL, 1, sizeof(ArenaBlock) + capacity);
    block->next = NULL;
    block->capacity = capacity;
    block->used = 0;
    return block;
}

void *arena_alloc(Arena *arena, size_t size) {
    size_t need = align_up(size);
    ArenaBlock *block = arena->blocks;
    if (block == NULL || block->capacity - block->used < need) {
        block = block_new(need);
        block->next = arena->blocks;
        arena->blocks = block;
        arena->total_bytes += block->capacity;
    }
    void *memory = (char *)block->data + block->used;
    block->used += need;
    memset(memory, 0, size);
    return memory;
}

char *arena_strdup(Arena *arena, const char *text) {
    return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(Arena *arena, const char *text, size_t size) {
    ASSERT(size < SIZE_MAX);
    char *copy = arena_alloc(arena, size + 1);
    memcpy(copy, text, size);
    return copy;
}

char *arena_printf(Arena *arena, const char *format, ...) {
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    ASSERT(size >= 0);
    char *text = arena_alloc(arena, (size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

static void free_from(Arena *arena, ArenaBlock *block) {
    while (block != NULL) {
        ArenaBlock *next = block->next;
        arena->total_bytes -= block->capacity;
        mem_free(block);
        block = next;
    }
}

void arena_reset(Arena *arena) {
    if (arena->blocks == NULL) {
        return;
    }
    free_from(arena, arena->blocks->next);
    arena->blocks->next = NULL;
    arena->blocks->used = 0;
}

void arena_done(Arena *arena) {
    free_from(arena, arena->blocks);
    arena->blocks = NULL;
}
