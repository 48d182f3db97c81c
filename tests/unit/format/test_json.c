#include "format/json.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <math.h>
#include <string.h>

static Json *parse(const char *text) {
    Json *root = NULL;
    Err err;
    assert_int_equal(json_parse(text, strlen(text), &root, &err), ST_OK);
    assert_non_null(root);
    return root;
}

static void assert_refused(const char *text, size_t size) {
    Json *root = NULL;
    Err err;
    assert_int_equal(json_parse(text, size, &root, &err), ST_PROTOCOL);
    assert_null(root);
}

static void reads_texts_by_path(void **state) {
    (void)state;
    OWN(json_free_at) Json *root = parse("{\"a\":{\"b\":\"x\\u00e9\\\"\",\"n\":null},\"c\":7}");
    const char *text = NULL;
    Err err;
    assert_int_equal(json_text(root, "a.b", 1, 10, &text, &err), ST_OK);
    assert_string_equal(text, "x\xC3\xA9\"");
    assert_int_equal(json_text(root, "a.x", 0, 10, &text, &err), ST_PROTOCOL);
    assert_non_null(strstr(err.message, "a.x"));
    assert_int_equal(json_text(root, "a.n", 0, 10, &text, &err), ST_PROTOCOL);
    assert_int_equal(json_text(root, "c", 0, 10, &text, &err), ST_PROTOCOL);
    assert_int_equal(json_text(root, "c.b", 0, 10, &text, &err), ST_PROTOCOL);
    assert_int_equal(json_text(root, "a.b", 5, 10, &text, &err), ST_PROTOCOL);
    assert_int_equal(json_text(root, "a.b", 0, 3, &text, &err), ST_PROTOCOL);
    assert_int_equal(json_text(NULL, "a.b", 0, 3, &text, &err), ST_PROTOCOL);

    assert_int_equal(json_text_or(root, "a.n", 9, "none", &text, &err), ST_OK);
    assert_string_equal(text, "none");
    assert_int_equal(json_text_or(root, "zzz", 9, NULL, &text, &err), ST_OK);
    assert_null(text);
    assert_int_equal(json_text_or(root, "c", 9, NULL, &text, &err), ST_PROTOCOL);
}

static void a_name_is_not_its_prefix(void **state) {
    (void)state;
    OWN(json_free_at) Json *root = parse("{\"Rule\":\"1\",\"RuleName\":\"2\",\"Ru\":\"3\"}");
    assert_string_equal(json_text_value(json_at(root, "RuleName")), "2");
    assert_string_equal(json_text_value(json_at(root, "Ru")), "3");
    assert_null(json_at(root, "rule"));
    assert_null(json_at(root, "RuleNames"));
}

static void of_equal_names_the_first_counts(void **state) {
    (void)state;
    OWN(json_free_at) Json *root = parse("{\"a\":\"1\",\"a\":\"2\"}");
    assert_string_equal(json_text_value(json_at(root, "a")), "1");
}

static void reads_numbers_in_range(void **state) {
    (void)state;
    OWN(json_free_at)
    Json *root = parse("{\"i\":42,\"f\":1.5,\"big\":1e300,\"inf\":1e999,\"t\":\"42\",\"neg\":-3,"
                       "\"exact\":9007199254740992,\"past\":9007199254740994}");
    int64_t number = 0;
    Err err;
    assert_int_equal(json_int_or(root, "i", 0, 42, 7, &number, &err), ST_OK);
    assert_int_equal(number, 42);
    assert_int_equal(json_int_or(root, "absent", 0, 42, 7, &number, &err), ST_OK);
    assert_int_equal(number, 7);
    assert_int_equal(json_int_or(root, "exact", INT64_MIN, INT64_MAX, 0, &number, &err), ST_OK);
    assert_true(number == 9007199254740992);
    static const char *const bad[] = {"f", "big", "inf", "t", "neg", "past"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(json_int_or(root, bad[i], 0, INT64_MAX, 7, &number, &err), ST_PROTOCOL);
        assert_non_null(strstr(err.message, bad[i]));
    }
    double real = 0;
    assert_int_equal(json_number_or(root, "f", 1, 2, 0, &real, &err), ST_OK);
    assert_true(real == 1.5);
    assert_int_equal(json_number_or(root, "f", 2, 3, 0, &real, &err), ST_PROTOCOL);
    assert_int_equal(json_number_or(root, "inf", 0, INFINITY, 0, &real, &err), ST_PROTOCOL);
    assert_int_equal(json_number_or(root, "absent", 0, 1, 0.25, &real, &err), ST_OK);
    assert_true(real == 0.25);
}

static void reads_booleans(void **state) {
    (void)state;
    OWN(json_free_at) Json *root = parse("{\"t\":true,\"f\":false,\"one\":1}");
    bool value = false;
    Err err;
    assert_int_equal(json_bool_or(root, "t", false, &value, &err), ST_OK);
    assert_true(value);
    assert_int_equal(json_bool_or(root, "f", true, &value, &err), ST_OK);
    assert_false(value);
    assert_int_equal(json_bool_or(root, "absent", true, &value, &err), ST_OK);
    assert_true(value);
    assert_int_equal(json_bool_or(root, "one", true, &value, &err), ST_PROTOCOL);
}

static void walks_arrays_and_members(void **state) {
    (void)state;
    OWN(json_free_at) Json *root = parse("{\"list\":[\"a\",\"b\",\"c\"],\"none\":[],\"x\":1}");
    const Json *array = NULL;
    Err err;
    assert_int_equal(json_array(root, "list", 3, &array, &err), ST_OK);
    char seen[8] = "";
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        const char *text = NULL;
        assert_int_equal(json_text(item, "", 1, 1, &text, &err), ST_OK);
        strcat(seen, text);
    }
    assert_string_equal(seen, "abc");
    assert_int_equal(json_array(root, "list", 2, &array, &err), ST_PROTOCOL);
    assert_int_equal(json_array(root, "x", 2, &array, &err), ST_PROTOCOL);
    assert_int_equal(json_array(root, "absent", 2, &array, &err), ST_OK);
    assert_null(json_first(array));
    assert_int_equal(json_array(root, "none", 0, &array, &err), ST_OK);
    assert_null(json_first(array));

    assert_string_equal(json_name(json_first(root)), "list");
    assert_string_equal(json_name(json_next(json_first(root))), "none");
    assert_null(json_first(NULL));
    assert_null(json_first(json_at(root, "x")));
}

static void refuses_what_is_no_json(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{\"a\":1} x",
                                      "{}{}",
                                      "nul",
                                      "\"abc",
                                      "\"\\",
                                      "\"\\x\"",
                                      "[1 2]",
                                      "{a:1}",
                                      "'a'",
                                      "[",
                                      "]",
                                      "\"\\u12\"",
                                      "\"\\ud800\"",
                                      "\"\\u0000\"",
                                      "\"a\xFFz\"",
                                      "\"\xC0\x80\"",
                                      "[\"a\\\\\\u0000\"]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refused(bad[i], strlen(bad[i]));
    }
    assert_refused("{}\0", 3);
    assert_refused("\"a\0b\"", 5);
}

static void takes_white_space_around_it(void **state) {
    (void)state;
    OWN(json_free_at) Json *root = parse(" \r\n\t{ \"a\" : [ 1 , 2 ] } \r\n");
    assert_true(json_is_object(root));
    assert_true(json_is_array(json_at(root, "a")));
    /* An escaped backslash before "u0000" is no escape of U+0000. */
    OWN(json_free_at) Json *text = parse("\"\\\\u0000\"");
    assert_string_equal(json_text_value(text), "\\u0000");
}

static void reads_no_further_than_its_size(void **state) {
    (void)state;
    Json *root = NULL;
    Err err;
    assert_int_equal(json_parse("[1]]]]", 3, &root, &err), ST_OK);
    json_free(root);
    assert_refused("[1]", 2);
}

static void refuses_deep_nesting(void **state) {
    (void)state;
    char text[300];
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    Json *root = NULL;
    Err err;
    assert_int_equal(json_parse(text, 128, &root, &err), ST_OK);
    json_free(root);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_refused(text, 130);
    static char deeper[20000];
    memset(deeper, '[', sizeof deeper);
    assert_refused(deeper, sizeof deeper);
    /* Brackets inside a text do not count. */
    text[0] = '"';
    memset(text + 1, '[', 200);
    text[201] = '"';
    assert_int_equal(json_parse(text, 202, &root, &err), ST_OK);
    json_free(root);
}

static void writes_what_it_reads(void **state) {
    (void)state;
    OWN(buf_done) Buf out = {0};
    JsonWriter json = {.out = &out};
    json_begin_object(&json, NULL);
    json_put_text(&json, "text", "a\"b\\c\n\t\x01/\xC3\xA9");
    json_put_text(&json, "none", NULL);
    json_begin_array(&json, "list");
    json_put_int(&json, NULL, INT64_MIN);
    json_put_double(&json, NULL, 0.1);
    json_put_double(&json, NULL, (double)NAN);
    json_begin_object(&json, NULL);
    json_end_object(&json);
    json_begin_array(&json, NULL);
    json_end_array(&json);
    json_end_array(&json);
    json_put_bool(&json, "yes", true);
    json_put_null(&json, "null");
    json_end_object(&json);
    assert_string_equal(
        buf_text(&out),
        "{\"text\":\"a\\\"b\\\\c\\n\\t\\u0001/\xC3\xA9\",\"none\":null,"
        "\"list\":[-9223372036854775808,0.1,null,{},[]],\"yes\":true,\"null\":null}");
    OWN(json_free_at) Json *root = parse(buf_text(&out));
    assert_string_equal(json_text_value(json_at(root, "text")), "a\"b\\c\n\t\x01/\xC3\xA9");
}

/* What json_chars says of each item, and what json_label_or shows of it in 5 characters. */
static void expect_marked(const char *text, size_t size, const char *expected) {
    Err err = {0};
    Json *root = NULL;
    OWN(buf_done) Buf seen = {0};
    assert_int_equal(json_parse_marked(text, size, &root, &err), ST_OK);
    for (const Json *item = json_first(root); item != NULL; item = json_next(item)) {
        const char *sound = "odd";
        const char *label = NULL;
        (void)!json_chars(item, "", 0, 5, &sound, &err);
        assert_int_equal(json_label_or(item, "", 5, "", &label, &err), ST_OK);
        buf_printf(&seen, "%s=%s;", label, sound);
    }
    json_free(root);
    assert_string_equal(buf_text(&seen), expected);
}

static void one_odd_text_does_not_cost_the_others(void **state) {
    (void)state;
    const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"[\"a\\u0000b\", \"c\"]", "a\xef\xbf\xbd"
                                   "b=odd;c=c;"},
        {"[\"a\xff\xfe\", \"c\"]", "a\xef\xbf\xbd\xef\xbf\xbd=odd;c=c;"},
        {"[\"\\ud800x\", \"\\ud83d\\ude00\"]",
         "\xef\xbf\xbdx=odd;\xf0\x9f\x98\x80=\xf0\x9f\x98\x80;"},
        {"[\"\\udc00\", \"c\\\\u0000\"]", "\xef\xbf\xbd=odd;c\\u\xe2\x80\xa6=odd;"},
        {"[\"\\\xff\"]", NULL}, /* an escape that there is not */
        {"[\"abcdef\", \"\xe3\x81\x82\xe3\x81\x82\xe3\x81\x82\xe3\x81\x82\xe3\x81\x82\"]",
         "abc\xe2\x80\xa6=odd;\xe3\x81\x82\xe3\x81\x82\xe3\x81\x82\xe3\x81\x82\xe3\x81\x82="
         "\xe3\x81\x82"
         "\xe3\x81\x82\xe3\x81\x82\xe3\x81\x82\xe3\x81\x82;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].expected != NULL) {
            expect_marked(cases[i].text, strlen(cases[i].text), cases[i].expected);
            continue;
        }
        Err err = {0};
        Json *root = NULL;
        assert_int_equal(json_parse_marked(cases[i].text, strlen(cases[i].text), &root, &err),
                         ST_PROTOCOL);
    }
    expect_marked("[\"a\0b\"]", 7,
                  "a\xef\xbf\xbd"
                  "b=odd;");
}

static void replaces_bytes_that_are_no_utf8(void **state) {
    (void)state;
    OWN(buf_done) Buf out = {0};
    json_append_quoted(&out, "a\xFF\xC3z\xE2\x82", 6);
    assert_string_equal(buf_text(&out), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\"");
    OWN(buf_done) Buf nul = {0};
    json_append_quoted(&nul, "a\0b", 3);
    assert_string_equal(buf_text(&nul), "\"a\\u0000b\"");
}

static void writes_doubles_that_read_back_equal(void **state) {
    (void)state;
    static const struct {
        double number;
        const char *text;
    } known[] = {{0, "0"},          {1, "1"},
                 {0.5, "0.5"},      {0.1 + 0.2, "0.30000000000000004"},
                 {1e300, "1e+300"}, {2.0 / 3, "0.6666666666666666"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        OWN(buf_done) Buf out = {0};
        json_append_double(&out, known[i].number);
        assert_string_equal(buf_text(&out), known[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_texts_by_path),
        cmocka_unit_test(a_name_is_not_its_prefix),
        cmocka_unit_test(of_equal_names_the_first_counts),
        cmocka_unit_test(reads_numbers_in_range),
        cmocka_unit_test(reads_booleans),
        cmocka_unit_test(walks_arrays_and_members),
        cmocka_unit_test(refuses_what_is_no_json),
        cmocka_unit_test(takes_white_space_around_it),
        cmocka_unit_test(reads_no_further_than_its_size),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(replaces_bytes_that_are_no_utf8),
        cmocka_unit_test(one_odd_text_does_not_cost_the_others),
        cmocka_unit_test(writes_doubles_that_read_back_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
