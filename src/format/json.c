#include "format/json.h"

#include "base/mem.h"
#include "base/str.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

enum { JSON_MAX_DEPTH = 64 };

/* U+FFFF: see json_parse_marked. */
#define JSON_MARK "\xef\xbf\xbf"

/* Past this, a double no longer tells neighbouring whole numbers apart. */
#define JSON_MAX_EXACT 9007199254740992.0

static void *allocate(size_t size) {
    return mem_grow(NULL, size, 1);
}

/* With these, running out of memory ends the program as everywhere else, instead of looking like a
 * text that is not JSON. */
static void install_hooks(void) {
    cJSON_Hooks hooks = {.malloc_fn = allocate, .free_fn = mem_free};
    cJSON_InitHooks(&hooks);
}

/* Most texts are, and eight bytes at a time are seen faster than characters. */
static bool is_ascii(const char *text, size_t size) {
    uint64_t seen = 0;
    for (; size >= sizeof seen; text += sizeof seen, size -= sizeof seen) {
        uint64_t word;
        memcpy(&word, text, sizeof word);
        seen |= word;
    }
    for (; size > 0; text++, size--) {
        seen |= (unsigned char)*text;
    }
    return (seen & 0x8080808080808080U) == 0;
}

/* A backslash stands in texts only, and always with what it escapes. */
static bool has_escaped_nul(const char *text, size_t size) {
    const char *end = text + size;
    for (const char *at = memchr(text, '\\', size); at != NULL && end - at >= 6;
         at = memchr(at + 2, '\\', (size_t)(end - at - 2))) {
        if (memcmp(at, "\\u0000", 6) == 0) {
            return true;
        }
    }
    return false;
}

/* Goes no deeper than `levels`, so that the parser's own limit of 1000 does not matter. */
static bool is_deeper(const Json *node, int levels) {
    for (const Json *child = node->child; child != NULL; child = child->next) {
        bool has_levels = cJSON_IsArray(child) || cJSON_IsObject(child);
        if (has_levels && (levels == 0 || is_deeper(child, levels - 1))) {
            return true;
        }
    }
    return false;
}

static Status check_bytes(const char *text, size_t size, Err *err) {
    if (size == 0) {
        return err_set(err, ST_PROTOCOL, "not JSON: it is empty");
    }
    if (memchr(text, '\0', size) != NULL || has_escaped_nul(text, size)) {
        return err_set(err, ST_PROTOCOL, "the JSON holds the character U+0000");
    }
    if (!is_ascii(text, size) && str_valid_utf8(text, size) != size) {
        return err_set(err, ST_PROTOCOL, "not JSON: it is not UTF-8");
    }
    return ST_OK;
}

static Status parse_checked(const char *text, size_t size, Json **ret_root, Err *err) {
    static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;
    ASSERT(pthread_once(&hooks_once, install_hooks) == 0);
    const char *stopped = NULL;
    Json *root = cJSON_ParseWithLengthOpts(text, size, &stopped, false);
    size_t at = stopped != NULL ? (size_t)(stopped - text) : 0;
    while (root != NULL && at < size && strchr(" \t\r\n", text[at]) != NULL) {
        at++;
    }
    if (root == NULL || at < size) {
        json_free(root);
        return err_set(err, ST_PROTOCOL, "not JSON: it goes wrong at byte %zu of %zu", at, size);
    }
    if (is_deeper(root, JSON_MAX_DEPTH - 1)) {
        json_free(root);
        return err_set(err, ST_PROTOCOL, "the JSON is nested deeper than %d", JSON_MAX_DEPTH);
    }
    *ret_root = root;
    return ST_OK;
}

Status json_parse(const char *text, size_t size, Json **ret_root, Err *err) {
    *ret_root = NULL;
    TRY(check_bytes(text, size, err));
    return parse_checked(text, size, ret_root, err);
}

/* The UTF-16 unit that \uXXXX stands for; -1 where there is no such escape. */
static int unit_at(const char *text, size_t left) {
    int unit = 0;
    if (left < 6 || text[0] != '\\' || text[1] != 'u') {
        return -1;
    }
    for (int i = 2; i < 6; i++) {
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);
        if (digit == NULL) {
            return -1;
        }
        unit = unit * 16 + (int)(digit - digits) % 16;
    }
    return unit;
}

/* Bytes of the escape \uXXXX at `text`, 12 for the two of a pair; 0 = there is none. */
static size_t escaped_unit(const char *text, size_t left) {
    int unit = unit_at(text, left);
    bool is_high = unit >= 0xd800 && unit <= 0xdbff;
    int next = is_high ? unit_at(text + 6, left - 6) : -1;
    return unit < 0 ? 0 : next >= 0xdc00 && next <= 0xdfff ? 12 : 6;
}

/* U+0000, or half of a pair. */
static bool is_odd_escape(const char *text, size_t left) {
    int unit = unit_at(text, left);
    bool is_half = unit >= 0xd800 && unit <= 0xdfff;
    return unit == 0 || (is_half && escaped_unit(text, left) == 6);
}

/* The same text, in which U+FFFF stands for what no text here can hold. */
static void put_marked(Buf *out, const char *text, size_t size) {
    for (size_t at = 0; at < size;) {
        size_t left = size - at;
        size_t escaped = escaped_unit(text + at, left);
        if (escaped > 0) {
            bool is_odd = is_odd_escape(text + at, left);
            buf_append(out, is_odd ? "\\uffff" : text + at, escaped);
            at += escaped;
        } else if (text[at] == '\\' && left >= 2) { /* with what it escapes, if that is ASCII */
            size_t taken = (unsigned char)text[at + 1] < 0x80 && text[at + 1] != '\0' ? 2 : 1;
            buf_append(out, text + at, taken);
            at += taken;
        } else {
            size_t limit = left < 4 ? left : 4;
            size_t valid = (unsigned char)text[at] < 0x80 ? 1 : str_valid_utf8(text + at, limit);
            bool is_odd = valid == 0 || text[at] == '\0';
            buf_append(out, is_odd ? JSON_MARK : text + at, is_odd ? 3 : valid);
            at += valid == 0 ? 1 : valid;
        }
    }
}

Status json_parse_marked(const char *text, size_t size, Json **ret_root, Err *err) {
    *ret_root = NULL;
    if (json_parse(text, size, ret_root, err) == ST_OK || size == 0) {
        return size == 0 ? ST_PROTOCOL : ST_OK;
    }
    OWN(buf_done) Buf marked = {0};
    put_marked(&marked, text, size);
    return parse_checked(buf_text(&marked), marked.size, ret_root, err);
}

void json_free(Json *root) {
    cJSON_Delete(root);
}

void json_free_at(Json **root) {
    json_free(*root);
    *root = NULL;
}

const Json *json_at(const Json *node, const char *path) {
    while (node != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");
        const Json *member = cJSON_IsObject(node) ? node->child : NULL;
        while (member != NULL &&
               (strncmp(member->string, path, size) != 0 || member->string[size] != '\0')) {
            member = member->next;
        }
        node = member;
        path += path[size] == '.' ? size + 1 : size;
    }
    return cJSON_IsNull(node) ? NULL : node;
}

bool json_is_object(const Json *node) {
    return cJSON_IsObject(node);
}

bool json_is_array(const Json *node) {
    return cJSON_IsArray(node);
}

bool json_is_text(const Json *node) {
    return cJSON_IsString(node);
}

static const char *type_name(const Json *node) {
    if (cJSON_IsString(node)) {
        return "text";
    }
    if (cJSON_IsNumber(node)) {
        return "a number";
    }
    if (cJSON_IsBool(node)) {
        return "true or false";
    }
    return cJSON_IsArray(node) ? "an array" : "an object";
}

static const char *said(const char *path) {
    return path[0] != '\0' ? path : "the value";
}

static Status wrong_type(const Json *node, const char *path, const char *expected, Err *err) {
    return err_set(err, ST_PROTOCOL, "%s must be %s, not %s", said(path), expected,
                   type_name(node));
}

/* A text of any length; marked ones are refused. */
static Status find_text(const Json *node, const char *path, const char **ret_text, Err *err) {
    const Json *found = json_at(node, path);
    if (found == NULL) {
        return err_set(err, ST_PROTOCOL, "%s is missing", said(path));
    }
    if (!cJSON_IsString(found)) {
        return wrong_type(found, path, "text", err);
    }
    if (strstr(found->valuestring, JSON_MARK) != NULL) {
        return err_set(err, ST_PROTOCOL, "%s holds U+0000 or bytes that are not UTF-8", said(path));
    }
    *ret_text = found->valuestring;
    return ST_OK;
}

static Status check_length(const char *path, size_t length, size_t min, size_t max,
                           const char *unit, Err *err) {
    return length >= min && length <= max
               ? ST_OK
               : err_set(err, ST_PROTOCOL, "%s must have %zu to %zu %s, not %zu", said(path), min,
                         max, unit, length);
}

Status json_text(const Json *node, const char *path, size_t min_bytes, size_t max_bytes,
                 const char **ret_text, Err *err) {
    const char *text = "";
    TRY(find_text(node, path, &text, err));
    TRY(check_length(path, strlen(text), min_bytes, max_bytes, "bytes", err));
    *ret_text = text;
    return ST_OK;
}

Status json_chars(const Json *node, const char *path, size_t min_chars, size_t max_chars,
                  const char **ret_text, Err *err) {
    const char *text = "";
    TRY(find_text(node, path, &text, err));
    TRY(check_length(path, str_count_chars(text), min_chars, max_chars, "characters", err));
    *ret_text = text;
    return ST_OK;
}

Status json_chars_or(const Json *node, const char *path, size_t max_chars, const char *fallback,
                     const char **ret_text, Err *err) {
    if (json_at(node, path) == NULL) {
        *ret_text = fallback;
        return ST_OK;
    }
    return json_chars(node, path, 0, max_chars, ret_text, err);
}

/* The place after so many characters. */
static char *after_chars(char *text, size_t count) {
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text & 0xc0) != 0x80 && count-- == 0) {
            break;
        }
    }
    return text;
}

Status json_label_or(const Json *node, const char *path, size_t max_chars, const char *fallback,
                     const char **ret_text, Err *err) {
    const Json *found = json_at(node, path);
    *ret_text = fallback;
    if (found == NULL) {
        return ST_OK;
    }
    if (!cJSON_IsString(found)) {
        return wrong_type(found, path, "text", err);
    }
    char *text = found->valuestring;
    for (char *mark = strstr(text, JSON_MARK); mark != NULL; mark = strstr(mark, JSON_MARK)) {
        memcpy(mark, "\xef\xbf\xbd", 3);
    }
    if (str_count_chars(text) > max_chars) { /* three characters at least give way to it */
        memcpy(after_chars(text, max_chars - 2), "\xe2\x80\xa6", sizeof "\xe2\x80\xa6");
    }
    *ret_text = text;
    return ST_OK;
}

Status json_text_or(const Json *node, const char *path, size_t max_bytes, const char *fallback,
                    const char **ret_text, Err *err) {
    if (json_at(node, path) == NULL) {
        *ret_text = fallback;
        return ST_OK;
    }
    return json_text(node, path, 0, max_bytes, ret_text, err);
}

Status json_number_or(const Json *node, const char *path, double min, double max, double fallback,
                      double *ret_number, Err *err) {
    const Json *found = json_at(node, path);
    if (found == NULL) {
        *ret_number = fallback;
        return ST_OK;
    }
    if (!cJSON_IsNumber(found)) {
        return wrong_type(found, path, "a number", err);
    }
    double number = found->valuedouble;
    if (!isfinite(number) || number < min || number > max) {
        return err_set(err, ST_PROTOCOL, "%s must be a number from %.15g to %.15g, not %.15g", path,
                       min, max, number);
    }
    *ret_number = number;
    return ST_OK;
}

Status json_int_or(const Json *node, const char *path, int64_t min, int64_t max, int64_t fallback,
                   int64_t *ret_number, Err *err) {
    const Json *found = json_at(node, path);
    if (found == NULL) {
        *ret_number = fallback;
        return ST_OK;
    }
    if (!cJSON_IsNumber(found)) {
        return wrong_type(found, path, "a whole number", err);
    }
    double number = found->valuedouble;
    bool is_exact =
        number >= -JSON_MAX_EXACT && number <= JSON_MAX_EXACT && number == (double)(int64_t)number;
    if (!is_exact || (int64_t)number < min || (int64_t)number > max) {
        return err_set(err, ST_PROTOCOL, "%s must be a whole number from %lld to %lld, not %.17g",
                       path, (long long)min, (long long)max, number);
    }
    *ret_number = (int64_t)number;
    return ST_OK;
}

Status json_bool_or(const Json *node, const char *path, bool fallback, bool *ret_value, Err *err) {
    const Json *found = json_at(node, path);
    if (found != NULL && !cJSON_IsBool(found)) {
        return wrong_type(found, path, "true or false", err);
    }
    *ret_value = found != NULL ? cJSON_IsTrue(found) != 0 : fallback;
    return ST_OK;
}

Status json_array(const Json *node, const char *path, size_t max_count, const Json **ret_array,
                  Err *err) {
    const Json *found = json_at(node, path);
    *ret_array = NULL;
    if (found == NULL) {
        return ST_OK;
    }
    if (!cJSON_IsArray(found)) {
        return wrong_type(found, path, "an array", err);
    }
    size_t count = 0;
    for (const Json *item = found->child; item != NULL; item = item->next) {
        if (++count > max_count) {
            return err_set(err, ST_PROTOCOL, "%s must have at most %zu items",
                           path[0] != '\0' ? path : "the value", max_count);
        }
    }
    *ret_array = found;
    return ST_OK;
}

const Json *json_first(const Json *array_or_object) {
    bool has_items = cJSON_IsArray(array_or_object) || cJSON_IsObject(array_or_object);
    return has_items ? array_or_object->child : NULL;
}

const Json *json_next(const Json *item) {
    return item != NULL ? item->next : NULL;
}

const char *json_name(const Json *member) {
    return member->string;
}

const char *json_text_value(const Json *node) {
    return cJSON_IsString(node) ? node->valuestring : NULL;
}
