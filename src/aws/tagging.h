/* Resource Groups Tagging:
 * https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/ */
#ifndef AWS_TAGGING_H
#define AWS_TAGGING_H

#include "aws/aws.h"
#include "aws/config.h"

/* What has tags, or had some. A resource that was never tagged is not there. */
typedef struct TaggingResource {
    const char *arn;
    size_t tag_count;
    const ConfigTag *tags;
} TaggingResource;
typedef struct TaggingPage {
    size_t count; /* 0 to 100; a short page may have a next one */
    const TaggingResource *resources;
    const char *next_token; /* good for 15 minutes; NULL after the last page */
} TaggingPage;
typedef void TaggingPageDone(void *context, const TaggingPage *page, const Err *failure);

/* Of one type, as in "config:config-rule" or "s3"; NULL = of any. Everything that the callback gets
 * is borrowed; when `failure` is not NULL, the page is NULL. */
Status tagging_get_resources(Aws *aws, const AwsTarget *target, const char *type,
                             const char *next_token, TaggingPageDone *done, void *context,
                             Err *err) WARN_UNUSED;

#endif
