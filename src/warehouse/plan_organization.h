/* What the organization knows of accounts beside their list: in which units they are, and their
 * tags. Inside of plan.c only. */
#ifndef WAREHOUSE_PLAN_ORGANIZATION_H
#define WAREHOUSE_PLAN_ORGANIZATION_H

#include "warehouse/plan_accounts.h"

/* Sets which organization it is, where that may be asked. */
Status plan_organization_read_id(Aws *aws, Plan *plan, Err *err) WARN_UNUSED;

/* Sets path and units. Where that is denied, they stay unknown: a warning says so, or an error when
 * the options name units. */
Status plan_organization_read_paths(Aws *aws, const PlanOptions *options, PlanEntries *entries,
                                    Err *err) WARN_UNUSED;

/* Sets the tags, of accounts that are scanned, as the options need them. */
Status plan_organization_read_tags(Aws *aws, const PlanOptions *options, PlanEntries *entries,
                                   Err *err) WARN_UNUSED;

#endif
