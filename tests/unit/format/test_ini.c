/* INI files of AWS's tools. */
#include "format/ini.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* Everything there is: "line[section]" and "line:name=value", one in a line. */
static void assert_read(const char *text, const char *expected) {
    OWN(buf_done) Buf out = {0};
    OWN(ini_done) Ini ini;
    Err err = {0};
    Status status = ini_parse("file", text, strlen(text), &ini, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ST_OK);
    for (size_t i = 0; i < ini.section_count; i++) {
        const IniSection *section = &ini.sections[i];
        buf_printf(&out, "%d[%s]\n", section->line, section->name);
        for (size_t k = 0; k < section->count; k++) {
            const IniProperty *property = &ini.properties[section->first + k];
            buf_printf(&out, "%d:%s=%s\n", property->line, property->name, property->value);
            assert_ptr_equal(ini_find_property(&ini, section, property->name), property);
        }
        assert_ptr_equal(ini_find_section(&ini, section->name), section);
    }
    assert_string_equal(buf_text(&out), expected);
}

static void sections_and_properties_are_read(void **state) {
    (void)state;
    assert_read("", "");
    assert_read("\n\n", "");
    assert_read("[default]\nregion = eu-west-1\n[profile a]\nx=1\ny = 2",
                "1[default]\n2:region=eu-west-1\n3[profile a]\n4:x=1\n5:y=2\n");
    assert_read("\xEF\xBB\xBF[a]\r\nx = 1 \r\n", "1[a]\n2:x=1\n");
    assert_read("[  a b  ] # why\n", "1[a b]\n");
    assert_read("[a]\n  x = 1\n  y = 2\n", "1[a]\n2:x=1\n3:y=2\n");
}

static void names_are_lower_case_and_values_are_as_they_stand(void **state) {
    (void)state;
    assert_read("[A]\nAWS_Key = Se/Cr=Et # ; x\nurl: http://h:1/\nempty =\n",
                "1[A]\n2:aws_key=Se/Cr=Et # ; x\n3:url=http://h:1/\n4:empty=\n");
}

static void whole_lines_are_comments(void **state) {
    (void)state;
    assert_read("# a\n; b\n[s]\n  # c\nx = 1\n#y = 2\n", "3[s]\n5:x=1\n");
}

static void a_value_goes_on_where_lines_are_indented(void **state) {
    (void)state;
    assert_read("[s]\nx = one\n  two\n\n  # not this\n  three\ny = 2\n",
                "1[s]\n2:x=one\n  two\n\n            \n  three\n7:y=2\n");
}

static void properties_stand_inside_an_empty_one(void **state) {
    (void)state;
    assert_read("[services x]\ns3 =\n  endpoint_url = http://a\n  Style = path\nsts =\n"
                "  endpoint_url = http://b\n[n]\nz = 1\n",
                "1[services x]\n2:s3=\n3:s3.endpoint_url=http://a\n4:s3.style=path\n5:sts=\n"
                "6:sts.endpoint_url=http://b\n7[n]\n8:z=1\n");
}

static void what_is_not_there_is_not_found(void **state) {
    (void)state;
    OWN(ini_done) Ini ini;
    Err err = {0};
    assert_int_equal(ini_parse("file", "[a]\nx=1\n[b]\ny=2\n", 16, &ini, &err), ST_OK);
    assert_null(ini_find_section(&ini, "c"));
    assert_null(ini_find_property(&ini, ini_find_section(&ini, "a"), "y"));
    assert_null(ini_find_property(&ini, NULL, "x"));
}

static void assert_refused(const char *text, size_t size, const char *message) {
    Ini ini;
    Err err = {0};
    assert_int_equal(ini_parse("some/file", text, size, &ini, &err), ST_INPUT);
    assert_string_equal(err.message, message);
    assert_int_equal(ini.section_count, 0);
    assert_null(ini.text.data);
}

#define REFUSED(text, message) assert_refused(text, sizeof(text) - 1, message)

static void what_makes_no_sense_is_named_by_file_and_line(void **state) {
    (void)state;
    REFUSED("x = 1\n", "some/file:1: there is no [section] before this line");
    REFUSED("[a]\nx = 1\nwhat\n", "some/file:3: this is neither [section] nor name = value");
    REFUSED("[a]\n = 1\n", "some/file:2: there is no name before the equals sign");
    REFUSED("\n[a\nx = 1\n", "some/file:2: the section's name has no closing bracket");
    REFUSED("[ ]\n", "some/file:1: the section has no name");
    REFUSED("[a] b\n", "some/file:1: something stands behind the section's name");
    REFUSED("[a]\n[b]\n[a]\n", "some/file:3: [a] is there already, in line 1");
    REFUSED("[a]\nx = 1\nX = 2\n", "some/file:3: x is set already, in line 2");
    REFUSED("[a]\nx =\n  y = 1\n  y = 2\n", "some/file:4: x.y is set already, in line 3");
    REFUSED("[a]\nx =\n  y\n", "some/file:3: this is neither [section] nor name = value");
    REFUSED("[a]\nx = \xff\n", "some/file is not text in UTF-8");
    REFUSED("[a]\nx = \0\n", "some/file is not text in UTF-8");
}

static void there_may_be_thousands_of_sections(void **state) {
    (void)state;
    OWN(buf_done) Buf text = {0};
    OWN(ini_done) Ini ini = {0};
    Err err = {0};
    for (int i = 0; i < 20000; i++) {
        buf_printf(&text, "[profile p%d]\nregion = r%d\n", i, i);
    }
    assert_int_equal(ini_parse("f", buf_text(&text), text.size, &ini, &err), ST_OK);
    const IniSection *last = ini_find_section(&ini, "profile p19999");
    assert_string_equal(ini_find_property(&ini, last, "region")->value, "r19999");
    ini_done(&ini);
    buf_puts(&text, "[profile p7]\n");
    assert_int_equal(ini_parse("f", buf_text(&text), text.size, &ini, &err), ST_INPUT);
    assert_string_equal(err.message, "f:40001: [profile p7] is there already, in line 15");
}

static void there_is_an_end_to_the_properties_of_one(void **state) {
    (void)state;
    OWN(buf_done) Buf text = {0};
    Ini ini;
    Err err = {0};
    buf_puts(&text, "[a]\n");
    for (int i = 0; i <= 10000; i++) {
        buf_printf(&text, "x%d = 1\n", i);
    }
    assert_int_equal(ini_parse("f", buf_text(&text), text.size, &ini, &err), ST_INPUT);
    assert_string_equal(err.message, "f:10002: there are too many properties in one section");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_and_properties_are_read),
        cmocka_unit_test(names_are_lower_case_and_values_are_as_they_stand),
        cmocka_unit_test(whole_lines_are_comments),
        cmocka_unit_test(a_value_goes_on_where_lines_are_indented),
        cmocka_unit_test(properties_stand_inside_an_empty_one),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(what_makes_no_sense_is_named_by_file_and_line),
        cmocka_unit_test(there_may_be_thousands_of_sections),
        cmocka_unit_test(there_is_an_end_to_the_properties_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
