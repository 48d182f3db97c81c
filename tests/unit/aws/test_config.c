/* AWS Config: what is asked, and what is made of the answers. */
#include "aws/aws_world.h"
#include "aws/call.h"
#include "aws/config.h"

#include <stdio.h>

static const AwsTarget target = {.account_id = "123456789012", .region = "eu-west-1"};

/* What a callback saw, written down as text: pages live only that long. */
typedef struct Seen {
    bool finished;
    Buf text;
    Err failure;
} Seen;

static void note(Seen *seen, const Err *failure) {
    seen->finished = true;
    if (failure != NULL) {
        seen->failure = *failure;
    }
}

static void keep_recorder(void *context, ConfigRecorderState recorder, const Err *failure) {
    Seen *seen = context;
    note(seen, failure);
    buf_printf(&seen->text, "%d", (int)recorder);
}

static void keep_rules(void *context, const ConfigRulePage *page, const Err *failure) {
    Seen *seen = context;
    note(seen, failure);
    assert_int_equal(page == NULL, failure != NULL);
    for (size_t i = 0; page != NULL && i < page->count; i++) {
        const ConfigRule *rule = &page->rules[i];
        buf_printf(&seen->text, "%s|%s|%s|%s|%s|%s|%s%s%s\n", rule->name, rule->arn, rule->state,
                   rule->source_owner, rule->source_identifier, rule->created_by, rule->description,
                   rule->oddity == NULL ? "" : " odd: ", rule->oddity == NULL ? "" : rule->oddity);
    }
    if (page != NULL && page->next_token != NULL) {
        buf_printf(&seen->text, "next %s", page->next_token);
    }
}

static void keep_compliances(void *context, const ConfigRuleCompliancePage *page,
                             const Err *failure) {
    Seen *seen = context;
    note(seen, failure);
    for (size_t i = 0; page != NULL && i < page->count; i++) {
        buf_printf(&seen->text, "%s|%s\n", page->rules[i].rule_name,
                   config_compliance_name(page->rules[i].compliance));
    }
}

static void keep_evaluations(void *context, const ConfigEvaluationPage *page, const Err *failure) {
    Seen *seen = context;
    note(seen, failure);
    for (size_t i = 0; page != NULL && i < page->count; i++) {
        const ConfigEvaluation *it = &page->evaluations[i];
        buf_printf(&seen->text, "%s|%s|%s|%s|%s|%s|%lld\n", it->rule_name, it->resource_type,
                   it->resource_id, it->mode, config_compliance_name(it->compliance),
                   it->annotation, (long long)it->recorded_ms);
    }
    if (page != NULL && page->next_token != NULL) {
        buf_printf(&seen->text, "next %s", page->next_token);
    }
}

static void keep_tags(void *context, const ConfigTagPage *page, const Err *failure) {
    Seen *seen = context;
    note(seen, failure);
    for (size_t i = 0; page != NULL && i < page->count; i++) {
        buf_printf(&seen->text, "%s=%s\n", page->tags[i].key, page->tags[i].value);
    }
}

static void wait_for(World *world, Seen *seen) {
    Err err = {0};
    assert_int_equal(aws_wait(world->aws, &seen->finished, &err), ST_OK);
}

static void expect_text(Seen *seen, const char *text) {
    if (seen->failure.status != ST_OK) {
        fail_msg("%s", seen->failure.message);
    }
    assert_string_equal(buf_text(&seen->text), text);
    buf_done(&seen->text);
}

/* --- The recorder ---------------------------------------------------------------------------- */

static void recorder_states(void **state) {
    World *world = *state;
    const struct {
        const char *body;
        const char *expected;
    } cases[] = {
        {"{\"ConfigurationRecordersStatus\":[]}", "0"},
        {"{\"ConfigurationRecordersStatus\":[{\"name\":\"a\",\"recording\":false}]}", "1"},
        {"{\"ConfigurationRecordersStatus\":[{\"recording\":true}]}", "2"},
        {"{\"ConfigurationRecordersStatus\":[{\"recording\":true},{\"recording\":false}]}", "2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Err err = {0};
        Seen seen = {0};
        world_answer(world, 200, cases[i].body);
        assert_int_equal(config_recorder_state(world->aws, &target, keep_recorder, &seen, &err),
                         ST_OK);
        wait_for(world, &seen);
        expect_text(&seen, cases[i].expected);
        assert_true(world_was_asked(world, i, "DescribeConfigurationRecorderStatus\r\n"));
        assert_true(world_was_asked(world, i, "\r\n\r\n{}"));
    }
}

/* --- Rules ----------------------------------------------------------------------------------- */

static void rules_are_read_with_what_is_there(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    world_answer(world, 200,
                 "{\"ConfigRules\":[{\"ConfigRuleName\":\"a\",\"ConfigRuleArn\":\"arn:a\","
                 "\"ConfigRuleState\":\"ACTIVE\",\"Source\":{\"Owner\":\"AWS\","
                 "\"SourceIdentifier\":\"S3_X\"},\"CreatedBy\":\"hub\",\"Description\":\"d\","
                 "\"Unknown\":{\"a\":[1]}},{\"ConfigRuleName\":\"b\",\"Description\":null}],"
                 "\"NextToken\":\"to/ken\"}");
    assert_int_equal(config_describe_rules(world->aws, &target, NULL, keep_rules, &seen, &err),
                     ST_OK);
    wait_for(world, &seen);
    expect_text(&seen, "a|arn:a|ACTIVE|AWS|S3_X|hub|d\nb||||||\nnext to/ken");
    assert_true(world_was_asked(world, 0, "\r\n\r\n{}"));
}

static void an_odd_rule_costs_no_other_rule(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    OWN(buf_done) Buf body = {0};
    buf_puts(&body, "{\"ConfigRules\":[{\"ConfigRuleName\":\"a\\u0000b\"},"
                    "{\"ConfigRuleName\":\"c\",\"Source\":{\"Owner\":[]}},{\"ConfigRuleName\":\"");
    for (int i = 0; i < 128; i++) { /* 128 characters, 384 bytes */
        buf_puts(&body, "\xe3\x81\x82");
    }
    buf_puts(&body, "\"},{\"ConfigRuleName\":\"d\"}]}");
    world_answer(world, 200, buf_text(&body));
    assert_int_equal(config_describe_rules(world->aws, &target, NULL, keep_rules, &seen, &err),
                     ST_OK);
    wait_for(world, &seen);
    assert_int_equal(seen.failure.status, ST_OK);
    const char *text = buf_text(&seen.text);
    assert_non_null(strstr(text, "a\xef\xbf\xbd"
                                 "b||||||"
                                 " odd: ConfigRuleName holds U+0000 or bytes that are not UTF-8\n"
                                 "c|||||| odd: Source.Owner must be text, not an array\n"));
    assert_non_null(strstr(text, "\xe3\x81\x82||||||\nd||||||\n"));
    buf_done(&seen.text);
}

static void the_token_goes_into_the_next_request(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    world_answer(world, 200, "{\"ConfigRules\":[],\"NextToken\":\"\"}");
    assert_int_equal(config_describe_rules(world->aws, &target, "a\"b", keep_rules, &seen, &err),
                     ST_OK);
    wait_for(world, &seen);
    expect_text(&seen, "");
    assert_true(world_was_asked(world, 0, "\r\n\r\n{\"NextToken\":\"a\\\"b\"}"));
}

static void answers_without_sense_are_refused(void **state) {
    World *world = *state;
    const char *bodies[] = {
        "",
        "[]",
        "{}", /* no list is not an empty list */
        "{\"ConfigRules\":null}",
        "{\"ConfigRules\":{}}",
        "{\"ConfigRules\":[5]}",
        "{\"ConfigRules\":[{}]}",
        "{\"ConfigRules\":[{\"ConfigRuleName\":\"\"}]}",
        "{\"ConfigRules\":[{\"ConfigRuleName\":7}]}",
        "{\"ConfigRules\":[],\"NextToken\":5}",
        "{\"ConfigRules\":[]} trailing",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        Err err = {0};
        Seen seen = {0};
        world->aws->quota.tokens = 0; /* no second attempt */
        world_answer(world, 200, bodies[i]);
        assert_int_equal(config_describe_rules(world->aws, &target, NULL, keep_rules, &seen, &err),
                         ST_OK);
        wait_for(world, &seen);
        if (seen.failure.status != ST_PROTOCOL) {
            fail_msg("%s gives %s", bodies[i], status_word(seen.failure.status));
        }
        assert_string_equal(seen.failure.account, "123456789012");
        assert_int_equal(seen.text.size, 0);
    }
}

static void nonsense_then_sense_is_one_page(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    world_answer(world, 200, "{\"ConfigRules\":[{\"ConfigRuleName\":\"a\"},{}]}");
    world_answer(world, 200, "{\"ConfigRules\":[{\"ConfigRuleName\":\"b\"}]}");
    assert_int_equal(config_describe_rules(world->aws, &target, NULL, keep_rules, &seen, &err),
                     ST_OK);
    wait_for(world, &seen);
    expect_text(&seen, "b||||||\n");
}

/* --- Compliance ------------------------------------------------------------------------------ */

static void rules_as_a_whole(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    world_answer(world, 200,
                 "{\"ComplianceByConfigRules\":["
                 "{\"ConfigRuleName\":\"a\",\"Compliance\":{\"ComplianceType\":\"COMPLIANT\"}},"
                 "{\"ConfigRuleName\":\"b\",\"Compliance\":{\"ComplianceType\":\"NON_COMPLIANT\","
                 "\"ComplianceContributorCount\":{\"CappedCount\":25,\"CapExceeded\":true}}},"
                 "{\"ConfigRuleName\":\"c\"}]}");
    assert_int_equal(config_describe_compliance_by_rule(world->aws, &target, NULL, keep_compliances,
                                                        &seen, &err),
                     ST_OK);
    wait_for(world, &seen);
    expect_text(&seen, "a|COMPLIANT\nb|NON_COMPLIANT\nc|INSUFFICIENT_DATA\n");
}

#define ID(name, type, id)                                                                         \
    "\"EvaluationResultIdentifier\":{\"EvaluationResultQualifier\":{\"ConfigRuleName\":\"" name    \
    "\",\"ResourceType\":\"" type "\",\"ResourceId\":\"" id "\"}}"

static void evaluations_with_times_of_all_kinds(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    world_answer(
        world, 200,
        "{\"EvaluationResults\":["
        "{" ID("r", "AWS::S3::Bucket",
               "b1") ",\"ComplianceType\":\"NON_COMPLIANT\","
                     "\"Annotation\":\"why\",\"ResultRecordedTime\":1698364800.123},"
                     "{" ID("r", "T",
                            "b2") ",\"ComplianceType\":\"COMPLIANT\","
                                  "\"ResultRecordedTime\":1.6983648E9,\"ResultToken\":\"x\"},"
                                  "{" ID("r", "T", "b3") ",\"ComplianceType\":\"NOT_APPLICABLE\"}],"
                                                         "\"NextToken\":\"n\"}");
    assert_int_equal(
        config_get_compliance_details(world->aws, &target, "r", "t", keep_evaluations, &seen, &err),
        ST_OK);
    wait_for(world, &seen);
    expect_text(&seen, "r|AWS::S3::Bucket|b1|DETECTIVE|NON_COMPLIANT|why|1698364800123\n"
                       "r|T|b2|DETECTIVE|COMPLIANT||1698364800000\n"
                       "r|T|b3|DETECTIVE|NOT_APPLICABLE||0\nnext n");
    assert_true(world_was_asked(
        world, 0, "\r\n\r\n{\"ConfigRuleName\":\"r\",\"Limit\":100,\"NextToken\":\"t\"}"));
}

static void expect_refused_evaluation(World *world, const char *item) {
    Err err = {0};
    Seen seen = {0};
    OWN(buf_done) Buf body = {0};
    buf_printf(&body, "{\"EvaluationResults\":[%s]}", item);
    world->aws->quota.tokens = 0;
    world_answer(world, 200, buf_text(&body));
    assert_int_equal(config_get_compliance_details(world->aws, &target, "r", NULL, keep_evaluations,
                                                   &seen, &err),
                     ST_OK);
    wait_for(world, &seen);
    assert_int_equal(seen.failure.status, ST_PROTOCOL);
}

static void evaluations_out_of_range_are_refused(void **state) {
    World *world = *state;
    expect_refused_evaluation(world, "{" ID("r", "T", "") ",\"ComplianceType\":\"COMPLIANT\"}");
    expect_refused_evaluation(world, "{" ID("r", "", "b") ",\"ComplianceType\":\"COMPLIANT\"}");
    expect_refused_evaluation(world, "{" ID("r", "T", "b") ",\"ComplianceType\":\"FINE\"}");
    expect_refused_evaluation(world, "{" ID("r", "T", "b") ",\"ComplianceType\":1}");
    expect_refused_evaluation(
        world, "{\"EvaluationResultIdentifier\":{\"EvaluationResultQualifier\":{\"ConfigRuleName\":"
               "\"r\",\"ResourceType\":\"T\",\"ResourceId\":\"b\",\"EvaluationMode\":\"OTHER\"}},"
               "\"ComplianceType\":\"COMPLIANT\"}");
    expect_refused_evaluation(
        world, "{" ID("r", "T", "b") ",\"ComplianceType\":\"COMPLIANT\",\"ResultRecordedTime\":"
                                     "1e300}");
    expect_refused_evaluation(
        world, "{" ID("r", "T", "b") ",\"ComplianceType\":\"COMPLIANT\",\"ResultRecordedTime\":"
                                     "-1}");
    expect_refused_evaluation(
        world, "{" ID("r", "T", "b") ",\"ComplianceType\":\"COMPLIANT\",\"ResultRecordedTime\":"
                                     "\"soon\"}");
    OWN(buf_done) Buf many = {0};
    for (int i = 0; i < 101; i++) {
        buf_puts(&many, i == 0 ? "" : ",");
        buf_puts(&many, "{" ID("r", "T", "b") ",\"ComplianceType\":\"COMPLIANT\"}");
    }
    expect_refused_evaluation(world, buf_text(&many));
}

static void an_empty_page_may_have_a_next_one(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    world_answer(world, 200, "{\"EvaluationResults\":[],\"NextToken\":\"more\"}");
    assert_int_equal(config_get_compliance_details(world->aws, &target, "r", NULL, keep_evaluations,
                                                   &seen, &err),
                     ST_OK);
    wait_for(world, &seen);
    expect_text(&seen, "next more");
}

static void a_rule_that_is_gone_is_not_found(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    world_answer(world, 400, "{\"__type\":\"NoSuchConfigRuleException\"}");
    assert_int_equal(config_get_compliance_details(world->aws, &target, "r", NULL, keep_evaluations,
                                                   &seen, &err),
                     ST_OK);
    wait_for(world, &seen);
    assert_int_equal(seen.failure.status, ST_NOT_FOUND);
}

static void tags_of_a_rule(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    world_answer(world, 200,
                 "{\"Tags\":[{\"Key\":\"mox.owner\",\"Value\":\"team\"},"
                 "{\"Key\":\"k\"}]}");
    assert_int_equal(config_list_tags(world->aws, &target, "arn:x", NULL, keep_tags, &seen, &err),
                     ST_OK);
    wait_for(world, &seen);
    expect_text(&seen, "mox.owner=team\nk=\n");
    assert_true(world_was_asked(world, 0, "{\"ResourceArn\":\"arn:x\",\"Limit\":50}"));
}

static void calls_that_are_dropped_leave_nothing_behind(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    assert_int_equal(config_describe_rules(world->aws, &target, NULL, keep_rules, &seen, &err),
                     ST_OK);
    aws_close_at(&world->aws);
    assert_false(seen.finished);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(recorder_states),
        WORLD_TEST(rules_are_read_with_what_is_there),
        WORLD_TEST(an_odd_rule_costs_no_other_rule),
        WORLD_TEST(the_token_goes_into_the_next_request),
        WORLD_TEST(answers_without_sense_are_refused),
        WORLD_TEST(nonsense_then_sense_is_one_page),
        WORLD_TEST(rules_as_a_whole),
        WORLD_TEST(evaluations_with_times_of_all_kinds),
        WORLD_TEST(evaluations_out_of_range_are_refused),
        WORLD_TEST(an_empty_page_may_have_a_next_one),
        WORLD_TEST(a_rule_that_is_gone_is_not_found),
        WORLD_TEST(tags_of_a_rule),
        WORLD_TEST(calls_that_are_dropped_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
