#include "base/partition.h"

#include "base/str.h"
#include "base/suggest.h"

#include <string.h>

/* A region's prefix is looked up from the top: "us-" comes after all longer ones. */
static const Partition partitions[] = {
    {
        .name = "aws-us-gov",
        .region_prefixes = "us-gov-",
        .dns_suffix = "amazonaws.com",
        .dualstack_suffix = "api.aws",
        .home_region = "us-gov-west-1",
        .organizations_region = "us-gov-west-1",
        .console_host = "console.amazonaws-us-gov.com",
        .fips_by_default = "config organizations sts ec2 sns portal.sso oidc",
        .has_s3_fips = true,
        .regions = "us-gov-east-1 us-gov-west-1",
    },
    {
        .name = "aws-iso",
        .region_prefixes = "us-iso-",
        .dns_suffix = "c2s.ic.gov",
        .home_region = "us-iso-east-1",
        .fips_by_default = "",
        .has_s3_fips = true,
        .regions = "us-iso-east-1 us-iso-west-1",
    },
    {
        .name = "aws-iso-b",
        .region_prefixes = "us-isob-",
        .dns_suffix = "sc2s.sgov.gov",
        .home_region = "us-isob-east-1",
        .fips_by_default = "",
        .has_s3_fips = true,
        .regions = "us-isob-east-1 us-isob-west-1",
    },
    {
        .name = "aws-iso-e",
        .region_prefixes = "eu-isoe-",
        .dns_suffix = "cloud.adc-e.uk",
        .home_region = "eu-isoe-west-1",
        .fips_by_default = "",
        .has_s3_fips = true,
        .regions = "eu-isoe-west-1",
    },
    {
        .name = "aws-iso-f",
        .region_prefixes = "us-isof-",
        .dns_suffix = "csp.hci.ic.gov",
        .home_region = "us-isof-south-1",
        .fips_by_default = "",
        .has_s3_fips = true,
        .regions = "us-isof-east-1 us-isof-south-1",
    },
    {
        .name = "aws-cn",
        .region_prefixes = "cn-",
        .dns_suffix = "amazonaws.com.cn",
        .dualstack_suffix = "api.amazonwebservices.com.cn",
        .home_region = "cn-north-1",
        .organizations_region = "cn-northwest-1",
        .console_host = "console.amazonaws.cn",
        .fips_by_default = "",
        .has_s3_fips = false,
        .regions = "cn-north-1 cn-northwest-1",
    },
    {
        .name = "aws-eusc",
        .region_prefixes = "eusc-",
        .dns_suffix = "amazonaws.eu",
        .dualstack_suffix = "api.amazonwebservices.eu",
        .home_region = "eusc-de-east-1",
        .organizations_region = "eusc-de-east-1",
        .console_host = "console.amazonaws-eusc.eu",
        .fips_by_default = "",
        .has_s3_fips = true,
        .regions = "eusc-de-east-1",
    },
    {
        .name = "aws",
        .region_prefixes = "us- eu- ap- sa- ca- me- af- il- mx-",
        .dns_suffix = "amazonaws.com",
        .dualstack_suffix = "api.aws",
        .home_region = "us-east-1",
        .organizations_region = "us-east-1",
        .console_host = "console.aws.amazon.com",
        .fips_by_default = "",
        .has_s3_fips = true,
        .regions = "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 "
                   "ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 "
                   "ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 "
                   "ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 "
                   "eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 "
                   "sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2",
    },
};
enum { PARTITION_COUNT = sizeof partitions / sizeof partitions[0], WORD_SIZE = 32 };

/* The next word of a list; false at its end. */
static bool next_word(const char **list, char ret_word[WORD_SIZE]) {
    *list += strspn(*list, " ");
    size_t size = strcspn(*list, " ");
    if (size == 0 || size >= WORD_SIZE) {
        return false;
    }
    memcpy(ret_word, *list, size);
    ret_word[size] = '\0';
    *list += size;
    return true;
}

bool partition_list_has(const char *list, const char *word) {
    char item[WORD_SIZE];
    while (next_word(&list, item)) {
        if (str_equal(item, word)) {
            return true;
        }
    }
    return false;
}

static bool has_prefix(const Partition *partition, const char *region) {
    const char *list = partition->region_prefixes;
    char prefix[WORD_SIZE];
    while (next_word(&list, prefix)) {
        if (str_starts(region, prefix)) {
            return true;
        }
    }
    return false;
}

const Partition *partition_of_region(const char *region) {
    for (size_t i = 0; i < PARTITION_COUNT && region != NULL; i++) {
        if (has_prefix(&partitions[i], region)) {
            return &partitions[i];
        }
    }
    return NULL;
}

/* Names the region that was likely meant. Returns err's status. */
static Status hint_region(const char *region, Err *err) {
    char best[WORD_SIZE] = "";
    char word[WORD_SIZE];
    size_t distance = 4;
    for (size_t i = 0; i < PARTITION_COUNT; i++) {
        const char *list = partitions[i].regions;
        while (next_word(&list, word)) {
            size_t letters = suggest_distance(region, word);
            if (letters < distance) {
                distance = letters;
                str_copy(best, sizeof best, word);
            }
        }
    }
    if (best[0] == '\0') {
        return err_hint(err, "regions look like eu-west-1");
    }
    return err_hint(err, "did you mean %s? --force-region takes a newer region as it is", best);
}

Status partition_find(const char *region, const Partition **ret_partition, Err *err) {
    *ret_partition = partition_of_region(region);
    if (*ret_partition != NULL) {
        return ST_OK;
    }
    const char *name = region == NULL ? "" : region;
    err_set(err, ST_USAGE, "the region '%.40s' belongs to no AWS partition that confhouse knows",
            name);
    return hint_region(name, err);
}

bool partition_knows_region(const char *region) {
    const Partition *partition = partition_of_region(region);
    return partition != NULL && partition_list_has(partition->regions, region);
}

Status partition_check_region(const char *region, bool allow_unknown, Err *err) {
    const Partition *partition = NULL;
    TRY(partition_find(region, &partition, err));
    if (allow_unknown || partition_list_has(partition->regions, region)) {
        return ST_OK;
    }
    err_set(err, ST_USAGE, "confhouse knows no region '%.40s' in the partition %s", region,
            partition->name);
    return hint_region(region, err);
}
