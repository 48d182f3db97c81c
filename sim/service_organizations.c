/* AWS Organizations: accounts, units and their tags. Answers the management account alone. */
#include "base/str.h"
#include "service.h"
#include "sim.h"
#include "tokens.h"

#include <stdio.h>
#include <string.h>

enum { ORGANIZATIONS_PAGE = 20 };

/* Organizations gives AccessDeniedException to everyone but the management account (and delegated
 * administrators, of which there are none here). */
static bool may_ask(Exchange *exchange) {
    if (exchange->request.caller.account == 0) {
        return true;
    }
    reply_error(&exchange->reply, 400, "AccessDeniedException",
                "You don't have permissions to access this resource.");
    return false;
}

static void put_arn(const Exchange *exchange, JsonWriter *json, const char *kind, const char *id) {
    const World *world = exchange->world;
    char arn[WORLD_ARN_SIZE];
    snprintf(arn, sizeof arn, "arn:%s:organizations::%s:%s/%s%s%s",
             world_partition(exchange->request.caller.region), world->accounts[0].id, kind,
             world->organization_id, id[0] != '\0' ? "/" : "", id);
    json_put_text(json, "Arn", arn);
}

static void put_account(const Exchange *exchange, JsonWriter *json, int place) {
    const WorldAccount *account = &exchange->world->accounts[place];
    const char *state = account->suspended ? "SUSPENDED" : "ACTIVE";
    char email[64];
    snprintf(email, sizeof email, "aws+%s@example.com", account->id);
    json_begin_object(json, NULL);
    json_put_text(json, "Id", account->id);
    put_arn(exchange, json, "account", account->id);
    json_put_text(json, "Email", email);
    json_put_text(json, "Name", account->name);
    json_put_text(json, "Status", state);
    json_put_text(json, "State", state);
    json_put_text(json, "JoinedMethod", place % 11 == 6 ? "INVITED" : "CREATED");
    service_put_time(json, "JoinedTimestamp",
                     1500000000123 + (int64_t)(account->draw % 200000000) * 1000);
    json_end_object(json);
}

static void put_unit(const Exchange *exchange, JsonWriter *json, const char *name, int place) {
    const WorldUnit *unit = &exchange->world->units[place];
    bool is_root = unit->parent == WORLD_NONE;
    json_begin_object(json, name);
    json_put_text(json, "Id", unit->id);
    put_arn(exchange, json, is_root ? "root" : "ou", unit->id);
    json_put_text(json, "Name", unit->name);
    if (is_root) {
        json_begin_array(json, "PolicyTypes");
        json_end_array(json);
    }
    json_end_object(json);
}

static bool every_account(const World *world, int place, int parent) {
    (void)world;
    (void)place;
    (void)parent;
    return true;
}
static bool account_in(const World *world, int place, int parent) {
    return world->accounts[place].unit == parent;
}
static bool unit_in(const World *world, int place, int parent) {
    return world->units[place].parent == parent;
}

/* A listing of accounts or units: those that `takes` says belong to `parent`. */
typedef struct Listing {
    const char *member;
    size_t count;
    int parent;
    bool (*takes)(const World *world, int place, int parent);
    bool of_units;
} Listing;

static void answer_listing(Exchange *exchange, const Json *input, const Listing *listing) {
    Page page;
    size_t limit = (size_t)service_int(input, "MaxResults", ORGANIZATIONS_PAGE);
    const char *parent = service_text(input, "ParentId");
    if (!page_open(exchange, service_text(input, "NextToken"), parent, limit, &page)) {
        reply_error(&exchange->reply, 400, "InvalidInputException",
                    "You specified an invalid value. INVALID_NEXT_TOKEN");
        return;
    }
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    json_begin_array(&json, listing->member);
    size_t given = 0;
    size_t at = page.offset;
    for (; at < listing->count; at++) {
        if (!listing->takes(exchange->world, (int)at, listing->parent)) {
            continue;
        }
        if (given == page.limit) {
            break;
        }
        given++;
        if (listing->of_units) {
            put_unit(exchange, &json, NULL, (int)at);
        } else {
            put_account(exchange, &json, (int)at);
        }
    }
    json_end_array(&json);
    if (at < listing->count || page.limit == 0) {
        OWN(buf_done) Buf token = {0};
        page_append_token(exchange, &page, page.limit == 0 ? page.offset : at, &token);
        json_put_text(&json, "NextToken", buf_text(&token));
    }
    json_end_object(&json);
}

/* A root or a unit; WORLD_NONE and the error when it is neither. */
static int find_parent(Exchange *exchange, const Json *input) {
    int unit = world_find_unit(exchange->world, service_text(input, "ParentId"));
    if (unit == WORLD_NONE) {
        reply_error(&exchange->reply, 400, "ParentNotFoundException",
                    "You provided a parent that doesn't exist.");
    }
    return unit;
}

static void list_accounts(Exchange *exchange, const Json *input) {
    if (may_ask(exchange)) {
        answer_listing(exchange, input,
                       &(Listing){.member = "Accounts",
                                  .count = exchange->world->account_count,
                                  .takes = every_account});
    }
}

static void list_accounts_for_parent(Exchange *exchange, const Json *input) {
    int parent = may_ask(exchange) ? find_parent(exchange, input) : WORLD_NONE;
    if (parent != WORLD_NONE) {
        answer_listing(exchange, input,
                       &(Listing){.member = "Accounts",
                                  .count = exchange->world->account_count,
                                  .parent = parent,
                                  .takes = account_in});
    }
}

static void list_units_for_parent(Exchange *exchange, const Json *input) {
    int parent = may_ask(exchange) ? find_parent(exchange, input) : WORLD_NONE;
    if (parent != WORLD_NONE) {
        answer_listing(exchange, input,
                       &(Listing){.member = "OrganizationalUnits",
                                  .count = exchange->world->unit_count,
                                  .parent = parent,
                                  .takes = unit_in,
                                  .of_units = true});
    }
}

static void list_roots(Exchange *exchange, const Json *input) {
    if (may_ask(exchange)) {
        answer_listing(exchange, input,
                       &(Listing){.member = "Roots",
                                  .count = 1,
                                  .parent = WORLD_NONE,
                                  .takes = unit_in,
                                  .of_units = true});
    }
}

static void list_parents(Exchange *exchange, const Json *input) {
    if (!may_ask(exchange)) {
        return;
    }
    const World *world = exchange->world;
    const char *child = service_text(input, "ChildId");
    int account = world_find_account(world, child);
    int unit = world_find_unit(world, child);
    int parent = account != WORLD_NONE ? world->accounts[account].unit
                 : unit != WORLD_NONE  ? world->units[unit].parent
                                       : WORLD_NONE;
    if (parent == WORLD_NONE) {
        reply_error(&exchange->reply, 400, "ChildNotFoundException",
                    "You provided a child that doesn't exist.");
        return;
    }
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    json_begin_array(&json, "Parents");
    json_begin_object(&json, NULL);
    json_put_text(&json, "Id", world->units[parent].id);
    json_put_text(&json, "Type",
                  world->units[parent].parent == WORLD_NONE ? "ROOT" : "ORGANIZATIONAL_UNIT");
    json_end_object(&json);
    json_end_array(&json);
    json_end_object(&json);
}

static void describe_organization(Exchange *exchange, const Json *input) {
    (void)input; /* members of the organization may ask this, too */
    const WorldAccount *management = &exchange->world->accounts[0];
    char arn[WORLD_ARN_SIZE];
    char email[64];
    snprintf(arn, sizeof arn, "arn:%s:organizations::%s:account/%s/%s",
             world_partition(exchange->request.caller.region), management->id,
             exchange->world->organization_id, management->id);
    snprintf(email, sizeof email, "aws+%s@example.com", management->id);
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    json_begin_object(&json, "Organization");
    json_put_text(&json, "Id", exchange->world->organization_id);
    put_arn(exchange, &json, "organization", "");
    json_put_text(&json, "FeatureSet", "ALL");
    json_put_text(&json, "MasterAccountArn", arn);
    json_put_text(&json, "MasterAccountId", management->id);
    json_put_text(&json, "MasterAccountEmail", email);
    json_begin_array(&json, "AvailablePolicyTypes");
    json_end_array(&json);
    json_end_object(&json);
    json_end_object(&json);
}

static void describe_unit(Exchange *exchange, const Json *input) {
    if (!may_ask(exchange)) {
        return;
    }
    int unit = world_find_unit(exchange->world, service_text(input, "OrganizationalUnitId"));
    if (unit == WORLD_NONE || exchange->world->units[unit].parent == WORLD_NONE) {
        reply_error(&exchange->reply, 400, "OrganizationalUnitNotFoundException",
                    "You specified an organizational unit that doesn't exist.");
        return;
    }
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    put_unit(exchange, &json, "OrganizationalUnit", unit);
    json_end_object(&json);
}

static void list_tags(Exchange *exchange, const Json *input) {
    if (!may_ask(exchange)) {
        return;
    }
    const char *id = service_text(input, "ResourceId");
    int account = world_find_account(exchange->world, id);
    WorldTag tags[WORLD_MAX_TAGS];
    size_t count = account != WORLD_NONE ? world_account_tags(exchange->world, account, tags) : 0;
    if (account == WORLD_NONE && world_find_unit(exchange->world, id) == WORLD_NONE) {
        reply_error(&exchange->reply, 400, "TargetNotFoundException",
                    "You specified a target that doesn't exist.");
        return;
    }
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    json_begin_array(&json, "Tags");
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&json, NULL);
        json_put_text(&json, "Key", tags[i].key);
        json_put_text(&json, "Value", tags[i].value);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
}

static const Member no_members[] = {{0}};
static const Member page_members[] = {
    {.name = "NextToken", .max = 100000},
    {.name = "MaxResults", .type = MEMBER_INT, .min = 1, .max = 20},
    {0},
};
static const Member parent_members[] = {
    {.name = "ParentId", .max = 100, .required = true},
    {.name = "NextToken", .max = 100000},
    {.name = "MaxResults", .type = MEMBER_INT, .min = 1, .max = 20},
    {0},
};
static const Member child_members[] = {
    {.name = "ChildId", .max = 100, .required = true},
    {.name = "NextToken", .max = 100000},
    {.name = "MaxResults", .type = MEMBER_INT, .min = 1, .max = 20},
    {0},
};
static const Member unit_members[] = {
    {.name = "OrganizationalUnitId", .max = 68, .required = true},
    {0},
};
static const Member tag_members[] = {
    {.name = "ResourceId", .max = 130, .required = true},
    {.name = "NextToken", .max = 100000},
    {0},
};

const Operation organizations_operations[] = {
    {"ListAccounts", page_members, list_accounts},
    {"ListRoots", page_members, list_roots},
    {"ListOrganizationalUnitsForParent", parent_members, list_units_for_parent},
    {"ListAccountsForParent", parent_members, list_accounts_for_parent},
    {"ListParents", child_members, list_parents},
    {"DescribeOrganization", no_members, describe_organization},
    {"DescribeOrganizationalUnit", unit_members, describe_unit},
    {"ListTagsForResource", tag_members, list_tags},
    {0},
};
