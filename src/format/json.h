/* JSON, over cJSON: one way to read values from outside by path, one way to write.
 *
 * Reading: a path is member names joined by dots ("EvaluationResultIdentifier.OrderingTimestamp").
 * Nothing read is trusted: a getter checks type, length and range, and its error names the path.
 *
 *     TRY(json_parse(text, size, &root, err));
 *     TRY(json_text(root, "Credentials.AccessKeyId", 1, 128, &key_id, err));
 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct cJSON Json; /* borrowed from its root unless said otherwise */

/* The whole text must be one JSON value in UTF-8, not nested deeper than 64, and without the
 * character U+0000, which no text here can hold. Of members with one name the first counts. The
 * caller frees with json_free. ST_PROTOCOL otherwise. */
Status json_parse(const char *text, size_t size, Json **ret_root, Err *err) WARN_UNUSED;
/* The same for answers of services that keep what users wrote: U+0000, half of
 * a surrogate pair, and each byte that is not UTF-8, becomes U+FFFF, which is no character. A
 * getter refuses a text in which it stands, so that one odd text does not cost the answer;
 * json_label_or shows it. */
Status json_parse_marked(const char *text, size_t size, Json **ret_root, Err *err) WARN_UNUSED;
void json_free(Json *root);
void json_free_at(Json **root); /* for OWN() */

/* NULL when absent or null. "" is `node` itself, for items of an array. */
const Json *json_at(const Json *node, const char *path);
bool json_is_object(const Json *node);
bool json_is_array(const Json *node);
bool json_is_text(const Json *node);

/* Required text of min to max bytes. ST_PROTOCOL when absent, of another type, of another length,
 * or marked. The text lives as long as the root. */
Status json_text(const Json *node, const char *path, size_t min_bytes, size_t max_bytes,
                 const char **ret_text, Err *err) WARN_UNUSED;

/* As json_text, but absent or null gives `fallback`. */
Status json_text_or(const Json *node, const char *path, size_t max_bytes, const char *fallback,
                    const char **ret_text, Err *err) WARN_UNUSED;

/* As these two, in characters: as AWS states its limits. */
Status json_chars(const Json *node, const char *path, size_t min_chars, size_t max_chars,
                  const char **ret_text, Err *err) WARN_UNUSED;
Status json_chars_or(const Json *node, const char *path, size_t max_chars, const char *fallback,
                     const char **ret_text, Err *err) WARN_UNUSED;

/* A text that only people read: marks become U+FFFD, in the document, and what is longer than
 * `max_chars` (3 or more) is cut and ends in an ellipsis. ST_PROTOCOL when it is of another type.
 */
Status json_label_or(const Json *node, const char *path, size_t max_chars, const char *fallback,
                     const char **ret_text, Err *err) WARN_UNUSED;

Status json_number_or(const Json *node, const char *path, double min, double max, double fallback,
                      double *ret_number, Err *err) WARN_UNUSED;
/* Whole numbers only, and within +-2^53: past that, JSON's numbers are not exact. */
Status json_int_or(const Json *node, const char *path, int64_t min, int64_t max, int64_t fallback,
                   int64_t *ret_number, Err *err) WARN_UNUSED;
Status json_bool_or(const Json *node, const char *path, bool fallback, bool *ret_value,
                    Err *err) WARN_UNUSED;

/* An array with at most `max_count` items; absent or null gives NULL and an empty walk. */
Status json_array(const Json *node, const char *path, size_t max_count, const Json **ret_array,
                  Err *err) WARN_UNUSED;
const Json *json_first(const Json *array_or_object); /* NULL-safe */
const Json *json_next(const Json *item);
const char *json_name(const Json *member);     /* of an object's member */
const char *json_text_value(const Json *node); /* NULL unless a string */

/* Writing: appends to a Buf. Commas are placed by the writer.
 *
 *     JsonWriter json = {.out = &buf};
 *     json_begin_object(&json, NULL);
 *     json_put_text(&json, "group_id", "2026-11-22");
 *     json_end_object(&json);
 */
typedef struct JsonWriter {
    Buf *out;
    bool needs_comma;
} JsonWriter;

/* `name` is NULL for items of an array and for the root. A NULL text writes null. */
void json_begin_object(JsonWriter *json, const char *name);
void json_end_object(JsonWriter *json);
void json_begin_array(JsonWriter *json, const char *name);
void json_end_array(JsonWriter *json);
void json_put_text(JsonWriter *json, const char *name, const char *text);
void json_put_int(JsonWriter *json, const char *name, int64_t number);
/* NaN and infinities, which JSON does not have, become null. */
void json_put_double(JsonWriter *json, const char *name, double number);
void json_put_bool(JsonWriter *json, const char *name, bool value);
void json_put_null(JsonWriter *json, const char *name);

/* Only the quoted, escaped string: for writers that place their own commas. Invalid UTF-8 becomes
 * U+FFFD. */
void json_append_quoted(Buf *out, const char *text, size_t size);

/* As few digits as read back as the same number; "null" when it is not finite. */
void json_append_double(Buf *out, double number);

#endif
