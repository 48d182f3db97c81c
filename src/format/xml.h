/* XML as AWS's query services and S3 answer it, over expat: small documents, read into a tree of
 * elements and texts. Attributes and namespaces are passed over; document type declarations are
 * refused. */
#ifndef FORMAT_XML_H
#define FORMAT_XML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

typedef struct XmlNode XmlNode;
struct XmlNode {
    const char *name; /* without its prefix */
    const char *text; /* all text directly inside, "" when none */
    const XmlNode *first_child;
    const XmlNode *next; /* the next sibling */
};

/* Everything lives in the arena. Depth is at most 32. ST_PROTOCOL when it is not XML. */
Status xml_parse(Arena *arena, const char *text, size_t size, const XmlNode **ret_root,
                 Err *err) WARN_UNUSED;

/* First element by path below `node` ("AssumeRoleResult.Credentials"); NULL when absent. */
const XmlNode *xml_at(const XmlNode *node, const char *path);
/* Its text; NULL when the element is absent. */
const char *xml_text(const XmlNode *node, const char *path);
/* Required text of min to max bytes; ST_PROTOCOL otherwise. */
Status xml_need(const XmlNode *node, const char *path, size_t min_bytes, size_t max_bytes,
                const char **ret_text, Err *err) WARN_UNUSED;
/* The next sibling with the same name; NULL at the end. */
const XmlNode *xml_next(const XmlNode *node);

/* Text with & < > " ' escaped and what XML 1.0 forbids left out: for writers. */
void xml_append_escaped(Buf *out, const char *text);

#endif
