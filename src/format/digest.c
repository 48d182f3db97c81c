#include "format/digest.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <zlib.h>

struct Sha256 {
    EVP_MD_CTX *context;
};

/* Looking an algorithm up costs more than hashing a short text, and a call is signed with several
 * short texts: each is looked up once and kept until the process ends. */
static EVP_MD *sha256_algorithm;
static EVP_MAC_CTX *hmac_template;
static pthread_once_t algorithms_once = PTHREAD_ONCE_INIT;

static void fetch_algorithms(void) {
    sha256_algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    ASSERT(sha256_algorithm != NULL);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    ASSERT(hmac != NULL);
    hmac_template = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac); /* the context holds it */
    ASSERT(hmac_template != NULL);
    char name[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    ASSERT(EVP_MAC_CTX_set_params(hmac_template, parameters) == 1);
}

static const EVP_MD *sha256(void) {
    ASSERT(pthread_once(&algorithms_once, fetch_algorithms) == 0);
    return sha256_algorithm;
}

void digest_sha256(const void *data, size_t size, uint8_t ret_digest[SHA256_BYTES]) {
    unsigned int written = 0;
    ASSERT(EVP_Digest(data, size, ret_digest, &written, sha256(), NULL) == 1);
    ASSERT(written == SHA256_BYTES);
}

void digest_sha256_hex(const void *data, size_t size, char ret_hex[SHA256_HEX_SIZE]) {
    uint8_t digest[SHA256_BYTES];
    digest_sha256(data, size, digest);
    digest_to_hex(digest, sizeof digest, ret_hex);
}

void digest_sha1_hex(const void *data, size_t size, char ret_hex[SHA1_HEX_SIZE]) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int written = 0;
    ASSERT(EVP_Digest(data, size, digest, &written, EVP_sha1(), NULL) == 1);
    ASSERT(written * 2 + 1 == SHA1_HEX_SIZE);
    digest_to_hex(digest, written, ret_hex);
}

void digest_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                        uint8_t ret_digest[SHA256_BYTES]) {
    ASSERT(pthread_once(&algorithms_once, fetch_algorithms) == 0);
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(hmac_template);
    ASSERT(context != NULL);
    size_t written = 0;
    /* An empty key must still be a key: NULL would mean "the one already set". */
    ASSERT(EVP_MAC_init(context, key_size > 0 ? key : "", key_size, NULL) == 1);
    ASSERT(EVP_MAC_update(context, data, size) == 1);
    ASSERT(EVP_MAC_final(context, ret_digest, &written, SHA256_BYTES) == 1);
    ASSERT(written == SHA256_BYTES);
    EVP_MAC_CTX_free(context);
}

Status digest_file_sha256_hex(const char *path, char ret_hex[SHA256_HEX_SIZE], int64_t *ret_bytes,
                              Err *err) {
    OWN(file_close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        Status status = errno == ENOENT ? ST_NOT_FOUND : ST_IO;
        return err_set(err, status, "cannot read %s: %s", path, strerror(errno));
    }
    enum { PIECE_BYTES = 64 * 1024 };
    OWN(mem_free_at) uint8_t *piece = mem_alloc(PIECE_BYTES);
    OWN(sha256_free_at) Sha256 *sha = sha256_new();
    int64_t bytes = 0;
    for (;;) {
        ssize_t got = read(fd, piece, PIECE_BYTES);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_set(err, ST_IO, "cannot read %s: %s", path, strerror(errno));
        }
        if (got == 0) {
            break;
        }
        sha256_update(sha, piece, (size_t)got);
        bytes += got;
    }
    uint8_t digest[SHA256_BYTES];
    sha256_finish(sha, digest);
    sha = NULL;
    digest_to_hex(digest, sizeof digest, ret_hex);
    if (ret_bytes != NULL) {
        *ret_bytes = bytes;
    }
    return ST_OK;
}

uint32_t digest_crc32(uint32_t crc, const void *data, size_t size) {
    return (uint32_t)crc32_z(crc, data, size);
}

uint32_t digest_crc32_join(uint32_t first, uint32_t second, int64_t second_bytes) {
    return (uint32_t)crc32_combine(first, second, (z_off_t)second_bytes);
}

Sha256 *sha256_new(void) {
    Sha256 *sha = mem_alloc(sizeof *sha);
    sha->context = EVP_MD_CTX_new();
    ASSERT(sha->context != NULL);
    ASSERT(EVP_DigestInit_ex(sha->context, sha256(), NULL) == 1);
    return sha;
}

void sha256_update(Sha256 *sha, const void *data, size_t size) {
    ASSERT(EVP_DigestUpdate(sha->context, data, size) == 1);
}

void sha256_finish(Sha256 *sha, uint8_t ret_digest[SHA256_BYTES]) {
    unsigned int written = 0;
    ASSERT(EVP_DigestFinal_ex(sha->context, ret_digest, &written) == 1);
    ASSERT(written == SHA256_BYTES);
    sha256_free_at(&sha);
}

void sha256_free_at(Sha256 **sha) {
    if (*sha != NULL) {
        EVP_MD_CTX_free((*sha)->context);
        mem_free(*sha);
        *sha = NULL;
    }
}

void digest_to_hex(const uint8_t *data, size_t size, char *ret_hex) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *ret_hex++ = digits[data[i] >> 4];
        *ret_hex++ = digits[data[i] & 15];
    }
    *ret_hex = '\0';
}

void digest_append_base64(Buf *out, const void *data, size_t size) {
    enum { PIECE_BYTES = 48 }; /* a multiple of 3, so that only the last piece is padded */
    const uint8_t *at = data;
    while (size > 0) {
        size_t piece = size < PIECE_BYTES ? size : PIECE_BYTES;
        uint8_t text[PIECE_BYTES / 3 * 4 + 1];
        int written = EVP_EncodeBlock(text, at, (int)piece);
        buf_append(out, text, (size_t)written);
        at += piece;
        size -= piece;
    }
}

static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four letters, of which the last `padding` are '='. */
static bool decode_four(Buf *out, const char *four, size_t padding) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? base64_value(four[i]) : 0;
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
    }
    /* Bits under the padding must be zero: one text for one value. */
    if ((bits & ((1U << (8 * padding)) - 1)) != 0) {
        return false;
    }
    uint8_t bytes[3] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
    return buf_append(out, bytes, 3 - padding);
}

bool digest_append_base64_decoded(Buf *out, const char *text, size_t size) {
    if (size % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < size; i += 4) {
        size_t padding = 0;
        if (i + 4 == size && text[size - 1] == '=') {
            padding = text[size - 2] == '=' ? 2 : 1;
        }
        if (!decode_four(out, text + i, padding)) {
            return false;
        }
    }
    return true;
}

bool digest_equal(const void *a, const void *b, size_t size) {
    return CRYPTO_memcmp(a, b, size) == 0;
}

void digest_random(void *ret_bytes, size_t size) {
    uint8_t *at = ret_bytes;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        ASSERT(got > 0);
        at += got;
        size -= (size_t)got;
    }
}
