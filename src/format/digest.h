/* Digests, hexadecimal and base64, over OpenSSL. */
#ifndef FORMAT_DIGEST_H
#define FORMAT_DIGEST_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX_SIZE = 65 };

/* SHA-256 of nothing. */
#define SHA256_EMPTY_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

void digest_sha256(const void *data, size_t size, uint8_t ret_digest[SHA256_BYTES]);
void digest_sha256_hex(const void *data, size_t size, char ret_hex[SHA256_HEX_SIZE]);
void digest_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                        uint8_t ret_digest[SHA256_BYTES]);
Status digest_file_sha256_hex(const char *path, char ret_hex[SHA256_HEX_SIZE], int64_t *ret_bytes,
                              Err *err) WARN_UNUSED;

/* For names that others made with it (the cache of SSO tokens), never for safety. Lower case. */
enum { SHA1_HEX_SIZE = 41 };
void digest_sha1_hex(const void *data, size_t size, char ret_hex[SHA1_HEX_SIZE]);

/* CRC-32 as zlib and S3 have it, in pieces: begin with 0. */
uint32_t digest_crc32(uint32_t crc, const void *data, size_t size);
/* Of two texts put together, from those of each; `second_bytes` is the length of the second. */
uint32_t digest_crc32_join(uint32_t first, uint32_t second, int64_t second_bytes);

/* In pieces. */
typedef struct Sha256 Sha256;
Sha256 *sha256_new(void);
void sha256_update(Sha256 *sha, const void *data, size_t size);
void sha256_finish(Sha256 *sha, uint8_t ret_digest[SHA256_BYTES]); /* frees it */
void sha256_free_at(Sha256 **sha);

/* Lower case; `ret_hex` has room for 2 * size + 1. */
void digest_to_hex(const uint8_t *data, size_t size, char *ret_hex);
void digest_append_base64(Buf *out, const void *data, size_t size);
/* Padding required, white space refused. */
bool digest_append_base64_decoded(Buf *out, const char *text, size_t size);

/* Compares in time that does not tell where they differ. */
bool digest_equal(const void *a, const void *b, size_t size);

void digest_random(void *ret_bytes, size_t size); /* from the system; aborts when it has none */

#endif
