/* One call of AWS: signed, sent, classified, asked again or given up. */
#include "aws/aws_world.h"
#include "aws/call.h"

#include <stdio.h>

typedef struct Seen {
    bool finished;
    int times;
    char body[256];
    Err failure;
} Seen;

static void keep(void *context, const HttpAnswer *answer, const Err *failure) {
    Seen *seen = context;
    seen->times++;
    seen->finished = true;
    if (failure != NULL) {
        seen->failure = *failure;
    } else {
        str_copy(seen->body, sizeof seen->body, answer->body);
    }
}

static AwsRequest config_request(void) {
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_CONFIG;
    request.target = (AwsTarget){.account_id = "123456789012", .region = "eu-west-1"};
    request.operation = "DescribeConfigRules";
    request.body = "{}";
    request.body_size = 2;
    return request;
}

static void ask(World *world, const AwsRequest *request, Seen *seen) {
    Err err = {0};
    assert_int_equal(aws_start(world->aws, request, keep, seen, &err), ST_OK);
    assert_int_equal(aws_wait(world->aws, &seen->finished, &err), ST_OK);
    assert_int_equal(seen->times, 1);
}

/* --- What goes out --------------------------------------------------------------------------- */

static void a_call_that_no_permission_is_listed_for_does_not_start(void **state) {
    World *world = *state;
    Seen seen = {0};
    Err err = {0};
    AwsRequest request = config_request();
    request.operation = "DeleteConfigRule";
    assert_int_equal(aws_start(world->aws, &request, keep, &seen, &err), ST_INTERNAL);
    assert_non_null(strstr(err.message, "DeleteConfigRule"));
    request.operation = "ListAccounts"; /* another service's */
    assert_int_equal(aws_start(world->aws, &request, keep, &seen, &err), ST_INTERNAL);
    assert_int_equal(aws_stats(world->aws).attempts, 0);
}

static void a_request_carries_what_aws_needs(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 200, "{\"a\":1}");
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_OK);
    assert_string_equal(seen.body, "{\"a\":1}");
    assert_true(world_was_asked(world, 0, "POST / HTTP/1.1\r\n"));
    assert_true(world_was_asked(world, 0, "\r\nHost: 127.0.0.1:"));
    assert_true(world_was_asked(world, 0, "\r\nX-Amz-Date: 2"));
    assert_true(
        world_was_asked(world, 0, "\r\nX-Amz-Target: StarlingDoveService.DescribeConfigRules\r\n"));
    assert_true(world_was_asked(world, 0, "\r\nContent-Type: application/x-amz-json-1.1\r\n"));
    assert_true(world_was_asked(world, 0,
                                "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" TEST_KEY_ID "/"));
    assert_true(world_was_asked(world, 0,
                                "/eu-west-1/config/aws4_request, "
                                "SignedHeaders=content-type;host;x-amz-date;"
                                "x-amz-target, Signature="));
    assert_false(world_was_asked(world, 0, "Security-Token"));
    assert_false(world_was_asked(world, 0, "secret"));
    assert_int_equal(aws_stats(world->aws).attempts, 1);
}

static void ask_with_trace(World *world, const char *function, const char *trace) {
    Seen seen = {0};
    AwsRequest request = config_request();
    world_answer(world, 200, "{}");
    function == NULL ? unsetenv("AWS_LAMBDA_FUNCTION_NAME")
                     : setenv("AWS_LAMBDA_FUNCTION_NAME", function, 1);
    setenv("_X_AMZN_TRACE_ID", trace, 1);
    ask(world, &request, &seen);
    unsetenv("AWS_LAMBDA_FUNCTION_NAME");
    unsetenv("_X_AMZN_TRACE_ID");
    assert_int_equal(seen.failure.status, ST_OK);
}

static void the_trace_of_a_lambda_function_is_passed_on(void **state) {
    World *world = *state;
    ask_with_trace(world, "confhouse", "Root=1-5759e988;Sampled=0");
    assert_true(world_was_asked(world, 0, "\r\nX-Amzn-Trace-Id: Root=1-5759e988;Sampled=0\r\n"));
    assert_true(
        world_was_asked(world, 0, "SignedHeaders=content-type;host;x-amz-date;x-amz-target,"));
    ask_with_trace(world, NULL, "Root=1-5759e988;Sampled=0");
    ask_with_trace(world, "confhouse", "");
    ask_with_trace(world, "confhouse", "Root=1\r\nX-Other: 1");
    for (size_t i = 1; i < 4; i++) {
        assert_false(world_was_asked(world, i, "Trace-Id"));
    }
}

static void a_session_signs_with_its_own_keys_and_token(void **state) {
    World *world = *state;
    Seen seen = {0};
    AwsKeys session = {
        .access_key_id = "ASIASESSION", .secret_key = "s", .session_token = "tok/en="};
    world_answer(world, 200, "{}");
    AwsRequest request = config_request();
    request.target.keys = &session;
    ask(world, &request, &seen);
    assert_true(world_was_asked(world, 0, "Credential=ASIASESSION/"));
    assert_true(world_was_asked(world, 0, "\r\nX-Amz-Security-Token: tok/en=\r\n"));
    assert_true(world_was_asked(world, 0, ";x-amz-security-token;"));
}

/* --- Asked again ----------------------------------------------------------------------------- */

static void throttling_is_met_by_asking_again(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 400, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}");
    world_answer(world, 429, "");
    world_answer(world, 200, "{}");
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_OK);
    assert_int_equal(aws_stats(world->aws).attempts, 3);
    assert_int_equal(aws_stats(world->aws).throttled, 2);
    assert_int_equal(aws_stats(world->aws).retried, 0);
}

static void what_broke_is_asked_again(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 503, "<html>busy</html>");
    scripted_server_add(world->server, (ScriptedAnswer){.body = "0123456789", .cut_after = 3});
    world_answer(world, 200, "{}");
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_OK);
    assert_int_equal(aws_stats(world->aws).attempts, 3);
    assert_int_equal(aws_stats(world->aws).retried, 2);
}

static void a_service_that_stays_broken_is_given_up(void **state) {
    World *world = *state;
    Seen seen = {0};
    world->aws->quota.tokens = 2 * RETRY_COST;
    for (int i = 0; i < 5; i++) {
        world_answer(world, 500, "{\"__type\":\"InternalFailure\"}");
    }
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_SERVER);
    assert_int_equal(seen.failure.http_status, 500);
    assert_int_equal(aws_stats(world->aws).attempts, 3);
}

static Status needs_braces(void *context, const HttpAnswer *answer, Err *err) {
    (void)context;
    return answer->body[0] == '{' ? ST_OK : err_set(err, ST_PROTOCOL, "no braces");
}

static void an_answer_that_makes_no_sense_is_asked_for_again(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 200, "<html>a proxy's page</html>");
    world_answer(world, 200, "{}");
    AwsRequest request = config_request();
    request.parse = needs_braces;
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_OK);
    assert_string_equal(seen.body, "{}");

    world->aws->quota.tokens = RETRY_COST;
    world_answer(world, 200, "<");
    world_answer(world, 200, "<");
    seen = (Seen){0};
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_PROTOCOL);
    assert_int_equal(seen.failure.http_status, 200);
    assert_string_equal(seen.failure.message,
                        "config:DescribeConfigRules in 123456789012/eu-west-1: no braces");
}

/* --- Not asked again ------------------------------------------------------------------------- */

static void a_denial_is_final_and_says_everything(void **state) {
    World *world = *state;
    Seen seen = {0};
    scripted_server_add(world->server,
                        (ScriptedAnswer){.status = 400,
                                         .headers = "x-amzn-RequestId: 1-2-3\r\n",
                                         .body = "{\"__type\":\"com.amazon#AccessDeniedException:"
                                                 "http://x/\",\"Message\":\"User \\u001b[31m is "
                                                 "not authorized\"}"});
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    const Err *failure = &seen.failure;
    assert_int_equal(failure->status, ST_DENIED);
    assert_string_equal(failure->message, "config:DescribeConfigRules in 123456789012/eu-west-1: "
                                          "AccessDeniedException: User  [31m is not authorized");
    assert_string_equal(failure->account, "123456789012");
    assert_string_equal(failure->region, "eu-west-1");
    assert_string_equal(failure->operation, "DescribeConfigRules");
    assert_string_equal(failure->code, "AccessDeniedException");
    assert_string_equal(failure->request_id, "1-2-3");
    assert_int_equal(failure->http_status, 400);
    assert_int_equal(aws_stats(world->aws).attempts, 1);
}

static void an_answer_that_is_too_large_is_final(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 200, "{\"long\":\"0123456789\"}");
    AwsRequest request = config_request();
    request.max_answer_bytes = 8;
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_LIMIT);
    assert_int_equal(aws_stats(world->aws).attempts, 1);
}

static void an_unknown_region_is_no_host(void **state) {
    World *world = *state;
    Seen seen = {0};
    AwsRequest request = config_request();
    request.target.region = "evil.example/";
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_USAGE);
    assert_int_equal(scripted_server_requests(world->server), 0);
}

/* --- Keys that expire ------------------------------------------------------------------------ */

static void expired_keys_are_reported_unless_there_are_new_ones(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 400, "{\"__type\":\"ExpiredTokenException\"}");
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_EXPIRED);
    assert_int_equal(scripted_server_requests(world->server), 1);
}

static AwsKeys renewed_keys;

static struct {
    Profile *profile;
    Credentials *credentials;
} container;

static void renew(void *context) {
    (void)context;
    str_copy(renewed_keys.access_key_id, sizeof renewed_keys.access_key_id, "NEWKEY");
}

static void keys_renewed_meanwhile_are_used(void **state) {
    World *world = *state;
    Seen seen = {0};
    renewed_keys = (AwsKeys){.access_key_id = "OLDKEY", .secret_key = "s"};
    scripted_server_add(
        world->server,
        (ScriptedAnswer){.status = 403, .body = "{\"__type\":\"ExpiredToken\"}", .delay_ms = 200});
    world_answer(world, 200, "{}");
    AwsRequest request = config_request();
    request.target.keys = &renewed_keys;
    http_after(world->http, 50, renew, NULL);
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_OK);
    assert_true(world_was_asked(world, 0, "Credential=OLDKEY/"));
    assert_true(world_was_asked(world, 1, "Credential=NEWKEY/"));
}

/* A client whose keys come from a container: the same scripted server. */
static void use_container(World *world) {
    static char url[100];
    snprintf(url, sizeof url, "%s/container", scripted_server_url(world->server));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    unsetenv("AWS_PROFILE");
    Err err = {0};
    assert_int_equal(profile_open(NULL, &container.profile, &err), ST_OK);
    const CredentialsOptions options = {.profile = container.profile, .region = "eu-west-1"};
    credentials_open(&options, &container.credentials);
    aws_close_at(&world->aws);
    setenv("AWS_ENDPOINT_URL", scripted_server_url(world->server), 1);
    const AwsOptions aws = {.http = world->http,
                            .credentials = container.credentials,
                            .profile = container.profile,
                            .region = "eu-west-1",
                            .cancelled = &world->cancelled};
    if (aws_open(&aws, &world->aws, &err) != ST_OK) {
        fail_msg("%s", err.message);
    }
    unsetenv("AWS_ENDPOINT_URL");
}

static void forget_container(World *world) {
    aws_close_at(&world->aws);
    credentials_close_at(&container.credentials);
    profile_close_at(&container.profile);
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

#define CONTAINER_KEYS(id)                                                                         \
    "{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"s\",\"Token\":\"t" id "\","                 \
    "\"Expiration\":\"2096-01-01T00:00:00Z\"}"
#define EXPIRED "{\"__type\":\"ExpiredTokenException\"}"

/* In the middle of the loop's run: the renewal has a loop of its own. */
static void expired_keys_of_ones_own_are_renewed_once(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 200, CONTAINER_KEYS("ONE"));
    use_container(world);
    world_answer(world, 400, EXPIRED);
    world_answer(world, 200, CONTAINER_KEYS("TWO"));
    world_answer(world, 200, "{}");
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_OK);
    assert_true(world_was_asked(world, 1, "Credential=ONE/"));
    assert_true(world_was_asked(world, 3, "Credential=TWO/"));
    assert_true(world_was_asked(world, 3, "X-Amz-Security-Token: tTWO"));
    seen = (Seen){0};
    world_answer(world, 400, EXPIRED);
    world_answer(world, 200, CONTAINER_KEYS("THREE"));
    world_answer(world, 400, EXPIRED);
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_EXPIRED);
    assert_int_equal(scripted_server_requests(world->server), 7);
    forget_container(world);
}

static void keys_that_stay_expired_are_said_to_be_at_once(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 200, CONTAINER_KEYS("ONE"));
    use_container(world);
    world_answer(world, 400, EXPIRED);
    world_answer(world, 200, CONTAINER_KEYS("ONE"));
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_EXPIRED);
    seen = (Seen){0};
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_CREDENTIALS);
    assert_non_null(strstr(seen.failure.message, "the credentials have expired"));
    assert_int_equal(scripted_server_requests(world->server), 3);
    forget_container(world);
}

static void a_client_does_not_open_without_keys(void **state) {
    World *world = *state;
    Err err = {0};
    Profile *profile = NULL;
    Credentials *credentials = NULL;
    Aws *aws = NULL;
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    assert_int_equal(profile_open(NULL, &profile, &err), ST_OK);
    credentials_open(&(CredentialsOptions){.profile = profile, .region = "eu-west-1"},
                     &credentials);
    const AwsOptions options = {
        .http = world->http, .credentials = credentials, .region = "eu-west-1"};
    assert_int_equal(aws_open(&options, &aws, &err), ST_CREDENTIALS);
    assert_null(aws);
    credentials_close(credentials);
    profile_close(profile);
}

static void what_is_unsigned_needs_no_keys(void **state) {
    World *world = *state;
    Seen seen = {0};
    aws_close_at(&world->aws);
    Err err = {0};
    setenv("AWS_ENDPOINT_URL", scripted_server_url(world->server), 1);
    assert_int_equal(
        aws_open(&(AwsOptions){.http = world->http, .region = "eu-west-1"}, &world->aws, &err),
        ST_OK);
    unsetenv("AWS_ENDPOINT_URL");
    world_answer(world, 200, "{}");
    AwsRequest request = config_request();
    request.is_unsigned = true;
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_OK);
    assert_true(world_was_asked(world, 0, "X-Amz-Target: StarlingDoveService."));
    assert_false(world_was_asked(world, 0, "Authorization"));
}

/* --- Deadline and cancelling ----------------------------------------------------------------- */

static void no_attempt_begins_after_the_deadline(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_set(world, clock_now_ms() - 1, 0);
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_DEADLINE);
    assert_string_equal(seen.failure.account, "123456789012");
    assert_int_equal(scripted_server_requests(world->server), 0);
}

static void throttling_ends_with_the_deadline(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_set(world, clock_now_ms() + 1000, 0);
    scripted_server_add(world->server,
                        (ScriptedAnswer){.status = 400,
                                         .body = "{\"__type\":\"ThrottlingException\"}",
                                         .only_for = "POST"});
    AwsRequest request = config_request();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_DEADLINE);
    assert_string_equal(seen.failure.code, "ThrottlingException");
    assert_non_null(strstr(seen.failure.message, "ThrottlingException"));
}

static void cancel(void *context) {
    World *world = context;
    world->cancelled = true;
}

static void a_wait_is_cut_short_when_cancelled(void **state) {
    World *world = *state;
    Seen seen = {0};
    for (int i = 0; i < 3; i++) {
        world_answer(world, 400, "{\"__type\":\"ThrottlingException\"}");
    }
    scripted_server_add(world->server,
                        (ScriptedAnswer){.status = 400,
                                         .body = "{\"__type\":\"ThrottlingException\"}",
                                         .only_for = "POST"});
    http_after(world->http, 300, cancel, world);
    AwsRequest request = config_request();
    int64_t begun_ms = clock_monotonic_ms();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_CANCELLED);
    assert_true(clock_monotonic_ms() - begun_ms < 3000);
}

static void what_waits_its_turn_is_cancelled_too(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen[3] = {{0}};
    world_set(world, 0, 1);
    scripted_server_add(world->server,
                        (ScriptedAnswer){.body = "{}", .delay_ms = 100, .only_for = "POST"});
    AwsRequest request = config_request();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(aws_start(world->aws, &request, keep, &seen[i], &err), ST_OK);
    }
    http_after(world->http, 20, cancel, world);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(aws_wait(world->aws, &seen[i].finished, &err), ST_OK);
    }
    assert_int_equal(seen[0].failure.status, ST_OK);
    assert_int_equal(seen[1].failure.status, ST_CANCELLED);
    assert_int_equal(seen[2].failure.status, ST_CANCELLED);
    assert_int_equal(scripted_server_requests(world->server), 1);
}

/* A server that accepts, and takes its time. */
static void world_hangs(World *world, int64_t deadline_ms, int ms) {
    world_set(world, deadline_ms, 1);
    scripted_server_add(
        world->server, (ScriptedAnswer){.body = "{}", .delay_ms = ms, .only_for = "Authorization"});
}

static void nothing_waits_past_the_deadline(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen[3] = {{0}}; /* one is under way, two wait for the connection */
    world_hangs(world, clock_now_ms() + 400, 4000);
    AwsRequest request = config_request();
    int64_t begun_ms = clock_monotonic_ms();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(aws_start(world->aws, &request, keep, &seen[i], &err), ST_OK);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(aws_wait(world->aws, &seen[i].finished, &err), ST_OK);
        assert_int_equal(seen[i].failure.status, ST_DEADLINE);
        assert_string_equal(seen[i].failure.region, "eu-west-1");
    }
    assert_true(clock_monotonic_ms() - begun_ms < 2000);
    assert_true(http_is_idle(world->http));
}

static void nothing_waits_when_cancelled(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_hangs(world, 0, 4000);
    http_after(world->http, 100, cancel, world);
    AwsRequest request = config_request();
    int64_t begun_ms = clock_monotonic_ms();
    ask(world, &request, &seen);
    assert_int_equal(seen.failure.status, ST_CANCELLED);
    assert_true(clock_monotonic_ms() - begun_ms < 2000);
}

static void what_is_being_written_has_its_time(void **state) {
    World *world = *state;
    world_hangs(world, 0, 1200);
    http_after(world->http, 100, cancel, world);
    AwsRequest request = config_request();
    request.service = AWS_S3;
    request.operation = "PutObject";
    request.method = "PUT";
    Seen put = {0};
    ask(world, &request, &put);
    assert_int_equal(put.failure.status, ST_OK);
    Seen late = {0};
    ask(world, &request, &late);
    assert_int_equal(late.failure.status, ST_CANCELLED); /* but nothing new is */
    assert_int_equal(scripted_server_requests(world->server), 1);
}

static void the_end_of_all_is_half_a_minute_later(void **state) {
    (void)state;
    Err err = {0};
    bool flag = true;
    Late late = {.ending = &flag};
    assert_int_equal(late_check(&late, 0, 0, &err), ST_OK);
    late.ending_at_ms -= LATE_ENDING_MS - 1000;
    assert_int_equal(late_check(&late, 0, 0, &err), ST_OK);
    late.ending_at_ms -= 1000;
    assert_int_equal(late_check(&late, 0, 0, &err), ST_CANCELLED);
    assert_int_equal(late_check(&late, 0, 60000, &err), ST_CANCELLED); /* no grace counts then */
}

static void count_drop(void *context) {
    (*(int *)context)++;
}

static void never(void *context, const HttpAnswer *answer, const Err *failure) {
    (void)context;
    (void)answer;
    (void)failure;
    fail_msg("%s", "a dropped call was answered");
}

static void closing_drops_calls_wherever_they_are(void **state) {
    World *world = *state;
    Err err = {0};
    Seen seen = {0};
    int dropped = 0;
    world_set(world, 0, 2);
    scripted_server_add(world->server, (ScriptedAnswer){.status = 429, .only_for = "/throttled"});
    scripted_server_add(world->server, (ScriptedAnswer){.body = "{}", .only_for = "/quick"});
    scripted_server_add(world->server,
                        (ScriptedAnswer){.body = "{}", .delay_ms = 500, .only_for = "/slow"});
    const char *paths[] = {"/throttled", "/slow", "/slow"};
    AwsRequest request = config_request();
    request.path = "/quick";
    assert_int_equal(aws_start(world->aws, &request, keep, &seen, &err), ST_OK);
    request.drop = count_drop;
    for (int i = 0; i < 3; i++) {
        request.path = paths[i];
        assert_int_equal(aws_start(world->aws, &request, never, &dropped, &err), ST_OK);
    }
    assert_int_equal(aws_wait(world->aws, &seen.finished, &err), ST_OK);
    aws_close_at(&world->aws);
    assert_int_equal(dropped, 3);
    assert_true(http_is_idle(world->http));
    assert_int_equal(http_run(world->http, NULL, &err), ST_OK);
}

static void waiting_for_nothing_is_an_error(void **state) {
    World *world = *state;
    Err err = {0};
    bool finished = false;
    assert_int_equal(aws_wait(world->aws, &finished, &err), ST_INTERNAL);
}

static void a_client_needs_a_region(void **state) {
    World *world = *state;
    const char *regions[] = {NULL, "", "Frankfurt", "eu-west-1.evil.example"};
    for (size_t i = 0; i < 4; i++) {
        Err err = {0};
        Aws *aws = NULL;
        AwsKeys keys = {0};
        AwsOptions options = {.http = world->http, .keys = &keys, .region = regions[i]};
        assert_int_equal(aws_open(&options, &aws, &err), ST_USAGE);
        assert_int_not_equal(err.hint[0], '\0');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_call_that_no_permission_is_listed_for_does_not_start),
        WORLD_TEST(a_request_carries_what_aws_needs),
        WORLD_TEST(the_trace_of_a_lambda_function_is_passed_on),
        WORLD_TEST(a_session_signs_with_its_own_keys_and_token),
        WORLD_TEST(throttling_is_met_by_asking_again),
        WORLD_TEST(what_broke_is_asked_again),
        WORLD_TEST(a_service_that_stays_broken_is_given_up),
        WORLD_TEST(an_answer_that_makes_no_sense_is_asked_for_again),
        WORLD_TEST(a_denial_is_final_and_says_everything),
        WORLD_TEST(an_answer_that_is_too_large_is_final),
        WORLD_TEST(an_unknown_region_is_no_host),
        WORLD_TEST(expired_keys_are_reported_unless_there_are_new_ones),
        WORLD_TEST(keys_renewed_meanwhile_are_used),
        WORLD_TEST(expired_keys_of_ones_own_are_renewed_once),
        WORLD_TEST(keys_that_stay_expired_are_said_to_be_at_once),
        WORLD_TEST(a_client_does_not_open_without_keys),
        WORLD_TEST(what_is_unsigned_needs_no_keys),
        WORLD_TEST(no_attempt_begins_after_the_deadline),
        WORLD_TEST(throttling_ends_with_the_deadline),
        WORLD_TEST(a_wait_is_cut_short_when_cancelled),
        WORLD_TEST(what_waits_its_turn_is_cancelled_too),
        WORLD_TEST(nothing_waits_past_the_deadline),
        WORLD_TEST(nothing_waits_when_cancelled),
        WORLD_TEST(what_is_being_written_has_its_time),
        cmocka_unit_test(the_end_of_all_is_half_a_minute_later),
        WORLD_TEST(closing_drops_calls_wherever_they_are),
        WORLD_TEST(waiting_for_nothing_is_an_error),
        WORLD_TEST(a_client_needs_a_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
