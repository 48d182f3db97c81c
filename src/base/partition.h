/* Partition: what is known of AWS's partitions. A partition is a part of AWS with accounts, ARNs,
 * DNS names and a console of its own; a region belongs to exactly one. Endpoints, ARNs, links to
 * the console, and the regions where Organizations and STS are asked all come from this table.
 *
 * Sources: botocore's partitions.json and endpoint rule sets (a test compares the two), and
 * https://docs.aws.amazon.com/general/latest/gr/rande.html. */
#ifndef BASE_PARTITION_H
#define BASE_PARTITION_H

#include "base/err.h"

#include <stdbool.h>

typedef struct Partition {
    const char *name;                 /* as in ARNs: "aws-us-gov" */
    const char *region_prefixes;      /* "us-gov-", separated by blanks */
    const char *dns_suffix;           /* "amazonaws.com" */
    const char *dualstack_suffix;     /* "api.aws"; NULL = no dual-stack names, but for S3's */
    const char *home_region;          /* where every account has STS and EC2 on */
    const char *organizations_region; /* the only one that has Organizations; NULL = each region */
    const char *console_host;         /* follows "<region>."; NULL = not known */
    const char *fips_by_default; /* services, by the first part of their names, whose ordinary names
                                    are FIPS endpoints already; separated by blanks */
    bool has_s3_fips;
    const char *regions; /* all that this version knows, separated by blanks */
} Partition;

/* The partition of a region, by the region's prefix; NULL when the prefix is unknown. */
const Partition *partition_of_region(const char *region);

/* The same; ST_USAGE names a region whose prefix is unknown. */
Status partition_find(const char *region, const Partition **ret_partition, Err *err) WARN_UNUSED;

/* Whether this version of confhouse knows the region by its name. */
bool partition_knows_region(const char *region);

/* ST_USAGE when the region is not known by name, with the one that was likely meant. A region that
 * is newer than this version passes where `allow_unknown` is set, but its partition must be known.
 */
Status partition_check_region(const char *region, bool allow_unknown, Err *err) WARN_UNUSED;

/* Whether a list separated by blanks has the word. */
bool partition_list_has(const char *list, const char *word);

#endif
