#include "aws/organizations.h"

#include "aws/call.h"
#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/json.h"

enum {
    MAX_PAGES = 100000,
    PAGE_MAX_ACCOUNTS = 1000, /* AWS gives 20 at most */
    NAME_MAX_BYTES = 50 * 4,  /* 50 characters */
    EMAIL_MAX_BYTES = 320 * 4,
    TOKEN_MAX_BYTES = 100000,
};

typedef struct AccountPage {
    Json *answer; /* the texts live in it */
    Arena arena;  /* the records live in it */
    OrganizationsAccount *accounts;
    size_t count;
    const char *next_token; /* NULL after the last page */
} AccountPage;

static void clear_page(AccountPage *page) {
    json_free(page->answer);
    arena_done(&page->arena);
    *page = (AccountPage){0};
}

static Status read_account(const Json *item, OrganizationsAccount *account, Err *err) {
    const char *status = NULL;
    TRY(json_text(item, "Id", 12, 12, &account->id, err));
    if (!str_is_account(account->id)) {
        return err_set(err, ST_PROTOCOL, "an account's Id is not 12 digits");
    }
    TRY(json_text_or(item, "Name", NAME_MAX_BYTES, "", &account->name, err));
    TRY(json_text_or(item, "Email", EMAIL_MAX_BYTES, "", &account->email, err));
    /* Status is being retired in favour of State. */
    TRY(json_text_or(item, "Status", 64, "", &status, err));
    TRY(json_text_or(item, "State", 64, status, &account->state, err));
    if (account->state[0] == '\0') {
        return err_set(err, ST_PROTOCOL, "account %s has neither State nor Status", account->id);
    }
    return ST_OK;
}

static Status parse_page(void *context, const HttpAnswer *answer, Err *err) {
    AccountPage *page = context;
    const Json *array = NULL;
    clear_page(page);
    TRY(json_parse(answer->body, answer->body_size, &page->answer, err));
    if (!json_is_array(json_at(page->answer, "Accounts"))) {
        return err_set(err, ST_PROTOCOL, "the answer holds no list of Accounts");
    }
    TRY(json_array(page->answer, "Accounts", PAGE_MAX_ACCOUNTS, &array, err));
    size_t count = 0;
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        count++;
    }
    page->accounts = arena_alloc(&page->arena, (count + 1) * sizeof *page->accounts);
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        TRY(read_account(item, &page->accounts[page->count++], err));
    }
    TRY(json_text_or(page->answer, "NextToken", TOKEN_MAX_BYTES, NULL, &page->next_token, err));
    if (str_is_empty(page->next_token)) {
        page->next_token = NULL;
    }
    return ST_OK;
}

static Status fetch_page(Aws *aws, const char *next_token, AccountPage *page, Err *err) {
    OWN(buf_done) Buf body = {0};
    JsonWriter json = {.out = &body};
    json_begin_object(&json, NULL);
    if (next_token != NULL) {
        json_put_text(&json, "NextToken", next_token);
    }
    json_end_object(&json);
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_ORGANIZATIONS;
    request.target.region = aws_region(aws);
    request.operation = "ListAccounts";
    request.body = buf_text(&body);
    request.body_size = body.size;
    request.parse = parse_page;
    return call_run(aws, &request, page, err);
}

/* An empty page with a token is legal, so only the token says where the list ends. One that comes
 * twice in a row would go on for ever. */
static Status take_token(const AccountPage *page, char **token, Err *err) {
    if (page->next_token != NULL && str_equal(page->next_token, *token)) {
        return err_set(err, ST_PROTOCOL,
                       "organizations:ListAccounts gave the same page token again");
    }
    mem_free(*token);
    *token = mem_strdup(page->next_token);
    return ST_OK;
}

Status organizations_list_accounts(Aws *aws, OrganizationsEachAccount *each, void *context,
                                   Err *err) {
    OWN(mem_free_at) char *token = NULL;
    for (int pages = 0; pages < MAX_PAGES; pages++) {
        OWN(clear_page) AccountPage page = {0};
        TRY(fetch_page(aws, token, &page, err));
        for (size_t i = 0; i < page.count; i++) {
            TRY(each(context, &page.accounts[i], err));
        }
        TRY(take_token(&page, &token, err));
        if (token == NULL) {
            return ST_OK;
        }
    }
    return err_set(err, ST_LIMIT, "organizations:ListAccounts gave more than %d pages", MAX_PAGES);
}
