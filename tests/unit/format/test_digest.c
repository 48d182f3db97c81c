#include "base/file.h"
#include "base/mem.h"
#include "format/digest.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static void assert_hex(const uint8_t *digest, const char *expected) {
    char hex[SHA256_HEX_SIZE];
    digest_to_hex(digest, SHA256_BYTES, hex);
    assert_string_equal(hex, expected);
}

/* FIPS 180-2, appendix B. */
static void hashes_known_texts(void **state) {
    (void)state;
    char hex[SHA256_HEX_SIZE];
    digest_sha256_hex("", 0, hex);
    assert_string_equal(hex, SHA256_EMPTY_HEX);
    digest_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    digest_sha256_hex(text, strlen(text), hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void makes_names_with_sha1(void **state) {
    (void)state;
    char hex[SHA1_HEX_SIZE];
    digest_sha1_hex("abc", 3, hex);
    assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void hashes_in_pieces(void **state) {
    (void)state;
    Sha256 *sha = sha256_new();
    sha256_update(sha, "a", 1);
    sha256_update(sha, "", 0);
    sha256_update(sha, "bc", 2);
    uint8_t digest[SHA256_BYTES];
    sha256_finish(sha, digest);
    assert_hex(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

    Sha256 *dropped = sha256_new();
    sha256_update(dropped, "x", 1);
    sha256_free_at(&dropped);
    assert_null(dropped);
    sha256_free_at(&dropped);
}

/* RFC 4231, cases 1, 2 and 6. */
static void authenticates_known_texts(void **state) {
    (void)state;
    uint8_t key[131];
    uint8_t digest[SHA256_BYTES];
    memset(key, 0x0b, 20);
    digest_hmac_sha256(key, 20, "Hi There", 8, digest);
    assert_hex(digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const char *text = "what do ya want for nothing?";
    digest_hmac_sha256("Jefe", 4, text, strlen(text), digest);
    assert_hex(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    text = "Test Using Larger Than Block-Size Key - Hash Key First";
    digest_hmac_sha256(key, sizeof key, text, strlen(text), digest);
    assert_hex(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    digest_hmac_sha256(NULL, 0, "", 0, digest);
    assert_hex(digest, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void hashes_files(void **state) {
    (void)state;
    TempDir dir;
    Err err;
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "data");
    OWN(mem_free_at) char *absent = temp_dir_path(&dir, "absent");
    OWN(mem_free_at) char *data = mem_alloc(200001);
    memset(data, 'x', 200001);
    assert_int_equal(file_write_atomic(path, data, 200001, &err), ST_OK);

    char expected[SHA256_HEX_SIZE];
    char hex[SHA256_HEX_SIZE];
    int64_t bytes = 0;
    digest_sha256_hex(data, 200001, expected);
    assert_int_equal(digest_file_sha256_hex(path, hex, &bytes, &err), ST_OK);
    assert_string_equal(hex, expected);
    assert_int_equal(bytes, 200001);
    assert_int_equal(digest_file_sha256_hex(absent, hex, &bytes, &err), ST_NOT_FOUND);
    assert_int_equal(digest_file_sha256_hex(dir.path, hex, &bytes, &err), ST_IO);
    temp_dir_close(&dir);
}

static void crc32_is_that_of_zlib_and_s3(void **state) {
    (void)state;
    assert_int_equal(digest_crc32(0, "", 0), 0);
    assert_int_equal(digest_crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(digest_crc32(digest_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
    uint32_t first = digest_crc32(0, "1234", 4);
    uint32_t second = digest_crc32(0, "56789", 5);
    assert_int_equal(digest_crc32_join(first, second, 5), 0xcbf43926);
    assert_int_equal(digest_crc32_join(0, second, 5), second);
}

static void base64_goes_there_and_back(void **state) {
    (void)state;
    static const char *const known[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        OWN(buf_done) Buf text = {0};
        digest_append_base64(&text, known[i][0], strlen(known[i][0]));
        assert_string_equal(buf_text(&text), known[i][1]);
    }
    uint8_t data[200];
    digest_random(data, sizeof data);
    for (size_t size = 0; size <= sizeof data; size++) {
        OWN(buf_done) Buf text = {0};
        OWN(buf_done) Buf back = {0};
        digest_append_base64(&text, data, size);
        assert_true(digest_append_base64_decoded(&back, buf_text(&text), text.size));
        assert_int_equal(back.size, size);
        assert_memory_equal(buf_text(&back), data, size);
    }
}

static void base64_refuses_what_is_none(void **state) {
    (void)state;
    static const char *const bad[] = {
        "Z",    "Zg",   "Zg=",  "Zg===", "=Zg=", "Zg==Zg==", "Zm9v\n",
        "Zm 9", "Zm9-", "====", "Zh==",  "Zm9=", "Z===",     "Zm\x80v"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(buf_done) Buf out = {0};
        assert_false(digest_append_base64_decoded(&out, bad[i], strlen(bad[i])));
    }
}

static void compares_bytes(void **state) {
    (void)state;
    assert_true(digest_equal("abc", "abc", 3));
    assert_false(digest_equal("abc", "abd", 3));
    assert_true(digest_equal("abc", "abd", 2));
}

static void random_bytes_differ(void **state) {
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    digest_random(a, sizeof a);
    digest_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_known_texts),
        cmocka_unit_test(makes_names_with_sha1),
        cmocka_unit_test(hashes_in_pieces),
        cmocka_unit_test(authenticates_known_texts),
        cmocka_unit_test(hashes_files),
        cmocka_unit_test(crc32_is_that_of_zlib_and_s3),
        cmocka_unit_test(base64_goes_there_and_back),
        cmocka_unit_test(base64_refuses_what_is_none),
        cmocka_unit_test(compares_bytes),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
