/* Which accounts are scanned: by unit, id, name and tag. Those that are not stay in the plan, with
 * the reason. Inside of plan.c only. */
#ifndef WAREHOUSE_PLAN_SELECT_H
#define WAREHOUSE_PLAN_SELECT_H

#include "warehouse/plan_accounts.h"

/* Units only: before tags are read. ST_USAGE also when units are named and paths are not known. */
Status plan_select_units(const PlanOptions *options, PlanEntries *entries, Err *err) WARN_UNUSED;
/* All of it. */
Status plan_select_accounts(const PlanOptions *options, PlanEntries *entries, Err *err) WARN_UNUSED;

/* Whether one of the lists names a tag. */
bool plan_select_needs_tags(const PlanOptions *options);

#endif
