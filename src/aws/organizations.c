#include "aws/organizations.h"

#include "aws/call.h"
#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/json.h"

#include <string.h>

enum {
    MAX_PAGES = 100000,
    PAGE_MAX_ITEMS = 1000, /* AWS gives 20 at most */
    NAME_MAX_CHARS = 128,
    EMAIL_MAX_CHARS = 320,
    TAG_KEY_MAX_CHARS = 128,
    TAG_VALUE_MAX_CHARS = 256,
    TOKEN_MAX_BYTES = 100000,
};

/* An item of whatever is listed. */
typedef union Item {
    OrganizationsAccount account;
    OrganizationsUnit unit;
    OrganizationsTag tag;
} Item;

typedef union Each {
    OrganizationsEachAccount *account;
    OrganizationsEachUnit *unit;
    OrganizationsEachTag *tag;
} Each;

typedef struct Listing {
    const char *operation;
    const char *argument; /* ParentId, ResourceId; NULL = none */
    const char *value;    /* of it */
    const char *member;   /* the list in the answer */
    Status (*read)(const Json *json, Item *item, Err *err);
    Status (*give)(const struct Listing *listing, const Item *item, Err *err);
    Each each;
    void *context;
} Listing;

typedef struct ListPage {
    const Listing *listing;
    Json *answer; /* the texts live in it */
    Arena arena;  /* the items live in it */
    Item *items;
    size_t count;
    const char *next_token; /* NULL after the last page */
} ListPage;

static void clear_page(ListPage *page) {
    json_free(page->answer);
    arena_done(&page->arena);
    *page = (ListPage){.listing = page->listing};
}

static Status parse_page(void *context, const HttpAnswer *answer, Err *err) {
    ListPage *page = context;
    const Listing *listing = page->listing;
    const Json *array = NULL;
    clear_page(page);
    TRY(json_parse_marked(answer->body, answer->body_size, &page->answer, err));
    if (!json_is_array(json_at(page->answer, listing->member))) {
        return err_set(err, ST_PROTOCOL, "the answer holds no list of %s", listing->member);
    }
    TRY(json_array(page->answer, listing->member, PAGE_MAX_ITEMS, &array, err));
    size_t count = 0;
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        count++;
    }
    page->items = arena_alloc(&page->arena, (count + 1) * sizeof *page->items);
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        TRY(listing->read(item, &page->items[page->count++], err));
    }
    TRY(json_text_or(page->answer, "NextToken", TOKEN_MAX_BYTES, NULL, &page->next_token, err));
    if (str_is_empty(page->next_token)) {
        page->next_token = NULL;
    }
    return ST_OK;
}

static AwsRequest make_request(Aws *aws, const char *operation, const Buf *body) {
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_ORGANIZATIONS;
    request.target.region = aws_region(aws);
    request.operation = operation;
    request.body = body->data;
    request.body_size = body->size;
    return request;
}

static Status fetch_page(Aws *aws, const char *next_token, ListPage *page, Err *err) {
    const Listing *listing = page->listing;
    OWN(buf_done) Buf body = {0};
    JsonWriter json = {.out = &body};
    json_begin_object(&json, NULL);
    if (listing->argument != NULL) {
        json_put_text(&json, listing->argument, listing->value);
    }
    if (next_token != NULL) {
        json_put_text(&json, "NextToken", next_token);
    }
    json_end_object(&json);
    AwsRequest request = make_request(aws, listing->operation, &body);
    request.parse = parse_page;
    return call_run(aws, &request, page, err);
}

/* An empty page with a token is legal, so only the token says where the list ends. One that comes
 * twice in a row would go on for ever. */
static Status take_token(const ListPage *page, char **token, Err *err) {
    if (page->next_token != NULL && str_equal(page->next_token, *token)) {
        return err_set(err, ST_PROTOCOL, "organizations:%s gave the same page token again",
                       page->listing->operation);
    }
    mem_free(*token);
    *token = mem_strdup(page->next_token);
    return ST_OK;
}

static Status list_pages(Aws *aws, const Listing *listing, Err *err) {
    OWN(mem_free_at) char *token = NULL;
    for (int pages = 0; pages < MAX_PAGES; pages++) {
        OWN(clear_page) ListPage page = {.listing = listing};
        TRY(fetch_page(aws, token, &page, err));
        for (size_t i = 0; i < page.count; i++) {
            TRY(listing->give(listing, &page.items[i], err));
        }
        TRY(take_token(&page, &token, err));
        if (token == NULL) {
            return ST_OK;
        }
    }
    return err_set(err, ST_LIMIT, "organizations:%s gave more than %d pages", listing->operation,
                   MAX_PAGES);
}

/* --- The organization ------------------------------------------------------------------------ */

/* ^o-[a-z0-9]{10,32}$ */
static bool is_organization_id(const char *text) {
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return str_starts(text, "o-") && text[size] == '\0' && strchr(text + 2, '-') == NULL &&
           size >= 12 && size <= 34;
}

static Status parse_organization(void *context, const HttpAnswer *answer, Err *err) {
    Organization *organization = context;
    OWN(json_free_at) Json *root = NULL;
    const char *id = NULL;
    const char *account_id = NULL;
    TRY(json_parse_marked(answer->body, answer->body_size, &root, err));
    const Json *found = json_at(root, "Organization");
    TRY(json_text(found, "Id", 12, 34, &id, err));
    TRY(json_text(found, "MasterAccountId", 12, 12, &account_id, err));
    if (!is_organization_id(id) || !str_is_account(account_id)) {
        return err_set(err, ST_PROTOCOL, "the organization's Id or MasterAccountId is none");
    }
    str_copy(organization->id, sizeof organization->id, id);
    str_copy(organization->management_account_id, sizeof organization->management_account_id,
             account_id);
    return ST_OK;
}

Status organizations_describe(Aws *aws, Organization *ret_organization, Err *err) {
    OWN(buf_done) Buf body = {0};
    buf_puts(&body, "{}");
    AwsRequest request = make_request(aws, "DescribeOrganization", &body);
    request.parse = parse_organization;
    return call_run(aws, &request, ret_organization, err);
}

/* --- Accounts -------------------------------------------------------------------------------- */

static Status read_account(const Json *json, Item *item, Err *err) {
    OrganizationsAccount *account = &item->account;
    const char *status = NULL;
    TRY(json_text(json, "Id", 12, 12, &account->id, err));
    if (!str_is_account(account->id)) {
        return err_set(err, ST_PROTOCOL, "an account's Id is not 12 digits");
    }
    TRY(json_label_or(json, "Name", NAME_MAX_CHARS, "", &account->name, err));
    TRY(json_label_or(json, "Email", EMAIL_MAX_CHARS, "", &account->email, err));
    /* Status is being retired in favour of State. */
    TRY(json_text_or(json, "Status", 64, "", &status, err));
    TRY(json_text_or(json, "State", 64, status, &account->state, err));
    if (account->state[0] == '\0') {
        return err_set(err, ST_PROTOCOL, "account %s has neither State nor Status", account->id);
    }
    return ST_OK;
}

static Status give_account(const Listing *listing, const Item *item, Err *err) {
    return listing->each.account(listing->context, &item->account, err);
}

Status organizations_list_accounts(Aws *aws, OrganizationsEachAccount *each, void *context,
                                   Err *err) {
    const Listing listing = {.operation = "ListAccounts",
                             .member = "Accounts",
                             .read = read_account,
                             .give = give_account,
                             .each.account = each,
                             .context = context};
    return list_pages(aws, &listing, err);
}

Status organizations_list_accounts_for_parent(Aws *aws, const char *parent_id,
                                              OrganizationsEachAccount *each, void *context,
                                              Err *err) {
    const Listing listing = {.operation = "ListAccountsForParent",
                             .argument = "ParentId",
                             .value = parent_id,
                             .member = "Accounts",
                             .read = read_account,
                             .give = give_account,
                             .each.account = each,
                             .context = context};
    return list_pages(aws, &listing, err);
}

/* --- Roots and units ------------------------------------------------------------------------- */

static Status read_unit(const Json *json, Item *item, Err *err) {
    TRY(json_text(json, "Id", 4, 128, &item->unit.id, err));
    return json_label_or(json, "Name", NAME_MAX_CHARS, "", &item->unit.name, err);
}

static Status give_unit(const Listing *listing, const Item *item, Err *err) {
    return listing->each.unit(listing->context, &item->unit, err);
}

Status organizations_list_roots(Aws *aws, OrganizationsEachUnit *each, void *context, Err *err) {
    const Listing listing = {.operation = "ListRoots",
                             .member = "Roots",
                             .read = read_unit,
                             .give = give_unit,
                             .each.unit = each,
                             .context = context};
    return list_pages(aws, &listing, err);
}

Status organizations_list_units_for_parent(Aws *aws, const char *parent_id,
                                           OrganizationsEachUnit *each, void *context, Err *err) {
    const Listing listing = {.operation = "ListOrganizationalUnitsForParent",
                             .argument = "ParentId",
                             .value = parent_id,
                             .member = "OrganizationalUnits",
                             .read = read_unit,
                             .give = give_unit,
                             .each.unit = each,
                             .context = context};
    return list_pages(aws, &listing, err);
}

/* --- Tags ------------------------------------------------------------------------------------ */

static Status read_tag(const Json *json, Item *item, Err *err) {
    TRY(json_label_or(json, "Key", TAG_KEY_MAX_CHARS, "", &item->tag.key, err));
    return json_label_or(json, "Value", TAG_VALUE_MAX_CHARS, "", &item->tag.value, err);
}

static Status give_tag(const Listing *listing, const Item *item, Err *err) {
    return listing->each.tag(listing->context, &item->tag, err);
}

Status organizations_list_tags(Aws *aws, const char *resource_id, OrganizationsEachTag *each,
                               void *context, Err *err) {
    const Listing listing = {.operation = "ListTagsForResource",
                             .argument = "ResourceId",
                             .value = resource_id,
                             .member = "Tags",
                             .read = read_tag,
                             .give = give_tag,
                             .each.tag = each,
                             .context = context};
    return list_pages(aws, &listing, err);
}
