#include "format/uri.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static void assert_encoded(const char *text, bool keep_slash, const char *expected) {
    OWN(buf_done) Buf out = {0};
    uri_append_encoded(&out, text, strlen(text), keep_slash);
    assert_string_equal(buf_text(&out), expected);
}

static void encodes_all_but_unreserved(void **state) {
    (void)state;
    assert_encoded("AZaz09-._~", false, "AZaz09-._~");
    assert_encoded("a b/c+d=e&f", false, "a%20b%2Fc%2Bd%3De%26f");
    assert_encoded("a b/c", true, "a%20b/c");
    assert_encoded("ሴ", false, "%E1%88%B4");
    assert_encoded("", false, "");
}

static void decodes_what_was_encoded(void **state) {
    (void)state;
    char all[255];
    for (int i = 0; i < 255; i++) {
        all[i] = (char)(i + 1);
    }
    OWN(buf_done) Buf encoded = {0};
    OWN(buf_done) Buf decoded = {0};
    uri_append_encoded(&encoded, all, sizeof all, false);
    assert_true(uri_append_decoded(&decoded, encoded.data, encoded.size, true));
    assert_int_equal(decoded.size, sizeof all);
    assert_memory_equal(decoded.data, all, sizeof all);
}

static void decodes_plus_only_where_it_is_a_blank(void **state) {
    (void)state;
    OWN(buf_done) Buf form = {0};
    OWN(buf_done) Buf path = {0};
    assert_true(uri_append_decoded(&form, "a+b%2b", 6, true));
    assert_true(uri_append_decoded(&path, "a+b%2b", 6, false));
    assert_string_equal(buf_text(&form), "a b+");
    assert_string_equal(buf_text(&path), "a+b+");
}

static void refuses_bad_escapes(void **state) {
    (void)state;
    static const char *const bad[] = {"%", "%4", "a%4", "%zz", "%4g", "a%00b", "%-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(buf_done) Buf out = {0};
        assert_false(uri_append_decoded(&out, bad[i], strlen(bad[i]), true));
    }
    OWN(buf_done) Buf out = {0};
    assert_false(uri_append_decoded(&out, "a\0b", 3, true));
}

static void assert_parsed(const char *text, const Uri *expected) {
    Uri uri;
    Err err;
    assert_int_equal(uri_parse(text, &uri, &err), ST_OK);
    assert_int_equal(uri.is_https, expected->is_https);
    assert_string_equal(uri.host, expected->host);
    assert_int_equal(uri.port, expected->port);
    assert_int_equal(uri.has_port, expected->has_port);
    assert_string_equal(uri.path, expected->path);
}

static void splits_addresses(void **state) {
    (void)state;
    assert_parsed("https://Config.EU-west-1.amazonaws.com",
                  &(Uri){true, "config.eu-west-1.amazonaws.com", 443, false, "/"});
    assert_parsed("http://127.0.0.1:9000/base/x%20y?q=1#f",
                  &(Uri){false, "127.0.0.1", 9000, true, "/base/x%20y"});
    assert_parsed("http://[::1]:8080", &(Uri){false, "::1", 8080, true, "/"});
    assert_parsed("http://[FE80::1]/x", &(Uri){false, "fe80::1", 80, false, "/x"});
    assert_parsed("https://host?query", &(Uri){true, "host", 443, false, "/"});
}

static void refuses_what_is_no_address(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "host",
        "ftp://host",
        "HTTP//host",
        "http://",
        "http:///path",
        "http://user@host",
        "http://user:secret@host/",
        "http://host:0",
        "http://host:65536",
        "http://host:",
        "http://host:8o",
        "http://host:-1",
        "http://[::1",
        "http://[::1]x",
        "http://[host]",
        "http://::1/",
        "http://a b/",
        "http://host/a b",
        "http://host/a\nb",
        "http://a..b/",
        "http://-a/",
        "http://h\xC3\xB6st/",
        "http://host%00/",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        Uri uri;
        Err err;
        assert_int_equal(uri_parse(bad[i], &uri, &err), ST_INPUT);
        assert_null(strstr(err.message, "secret"));
    }
}

static void refuses_what_does_not_fit(void **state) {
    (void)state;
    char text[4096] = "http://";
    Uri uri;
    Err err;
    memset(text + 7, 'a', 256);
    assert_int_equal(uri_parse(text, &uri, &err), ST_INPUT);
    text[7 + 255] = '\0';
    assert_int_equal(uri_parse(text, &uri, &err), ST_OK);
    text[8] = '/';
    memset(text + 9, 'a', 1023);
    assert_int_equal(uri_parse(text, &uri, &err), ST_INPUT);
}

static void writes_the_host_header(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"http://host", "host"},          {"http://host:80", "host"},
        {"https://host:443", "host"},     {"https://host:80", "host:80"},
        {"http://[::1]:81", "[::1]:81"},  {"http://[::1]", "[::1]"},
        {"http://host:8080", "host:8080"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        Uri uri;
        Err err;
        OWN(buf_done) Buf out = {0};
        assert_int_equal(uri_parse(pairs[i][0], &uri, &err), ST_OK);
        uri_append_authority(&out, &uri);
        assert_string_equal(buf_text(&out), pairs[i][1]);
    }
}

static void knows_addresses_from_names(void **state) {
    (void)state;
    assert_true(uri_host_is_ip("10.0.0.1"));
    assert_true(uri_host_is_ip("::1"));
    assert_false(uri_host_is_ip("10.0.0"));
    assert_false(uri_host_is_ip("s3.amazonaws.com"));

    assert_true(uri_host_is_loopback("localhost"));
    assert_true(uri_host_is_loopback("bucket.localhost"));
    assert_true(uri_host_is_loopback("127.9.9.9"));
    assert_true(uri_host_is_loopback("::1"));
    assert_false(uri_host_is_loopback("128.0.0.1"));
    assert_false(uri_host_is_loopback("notlocalhost"));
    assert_false(uri_host_is_loopback("localhost.example.com"));
    assert_false(uri_host_is_loopback("127.0.0.1.example.com"));
    assert_true(uri_host_is_beside("169.254.169.254"));
    assert_true(uri_host_is_beside("169.254.170.2"));
    assert_true(uri_host_is_beside("fd00:ec2::254"));
    assert_true(uri_host_is_beside("fe80::1"));
    assert_false(uri_host_is_beside("169.253.0.1"));
    assert_false(uri_host_is_beside("fd00:ec3::254"));
    assert_false(uri_host_is_beside("169.254.169.254.example.com"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_all_but_unreserved),
        cmocka_unit_test(decodes_what_was_encoded),
        cmocka_unit_test(decodes_plus_only_where_it_is_a_blank),
        cmocka_unit_test(refuses_bad_escapes),
        cmocka_unit_test(splits_addresses),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(writes_the_host_header),
        cmocka_unit_test(knows_addresses_from_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
