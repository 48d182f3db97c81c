#include "format/xml.h"

#include "base/str.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

enum { XML_MAX_DEPTH = 32 };

/* One element that is open: what the handlers add to. */
typedef struct Open {
    XmlNode *node;
    XmlNode *last_child;
    Buf text;
} Open;

typedef struct Reader {
    XML_Parser expat;
    Arena *arena;
    XmlNode *root;
    const char *refused; /* why parsing was stopped; NULL when expat itself stopped */
    size_t depth;
    Open open[XML_MAX_DEPTH];
} Reader;

static void refuse(Reader *reader, const char *why) {
    reader->refused = why;
    XML_StopParser(reader->expat, XML_FALSE);
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes) {
    (void)attributes;
    Reader *reader = context;
    if (reader->depth == XML_MAX_DEPTH) {
        refuse(reader, "it is nested too deep");
        return;
    }
    const char *colon = strrchr(name, ':');
    XmlNode *node = arena_alloc(reader->arena, sizeof *node);
    node->name = arena_strdup(reader->arena, colon != NULL ? colon + 1 : name);
    node->text = "";
    if (reader->depth == 0) {
        reader->root = node;
    } else {
        Open *parent = &reader->open[reader->depth - 1];
        if (parent->last_child != NULL) {
            parent->last_child->next = node;
        } else {
            parent->node->first_child = node;
        }
        parent->last_child = node;
    }
    Open *open = &reader->open[reader->depth++];
    open->node = node;
    open->last_child = NULL;
    buf_clear(&open->text);
}

static void XMLCALL on_end(void *context, const XML_Char *name) {
    (void)name;
    Reader *reader = context;
    if (reader->refused != NULL) {
        return; /* of an empty element, expat still tells the end after it was stopped */
    }
    Open *open = &reader->open[--reader->depth];
    if (open->text.size > 0) {
        open->node->text = arena_strndup(reader->arena, open->text.data, open->text.size);
    }
}

static void XMLCALL on_text(void *context, const XML_Char *text, int size) {
    Reader *reader = context;
    if (reader->depth > 0) {
        buf_append(&reader->open[reader->depth - 1].text, text, (size_t)size);
    }
}

static void XMLCALL on_doctype(void *context, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset) {
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    refuse(context, "it has a document type declaration");
}

static void close_reader(Reader *reader) {
    XML_ParserFree(reader->expat);
    for (size_t i = 0; i < XML_MAX_DEPTH; i++) {
        buf_done(&reader->open[i].text);
    }
}

Status xml_parse(Arena *arena, const char *text, size_t size, const XmlNode **ret_root, Err *err) {
    *ret_root = NULL;
    if (size > INT_MAX) {
        return err_set(err, ST_PROTOCOL, "not XML: it is larger than %d bytes", INT_MAX);
    }
    OWN(close_reader) Reader reader = {.arena = arena, .expat = XML_ParserCreate(NULL)};
    ASSERT(reader.expat != NULL);
    XML_SetUserData(reader.expat, &reader);
    XML_SetElementHandler(reader.expat, on_start, on_end);
    XML_SetCharacterDataHandler(reader.expat, on_text);
    XML_SetStartDoctypeDeclHandler(reader.expat, on_doctype);
    if (XML_Parse(reader.expat, text, (int)size, XML_TRUE) != XML_STATUS_OK) {
        const char *why = reader.refused != NULL ? reader.refused
                                                 : XML_ErrorString(XML_GetErrorCode(reader.expat));
        return err_set(err, ST_PROTOCOL, "not the XML we read: %s, at line %lu", why,
                       (unsigned long)XML_GetCurrentLineNumber(reader.expat));
    }
    *ret_root = reader.root;
    return ST_OK;
}

/* `node` or the first of its siblings behind it whose name is the first `size` bytes of `name`. */
static const XmlNode *find_sibling(const XmlNode *node, const char *name, size_t size) {
    while (node != NULL && (strncmp(node->name, name, size) != 0 || node->name[size] != '\0')) {
        node = node->next;
    }
    return node;
}

const XmlNode *xml_at(const XmlNode *node, const char *path) {
    while (node != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");
        node = find_sibling(node->first_child, path, size);
        path += path[size] == '.' ? size + 1 : size;
    }
    return node;
}

const char *xml_text(const XmlNode *node, const char *path) {
    const XmlNode *found = xml_at(node, path);
    return found != NULL ? found->text : NULL;
}

Status xml_need(const XmlNode *node, const char *path, size_t min_bytes, size_t max_bytes,
                const char **ret_text, Err *err) {
    const char *text = xml_text(node, path);
    if (text == NULL) {
        return err_set(err, ST_PROTOCOL, "%s is missing", path);
    }
    size_t size = strlen(text);
    if (size < min_bytes || size > max_bytes) {
        return err_set(err, ST_PROTOCOL, "%s must have %zu to %zu bytes, not %zu", path, min_bytes,
                       max_bytes, size);
    }
    *ret_text = text;
    return ST_OK;
}

const XmlNode *xml_next(const XmlNode *node) {
    return node != NULL ? find_sibling(node->next, node->name, strlen(node->name)) : NULL;
}

/* What stands for `c` in a text: itself when NULL, nothing when "". A CR is written as a reference
 * since readers would turn it into LF. */
static const char *escape_of(unsigned char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\r':
        return "&#13;";
    default:
        return c < ' ' && c != '\t' && c != '\n' ? "" : NULL;
    }
}

/* U+FFFE and U+FFFF are valid UTF-8, yet no characters of XML. */
static bool is_noncharacter(const char *at) {
    return memcmp(at, "\xEF\xBF\xBE", 3) == 0 || memcmp(at, "\xEF\xBF\xBF", 3) == 0;
}

static void append_valid(Buf *out, const char *text, size_t size) {
    size_t done = 0;
    for (size_t i = 0; i < size;) {
        const char *escape = escape_of((unsigned char)text[i]);
        size_t length = 1;
        if (text[i] == '\xEF' && is_noncharacter(text + i)) {
            escape = "";
            length = 3;
        }
        if (escape != NULL) {
            buf_append(out, text + done, i - done);
            buf_puts(out, escape);
            done = i + length;
        }
        i += length;
    }
    buf_append(out, text + done, size - done);
}

void xml_append_escaped(Buf *out, const char *text) {
    size_t size = strlen(text);
    while (size > 0) {
        size_t valid = str_valid_utf8(text, size);
        append_valid(out, text, valid);
        size_t skipped = valid < size ? 1 : 0;
        text += valid + skipped;
        size -= valid + skipped;
    }
}
