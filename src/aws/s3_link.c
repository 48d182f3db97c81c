#include "aws/attempt.h"
#include "aws/s3_client.h"
#include "base/clock.h"

enum { LINK_MAX_S = 604800 };

/* A link made now lives no longer than the keys that sign it. */
static int64_t life_s(const AwsKeys *keys, int64_t now_ms, int expires_s) {
    int64_t wanted_s = expires_s > LINK_MAX_S ? LINK_MAX_S : expires_s;
    int64_t keys_s = (keys->expires_ms - now_ms) / 1000;
    return keys->expires_ms != 0 && keys_s < wanted_s ? keys_s : wanted_s;
}

/* Appends the query that makes a link of the address. */
static Status sign_link(const S3Address *address, const AwsKeys *keys, int64_t now_ms,
                        int64_t expires_s, Buf *query, Err *err) {
    OWN(arena_done) Arena arena = {0};
    const Endpoint *endpoint = &address->endpoint;
    SigV4Pair host = {"Host",
                      arena_printf(&arena, "%s%s", address->host_prefix, endpoint->authority)};
    SigV4Key key = {
        .region = endpoint->signing_region, .service = "s3", .secret_key = keys->secret_key};
    clock_format_stamp(now_ms, key.stamp);
    SigV4Request request = {
        .method = "GET",
        .path = arena_printf(&arena, "%s%s", endpoint->base_path, buf_text(&address->path)),
        .headers = &host,
        .header_count = 1,
        .payload_hash = "UNSIGNED-PAYLOAD",
        .is_s3 = true};
    SigV4Presign presign = {.access_key_id = keys->access_key_id,
                            .session_token = keys->session_token,
                            .expires_s = (int)expires_s};
    return sigv4_presigned_query(&request, &key, &presign, query, err);
}

Status s3_presign(S3 *s3, const char *key, int expires_s, Buf *ret_url, S3LinkLife *ret_life,
                  Err *err) {
    OWN(s3_client_address_done) S3Address address;
    TRY(s3_client_address(s3, key, &address, err));
    TRY(call_refresh_keys(s3->aws, err));
    AwsRequest request = s3_client_request(s3, &address, "GetObject", "GET");
    const AwsKeys *keys = attempt_keys(s3->aws, &request);
    int64_t now_ms = clock_now_ms();
    int64_t lives_s = life_s(keys, now_ms, expires_s);
    if (lives_s < 1) {
        return err_set(err, expires_s < 1 ? ST_USAGE : ST_EXPIRED,
                       "a link to s3://%s/%s would be dead before it is used", s3->bucket, key);
    }
    buf_clear(ret_url);
    endpoint_append_url(ret_url, &address.endpoint, address.host_prefix);
    buf_printf(ret_url, "%s?", buf_text(&address.path));
    TRY(sign_link(&address, keys, now_ms, lives_s, ret_url, err));
    ret_life->until_ms = now_ms + lives_s * 1000;
    ret_life->may_end_sooner = keys->session_token[0] != '\0' && keys->expires_ms == 0;
    return ST_OK;
}
