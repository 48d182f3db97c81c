/* Amazon EC2, for what it knows of regions:
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html */
#ifndef AWS_EC2_H
#define AWS_EC2_H

#include "aws/aws.h"

enum { EC2_MAX_REGIONS = 64 };

typedef struct Ec2Region {
    char name[32];
    bool is_on; /* the account can use it */
} Ec2Region;

typedef struct Ec2Regions {
    size_t count;
    Ec2Region items[EC2_MAX_REGIONS];
} Ec2Regions;

/* All regions of the partition. `regions` is borrowed, and NULL when `failure` is not. */
typedef void Ec2RegionsDone(void *context, const Ec2Regions *regions, const Err *failure);
Status ec2_describe_regions(Aws *aws, const AwsTarget *target, Ec2RegionsDone *done, void *context,
                            Err *err) WARN_UNUSED;

/* False when it is off, or not there. */
bool ec2_is_on(const Ec2Regions *regions, const char *name);

#endif
