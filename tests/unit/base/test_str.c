#include "base/str.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static void texts_are_compared_null_safe(void **state) {
    (void)state;
    assert_true(str_equal("a", "a"));
    assert_false(str_equal("a", "A"));
    assert_true(str_equal_nocase("Prod", "pROD"));
    assert_false(str_equal_nocase("prod", "prods"));
    assert_true(str_equal(NULL, NULL));
    assert_false(str_equal(NULL, ""));
    assert_false(str_equal("", NULL));
    assert_false(str_equal_nocase(NULL, ""));
    assert_true(str_is_empty(NULL));
    assert_true(str_is_empty(""));
    assert_false(str_is_empty(" "));
}

static void beginnings_and_ends(void **state) {
    (void)state;
    assert_true(str_starts("s3://bucket", "s3://"));
    assert_true(str_starts("s3", ""));
    assert_false(str_starts("s3", "s3://"));
    assert_true(str_ends("01.db.gz", ".db.gz"));
    assert_true(str_ends(".gz", ".gz"));
    assert_true(str_ends("x", ""));
    assert_false(str_ends("gz", ".gz"));
}

static void copies_fit_and_end(void **state) {
    (void)state;
    char to[6];
    str_copy(to, sizeof to, "short");
    assert_string_equal(to, "short");
    str_copy(to, sizeof to, "longer");
    assert_string_equal(to, "longe");
    str_copy(to, 1, "x");
    assert_string_equal(to, "");
}

static void a_cut_never_splits_a_character(void **state) {
    (void)state;
    char to[8];
    str_copy(to, 4, "ab\xC3\xA9");
    assert_string_equal(to, "ab");
    str_copy(to, 5, "ab\xC3\xA9");
    assert_string_equal(to, "ab\xC3\xA9");
    str_copy(to, 7, "abc\xF0\x9F\x98\x80z");
    assert_string_equal(to, "abc");
    str_copy(to, 8, "abc\xF0\x9F\x98\x80z");
    assert_string_equal(to, "abc\xF0\x9F\x98\x80");
}

static const struct {
    const char *pattern;
    const char *text;
    bool fits;
} globs[] = {
    {"", "", true},
    {"", "a", false},
    {"*", "", true},
    {"*", "anything", true},
    {"?", "", false},
    {"?", "a", true},
    {"a?c", "abc", true},
    {"a?c", "ac", false},
    {"*-live", "shop-live", true},
    {"*-live", "shop-live-2", false},
    {"prod-*-app", "prod-eu-app", true},
    {"prod-*-app", "prod--app", true},
    {"prod-*-app", "prod-app", false},
    {"*ab*ab", "abab", true},
    {"*ab*ab", "ab-ab-ab", true},
    {"*ab*ab", "ab-aba", false},
    {"**", "x", true},
    {"a**c", "ac", true},
    {"[a]", "a", false}, /* classes are no part of it */
    {"[a]", "[a]", true},
    {"A", "a", false},
};

static void globs_match_as_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof globs / sizeof globs[0]; i++) {
        if (str_glob(globs[i].pattern, globs[i].text) != globs[i].fits) {
            fail_msg("'%s' on '%s'", globs[i].pattern, globs[i].text);
        }
    }
}

/* With backtracking over every star this would not end within a lifetime. */
static void a_hostile_glob_ends_soon(void **state) {
    (void)state;
    char pattern[201];
    char text[3001];
    for (size_t i = 0; i < 200; i += 2) {
        pattern[i] = '*';
        pattern[i + 1] = 'a';
    }
    pattern[199] = 'b';
    pattern[200] = '\0';
    memset(text, 'a', 3000);
    text[3000] = '\0';
    assert_false(str_glob(pattern, text));
    text[2999] = 'b';
    assert_true(str_glob(pattern, text));
}

static const struct {
    const char *text;
    int64_t min;
    int64_t max;
    bool good;
    int64_t number;
} numbers[] = {
    {"0", 0, 9, true, 0},
    {"9", 0, 9, true, 9},
    {"10", 0, 9, false, 0},
    {"-1", 0, 9, false, 0},
    {"-1", -5, 5, true, -1},
    {"007", 0, 9, true, 7},
    {"9223372036854775807", 0, INT64_MAX, true, INT64_MAX},
    {"9223372036854775808", 0, INT64_MAX, false, 0},
    {"99999999999999999999", INT64_MIN, INT64_MAX, false, 0},
    {"", 0, 9, false, 0},
    {"-", -9, 9, false, 0},
    {"+1", 0, 9, false, 0},
    {" 1", 0, 9, false, 0},
    {"1 ", 0, 9, false, 0},
    {"1x", 0, 9, false, 0},
    {"0x1", 0, 9, false, 0},
    {"1.0", 0, 9, false, 0},
    {NULL, 0, 9, false, 0},
};

static void numbers_are_taken_whole_and_within_range(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int64_t number = 77;
        bool good = str_parse_int(numbers[i].text, numbers[i].min, numbers[i].max, &number);
        if (good != numbers[i].good || number != (good ? numbers[i].number : 77)) {
            fail_msg("'%s' gives %lld", numbers[i].text == NULL ? "NULL" : numbers[i].text,
                     (long long)number);
        }
    }
}

static const struct {
    const char *text;
    size_t valid;
} utf8[] = {
    {"", 0},
    {"plain", 5},
    {"\xC3\xA9t\xC3\xA9", 5},
    {"\xE2\x82\xAC", 3},
    {"\xF0\x9F\x98\x80", 4},
    {"\xED\x9F\xBF", 3},     /* U+D7FF */
    {"\xEE\x80\x80", 3},     /* U+E000 */
    {"\xF4\x8F\xBF\xBF", 4}, /* U+10FFFF */
    {"a\x80", 1},            /* a continuation with nothing to continue */
    {"a\xC3", 1},            /* cut off */
    {"ab\xE2\x82", 2},       /* cut off */
    {"abc\xF0\x9F\x98", 3},  /* cut off */
    {"\xC3(", 0},            /* no continuation */
    {"\xC0\xAF", 0},         /* overlong '/' */
    {"\xC1\xBF", 0},         /* overlong */
    {"\xE0\x80\xAF", 0},     /* overlong */
    {"\xF0\x80\x80\xAF", 0}, /* overlong */
    {"\xED\xA0\x80", 0},     /* surrogate */
    {"\xF4\x90\x80\x80", 0}, /* past U+10FFFF */
    {"\xF5\x80\x80\x80", 0}, /* no such lead byte */
    {"\xFF", 0},             /* never */
};

static void utf8_is_valid_up_to_where_it_is_not(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof utf8 / sizeof utf8[0]; i++) {
        size_t valid = str_valid_utf8(utf8[i].text, strlen(utf8[i].text));
        if (valid != utf8[i].valid) {
            fail_msg("row %zu is valid for %zu bytes, not %zu", i, valid, utf8[i].valid);
        }
    }
    assert_int_equal(str_valid_utf8("a\0b", 3), 3);
}

static void lists_are_split_and_trimmed(void **state) {
    (void)state;
    char text[] = " eu-west-1, ,us-east-1\t,,ap-south-1 \n";
    char *rest = text;
    assert_string_equal(str_split(&rest, ","), "eu-west-1");
    assert_string_equal(str_split(&rest, ","), "us-east-1");
    assert_string_equal(str_split(&rest, ","), "ap-south-1");
    assert_null(str_split(&rest, ","));
    assert_null(str_split(&rest, ","));

    char words[] = "shop-prod_eu.01";
    rest = words;
    assert_string_equal(str_split(&rest, "-_."), "shop");
    assert_string_equal(str_split(&rest, "-_."), "prod");
    assert_string_equal(str_split(&rest, "-_."), "eu");
    assert_string_equal(str_split(&rest, "-_."), "01");
    assert_null(str_split(&rest, "-_."));

    char blank[] = " ,, ";
    rest = blank;
    assert_null(str_split(&rest, ","));
    rest = NULL;
    assert_null(str_split(&rest, ","));
}

static const char longest_id[] = "0123456789012345678901234567890123456789012345678901234567890123";

static void ids_are_safe_in_keys_and_paths(void **state) {
    (void)state;
    const char *const good[] = {"2026-11-22", "01", "a", "Team_A.v2", "-", longest_id};
    const char *const bad[] = {"",     ".",   "..",       ".hidden", "a/b",       "a b",
                               "a\nb", "a%b", "\xC3\xA9", "a\\b",    "../../etc", NULL};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(str_is_id(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(str_is_id(bad[i]));
    }
    char longer[66] = {0};
    memset(longer, 'a', 65);
    assert_false(str_is_id(longer));
}

static void a_refused_id_is_named_and_the_shape_told(void **state) {
    (void)state;
    Err err;
    assert_int_equal(str_check_id("group_id", "2026-11-22", &err), ST_OK);
    assert_int_equal(str_check_id("group_id", "../x", &err), ST_USAGE);
    assert_non_null(strstr(err.message, "group_id"));
    assert_non_null(strstr(err.message, "../x"));
    assert_string_not_equal(err.hint, "");
    assert_int_equal(str_check_id("shard_id", NULL, &err), ST_USAGE);
}

static void accounts_have_twelve_digits(void **state) {
    (void)state;
    assert_true(str_is_account("123456789012"));
    assert_true(str_is_account("000000000001"));
    assert_false(str_is_account("12345678901"));
    assert_false(str_is_account("1234567890123"));
    assert_false(str_is_account("12345678901a"));
    assert_false(str_is_account(""));
    assert_false(str_is_account(NULL));
}

static void regions_have_the_shape_of_regions(void **state) {
    (void)state;
    const char *const good[] = {"eu-west-1", "us-gov-east-1", "ap-southeast-5", "cn-north-1"};
    const char *const bad[] = {"",          "eu",         "eu-west",  "EU-west-1",
                               "eu-West-1", "eu-west-1/", "1u-west-", "eu-west-1.evil.example",
                               "-eu-west-1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(str_is_region(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(str_is_region(bad[i]));
    }
    assert_false(str_is_region(NULL));
}

static void role_names_may_have_a_path(void **state) {
    (void)state;
    const char *const good[] = {"OrganizationAccountAccessRole", "a+b=c,d.e@f-g_h", "team/reader",
                                "a/b/c"};
    const char *const bad[] = {"", "/reader", "reader/", "a//b", "a b", "a:b", "a*"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(str_is_role_name(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(str_is_role_name(bad[i]));
    }
    char longer[66] = {0};
    memset(longer, 'a', 65);
    assert_false(str_is_role_name(longer));
    assert_false(str_is_role_name(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_compared_null_safe),
        cmocka_unit_test(beginnings_and_ends),
        cmocka_unit_test(copies_fit_and_end),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(globs_match_as_told),
        cmocka_unit_test(a_hostile_glob_ends_soon),
        cmocka_unit_test(numbers_are_taken_whole_and_within_range),
        cmocka_unit_test(utf8_is_valid_up_to_where_it_is_not),
        cmocka_unit_test(lists_are_split_and_trimmed),
        cmocka_unit_test(ids_are_safe_in_keys_and_paths),
        cmocka_unit_test(a_refused_id_is_named_and_the_shape_told),
        cmocka_unit_test(accounts_have_twelve_digits),
        cmocka_unit_test(regions_have_the_shape_of_regions),
        cmocka_unit_test(role_names_may_have_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
