/* AWS Organizations: https://docs.aws.amazon.com/organizations/latest/APIReference/
 *
 * Each function waits until all pages are read and calls back for each item, in the order of the
 * answers; a status other than ST_OK stops the listing and is returned. Texts are borrowed during
 * the callback. One call after the other: Organizations throttles early. */
#ifndef AWS_ORGANIZATIONS_H
#define AWS_ORGANIZATIONS_H

#include "aws/aws.h"

typedef struct Organization {
    char id[35]; /* o-a1b2c3d4e5 */
    char management_account_id[13];
} Organization;
/* Any of its accounts may ask. ST_DENIED where that is not allowed, or there is none. */
Status organizations_describe(Aws *aws, Organization *ret_organization, Err *err) WARN_UNUSED;

typedef struct OrganizationsAccount {
    const char *id;
    const char *name;
    const char *email;
    const char *state; /* State, or Status where that is absent: ACTIVE, SUSPENDED, … */
} OrganizationsAccount;

typedef Status OrganizationsEachAccount(void *context, const OrganizationsAccount *account,
                                        Err *err);
Status organizations_list_accounts(Aws *aws, OrganizationsEachAccount *each, void *context,
                                   Err *err) WARN_UNUSED;
/* Directly below a root or a unit. */
Status organizations_list_accounts_for_parent(Aws *aws, const char *parent_id,
                                              OrganizationsEachAccount *each, void *context,
                                              Err *err) WARN_UNUSED;

/* A root or an organizational unit. */
typedef struct OrganizationsUnit {
    const char *id; /* r-… or ou-… */
    const char *name;
} OrganizationsUnit;
typedef Status OrganizationsEachUnit(void *context, const OrganizationsUnit *unit, Err *err);
Status organizations_list_roots(Aws *aws, OrganizationsEachUnit *each, void *context,
                                Err *err) WARN_UNUSED;
Status organizations_list_units_for_parent(Aws *aws, const char *parent_id,
                                           OrganizationsEachUnit *each, void *context,
                                           Err *err) WARN_UNUSED;

typedef struct OrganizationsTag {
    const char *key;
    const char *value;
} OrganizationsTag;
typedef Status OrganizationsEachTag(void *context, const OrganizationsTag *tag, Err *err);
/* Of an account, a root or a unit. */
Status organizations_list_tags(Aws *aws, const char *resource_id, OrganizationsEachTag *each,
                               void *context, Err *err) WARN_UNUSED;

#endif
