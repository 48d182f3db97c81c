/* Where the certificate authorities are looked for. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "http/trust.h"

#include <unistd.h>

static void the_first_file_that_can_be_read_is_taken(void **state) {
    (void)state;
    const char *const paths[] = {"/no/such/bundle.crt", TEST_SOURCE_DIR "/LICENSE",
                                 TEST_SOURCE_DIR "/README.md"};
    assert_string_equal(trust_first_readable(paths, 3), TEST_SOURCE_DIR "/LICENSE");
    assert_null(trust_first_readable(paths, 1));
    assert_null(trust_first_readable(paths, 0));
}

static void a_system_bundle_is_a_file_that_can_be_read(void **state) {
    (void)state;
    const char *path = trust_system_bundle();
    if (path != NULL) {
        assert_int_equal(access(path, R_OK), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_file_that_can_be_read_is_taken),
        cmocka_unit_test(a_system_bundle_is_a_file_that_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
