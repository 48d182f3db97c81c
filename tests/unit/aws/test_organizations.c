/* The accounts of an organization. */
#include "aws/aws_world.h"
#include "aws/call.h"
#include "aws/organizations.h"

typedef struct Seen {
    Buf text;
    int stop_after; /* 0 = never */
    int count;
} Seen;

static Status keep(void *context, const OrganizationsAccount *account, Err *err) {
    Seen *seen = context;
    buf_printf(&seen->text, "%s|%s|%s|%s\n", account->id, account->name, account->email,
               account->state);
    seen->count++;
    if (seen->count == seen->stop_after) {
        return err_set(err, ST_LIMIT, "enough");
    }
    return ST_OK;
}

static Status list(World *world, Seen *seen, Err *err) {
    *err = (Err){0};
    return organizations_list_accounts(world->aws, keep, seen, err);
}

static void all_pages_are_read_empty_ones_too(void **state) {
    World *world = *state;
    Err err;
    Seen seen = {0};
    world_answer(world, 200,
                 "{\"Accounts\":[{\"Id\":\"111111111111\",\"Name\":\"One\",\"Email\":\"a@b.c\","
                 "\"Status\":\"ACTIVE\"}],\"NextToken\":\"t1\"}");
    world_answer(world, 200, "{\"Accounts\":[],\"NextToken\":\"t2\"}");
    world_answer(world, 200, "{\"Accounts\":[],\"NextToken\":\"t3\"}");
    world_answer(world, 200,
                 "{\"Accounts\":[{\"Id\":\"222222222222\",\"Status\":\"ACTIVE\",\"State\":"
                 "\"CLOSED\"},{\"Id\":\"333333333333\",\"State\":\"PENDING_ACTIVATION\"}]}");
    assert_int_equal(list(world, &seen, &err), ST_OK);
    assert_string_equal(buf_text(&seen.text), "111111111111|One|a@b.c|ACTIVE\n"
                                              "222222222222|||CLOSED\n"
                                              "333333333333|||PENDING_ACTIVATION\n");
    assert_true(world_was_asked(world, 0, "AWSOrganizationsV20161128.ListAccounts\r\n"));
    assert_true(world_was_asked(world, 0, "/us-east-1/organizations/aws4_request"));
    assert_true(world_was_asked(world, 0, "\r\n\r\n{}"));
    assert_true(world_was_asked(world, 1, "{\"NextToken\":\"t1\"}"));
    assert_true(world_was_asked(world, 3, "{\"NextToken\":\"t3\"}"));
    buf_done(&seen.text);
}

static void a_token_that_repeats_is_an_error(void **state) {
    World *world = *state;
    Err err;
    Seen seen = {0};
    scripted_server_add(
        world->server,
        (ScriptedAnswer){.body = "{\"Accounts\":[],\"NextToken\":\"t\"}", .only_for = "POST"});
    assert_int_equal(list(world, &seen, &err), ST_PROTOCOL);
    assert_int_equal(scripted_server_requests(world->server), 2);
}

static void the_caller_can_stop(void **state) {
    World *world = *state;
    Err err;
    Seen seen = {.stop_after = 1};
    world_answer(world, 200,
                 "{\"Accounts\":[{\"Id\":\"111111111111\",\"State\":\"ACTIVE\"},"
                 "{\"Id\":\"222222222222\",\"State\":\"ACTIVE\"}],\"NextToken\":\"t1\"}");
    assert_int_equal(list(world, &seen, &err), ST_LIMIT);
    assert_string_equal(err.message, "enough");
    assert_int_equal(seen.count, 1);
    assert_int_equal(scripted_server_requests(world->server), 1);
    buf_done(&seen.text);
}

static void accounts_without_sense_are_refused(void **state) {
    World *world = *state;
    const char *bodies[] = {
        "{}",
        "{\"Accounts\":{}}",
        "{\"Accounts\":[1]}",
        "{\"Accounts\":[{\"Id\":\"11111111111\",\"State\":\"ACTIVE\"}]}",
        "{\"Accounts\":[{\"Id\":\"11111111111x\",\"State\":\"ACTIVE\"}]}",
        "{\"Accounts\":[{\"Id\":111111111111,\"State\":\"ACTIVE\"}]}",
        "{\"Accounts\":[{\"Id\":\"111111111111\"}]}",
        "{\"Accounts\":[{\"Id\":\"111111111111\",\"State\":\"ACTIVE\",\"Name\":[]}]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        Err err;
        Seen seen = {0};
        world->aws->quota.tokens = 0;
        world_answer(world, 200, bodies[i]);
        Status status = list(world, &seen, &err);
        if (status != ST_PROTOCOL || seen.count != 0) {
            fail_msg("%s gives %s", bodies[i], status_word(status));
        }
    }
}

static void elsewhere_than_in_the_management_account_it_says_so(void **state) {
    World *world = *state;
    Err err;
    Seen seen = {0};
    world_answer(
        world, 400,
        "{\"__type\":\"AccessDeniedException\",\"Message\":\"You don't have permissions\"}");
    assert_int_equal(list(world, &seen, &err), ST_DENIED);
    assert_non_null(strstr(err.hint, "delegated administrator"));
}

static void throttling_is_waited_out(void **state) {
    World *world = *state;
    Err err;
    Seen seen = {0};
    world_answer(world, 400, "{\"__type\":\"TooManyRequestsException\"}");
    world_answer(world, 200, "{\"Accounts\":[]}");
    assert_int_equal(list(world, &seen, &err), ST_OK);
    assert_int_equal(aws_stats(world->aws).throttled, 1);
}

static void the_organization_tells_its_id_and_whose_it_is(void **state) {
    World *world = *state;
    Err err = {0};
    Organization organization;
    world_answer(world, 200,
                 "{\"Organization\":{\"Id\":\"o-a1b2c3d4e5\",\"MasterAccountId\":"
                 "\"111111111111\",\"FeatureSet\":\"ALL\"}}");
    assert_int_equal(organizations_describe(world->aws, &organization, &err), ST_OK);
    assert_string_equal(organization.id, "o-a1b2c3d4e5");
    assert_string_equal(organization.management_account_id, "111111111111");
    assert_true(world_was_asked(world, 0, "AWSOrganizationsV20161128.DescribeOrganization\r\n"));
    static const char *const wrong[] = {
        "{}",
        "{\"Organization\":{\"Id\":\"o-A1B2C3D4E5\",\"MasterAccountId\":\"111111111111\"}}",
        "{\"Organization\":{\"Id\":\"o-a1b2c3d4-5\",\"MasterAccountId\":\"111111111111\"}}",
        "{\"Organization\":{\"Id\":\"o-a1b2c3d4e5\",\"MasterAccountId\":\"11111111111x\"}}",
        "{\"Organization\":{\"Id\":7,\"MasterAccountId\":\"111111111111\"}}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        world->aws->quota.tokens = 0;
        world_answer(world, 200, wrong[i]);
        Status status = organizations_describe(world->aws, &organization, &err);
        if (status != ST_PROTOCOL) {
            fail_msg("%s gives %s: %s", wrong[i], status_word(status), err.message);
        }
    }
    world_answer(world, 400, "{\"__type\":\"AWSOrganizationsNotInUseException\"}");
    assert_int_not_equal(organizations_describe(world->aws, &organization, &err), ST_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(all_pages_are_read_empty_ones_too),
        WORLD_TEST(a_token_that_repeats_is_an_error),
        WORLD_TEST(the_caller_can_stop),
        WORLD_TEST(accounts_without_sense_are_refused),
        WORLD_TEST(elsewhere_than_in_the_management_account_it_says_so),
        WORLD_TEST(throttling_is_waited_out),
        WORLD_TEST(the_organization_tells_its_id_and_whose_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
