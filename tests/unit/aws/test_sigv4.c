/* Signatures, against AWS's published S3 examples
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and
 * sigv4-query-string-auth.html) and, where it is at hand, AWS's own test suite: a folder for each
 * case, named by CONFHOUSE_SIGV4_SUITE or beside the source tree. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/json.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- AWS's published examples ---------------------------------------------------------------- */

static const SigV4Key s3_key = {
    .stamp = "20130524T000000Z",
    .region = "us-east-1",
    .service = "s3",
    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

static void check_s3_example(const SigV4Request *request, const char *signed_headers,
                             const char *signature) {
    Err err = {0};
    OWN(buf_done) Buf value = {0};
    OWN(buf_done) Buf expected = {0};
    assert_int_equal(
        sigv4_authorization(request, &s3_key, "AKIAIOSFODNN7EXAMPLE", NULL, &value, &err), ST_OK);
    buf_printf(&expected,
               "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
               "aws4_request, SignedHeaders=%s, Signature=%s",
               signed_headers, signature);
    assert_string_equal(buf_text(&value), buf_text(&expected));
}

static void s3_get_object_with_range(void **state) {
    (void)state;
    const SigV4Pair headers[] = {
        {"Host", "examplebucket.s3.amazonaws.com"},
        {"Range", "bytes=0-9"},
        {"x-amz-content-sha256", SHA256_EMPTY_HEX},
        {"x-amz-date", "20130524T000000Z"},
    };
    check_s3_example(&(SigV4Request){.method = "GET",
                                     .path = "/test.txt",
                                     .headers = headers,
                                     .header_count = 4,
                                     .payload_hash = SHA256_EMPTY_HEX,
                                     .is_s3 = true},
                     "host;range;x-amz-content-sha256;x-amz-date",
                     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void s3_put_object_with_dollar_in_its_key(void **state) {
    (void)state;
    char hash[SHA256_HEX_SIZE];
    digest_sha256_hex("Welcome to Amazon S3.", strlen("Welcome to Amazon S3."), hash);
    const SigV4Pair headers[] = {
        {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
        {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
        {"x-amz-content-sha256", hash},
        {"x-amz-date", "20130524T000000Z"},
        {"Host", "examplebucket.s3.amazonaws.com"},
    };
    check_s3_example(&(SigV4Request){.method = "PUT",
                                     .path = "/test%24file.text",
                                     .headers = headers,
                                     .header_count = 5,
                                     .payload_hash = hash,
                                     .is_s3 = true},
                     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

static const SigV4Pair bucket_headers[] = {
    {"Host", "examplebucket.s3.amazonaws.com"},
    {"x-amz-content-sha256", SHA256_EMPTY_HEX},
    {"x-amz-date", "20130524T000000Z"},
};

static void s3_get_bucket_lifecycle(void **state) {
    (void)state;
    check_s3_example(&(SigV4Request){.method = "GET",
                                     .path = "/",
                                     .query = "lifecycle",
                                     .headers = bucket_headers,
                                     .header_count = 3,
                                     .payload_hash = SHA256_EMPTY_HEX,
                                     .is_s3 = true},
                     "host;x-amz-content-sha256;x-amz-date",
                     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

static void s3_list_objects_sorts_its_query(void **state) {
    (void)state;
    check_s3_example(&(SigV4Request){.method = "GET",
                                     .path = "/",
                                     .query = "prefix=J&max-keys=2",
                                     .headers = bucket_headers,
                                     .header_count = 3,
                                     .payload_hash = SHA256_EMPTY_HEX,
                                     .is_s3 = true},
                     "host;x-amz-content-sha256;x-amz-date",
                     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static SigV4Request presign_request(void) {
    return (SigV4Request){.method = "GET",
                          .path = "/test.txt",
                          .headers = bucket_headers,
                          .header_count = 1,
                          .payload_hash = "UNSIGNED-PAYLOAD",
                          .is_s3 = true};
}

static void s3_presigned_link(void **state) {
    (void)state;
    Err err = {0};
    OWN(buf_done) Buf query = {0};
    SigV4Request request = presign_request();
    SigV4Presign presign = {.access_key_id = "AKIAIOSFODNN7EXAMPLE", .expires_s = 86400};
    assert_int_equal(sigv4_presigned_query(&request, &s3_key, &presign, &query, &err), ST_OK);
    assert_string_equal(
        buf_text(&query),
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
        "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
        "X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

static void presigning_refuses_lives_out_of_range(void **state) {
    (void)state;
    SigV4Request request = presign_request();
    const int lives[] = {0, -1, 604801};
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        Err err = {0};
        OWN(buf_done) Buf query = {0};
        SigV4Presign presign = {.access_key_id = "AKIAIOSFODNN7EXAMPLE", .expires_s = lives[i]};
        assert_int_equal(sigv4_presigned_query(&request, &s3_key, &presign, &query, &err),
                         ST_USAGE);
        assert_int_equal(query.size, 0);
    }
}

/* --- What a checker of signatures is given from outside -------------------------------------- */

static void bad_escapes_and_too_many_parts_are_refused(void **state) {
    (void)state;
    Err err = {0};
    OWN(buf_done) Buf canonical = {0};
    OWN(buf_done) Buf names = {0};
    SigV4Request request = presign_request();
    request.query = "a=%zz";
    assert_int_equal(sigv4_canonical_request(&request, &canonical, &names, &err), ST_INPUT);
    request.query = "a=%00";
    assert_int_equal(sigv4_canonical_request(&request, &canonical, &names, &err), ST_INPUT);

    OWN(buf_done) Buf query = {0};
    for (int i = 0; i < SIGV4_MAX_PAIRS + 1; i++) {
        buf_printf(&query, "&a%d", i);
    }
    request.query = buf_text(&query);
    assert_int_equal(sigv4_canonical_request(&request, &canonical, &names, &err), ST_LIMIT);

    request.query = NULL;
    request.header_count = SIGV4_MAX_PAIRS + 1;
    assert_int_equal(sigv4_canonical_request(&request, &canonical, &names, &err), ST_LIMIT);
}

static void cache_gives_what_deriving_gives(void **state) {
    (void)state;
    SigV4Cache *cache = sigv4_cache_new();
    char long_secret[300];
    memset(long_secret, 'x', sizeof long_secret - 1);
    long_secret[sizeof long_secret - 1] = '\0';
    for (int i = 0; i < 4000; i++) {
        char secret[32];
        snprintf(secret, sizeof secret, "secret-%d", i % 1500);
        SigV4Key key = s3_key;
        key.secret_key = i % 100 == 0 ? long_secret : secret;
        key.region = i % 2 == 0 ? "eu-west-1" : "us-east-1";
        char cached[SHA256_HEX_SIZE];
        char fresh[SHA256_HEX_SIZE];
        sigv4_signature(&key, "text", 4, cache, cached);
        sigv4_signature(&key, "text", 4, NULL, fresh);
        assert_string_equal(cached, fresh);
    }
    sigv4_cache_free(cache);
    sigv4_cache_free(NULL);
}

/* --- AWS's suite ----------------------------------------------------------------------------- */

enum { SUITE_FILE_MAX = 64 * 1024 };

static const char *suite_dir(void) {
    const char *dir = getenv("CONFHOUSE_SIGV4_SUITE");
    return dir != NULL ? dir : TEST_SOURCE_DIR "/../shared/data/sigv4";
}

typedef struct SuiteCase {
    const char *name;
    char *text; /* of request.txt, cut in place */
    char *method;
    char *path;
    char *query;
    char *body;
    SigV4Pair headers[SIGV4_MAX_PAIRS];
    size_t header_count;
    Json *context;
    char stamp[CLOCK_STAMP_SIZE];
    char body_hash[SHA256_HEX_SIZE];
    const char *access_key_id;
    const char *token; /* "" = none */
    bool omit_token;
    bool sign_body;
    double expires_s;
    bool normalize;
    SigV4Key key;
} SuiteCase;

static char *read_suite_file(const SuiteCase *it, const char *file) {
    Err err = {0};
    Buf text = {0};
    OWN(mem_free_at) char *path = mem_printf("%s/%s/%s", suite_dir(), it->name, file);
    if (file_read(path, SUITE_FILE_MAX, &text, &err) != ST_OK) {
        fail_msg("%s", err.message);
    }
    return buf_take(&text);
}

static void expect_file(const SuiteCase *it, const char *file, const char *actual) {
    OWN(mem_free_at) char *expected = read_suite_file(it, file);
    size_t size = strlen(expected);
    while (size > 0 && expected[size - 1] == '\n') {
        expected[--size] = '\0';
    }
    if (!str_equal(expected, actual)) {
        fail_msg("%s/%s\nexpected:\n%s\nactual:\n%s", it->name, file, expected, actual);
    }
}

/* "GET /a path?a=b HTTP/1.1": the path may hold blanks. */
static void cut_request_line(SuiteCase *it, char *line) {
    it->method = line;
    char *target = strchr(line, ' ');
    char *version = strrchr(line, ' ');
    assert_non_null(target);
    assert_true(version > target);
    *target++ = '\0';
    *version = '\0';
    it->path = target;
    char *query = strchr(target, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    it->query = query;
}

/* Header lines; one that begins with a blank goes on with the value of the one before. */
static void cut_headers(SuiteCase *it, char *at) {
    it->body = at + strlen(at);
    while (*at != '\0') {
        char *end = at + strcspn(at, "\n");
        while (end[0] == '\n' && end[1] == ' ') {
            end += 1 + strcspn(end + 1, "\n");
        }
        char *next = *end == '\0' ? end : end + 1;
        *end = '\0';
        if (end == at) {
            it->body = next;
            return;
        }
        char *colon = strchr(at, ':');
        assert_non_null(colon);
        *colon = '\0';
        it->headers[it->header_count++] = (SigV4Pair){.name = at, .value = colon + 1};
        at = next;
    }
}

static void read_context(SuiteCase *it) {
    Err err = {0};
    OWN(mem_free_at) char *text = read_suite_file(it, "context.json");
    int64_t time_ms = 0;
    const char *time = NULL;
    Status read = json_parse(text, strlen(text), &it->context, &err);
    assert_int_equal(read, ST_OK);
    const Json *root = it->context;
    bool all =
        json_text(root, "credentials.access_key_id", 1, 128, &it->access_key_id, &err) == ST_OK &&
        json_text(root, "credentials.secret_access_key", 1, 128, &it->key.secret_key, &err) ==
            ST_OK &&
        json_text_or(root, "credentials.token", 4096, "", &it->token, &err) == ST_OK &&
        json_text(root, "region", 1, 64, &it->key.region, &err) == ST_OK &&
        json_text(root, "service", 1, 64, &it->key.service, &err) == ST_OK &&
        json_text(root, "timestamp", 1, 64, &time, &err) == ST_OK &&
        json_number_or(root, "expiration_in_seconds", 1, 604800, 0, &it->expires_s, &err) ==
            ST_OK &&
        json_bool_or(root, "normalize", true, &it->normalize, &err) == ST_OK &&
        json_bool_or(root, "sign_body", false, &it->sign_body, &err) == ST_OK &&
        json_bool_or(root, "omit_session_token", false, &it->omit_token, &err) == ST_OK;
    assert_true(all);
    assert_true(clock_parse_time(time, &time_ms));
    clock_format_stamp(time_ms, it->key.stamp);
}

static void load_case(SuiteCase *it) {
    it->text = read_suite_file(it, "request.txt");
    char *line_end = strchr(it->text, '\n');
    assert_non_null(line_end);
    *line_end = '\0';
    cut_request_line(it, it->text);
    cut_headers(it, line_end + 1);
    read_context(it);
    digest_sha256_hex(it->body, strlen(it->body), it->body_hash);
}

static SigV4Request case_request(const SuiteCase *it) {
    return (SigV4Request){.method = it->method,
                          .path = it->path,
                          .query = it->query,
                          .headers = it->headers,
                          .header_count = it->header_count,
                          .payload_hash = it->body_hash,
                          .keep_path = !it->normalize};
}

static void check_steps(const SuiteCase *it, const char *form, const SigV4Request *request) {
    Err err = {0};
    char file[64];
    char signature[SHA256_HEX_SIZE];
    OWN(buf_done) Buf canonical = {0};
    OWN(buf_done) Buf names = {0};
    OWN(buf_done) Buf to_sign = {0};
    assert_int_equal(sigv4_canonical_request(request, &canonical, &names, &err), ST_OK);
    snprintf(file, sizeof file, "%s-canonical-request.txt", form);
    expect_file(it, file, buf_text(&canonical));
    sigv4_string_to_sign(&it->key, canonical.data, canonical.size, &to_sign);
    snprintf(file, sizeof file, "%s-string-to-sign.txt", form);
    expect_file(it, file, buf_text(&to_sign));
    sigv4_signature(&it->key, to_sign.data, to_sign.size, NULL, signature);
    snprintf(file, sizeof file, "%s-signature.txt", form);
    expect_file(it, file, signature);
}

static void check_query_form(const SuiteCase *it) {
    Err err = {0};
    OWN(buf_done) Buf query = {0};
    SigV4Request request = case_request(it);
    SigV4Presign presign = {.access_key_id = it->access_key_id,
                            .session_token = it->token,
                            .expires_s = (int)it->expires_s,
                            .token_after_signing = it->omit_token};
    assert_int_equal(sigv4_presigned_query(&request, &it->key, &presign, &query, &err), ST_OK);
    char *signature = strstr(query.data, "&X-Amz-Signature=");
    assert_non_null(signature);
    expect_file(it, "query-signature.txt", strchr(signature, '=') + 1);

    /* What comes before the signature is what was signed, but for a token added later. */
    *signature = '\0';
    char *token = strstr(query.data, "&X-Amz-Security-Token=");
    if (it->omit_token) {
        assert_non_null(token);
        *token = '\0';
    }
    request.query = query.data;
    check_steps(it, "query", &request);
}

static void check_header_form(SuiteCase *it) {
    Err err = {0};
    it->headers[it->header_count++] = (SigV4Pair){"X-Amz-Date", it->key.stamp};
    if (!str_is_empty(it->token) && !it->omit_token) {
        it->headers[it->header_count++] = (SigV4Pair){"X-Amz-Security-Token", it->token};
    }
    if (it->sign_body) {
        it->headers[it->header_count++] = (SigV4Pair){"x-amz-content-sha256", it->body_hash};
    }
    SigV4Request request = case_request(it);
    check_steps(it, "header", &request);

    OWN(buf_done) Buf value = {0};
    assert_int_equal(sigv4_authorization(&request, &it->key, it->access_key_id, NULL, &value, &err),
                     ST_OK);
    OWN(buf_done) Buf line = {0};
    buf_printf(&line, "\nAuthorization:%s\n", buf_text(&value));
    OWN(mem_free_at) char *expected = read_suite_file(it, "header-signed-request.txt");
    if (strstr(expected, buf_text(&line)) == NULL) {
        fail_msg("%s: not in the signed request:%s", it->name, buf_text(&line));
    }
}

static void every_case_of_the_suite(void **state) {
    (void)state;
    DIR *dir = opendir(suite_dir());
    if (dir == NULL) {
        print_message("skipped: AWS's Signature Version 4 suite is not at %s\n", suite_dir());
        skip();
    }
    int cases = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strchr(entry->d_name, '-') == NULL) {
            continue;
        }
        SuiteCase it = {.name = entry->d_name};
        load_case(&it);
        check_query_form(&it);
        check_header_form(&it);
        json_free(it.context);
        mem_free(it.text);
        cases++;
    }
    closedir(dir);
    print_message("%d cases of AWS's suite, each as header and as query\n", cases);
    assert_true(cases > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s3_get_object_with_range),
        cmocka_unit_test(s3_put_object_with_dollar_in_its_key),
        cmocka_unit_test(s3_get_bucket_lifecycle),
        cmocka_unit_test(s3_list_objects_sorts_its_query),
        cmocka_unit_test(s3_presigned_link),
        cmocka_unit_test(presigning_refuses_lives_out_of_range),
        cmocka_unit_test(bad_escapes_and_too_many_parts_are_refused),
        cmocka_unit_test(cache_gives_what_deriving_gives),
        cmocka_unit_test(every_case_of_the_suite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
