/* INI files as AWS's own tools write and read them (~/.aws/config, ~/.aws/credentials):
 *
 *     [profile dev]              ; a section
 *     region = eu-west-1         # is part of the value: only whole lines are comments
 *     s3 =
 *       endpoint_url = http://…  ; a property inside another one: its name is "s3.endpoint_url"
 *
 * Names of properties come in lower case. A line that is indented deeper than the property above it
 * goes on with that property's value. A section or property that stands there twice is an error, as
 * it is for AWS's tools: nobody can know which one is meant. */
#ifndef FORMAT_INI_H
#define FORMAT_INI_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

typedef struct IniProperty {
    const char *name;
    const char *value; /* "" when empty; holds line breaks where it goes on over several lines */
    int line;
} IniProperty;

typedef struct IniSection {
    const char *name; /* what stands between the brackets, trimmed */
    int line;
    size_t first; /* its properties: `count` of Ini.properties, from this one on */
    size_t count;
} IniSection;

/* Texts live as long as the Ini. */
typedef struct Ini {
    Buf text; /* the file, cut up in place */
    Arena names;
    size_t section_count;
    IniSection *sections;
    size_t property_count;
    IniProperty *properties;
} Ini; /* all zero = an empty file */

/* `path` is for messages: ST_INPUT begins with "path:line: ". The text is copied. */
Status ini_parse(const char *path, const char *text, size_t size, Ini *ret_ini,
                 Err *err) WARN_UNUSED;
void ini_done(Ini *ini); /* leaves nothing of the text in memory: it may hold secrets */

/* NULL when there is none of that name. */
const IniSection *ini_find_section(const Ini *ini, const char *name);
const IniProperty *ini_find_property(const Ini *ini, const IniSection *section, const char *name);

#endif
