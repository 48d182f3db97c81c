/* Form: the fields of a query request (application/x-www-form-urlencoded), decoded. */
#ifndef SIM_FORM_H
#define SIM_FORM_H

#include "base/arena.h"
#include "exchange.h"

enum { FORM_MAX_FIELDS = 256 };

typedef struct Form {
    Arena arena;
    size_t count;
    SigV4Pair fields[FORM_MAX_FIELDS];
} Form;

/* From the body of a POST, the query of a GET. False when it is no form. */
bool form_open(const Request *request, Form *ret_form);
void form_done(Form *form);

/* NULL when absent. */
const char *form_text(const Form *form, const char *name);

/* The first field that `allowed` (names with blanks between; a name that ends in '.' stands for all
 * that begin so) does not name; NULL when all are. */
const char *form_find_unknown(const Form *form, const char *allowed);

#endif
