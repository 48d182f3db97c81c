#include "format/xml.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static const XmlNode *parse(Arena *arena, const char *text) {
    const XmlNode *root = NULL;
    Err err;
    assert_int_equal(xml_parse(arena, text, strlen(text), &root, &err), ST_OK);
    assert_non_null(root);
    return root;
}

static void reads_an_answer_of_sts(void **state) {
    (void)state;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = parse(
        &arena, "<?xml version=\"1.0\"?>\n"
                "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
                "  <AssumeRoleResult>\n    <Credentials>\n"
                "      <AccessKeyId>ASIA1</AccessKeyId>\n"
                "      <SessionToken>a&amp;b&#65;<![CDATA[<c>]]></SessionToken>\n"
                "    </Credentials>\n  </AssumeRoleResult>\n"
                "  <ResponseMetadata><RequestId/></ResponseMetadata>\n</AssumeRoleResponse>\n");
    assert_string_equal(root->name, "AssumeRoleResponse");
    assert_string_equal(xml_text(root, "AssumeRoleResult.Credentials.AccessKeyId"), "ASIA1");
    assert_string_equal(xml_text(root, "AssumeRoleResult.Credentials.SessionToken"), "a&bA<c>");
    assert_string_equal(xml_text(root, "ResponseMetadata.RequestId"), "");
    assert_null(xml_text(root, "AssumeRoleResult.AccessKeyId"));
    assert_null(xml_at(root, "AssumeRoleResponse"));
    assert_null(xml_at(root, "Assume"));

    const char *text = NULL;
    Err err;
    const char *path = "AssumeRoleResult.Credentials.AccessKeyId";
    assert_int_equal(xml_need(root, path, 5, 5, &text, &err), ST_OK);
    assert_string_equal(text, "ASIA1");
    assert_int_equal(xml_need(root, path, 6, 9, &text, &err), ST_PROTOCOL);
    assert_int_equal(xml_need(root, path, 0, 4, &text, &err), ST_PROTOCOL);
    assert_int_equal(xml_need(root, "None", 0, 4, &text, &err), ST_PROTOCOL);
    assert_non_null(strstr(err.message, "None"));
}

static void walks_siblings_of_one_name(void **state) {
    (void)state;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = parse(&arena, "<l><k>1</k><x/><k>2</k><s:k xmlns:s='u'>3</s:k>t<z/></l>");
    char seen[8] = "";
    for (const XmlNode *node = xml_at(root, "k"); node != NULL; node = xml_next(node)) {
        strcat(seen, node->text);
    }
    assert_string_equal(seen, "123");
    assert_string_equal(root->text, "t");
    assert_null(xml_next(NULL));
}

static void refuses(const char *text, size_t size) {
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    Err err;
    assert_int_equal(xml_parse(&arena, text, size, &root, &err), ST_PROTOCOL);
    assert_null(root);
}

static void refuses_what_is_no_xml(void **state) {
    (void)state;
    static const char *const bad[] = {"",         " ",           "text",        "{}",
                                      "<a>",      "<a></b>",     "<a/><b/>",    "<a>&x;</a>",
                                      "<a b=c/>", "<a>\x01</a>", "<a>\xFF</a>", "<a>&#0;</a>",
                                      "</a>",     "<a/>x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refuses(bad[i], strlen(bad[i]));
    }
    refuses("<a>\0</a>", 8);
}

static void refuses_document_types(void **state) {
    (void)state;
    static const char *const bad[] = {
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refuses(bad[i], strlen(bad[i]));
    }
}

static void refuses_deep_nesting(void **state) {
    (void)state;
    OWN(arena_done) Arena arena = {0};
    OWN(buf_done) Buf text = {0};
    for (int i = 0; i < 32; i++) {
        buf_puts(&text, "<a>");
    }
    size_t half = text.size;
    for (int i = 0; i < 32; i++) {
        buf_puts(&text, "</a>");
    }
    parse(&arena, buf_text(&text));
    text.size = half;
    buf_puts(&text, "<b/><c>");
    refuses(text.data, text.size);
}

static void escapes_what_xml_reads_back(void **state) {
    (void)state;
    OWN(arena_done) Arena arena = {0};
    OWN(buf_done) Buf out = {0};
    const char *text = "a<b>&\"'\r\n\tz\xC3\xA9";
    buf_puts(&out, "<t>");
    xml_append_escaped(&out, text);
    buf_puts(&out, "</t>");
    assert_string_equal(buf_text(&out), "<t>a&lt;b&gt;&amp;&quot;&#39;&#13;\n\tz\xC3\xA9</t>");
    assert_string_equal(parse(&arena, buf_text(&out))->text, text);
}

static void leaves_out_what_xml_forbids(void **state) {
    (void)state;
    OWN(buf_done) Buf out = {0};
    xml_append_escaped(&out, "a\x01\x1F"
                             "b\xFF"
                             "c\xEF\xBF\xBE"
                             "d\xEF\xBF\xBF"
                             "e\xEF\xBF\xBD\xED\xA0\x80");
    assert_string_equal(buf_text(&out), "abcde\xEF\xBF\xBD");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_answer_of_sts),
        cmocka_unit_test(walks_siblings_of_one_name),
        cmocka_unit_test(refuses_what_is_no_xml),
        cmocka_unit_test(refuses_document_types),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(escapes_what_xml_reads_back),
        cmocka_unit_test(leaves_out_what_xml_forbids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
