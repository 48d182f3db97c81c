/* Memory. Allocation does not fail here: when the system has none left, the program says so and
 * ends (status 1). Everything it has written so far is valid at any such moment. What must not
 * grow without bound has a ceiling of its own: see Arena and Buf. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);                              /* zeroed */
void *mem_array(size_t count, size_t item_size);           /* zeroed, checked for overflow */
void *mem_grow(void *old, size_t count, size_t item_size); /* like realloc; new bytes undefined */
char *mem_strdup(const char *text);                        /* NULL gives NULL */
char *mem_strndup(const char *text, size_t size);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mem_free(void *memory); /* NULL is fine */

/* For OWN(): takes a pointer to the pointer. */
void mem_free_at(void *pointer_to_pointer);

#endif
