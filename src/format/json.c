#include "format/json.h"

#include "base/mem.h"
#include "base/str.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

enum { JSON_MAX_DEPTH = 64 };

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

Status json_parse(const char *text, size_t size, Json **ret_root, Err *err) {
    *ret_root = NULL;
    static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;
    ASSERT(pthread_once(&hooks_once, install_hooks) == 0);
    TRY(check_bytes(text, size, err));
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

static Status wrong_type(const Json *node, const char *path, const char *expected, Err *err) {
    return err_set(err, ST_PROTOCOL, "%s must be %s, not %s", path[0] != '\0' ? path : "the value",
                   expected, type_name(node));
}

Status json_text(const Json *node, const char *path, size_t min_bytes, size_t max_bytes,
                 const char **ret_text, Err *err) {
    const Json *found = json_at(node, path);
    if (found == NULL) {
        return err_set(err, ST_PROTOCOL, "%s is missing", path[0] != '\0' ? path : "the value");
    }
    if (!cJSON_IsString(found)) {
        return wrong_type(found, path, "text", err);
    }
    size_t size = strlen(found->valuestring);
    if (size < min_bytes || size > max_bytes) {
        return err_set(err, ST_PROTOCOL, "%s must have %zu to %zu bytes, not %zu",
                       path[0] != '\0' ? path : "the value", min_bytes, max_bytes, size);
    }
    *ret_text = found->valuestring;
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
