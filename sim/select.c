#include "select.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

static const char *const known_fields[] = {
    "resourceId", "resourceType", "resourceName", "accountId",
    "awsRegion",  "arn",          "tags",         "configurationItemStatus",
    "tags.key",   "tags.value",   "tags.tag",     "configurationItemCaptureTime",
};

typedef struct Reader {
    Arena *arena;
    const char *at;
} Reader;

static void skip_blanks(Reader *reader) {
    reader->at += strspn(reader->at, " \t\r\n");
}

/* A name, a key word or a '*'; "" when there is none. */
static const char *take_word(Reader *reader) {
    skip_blanks(reader);
    size_t size = 0;
    while (isalnum((unsigned char)reader->at[size]) || reader->at[size] == '.' ||
           reader->at[size] == '_' || reader->at[size] == '*') {
        size++;
    }
    const char *word = arena_strndup(reader->arena, reader->at, size);
    reader->at += size;
    return word;
}

static bool take_sign(Reader *reader, char sign) {
    skip_blanks(reader);
    bool found = *reader->at == sign;
    reader->at += found ? 1 : 0;
    return found;
}

/* 'text', in which '' is a quote; NULL when there is none. */
static const char *take_text(Reader *reader) {
    if (!take_sign(reader, '\'')) {
        return NULL;
    }
    char *text = arena_alloc(reader->arena, strlen(reader->at) + 1);
    size_t size = 0;
    while (*reader->at != '\0') {
        if (reader->at[0] == '\'' && reader->at[1] != '\'') {
            reader->at++;
            return text;
        }
        reader->at += *reader->at == '\'' ? 1 : 0;
        text[size++] = *reader->at++;
    }
    return NULL;
}

static bool is_known(const char *field) {
    for (size_t i = 0; i < sizeof known_fields / sizeof known_fields[0]; i++) {
        if (str_equal(known_fields[i], field)) {
            return true;
        }
    }
    return false;
}

static Status take_fields(Reader *reader, Select *select, Err *err) {
    do {
        const char *field = take_word(reader);
        if (str_equal(field, "*")) {
            select->fields[select->field_count++] = "resourceId";
            field = "resourceType";
        }
        if (!is_known(field)) {
            return err_set(err, ST_INPUT, "Property [%.80s] is not valid", field);
        }
        if (select->field_count >= SELECT_MAX_FIELDS - 1) {
            return err_set(err, ST_INPUT, "more than %d properties", SELECT_MAX_FIELDS - 1);
        }
        select->fields[select->field_count++] = field;
    } while (take_sign(reader, ','));
    return ST_OK;
}

static Status take_values(Reader *reader, SelectCondition *condition, Err *err) {
    condition->values = arena_alloc(reader->arena, SELECT_MAX_VALUES * sizeof *condition->values);
    bool is_list = take_sign(reader, '(');
    do {
        const char *text = take_text(reader);
        if (text == NULL || condition->count == SELECT_MAX_VALUES) {
            return err_set(err, ST_INPUT, "a text in quotes is missing at '%.40s'", reader->at);
        }
        condition->values[condition->count++] = text;
    } while (is_list && take_sign(reader, ','));
    if (is_list && !take_sign(reader, ')')) {
        return err_set(err, ST_INPUT, "a ) is missing at '%.40s'", reader->at);
    }
    return ST_OK;
}

static Status take_condition(Reader *reader, Select *select, Err *err) {
    if (select->condition_count == SELECT_MAX_CONDITIONS) {
        return err_set(err, ST_INPUT, "more than %d conditions", SELECT_MAX_CONDITIONS);
    }
    SelectCondition *condition = &select->conditions[select->condition_count++];
    condition->field = take_word(reader);
    if (!is_known(condition->field)) {
        return err_set(err, ST_INPUT, "Property [%.80s] is not valid", condition->field);
    }
    if (!take_sign(reader, '=')) {
        const char *word = take_word(reader);
        condition->is_like = str_equal_nocase(word, "LIKE");
        if (!condition->is_like && !str_equal_nocase(word, "IN")) {
            return err_set(err, ST_INPUT, "only =, IN and LIKE are understood, not '%.40s'", word);
        }
    }
    return take_values(reader, condition, err);
}

Status select_parse(Arena *arena, const char *expression, Select *ret_select, Err *err) {
    Reader reader = {.arena = arena, .at = expression};
    *ret_select = (Select){0};
    if (!str_equal_nocase(take_word(&reader), "SELECT")) {
        return err_set(err, ST_INPUT, "it must begin with SELECT");
    }
    TRY(take_fields(&reader, ret_select, err));
    const char *word = take_word(&reader);
    const char *expected = "WHERE";
    while (word[0] != '\0') {
        if (!str_equal_nocase(word, expected)) {
            return err_set(err, ST_INPUT, "expected %s, not '%.40s'", expected, word);
        }
        TRY(take_condition(&reader, ret_select, err));
        word = take_word(&reader);
        expected = "AND";
    }
    skip_blanks(&reader);
    if (*reader.at != '\0') {
        return err_set(err, ST_INPUT, "not understood: '%.40s'", reader.at);
    }
    return ST_OK;
}

static bool is_like(const char *pattern, const char *text) {
    for (; *pattern != '%' && *pattern != '\0'; pattern++, text++) {
        if (*pattern != *text) {
            return false;
        }
    }
    if (*pattern == '\0') {
        return *text == '\0';
    }
    for (;; text++) {
        if (is_like(pattern + 1, text)) {
            return true;
        }
        if (*text == '\0') {
            return false;
        }
    }
}

bool select_matches(const SelectCondition *condition, const char *text) {
    for (size_t i = 0; i < condition->count; i++) {
        if (condition->is_like ? is_like(condition->values[i], text)
                               : str_equal(condition->values[i], text)) {
            return true;
        }
    }
    return false;
}
