/* AWS Organizations: https://docs.aws.amazon.com/organizations/latest/APIReference/ */
#ifndef AWS_ORGANIZATIONS_H
#define AWS_ORGANIZATIONS_H

#include "aws/aws.h"

/* Texts are borrowed during the callback. */
typedef struct OrganizationsAccount {
    const char *id;
    const char *name;
    const char *email;
    const char *state; /* State, or Status where that is absent: ACTIVE, SUSPENDED, … */
} OrganizationsAccount;

/* Called for each account, in the order of the answers; a status other than ST_OK stops the
 * listing and is returned. Waits until all pages are read. */
typedef Status OrganizationsEachAccount(void *context, const OrganizationsAccount *account,
                                        Err *err);
Status organizations_list_accounts(Aws *aws, OrganizationsEachAccount *each, void *context,
                                   Err *err) WARN_UNUSED;

#endif
