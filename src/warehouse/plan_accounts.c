#include "warehouse/plan_accounts.h"

#include "aws/organizations.h"
#include "base/file.h"
#include "base/str.h"
#include "format/csv.h"
#include "format/json.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 64 << 20 };

/* The file being read, for its errors: unit is "line" or "element". */
typedef struct Source {
    const char *path;
    const char *unit;
    PlanEntries *entries;
} Source;

static Status bad_place(const Source *source, int position, const char *what, Err *err) {
    return err_set(err, ST_INPUT, "the accounts file %s, %s %d: %s", source->path, source->unit,
                   position, what);
}

static Status bad_file(const Source *source, const char *what, Err *err) {
    return err_set(err, ST_INPUT, "the accounts file %s: %s", source->path, what);
}

static PlanEntry *entries_add(PlanEntries *entries) {
    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity == 0 ? 64 : 2 * entries->capacity;
        PlanEntry *items = arena_alloc(entries->arena, capacity * sizeof *items);
        if (entries->count > 0) {
            memcpy(items, entries->items, entries->count * sizeof *items);
        }
        entries->items = items;
        entries->capacity = capacity;
    }
    return &entries->items[entries->count++];
}

static int by_id(const void *a, const void *b) {
    const PlanEntry *left = a;
    const PlanEntry *right = b;
    int order = strcmp(left->account.id, right->account.id);
    return order != 0 ? order : left->position - right->position;
}

static void entries_sort(PlanEntries *entries) {
    if (entries->count > 0) {
        qsort(entries->items, entries->count, sizeof *entries->items, by_id);
    }
}

PlanEntry *plan_entry_find(const PlanEntries *entries, const char *id) {
    size_t low = 0;
    size_t high = entries->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(entries->items[middle].account.id, id);
        if (order == 0) {
            return &entries->items[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

static const char *trimmed(Arena *arena, const char *text) {
    text += strspn(text, " \t\r\n");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL) {
        size--;
    }
    return arena_strndup(arena, text, size);
}

static bool has_control_bytes(const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7F) {
            return true;
        }
    }
    return false;
}

/* What usually happened to an id that is none. */
static Status hint_bad_id(const char *id, Err *err) {
    size_t size = strlen(id);
    if (size > 0 && size < 12 && strspn(id, "0123456789") == size) {
        return err_hint(err, "an id has 12 digits: were leading zeros lost, as spreadsheets do?");
    }
    if (strpbrk(id, ".,eE+") != NULL && strspn(id, "0123456789.,eE+") == size) {
        return err_hint(err, "a spreadsheet made a number of it: format that column as text");
    }
    return err_hint(err, "an account id has 12 digits, without dashes or blanks");
}

static Status add_account(const Source *source, int position, const char *id, const char *name,
                          Err *err) {
    Arena *arena = source->entries->arena;
    id = trimmed(arena, id);
    name = trimmed(arena, name);
    if (!str_is_account(id)) {
        OWN(buf_done) Buf what = {0};
        buf_printf(&what, "'%.40s' is no account id", id);
        bad_place(source, position, buf_text(&what), err);
        return hint_bad_id(id, err);
    }
    if (strlen(name) > PLAN_NAME_BYTES || str_count_chars(name) > PLAN_NAME_CHARACTERS ||
        has_control_bytes(name)) {
        bad_place(source, position, "the name cannot be used", err);
        return err_hint(err, "a name is one line of at most %d characters", PLAN_NAME_CHARACTERS);
    }
    if (source->entries->count == PLAN_MAX_ACCOUNTS) {
        bad_place(source, position, "there are too many accounts", err);
        return err_hint(err, "a plan has at most %d", PLAN_MAX_ACCOUNTS);
    }
    PlanEntry *entry = entries_add(source->entries);
    entry->account = (PlanAccount){.id = id, .name = name, .path = "", .shard = -1};
    entry->position = position;
    return ST_OK;
}

static bool is_one_of(const char *text, const char *const *names) {
    while (*names != NULL && !str_equal_nocase(text, *names)) {
        names++;
    }
    return *names != NULL;
}

/* As people write them, and as AWS does. */
static const char *const id_names[] = {"id", "account_id", "accountid", "account id", NULL};
static const char *const name_names[] = {"name", "account_name", "accountname", "account name",
                                         NULL};

/* Where the columns are; name is -1 when there is none. */
typedef struct Columns {
    int id;
    int name;
    size_t count;
} Columns;

static Status find_columns(const Source *source, int line, const CsvRow *header,
                           Columns *ret_columns, Err *err) {
    Columns columns = {-1, -1, header->count};
    for (size_t i = 0; i < header->count; i++) {
        const char *field = trimmed(source->entries->arena, header->fields[i]);
        int *column = is_one_of(field, id_names)     ? &columns.id
                      : is_one_of(field, name_names) ? &columns.name
                                                     : NULL;
        if (column != NULL && *column >= 0) {
            bad_place(source, line, "two columns of the header mean the same", err);
            return err_hint(err, "leave one of them: id,name");
        }
        if (column != NULL) {
            *column = (int)i;
        }
    }
    if (columns.id < 0) {
        bad_place(source, line, "the header names no column 'id' or 'account_id'", err);
        return header->count == 1 && strchr(header->fields[0], ';') != NULL
                   ? err_hint(err, "columns are separated by commas, not by semicolons")
                   : err_hint(err, "begin the file with a line such as: id,name");
    }
    *ret_columns = columns;
    return ST_OK;
}

/* csv_next, with the file in its error. */
static Status next_row(const Source *source, CsvReader *reader, CsvRow *ret_row, bool *ret_more,
                       Err *err) {
    Err cause;
    if (csv_next(reader, source->entries->arena, ret_row, ret_more, &cause) != ST_OK) {
        return err_set(err, ST_INPUT, "the accounts file %s, %s", source->path, cause.message);
    }
    return ST_OK;
}

static Status read_csv(const Source *source, const Buf *text, Err *err) {
    CsvReader reader;
    CsvRow row;
    Columns columns = {-1, -1, 0};
    bool more = false;
    csv_open(&reader, buf_text(text), text->size);
    TRY(next_row(source, &reader, &row, &more, err));
    if (!more) {
        bad_file(source, "it is empty", err);
        return err_hint(err, "give a header line such as id,name and a line for every account");
    }
    TRY(find_columns(source, reader.line, &row, &columns, err));
    for (;;) {
        TRY(next_row(source, &reader, &row, &more, err));
        if (!more) {
            return ST_OK;
        }
        if (row.count != columns.count) {
            bad_place(source, reader.line, "it has more or fewer fields than the header", err);
            return err_hint(err, "it has %zu, the header %zu; put text with commas in quotes",
                            row.count, columns.count);
        }
        const char *name = columns.name < 0 ? "" : row.fields[columns.name];
        TRY(add_account(source, reader.line, row.fields[columns.id], name, err));
    }
}

/* The first member with one of these names, whatever its case; NULL when there is none. */
static const Json *member_named(const Json *object, const char *const *names) {
    for (const Json *member = json_first(object); member != NULL; member = json_next(member)) {
        if (is_one_of(json_name(member), names)) {
            return member;
        }
    }
    return NULL;
}

static Status add_element(const Source *source, int position, const Json *element, Err *err) {
    if (!json_is_object(element)) {
        bad_place(source, position, "it is no object", err);
        return err_hint(err, "write {\"id\": \"123456789012\", \"name\": \"…\"}");
    }
    const Json *id = member_named(element, id_names);
    const Json *name = member_named(element, name_names);
    if (id == NULL) {
        bad_place(source, position, "it has no member 'id' or 'account_id'", err);
        return err_hint(err, "write {\"id\": \"123456789012\", \"name\": \"…\"}");
    }
    if (!json_is_text(id)) {
        bad_place(source, position, "the id must be text", err);
        return err_hint(err, "put ids in quotes: as numbers they lose their leading zeros");
    }
    if (name != NULL && json_at(name, "") != NULL && !json_is_text(name)) {
        return bad_place(source, position, "the name must be text", err);
    }
    const char *name_text = name == NULL ? NULL : json_text_value(name);
    return add_account(source, position, json_text_value(id), name_text == NULL ? "" : name_text,
                       err);
}

static Status read_json(const Source *source, const Buf *text, Err *err) {
    static const char *const list_names[] = {"accounts", NULL};
    OWN(json_free_at) Json *root = NULL;
    Err cause;
    const char *json = buf_text(text);
    size_t mark = str_starts(json, "\xEF\xBB\xBF") ? 3 : 0;
    if (json_parse(json + mark, text->size - mark, &root, &cause) != ST_OK) {
        return bad_file(source, cause.message, err);
    }
    const Json *list = json_is_object(root) ? member_named(root, list_names) : root;
    if (!json_is_array(list)) {
        bad_file(source, "it holds no array of accounts", err);
        return err_hint(err, "write [{\"id\": \"123456789012\", \"name\": \"…\"}, …]");
    }
    int position = 0;
    for (const Json *element = json_first(list); element != NULL; element = json_next(element)) {
        TRY(add_element(source, ++position, element, err));
    }
    return ST_OK;
}

static bool looks_like_json(const char *text) {
    text += str_starts(text, "\xEF\xBB\xBF") ? 3 : 0;
    text += strspn(text, " \t\r\n");
    return *text == '[' || *text == '{';
}

static Status refuse_repeated(const Source *source, Err *err) {
    const PlanEntries *entries = source->entries;
    for (size_t i = 1; i < entries->count; i++) {
        const PlanEntry *first = &entries->items[i - 1];
        const PlanEntry *second = &entries->items[i];
        if (str_equal(first->account.id, second->account.id)) {
            err_set(err, ST_INPUT,
                    "the accounts file %s, %s %d: account %s stands in %s %d already", source->path,
                    source->unit, second->position, second->account.id, source->unit,
                    first->position);
            return err_hint(err, "leave one of them");
        }
    }
    return ST_OK;
}

Status plan_accounts_from_file(const char *path, PlanEntries *entries, Err *err) {
    OWN(buf_done) Buf text = {0};
    Source source = {path, "line", entries};
    Err cause;
    if (file_read(path, FILE_MAX_BYTES, &text, &cause) != ST_OK) {
        err_set(err, ST_INPUT, "the accounts file: %s", cause.message);
        return err_hint(err, "give a CSV or JSON file that has the id of every account");
    }
    bool is_json = looks_like_json(buf_text(&text));
    source.unit = is_json ? "element" : "line";
    TRY(is_json ? read_json(&source, &text, err) : read_csv(&source, &text, err));
    if (entries->count == 0) {
        bad_file(&source, "it lists no accounts", err);
        return err_hint(err, "without an accounts file, the whole organization is scanned");
    }
    entries_sort(entries);
    return refuse_repeated(&source, err);
}

static Status take_account(void *context, const OrganizationsAccount *account, Err *err) {
    PlanEntries *entries = context;
    if (!str_is_account(account->id)) {
        return err_set(err, ST_PROTOCOL, "the organization lists an account with the id '%.40s'",
                       account->id);
    }
    if (entries->count == PLAN_MAX_ACCOUNTS) {
        return err_set(err, ST_LIMIT, "the organization has more than %d accounts",
                       PLAN_MAX_ACCOUNTS);
    }
    char name[PLAN_NAME_BYTES + 1];
    char state[PLAN_SKIP_BYTES + 1];
    str_copy(name, sizeof name, account->name == NULL ? "" : account->name);
    str_copy(state, sizeof state, str_is_empty(account->state) ? "UNKNOWN" : account->state);
    PlanEntry *entry = entries_add(entries);
    entry->position = (int)entries->count;
    entry->account = (PlanAccount){
        .id = arena_strdup(entries->arena, account->id),
        .name = arena_strdup(entries->arena, name),
        .path = "",
        .skip_reason = str_equal(state, "ACTIVE") ? NULL : arena_strdup(entries->arena, state),
        .shard = -1,
    };
    return ST_OK;
}

/* A list that changes while its pages are read may tell an account twice: the later answer is the
 * newer one. */
static void drop_repeated(PlanEntries *entries) {
    size_t kept = 0;
    for (size_t i = 0; i < entries->count; i++) {
        bool repeats = kept > 0 &&
                       str_equal(entries->items[kept - 1].account.id, entries->items[i].account.id);
        kept -= repeats;
        entries->items[kept++] = entries->items[i];
    }
    entries->count = kept;
}

Status plan_accounts_from_organization(Aws *aws, PlanEntries *entries, Err *err) {
    TRY(organizations_list_accounts(aws, take_account, entries, err));
    if (entries->count == 0) {
        return err_set(err, ST_PROTOCOL, "the organization lists no accounts");
    }
    entries_sort(entries);
    drop_repeated(entries);
    return ST_OK;
}
