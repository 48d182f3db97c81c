#include "base/mem.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory, size_t size) {
    if (memory == NULL) {
        fprintf(stderr, "confhouse: out of memory (%zu bytes asked for)\n", size);
        _Exit(EXIT_FAILED);
    }
    return memory;
}

static size_t array_size(size_t count, size_t item_size) {
    size_t size = 0;
    ASSERT(!__builtin_mul_overflow(count, item_size, &size));
    return size > 0 ? size : 1;
}

void *mem_alloc(size_t size) {
    return checked(calloc(1, size > 0 ? size : 1), size);
}

void *mem_array(size_t count, size_t item_size) {
    return mem_alloc(array_size(count, item_size));
}

void *mem_grow(void *old, size_t count, size_t item_size) {
    size_t size = array_size(count, item_size);
    return checked(realloc(old, size), size);
}

char *mem_strdup(const char *text) {
    return text == NULL ? NULL : mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *text, size_t size) {
    char *copy = mem_alloc(size + 1);
    memcpy(copy, text, size);
    return copy;
}

char *mem_printf(const char *format, ...) {
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    ASSERT(size >= 0);
    char *text = mem_alloc((size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void mem_free(void *memory) {
    free(memory);
}

void mem_free_at(void *pointer_to_pointer) {
    void *memory = NULL;
    memcpy(&memory, pointer_to_pointer, sizeof memory);
    free(memory);
}
