#include "aws/source_words.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

enum { MAX_WORDS = 1000 };

static bool is_blank(char c) {
    return c != '\0' && strchr(" \t\r\n", c) != NULL;
}

/* In double quotes a backslash stands for itself, unless before a quote or another backslash. */
static const char *take_backslash(const char *at, bool in_quotes, Buf *word) {
    if (in_quotes && strchr("\"\\", at[1]) == NULL) {
        buf_putc(word, '\\');
    }
    if (at[1] == '\0') {
        return NULL;
    }
    buf_putc(word, at[1]);
    return at + 2;
}

/* What is in quotes, from the one that opens on; NULL when none closes. */
static const char *take_quoted(const char *at, Buf *word) {
    char quote = *at++;
    while (at != NULL && *at != quote) {
        if (*at == '\0') {
            return NULL;
        }
        if (*at == '\\' && quote == '"') {
            at = take_backslash(at, true, word);
        } else {
            buf_putc(word, *at++);
        }
    }
    return at == NULL ? NULL : at + 1;
}

static const char *take_word(const char *at, Buf *word) {
    while (at != NULL && *at != '\0' && !is_blank(*at)) {
        if (*at == '\'' || *at == '"') {
            at = take_quoted(at, word);
        } else if (*at == '\\') {
            at = take_backslash(at, false, word);
        } else {
            buf_putc(word, *at++);
        }
    }
    return at;
}

static void put_word(SourceWords *words, const Buf *word) {
    words->words = mem_grow(words->words, words->count + 2, sizeof *words->words);
    words->words[words->count++] = mem_strdup(buf_text(word));
    words->words[words->count] = NULL;
}

Status source_words_split(const char *line, SourceWords *ret_words, Err *err) {
    OWN(buf_done) Buf word = {0};
    OWN(source_words_done) SourceWords words = {0};
    const char *at = line + strspn(line, " \t\r\n");
    while (*at != '\0') {
        buf_clear(&word);
        at = take_word(at, &word);
        if (at == NULL) {
            return err_set(err, ST_USAGE, "a quote or backslash has nothing that closes it");
        }
        if (words.count == MAX_WORDS) {
            return err_set(err, ST_USAGE, "more than %d words", MAX_WORDS);
        }
        put_word(&words, &word);
        at += strspn(at, " \t\r\n");
    }
    if (words.count == 0) {
        return err_set(err, ST_USAGE, "there is no command");
    }
    *ret_words = words;
    words = (SourceWords){0};
    return ST_OK;
}

void source_words_done(SourceWords *words) {
    for (size_t i = 0; i < words->count; i++) {
        mem_free(words->words[i]);
    }
    mem_free(words->words);
    *words = (SourceWords){0};
}
