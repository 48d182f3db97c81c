#include "base/suggest.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static void distances_count_edits(void **state) {
    (void)state;
    assert_int_equal(suggest_distance("", ""), 0);
    assert_int_equal(suggest_distance("", "abc"), 3);
    assert_int_equal(suggest_distance("scan", "scan"), 0);
    assert_int_equal(suggest_distance("scn", "scan"), 1);
    assert_int_equal(suggest_distance("sacn", "scan"), 1); /* swapped */
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
    char long_word[100];
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    assert_true(suggest_distance(long_word, "a") > 1000);
}

static const char *nearest(const char *word) {
    static const char *const known[] = {"run", "plan", "scan", "report", "history"};
    Suggestion suggestion;
    suggest_begin(&suggestion, word);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        suggest_offer(&suggestion, known[i]);
    }
    return suggestion.best;
}

static void the_nearest_word_is_found(void **state) {
    (void)state;
    assert_string_equal(nearest("rnu"), "run");
    assert_string_equal(nearest("reports"), "report");
    assert_string_equal(nearest("hist"), "history"); /* its beginning */
    assert_null(nearest("delete-everything"));
    assert_null(nearest("x"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_count_edits),
        cmocka_unit_test(the_nearest_word_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
