/* Access: what roles may do, where the simulator is given their policies (--policies FILE, or POST
 * /_sim/policies):
 *
 *     {"roles": {"platform-compliance-merger": {"policies": [DOCUMENT, …]},
 *                "configreport-read-role": {"policies": [DOCUMENT, …], "trust": DOCUMENT}}}
 *
 * A session of such a role may do what these documents allow and nothing else, in whatever account
 * it is. A role with a trust is assumed by those whom it lets in; one without, as if there were no
 * policies. The management account's own key and roles that are not listed may do all. */
#ifndef SIM_ACCESS_H
#define SIM_ACCESS_H

#include "exchange.h"

typedef struct Access Access;

/* ST_USAGE or ST_PROTOCOL says what is wrong with the text. */
Status access_parse(const char *text, size_t size, Access **ret_access, Err *err) WARN_UNUSED;
void access_free(Access *access); /* NULL is fine */
/* NULL has none. */
bool access_has_role(const Access *access, const char *role);

/* May the caller make this call? If not, the reply has AWS's refusal. */
bool access_check(Exchange *exchange);

/* May the caller do this, too? For what S3 tells only to those who may list. */
bool access_allows(const Exchange *exchange, const char *action, const char *resource);

/* Does the role in that account let the caller in? */
bool access_trusts(const Exchange *exchange, const char *role, const char *external_id);

#endif
