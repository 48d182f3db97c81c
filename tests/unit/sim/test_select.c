/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "select.h"

#include <string.h>

static void takes_fields_and_conditions(void **state) {
    (void)state;
    Arena arena = {0};
    Select select;
    Err err = {0};
    const char *text = "select resourceId , tags\nWHERE resourceType = 'AWS::S3::Bucket' "
                       "AND resourceId IN ('a', 'it''s') and arn LIKE 'arn:%:b_c%'";
    assert_int_equal(select_parse(&arena, text, &select, &err), ST_OK);
    assert_int_equal(select.field_count, 2);
    assert_string_equal(select.fields[1], "tags");
    assert_int_equal(select.condition_count, 3);
    assert_true(select_matches(&select.conditions[0], "AWS::S3::Bucket"));
    assert_false(select_matches(&select.conditions[0], "AWS::S3::Bucke"));
    assert_true(select_matches(&select.conditions[1], "a"));
    assert_true(select_matches(&select.conditions[1], "it's"));
    assert_false(select_matches(&select.conditions[1], "b"));
    assert_true(select_matches(&select.conditions[2], "arn:aws:x:b_cd"));
    assert_true(select_matches(&select.conditions[2], "arn::b_c"));
    assert_false(select_matches(&select.conditions[2], "arn:aws:x:bXcd"));
    arena_done(&arena);
}

static void refuses_what_it_does_not_understand(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "SELECT",
        "SELECT nothing",
        "SELECT resourceId WHERE",
        "SELECT resourceId WHERE resourceType",
        "SELECT resourceId WHERE resourceType = x",
        "SELECT resourceId WHERE resourceType = 'x",
        "SELECT resourceId WHERE resourceType IN ('x'",
        "SELECT resourceId WHERE resourceType > 'x'",
        "SELECT resourceId WHERE resourceType = 'x' OR arn = 'y'",
        "SELECT resourceId WHERE resourceType = 'x';",
        "SELECT resourceId, WHERE resourceType = 'x'",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        Arena arena = {0};
        Select select;
        Err err = {0};
        assert_int_equal(select_parse(&arena, wrong[i], &select, &err), ST_INPUT);
        assert_true(strlen(err.message) > 0);
        arena_done(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_fields_and_conditions),
        cmocka_unit_test(refuses_what_it_does_not_understand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
