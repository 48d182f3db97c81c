/* Console: where a person looks at a finding in the AWS console. */
#ifndef REPORT_CONSOLE_H
#define REPORT_CONSOLE_H

#include <stdbool.h>

/* Excel's HYPERLINK takes addresses of up to 255 characters. */
enum { CONSOLE_LINK_SIZE = 256 };

typedef struct ConsoleFinding {
    const char *region;
    const char *resource_type;
    const char *resource_id;
    const char *rule_name; /* as AWS names it there */
} ConsoleFinding;

/* The resource's timeline in AWS Config, in the console of the region's partition; where that
 * address would be too long, the rule's page. What comes from outside is percent-encoded, so that
 * the address is of printable ASCII without quotes, blanks or a second '#'. False when there is
 * none: the region is not valid, or the console of its partition is not known. */
bool console_link_finding(const ConsoleFinding *finding, char ret_url[CONSOLE_LINK_SIZE]);

#endif
