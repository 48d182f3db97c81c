#include "format/ini.h"

#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OF_A_SECTION = 10000 }; /* properties: each is compared with all before it */

/* The text is looked at line by line; values are ended with a NUL only when it is clear that no
 * further line belongs to them. */
typedef struct Reader {
    Ini *ini;
    const char *path;
    int line;
    bool in_section;
    bool has_property; /* the one that a line may go on with */
    size_t indent;     /* of that property */
    bool is_nested;    /* it has properties inside */
    const char *outer; /* name of the one they are in */
    char *value_end;   /* where the last value ends */
} Reader;

static Status refuse(const Reader *reader, Err *err, const char *what) {
    return err_set(err, ST_INPUT, "%.500s:%d: %s", reader->path, reader->line, what);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

/* The first byte of [begin, end) that is no blank, or `end`. */
static char *skip_blanks(char *begin, const char *end) {
    while (begin < end && is_blank(*begin)) {
        begin++;
    }
    return begin;
}

static char *trim_end(const char *begin, char *end) {
    while (end > begin && is_blank(end[-1])) {
        end--;
    }
    return end;
}

/* --- Sections -------------------------------------------------------------------------------- */

/* Room for one more of `count`: twice as much whenever that is a power of two. */
static void *make_room(void *items, size_t count, size_t size) {
    bool is_full = (count & (count - 1)) == 0;
    return is_full ? mem_grow(items, count == 0 ? 1 : count * 2, size) : items;
}

static Status begin_section(Reader *reader, char *begin, char *end, Err *err) {
    Ini *ini = reader->ini;
    char *close = memchr(begin, ']', (size_t)(end - begin));
    if (close == NULL) {
        return refuse(reader, err, "the section's name has no closing bracket");
    }
    const char *behind = skip_blanks(close + 1, end);
    if (behind < end && *behind != '#' && *behind != ';') {
        return refuse(reader, err, "something stands behind the section's name");
    }
    const char *name = skip_blanks(begin + 1, close);
    *trim_end(name, close) = '\0';
    if (name == close || *name == '\0') {
        return refuse(reader, err, "the section has no name");
    }
    ini->sections = make_room(ini->sections, ini->section_count, sizeof *ini->sections);
    ini->sections[ini->section_count++] =
        (IniSection){.name = name, .line = reader->line, .first = ini->property_count};
    reader->in_section = true;
    reader->has_property = false;
    return ST_OK;
}

/* --- Properties ------------------------------------------------------------------------------ */

static Status add_property(Reader *reader, const char *name, const char *value, Err *err) {
    Ini *ini = reader->ini;
    ASSERT(ini->sections != NULL);
    IniSection *section = &ini->sections[ini->section_count - 1];
    const IniProperty *same = ini_find_property(ini, section, name);
    if (same != NULL) {
        return err_set(err, ST_INPUT, "%.500s:%d: %.80s is set already, in line %d", reader->path,
                       reader->line, name, same->line);
    }
    if (section->count == MAX_OF_A_SECTION) {
        return refuse(reader, err, "there are too many properties in one section");
    }
    ini->properties = make_room(ini->properties, ini->property_count, sizeof *ini->properties);
    ini->properties[ini->property_count++] =
        (IniProperty){.name = name, .value = value, .line = reader->line};
    section->count++;
    return ST_OK;
}

/* Cuts "name = value" in two; the name in lower case. */
static Status split_property(Reader *reader, char *begin, char *end, char **ret_value, Err *err) {
    char *equals = begin;
    while (equals < end && *equals != '=' && *equals != ':') {
        equals++;
    }
    if (equals == end) {
        return refuse(reader, err, "this is neither [section] nor name = value");
    }
    if (equals == begin) {
        return refuse(reader, err, "there is no name before the equals sign");
    }
    for (char *c = begin; c < equals; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    *ret_value = skip_blanks(equals + 1, end);
    *trim_end(begin, equals) = '\0';
    return ST_OK;
}

/* What stood before ends here. */
static void end_value(Reader *reader) {
    if (reader->value_end != NULL) {
        *reader->value_end = '\0';
        reader->value_end = NULL;
    }
}

static Status begin_property(Reader *reader, char *begin, char *end, size_t indent, Err *err) {
    char *value = NULL;
    if (!reader->in_section) {
        return refuse(reader, err, "there is no [section] before this line");
    }
    TRY(split_property(reader, begin, end, &value, err));
    TRY(add_property(reader, begin, value, err));
    reader->value_end = end;
    reader->has_property = true;
    reader->is_nested = value == end;
    reader->outer = begin;
    reader->indent = indent;
    return ST_OK;
}

/* A line that is indented deeper than the property above it. */
static Status go_on_with_property(Reader *reader, char *begin, char *end, Err *err) {
    char *value = NULL;
    if (!reader->is_nested) {
        reader->value_end = end;
        return ST_OK;
    }
    end_value(reader);
    TRY(split_property(reader, begin, end, &value, err));
    reader->value_end = end;
    return add_property(reader, arena_printf(&reader->ini->names, "%s.%s", reader->outer, begin),
                        value, err);
}

/* [begin, end) is one line, without its end. */
static Status read_line(Reader *reader, char *begin, char *end, Err *err) {
    char *text = skip_blanks(begin, end);
    end = trim_end(text, end);
    if (text == end) {
        return ST_OK;
    }
    if (*text == '#' || *text == ';') {
        memset(text, ' ', (size_t)(end - text)); /* it may stand inside a longer value */
        return ST_OK;
    }
    size_t indent = (size_t)(text - begin);
    if (reader->has_property && indent > reader->indent) {
        return go_on_with_property(reader, text, end, err);
    }
    end_value(reader);
    return *text == '[' ? begin_section(reader, text, end, err)
                        : begin_property(reader, text, end, indent, err);
}

static Status read_lines(Reader *reader, Err *err) {
    const Buf *text = &reader->ini->text;
    if (str_valid_utf8(buf_text(text), text->size) != text->size ||
        memchr(buf_text(text), '\0', text->size) != NULL) {
        return err_set(err, ST_INPUT, "%.500s is not text in UTF-8", reader->path);
    }
    char *at = text->data;
    const char *text_end = text->data + text->size;
    if (text->size >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) {
        at += 3;
    }
    while (at < text_end) {
        char *end = memchr(at, '\n', (size_t)(text_end - at));
        if (end == NULL) {
            end = text->data + text->size;
        }
        reader->line++;
        TRY(read_line(reader, at, end, err));
        at = end + 1;
    }
    end_value(reader);
    return ST_OK;
}

static int by_name(const void *a, const void *b) {
    const IniSection *one = *(const IniSection *const *)a;
    const IniSection *other = *(const IniSection *const *)b;
    int order = strcmp(one->name, other->name);
    return order != 0 ? order : (one->line > other->line) - (one->line < other->line);
}

/* Of many: a file may have thousands of profiles. */
static Status check_unique(const Reader *reader, Err *err) {
    const Ini *ini = reader->ini;
    OWN(mem_free_at) char *memory = mem_grow(NULL, ini->section_count + 1, sizeof(void *));
    const IniSection **sorted = (const IniSection **)(void *)memory;
    for (size_t i = 0; i < ini->section_count; i++) {
        sorted[i] = &ini->sections[i];
    }
    qsort(sorted, ini->section_count, sizeof(void *), by_name);
    for (size_t i = 1; i < ini->section_count; i++) {
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            return err_set(err, ST_INPUT, "%.500s:%d: [%.80s] is there already, in line %d",
                           reader->path, sorted[i]->line, sorted[i]->name, sorted[i - 1]->line);
        }
    }
    return ST_OK;
}

Status ini_parse(const char *path, const char *text, size_t size, Ini *ret_ini, Err *err) {
    *ret_ini = (Ini){0};
    Reader reader = {.ini = ret_ini, .path = path};
    if (size == 0) {
        return ST_OK;
    }
    buf_append(&ret_ini->text, text, size);
    Status status = read_lines(&reader, err);
    if (status == ST_OK) {
        status = check_unique(&reader, err);
    }
    if (status != ST_OK) {
        ini_done(ret_ini);
    }
    return status;
}

void ini_done(Ini *ini) {
    if (ini->text.data != NULL) {
        explicit_bzero(ini->text.data, ini->text.capacity);
    }
    buf_done(&ini->text);
    arena_done(&ini->names);
    mem_free(ini->sections);
    mem_free(ini->properties);
    *ini = (Ini){0};
}

/* --- Finding --------------------------------------------------------------------------------- */

const IniSection *ini_find_section(const Ini *ini, const char *name) {
    for (size_t i = 0; i < ini->section_count; i++) {
        if (str_equal(ini->sections[i].name, name)) {
            return &ini->sections[i];
        }
    }
    return NULL;
}

const IniProperty *ini_find_property(const Ini *ini, const IniSection *section, const char *name) {
    for (size_t i = 0; section != NULL && i < section->count; i++) {
        const IniProperty *property = &ini->properties[section->first + i];
        if (str_equal(property->name, name)) {
            return property;
        }
    }
    return NULL;
}
