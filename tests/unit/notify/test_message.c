#include "base/mem.h"
#include "base/str.h"
#include "history_fixture.h"
#include "notify/message.h"

#include <string.h>

static TempDir dir;
static Db *history;

static int setup(void **state) {
    (void)state;
    Err err = {0};
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "history.db");
    history = fixture_make(path);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    db_close(history);
    temp_dir_close(&dir);
    return 0;
}

static const MessagePlace place = {
    .location = "s3://bucket/a&b/<x>.xlsx",
    .link = "https://example.com/?a=1&b=\"2\"",
    .until = "2026-11-29T06:00:00Z",
    .remark = "",
};

static void load(MessageFigures *figures, const char *group_id) {
    Err err = {0};
    ASSERT_OK(message_load(history, group_id, figures, &err));
    figures->green_from = 0.95;
    figures->yellow_from = 0.80;
}

static void the_subject_has_the_two_ratios_and_their_change(void **state) {
    (void)state;
    OWN(message_done) MessageFigures figures;
    char subject[MESSAGE_SUBJECT_SIZE];
    load(&figures, "2026-11-22");
    message_subject(&figures, subject);
    assert_string_equal(subject, "AWS Config 2026-11-22: Prod 91.5% (-2.1 pp), Non-Prod 87.1% "
                                 "(+5.3 pp); incomplete");
}

static void the_subject_says_what_is_not_known(void **state) {
    (void)state;
    OWN(message_done) MessageFigures figures;
    char subject[MESSAGE_SUBJECT_SIZE];
    load(&figures, "2026-11-08");
    message_subject(&figures, subject);
    assert_non_null(strstr(subject, "Non-Prod not read; incomplete"));
    message_done(&figures);
    load(&figures, "2026-10-18");
    message_subject(&figures, subject);
    assert_non_null(strstr(subject, "Prod 72.4%, Non-Prod 73.1%")); /* nothing to compare with */
}

static void the_longest_subject_is_cut_and_stays_ascii(void **state) {
    (void)state;
    OWN(message_done) MessageFigures figures;
    char subject[MESSAGE_SUBJECT_SIZE];
    load(&figures, "2026-11-22");
    for (int i = 0; i < 2; i++) {
        figures.environments[i].change = (Cell){.type = CELL_REAL, .real = -1.0};
        figures.environments[i].ratio = (Cell){.type = CELL_REAL, .real = 1.0};
    }
    message_subject(&figures, subject);
    assert_string_equal(subject, "AWS Config 2026-11-22: Prod 100.0% (-100.0 pp), Non-Prod 100.0% "
                                 "(-100.0 pp); incomplete");
    for (const char *c = subject; *c != '\0'; c++) {
        assert_in_range(*c, ' ', '~');
    }
}

static void a_change_that_rounds_to_nothing_is_none(void **state) {
    (void)state;
    OWN(message_done) MessageFigures figures;
    char subject[MESSAGE_SUBJECT_SIZE];
    load(&figures, "2026-11-22");
    figures.environments[0].change.real = -0.0001;
    message_subject(&figures, subject);
    assert_non_null(strstr(subject, "Prod 91.5% (unchanged)"));
}

static void the_text_has_figures_rules_gaps_and_the_link(void **state) {
    (void)state;
    OWN(message_done) MessageFigures figures;
    OWN(buf_done) Buf text = {0};
    load(&figures, "2026-11-22");
    message_append_text(&figures, &place, &text);
    static const char *const parts[] = {
        "Prod          91.5% (-2.1 pp)\n",
        "93.6% after waivers\n",
        "findings: 4 open, 0 new, 2 reopened, 1 resolved, 0 no longer reported\n",
        "AWS Config compliance, run of 2026-11-22, organization o-a1b2c3d4e5 of payments-prod\n",
        "Compared with the run of 2026-11-15.\n",
        "      12  @lambda-custom-rule (2 since the last run)\n",
        "7 of 11 scopes (accounts by region) were scanned. In what was not, 25 findings were open",
        " when it was last scanned.\n",
        "- 2 scopes denied access (data-lake-prod, eu-west-1)\n",
        "- 1 result file was damaged (shard 07: ",
        "s3://bucket/a&b/<x>.xlsx\n  https://example.com/?a=1&b=\"2\"\n",
        "  It works until 2026-11-29T06:00:00Z.\n"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(buf_text(&text), parts[i]) == NULL) {
            fail_msg("no \"%s\" in\n%s", parts[i], buf_text(&text));
        }
    }
}

static void that_there_are_no_rules_is_not_said_when_none_was_read(void **state) {
    (void)state;
    OWN(message_done) MessageFigures figures;
    OWN(buf_done) Buf text = {0};
    load(&figures, "2026-11-22");
    figures.rule_count = 0;
    message_append_text(&figures, &place, &text);
    assert_non_null(strstr(buf_text(&text), "  None: no finding is open that is not waived.\n"));
    figures.scopes_read = 0;
    buf_clear(&text);
    message_append_text(&figures, &place, &text);
    message_append_html(&figures, &place, &text);
    assert_null(strstr(buf_text(&text), "None:"));
    const char *known = strstr(buf_text(&text), "  Not known: nothing was scanned.\n");
    assert_non_null(known);
    assert_non_null(strstr(known, ">Not known: nothing was scanned.<"));
}

static void html_is_escaped_and_its_tags_are_closed(void **state) {
    (void)state;
    Err err = {0};
    OWN(message_done) MessageFigures figures;
    OWN(buf_done) Buf html = {0};
    ASSERT_OK(db_run(history,
                     "UPDATE rule_group SET name = '<script>alert(\"x\")</script>' || char(10, 27) "
                     "|| 'Subject: y' || char(8238) WHERE rule_group_key = 6",
                     NULL, &err));
    load(&figures, "2026-11-22");
    message_append_html(&figures, &place, &html);
    const char *page = buf_text(&html);
    assert_null(strstr(page, "<script"));
    assert_non_null(strstr(page, "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;??Subject: y?"));
    assert_non_null(strstr(page, "<a href=\"https://example.com/?a=1&amp;b=&quot;2&quot;\">"));
    assert_non_null(strstr(page, "s3://bucket/a&amp;b/&lt;x&gt;.xlsx"));
    assert_non_null(strstr(page, "\xE2\x96\xB2 91.5% (-2.1 pp)"));
    OWN(buf_done) Buf text = {0};
    message_append_text(&figures, &place, &text);
    assert_non_null(strstr(buf_text(&text), "</script>??Subject: y?"));
    ASSERT_OK(db_run(history,
                     "UPDATE rule_group SET name = '@lambda-custom-rule' "
                     "WHERE rule_group_key = 6",
                     NULL, &err));
}

static void a_link_that_may_die_early_and_a_path_alone_are_told(void **state) {
    (void)state;
    OWN(message_done) MessageFigures figures;
    OWN(buf_done) Buf text = {0};
    MessagePlace other = place;
    load(&figures, "2026-11-22");
    other.may_end_sooner = true;
    other.remark = "It is attached.";
    message_append_text(&figures, &other, &text);
    assert_non_null(strstr(buf_text(&text), "or less long: it ends with the session that signed "
                                            "it.\n  It is attached.\n"));
    buf_clear(&text);
    other.link = NULL;
    message_append_text(&figures, &other, &text);
    assert_null(strstr(buf_text(&text), "It works until"));
}

static void a_run_that_is_not_there_is_nothing(void **state) {
    (void)state;
    Err err = {0};
    OWN(message_done) MessageFigures figures;
    assert_int_equal(message_load(history, "2020-01-01", &figures, &err), ST_NOTHING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_subject_has_the_two_ratios_and_their_change),
        cmocka_unit_test(the_subject_says_what_is_not_known),
        cmocka_unit_test(the_longest_subject_is_cut_and_stays_ascii),
        cmocka_unit_test(a_change_that_rounds_to_nothing_is_none),
        cmocka_unit_test(the_text_has_figures_rules_gaps_and_the_link),
        cmocka_unit_test(that_there_are_no_rules_is_not_said_when_none_was_read),
        cmocka_unit_test(html_is_escaped_and_its_tags_are_closed),
        cmocka_unit_test(a_link_that_may_die_early_and_a_path_alone_are_told),
        cmocka_unit_test(a_run_that_is_not_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
