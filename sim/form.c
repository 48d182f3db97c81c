#include "form.h"

#include "base/str.h"
#include "format/uri.h"

#include <string.h>

static bool add_field(Form *form, const char *at, size_t size) {
    const char *equals = memchr(at, '=', size);
    size_t name_size = equals != NULL ? (size_t)(equals - at) : size;
    size_t value_at = equals != NULL ? name_size + 1 : size;
    OWN(buf_done) Buf name = {0};
    OWN(buf_done) Buf value = {0};
    if (form->count == FORM_MAX_FIELDS || !uri_append_decoded(&name, at, name_size, true) ||
        !uri_append_decoded(&value, at + value_at, size - value_at, true)) {
        return false;
    }
    form->fields[form->count++] = (SigV4Pair){
        .name = arena_strndup(&form->arena, buf_text(&name), name.size),
        .value = arena_strndup(&form->arena, buf_text(&value), value.size),
    };
    return true;
}

bool form_open(const Request *request, Form *ret_form) {
    *ret_form = (Form){0};
    bool is_post = strcmp(request->method, "POST") == 0;
    const char *at = is_post ? buf_text(&request->body) : request->query;
    if (is_post && strlen(at) != request->body.size) {
        return false;
    }
    while (*at != '\0') {
        size_t size = strcspn(at, "&");
        if (size > 0 && !add_field(ret_form, at, size)) {
            return false;
        }
        at += size;
        at += *at == '&' ? 1 : 0;
    }
    return true;
}

void form_done(Form *form) {
    arena_done(&form->arena);
}

const char *form_text(const Form *form, const char *name) {
    for (size_t i = 0; i < form->count; i++) {
        if (str_equal(form->fields[i].name, name)) {
            return form->fields[i].value;
        }
    }
    return NULL;
}

static bool is_allowed(const char *name, const char *allowed) {
    size_t name_size = strlen(name);
    while (*allowed != '\0') {
        size_t size = strcspn(allowed, " ");
        bool is_prefix = size > 0 && allowed[size - 1] == '.';
        if (strncmp(name, allowed, size) == 0 && (is_prefix || size == name_size)) {
            return true;
        }
        allowed += size;
        allowed += *allowed == ' ' ? 1 : 0;
    }
    return false;
}

const char *form_find_unknown(const Form *form, const char *allowed) {
    for (size_t i = 0; i < form->count; i++) {
        const char *name = form->fields[i].name;
        if (!is_allowed(name, "Action Version") && !str_starts(name, "X-Amz-") &&
            !is_allowed(name, allowed)) {
            return name;
        }
    }
    return NULL;
}
