/* Which partition a region belongs to, and which regions are known. */
#include "base/partition.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static void expect(const char *region, const char *name) {
    const Partition *partition = partition_of_region(region);
    assert_non_null(partition);
    assert_string_equal(partition->name, name);
}

static void the_longest_prefix_of_a_region_tells_its_partition(void **state) {
    (void)state;
    expect("eu-west-1", "aws");
    expect("us-gov-west-1", "aws-us-gov");
    expect("us-iso-east-1", "aws-iso");
    expect("us-isob-east-1", "aws-iso-b");
    expect("eu-isoe-west-1", "aws-iso-e");
    expect("cn-north-1", "aws-cn");
    expect("eusc-de-east-1", "aws-eusc");
    expect("mx-central-1", "aws");
    expect("eu-future-7", "aws");
}

static void an_unknown_prefix_is_not_taken_for_commercial(void **state) {
    (void)state;
    Err err = {0};
    const Partition *partition = NULL;
    assert_null(partition_of_region("xx-west-1"));
    assert_null(partition_of_region(""));
    assert_null(partition_of_region(NULL));
    assert_int_equal(partition_find("xx-west-1", &partition, &err), ST_USAGE);
    assert_non_null(strstr(err.message, "'xx-west-1'"));
    assert_int_equal(partition_check_region("xx-west-1", true, &err), ST_USAGE);
}

static void a_misspelt_region_is_refused_with_the_one_that_was_meant(void **state) {
    (void)state;
    Err err = {0};
    assert_int_equal(partition_check_region("eu-wset-1", false, &err), ST_USAGE);
    assert_non_null(strstr(err.message, "'eu-wset-1'"));
    assert_non_null(strstr(err.hint, "eu-west-1"));
    assert_int_equal(partition_check_region("us-gov-wets-1", false, &err), ST_USAGE);
    assert_non_null(strstr(err.hint, "us-gov-west-1"));
    assert_int_equal(partition_check_region("eu-zzzzzzzz-1", false, &err), ST_USAGE);
    assert_null(strstr(err.hint, "did you mean"));
}

static void a_newer_region_passes_where_that_is_asked_for(void **state) {
    (void)state;
    Err err = {0};
    assert_int_equal(partition_check_region("eu-future-7", false, &err), ST_USAGE);
    assert_int_equal(partition_check_region("eu-future-7", true, &err), ST_OK);
    assert_int_equal(partition_check_region("eu-west-1", false, &err), ST_OK);
}

static void home_regions_are_known_regions_of_their_partition(void **state) {
    (void)state;
    static const char *const regions[] = {"eu-west-1",      "us-gov-east-1",  "us-iso-west-1",
                                          "us-isob-east-1", "eu-isoe-west-1", "us-isof-east-1",
                                          "cn-north-1",     "eusc-de-east-1"};
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        const Partition *partition = partition_of_region(regions[i]);
        assert_true(partition_list_has(partition->regions, regions[i]));
        assert_true(partition_list_has(partition->regions, partition->home_region));
        assert_ptr_equal(partition_of_region(partition->home_region), partition);
        if (partition->organizations_region != NULL) {
            assert_true(partition_list_has(partition->regions, partition->organizations_region));
        }
    }
}

static void lists_hold_whole_words(void **state) {
    (void)state;
    assert_true(partition_list_has("config sts", "sts"));
    assert_false(partition_list_has("config sts", "st"));
    assert_false(partition_list_has("config sts", "config sts"));
    assert_false(partition_list_has("", ""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_prefix_of_a_region_tells_its_partition),
        cmocka_unit_test(an_unknown_prefix_is_not_taken_for_commercial),
        cmocka_unit_test(a_misspelt_region_is_refused_with_the_one_that_was_meant),
        cmocka_unit_test(a_newer_region_passes_where_that_is_asked_for),
        cmocka_unit_test(home_regions_are_known_regions_of_their_partition),
        cmocka_unit_test(lists_hold_whole_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
