/* What run and merge both tell about a merge. */
#ifndef CLI_MERGE_FIELDS_H
#define CLI_MERGE_FIELDS_H

#include "app/run.h"
#include "output.h"

/* Appends to `fields`, which has room, and returns how many there are now. No FIELD_END. */
size_t merge_fields(const RunMerge *merge, OutputField *fields, size_t count);
size_t report_fields(const RunReport *report, OutputField *fields, size_t count);

#endif
