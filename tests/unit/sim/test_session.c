/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/str.h"
#include "session.h"

#include <string.h>

static Session issue(const SessionKey *key, uint64_t nonce, Buf *token) {
    Session session = {.expires_ms = 1767225600123, .nonce = nonce};
    str_copy(session.account_id, sizeof session.account_id, "012345678901");
    str_copy(session.role, sizeof session.role, "reader");
    str_copy(session.name, sizeof session.name, "weekly=run,+.@-");
    session_issue(key, &session, token);
    return session;
}

static void a_token_says_whose_session_it_is(void **state) {
    (void)state;
    SessionKey key;
    Buf token = {0};
    Session read;
    session_key_init(&key, 7);
    Session session = issue(&key, 1, &token);
    assert_true(session_read(&key, session.key_id, buf_text(&token), &read));
    assert_string_equal(read.account_id, "012345678901");
    assert_string_equal(read.role, "reader");
    assert_string_equal(read.name, "weekly=run,+.@-");
    assert_string_equal(read.secret, session.secret);
    assert_int_equal(read.expires_ms, 1767225600123);
    assert_int_equal(strlen(session.key_id), 20);
    assert_int_equal(strlen(session.secret), 40);
    buf_done(&token);
}

static void a_token_is_refused_where_it_does_not_belong(void **state) {
    (void)state;
    SessionKey key;
    SessionKey other_key;
    Buf token = {0};
    Buf other_token = {0};
    Session read;
    session_key_init(&key, 7);
    session_key_init(&other_key, 8);
    Session session = issue(&key, 1, &token);
    Session other = issue(&key, 2, &other_token);
    assert_string_not_equal(session.key_id, other.key_id);
    assert_string_not_equal(session.secret, other.secret);
    assert_false(session_read(&other_key, session.key_id, buf_text(&token), &read));
    assert_false(session_read(&key, other.key_id, buf_text(&token), &read));
    assert_false(session_read(&key, session.key_id, "", &read));
    assert_false(session_read(&key, session.key_id, "not base64!", &read));
    assert_false(session_read(&key, session.key_id, "QUJDRA==", &read));
    for (size_t at = 0; at < token.size; at++) {
        char kept = token.data[at];
        token.data[at] = kept == 'A' ? 'B' : 'A';
        assert_false(session_read(&key, session.key_id, token.data, &read));
        token.data[at] = kept;
    }
    buf_done(&token);
    buf_done(&other_token);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_says_whose_session_it_is),
        cmocka_unit_test(a_token_is_refused_where_it_does_not_belong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
