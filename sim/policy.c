#include "policy.h"

#include "base/str.h"

#include <string.h>

enum { MAX_STATEMENTS = 100, MAX_ITEMS = 200, MAX_TEXT = 2048, ARN_PARTS = 6, ACTION_SIZE = 128 };

/* ---- values ---- */

/* One text, or a list of them: the first of either. */
static const Json *first_item(const Json *one_or_many) {
    return json_is_array(one_or_many) ? json_first(one_or_many) : one_or_many;
}

static const Json *next_item(const Json *one_or_many, const Json *item) {
    return json_is_array(one_or_many) ? json_next(item) : NULL;
}

static bool is_one_of(const char *text, const char *const *names) {
    for (; *names != NULL; names++) {
        if (strcmp(text, *names) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- conditions ---- */

static bool texts_equal(const char *pattern, const char *value) {
    return strcmp(pattern, value) == 0;
}

static bool bools_equal(const char *pattern, const char *value) {
    return str_equal_nocase(pattern, value);
}

/* Part by part: a star does not reach over the colon, but in the last of the six. */
static bool arns_match(const char *pattern, const char *value) {
    for (int part = 1; part < ARN_PARTS; part++) {
        size_t pattern_size = strcspn(pattern, ":");
        size_t value_size = strcspn(value, ":");
        char one[MAX_TEXT + 1];
        char other[MAX_TEXT + 1];
        if (pattern[pattern_size] == '\0' || value[value_size] == '\0' || pattern_size > MAX_TEXT ||
            value_size > MAX_TEXT) {
            return false;
        }
        memcpy(one, pattern, pattern_size);
        one[pattern_size] = '\0';
        memcpy(other, value, value_size);
        other[value_size] = '\0';
        if (!str_glob(one, other)) {
            return false;
        }
        pattern += pattern_size + 1;
        value += value_size + 1;
    }
    return str_glob(pattern, value);
}

typedef struct Operator {
    const char *name;
    bool (*matches)(const char *pattern, const char *value);
    bool is_negated; /* then what is absent fulfils it */
} Operator;

static const Operator operators[] = {
    {"StringEquals", texts_equal, false}, {"StringNotEquals", texts_equal, true},
    {"StringLike", str_glob, false},      {"StringNotLike", str_glob, true},
    {"ArnEquals", arns_match, false},     {"ArnNotEquals", arns_match, true},
    {"ArnLike", arns_match, false},       {"ArnNotLike", arns_match, true},
    {"Bool", bools_equal, false},
};

static const Operator *find_operator(const char *name) {
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (strcmp(operators[i].name, name) == 0) {
            return &operators[i];
        }
    }
    return NULL;
}

/* NULL when the request has none. */
static const char *find_key(const PolicyRequest *request, const char *name) {
    for (size_t i = 0; i < POLICY_MAX_KEYS; i++) {
        if (request->keys[i].name != NULL && str_equal_nocase(request->keys[i].name, name)) {
            return request->keys[i].value;
        }
    }
    return NULL;
}

/* One of the values is enough, or when negated none of them may be it. */
static bool key_holds(const Operator *operator, const Json * wanted, const char *value) {
    if (value == NULL) {
        return operator->is_negated;
    }
    for (const Json *item = first_item(wanted); item != NULL; item = next_item(wanted, item)) {
        if (operator->matches(json_text_value(item), value)) {
            return !operator->is_negated;
        }
    }
    return operator->is_negated;
}

static bool conditions_hold(const Json *conditions, const PolicyRequest *request) {
    for (const Json *kind = json_first(conditions); kind != NULL; kind = json_next(kind)) {
        const Operator *operator= find_operator(json_name(kind));
        for (const Json *key = json_first(kind); key != NULL; key = json_next(key)) {
            if (!key_holds(operator, key, find_key(request, json_name(key)))) {
                return false;
            }
        }
    }
    return true;
}

/* ---- statements ---- */

static void copy_lower(char *to, size_t size, const char *from) {
    str_copy(to, size, from);
    for (; *to != '\0'; to++) {
        *to = *to >= 'A' && *to <= 'Z' ? (char)(*to - 'A' + 'a') : *to;
    }
}

/* Actions are compared without regard to case, ARNs with it. */
static bool action_matches(const Json *actions, const char *action) {
    char lower[ACTION_SIZE];
    copy_lower(lower, sizeof lower, action);
    for (const Json *item = first_item(actions); item != NULL; item = next_item(actions, item)) {
        char pattern[ACTION_SIZE];
        copy_lower(pattern, sizeof pattern, json_text_value(item));
        if (str_glob(pattern, lower)) {
            return true;
        }
    }
    return false;
}

static bool resource_matches(const Json *resources, const char *resource) {
    for (const Json *item = first_item(resources); item != NULL;
         item = next_item(resources, item)) {
        if (str_glob(json_text_value(item), resource)) {
            return true;
        }
    }
    return resources == NULL; /* a trust: the role itself is meant */
}

/* An account stands for all in it; "123456789012" for "arn:aws:iam::123456789012:root". */
static bool is_principal(const char *text, const PolicyRequest *request) {
    const char *account = strstr(request->account_arn, "::");
    return strcmp(text, "*") == 0 || strcmp(text, request->role_arn) == 0 ||
           strcmp(text, request->account_arn) == 0 ||
           (account != NULL && strlen(text) == 12 && strncmp(account + 2, text, 12) == 0);
}

static bool principal_matches(const Json *principal, const PolicyRequest *request) {
    if (principal == NULL) {
        return true; /* the document is the principal's own */
    }
    if (json_is_text(principal)) {
        return is_principal(json_text_value(principal), request);
    }
    const Json *names = json_at(principal, "AWS"); /* services do not come here */
    for (const Json *item = first_item(names); item != NULL; item = next_item(names, item)) {
        if (is_principal(json_text_value(item), request)) {
            return true;
        }
    }
    return false;
}

static bool applies(const Json *statement, const PolicyRequest *request) {
    return action_matches(json_at(statement, "Action"), request->action) &&
           resource_matches(json_at(statement, "Resource"), request->resource) &&
           principal_matches(json_at(statement, "Principal"), request) &&
           conditions_hold(json_at(statement, "Condition"), request);
}

PolicyAnswer policy_judge(const Json *document, const PolicyRequest *request) {
    PolicyAnswer answer = POLICY_SILENT;
    const Json *statements = json_at(document, "Statement");
    for (const Json *item = first_item(statements); item != NULL;
         item = next_item(statements, item)) {
        if (applies(item, request)) {
            if (strcmp(json_text_value(json_at(item, "Effect")), "Deny") == 0) {
                return POLICY_DENIES;
            }
            answer = POLICY_ALLOWS;
        }
    }
    return answer;
}

/* ---- checking ---- */

static Status check_text(const Json *item, const char *what, Err *err) {
    const char *text = json_text_value(item);
    if (text == NULL || text[0] == '\0' || strlen(text) > MAX_TEXT) {
        return err_set(err, ST_USAGE, "policy: %s is not a text or a list of texts", what);
    }
    if (strstr(text, "${") != NULL) {
        return err_set(err, ST_USAGE, "policy: variables are not simulated: %.80s", text);
    }
    return ST_OK;
}

static Status check_texts(const Json *node, const char *what, Err *err) {
    size_t count = 0;
    for (const Json *item = first_item(node); item != NULL; item = next_item(node, item)) {
        TRY(check_text(item, what, err));
        count++;
    }
    return count > 0 && count <= MAX_ITEMS
               ? ST_OK
               : err_set(err, ST_USAGE, "policy: %s has no values, or too many", what);
}

static Status check_conditions(const Json *conditions, Err *err) {
    if (conditions != NULL && !json_is_object(conditions)) {
        return err_set(err, ST_USAGE, "policy: Condition is not an object");
    }
    for (const Json *kind = json_first(conditions); kind != NULL; kind = json_next(kind)) {
        if (find_operator(json_name(kind)) == NULL || !json_is_object(kind)) {
            return err_set(err, ST_USAGE, "policy: the operator %.60s is not simulated",
                           json_name(kind));
        }
        for (const Json *key = json_first(kind); key != NULL; key = json_next(key)) {
            TRY(check_texts(key, json_name(key), err));
        }
    }
    return ST_OK;
}

static Status check_principal(const Json *principal, Err *err) {
    if (json_is_text(principal)) {
        return check_text(principal, "Principal", err);
    }
    if (!json_is_object(principal)) {
        return err_set(err, ST_USAGE, "policy: Principal is missing");
    }
    for (const Json *kind = json_first(principal); kind != NULL; kind = json_next(kind)) {
        TRY(check_texts(kind, "Principal", err));
    }
    return ST_OK;
}

static Status check_statement(const Json *statement, bool has_principals, Err *err) {
    static const char *const members[] = {"Sid",       "Effect",    "Action", "Resource",
                                          "Principal", "Condition", NULL};
    for (const Json *member = json_first(statement); member != NULL; member = json_next(member)) {
        if (!is_one_of(json_name(member), members)) {
            return err_set(err, ST_USAGE, "policy: %.60s is not simulated", json_name(member));
        }
    }
    const char *effect = json_text_value(json_at(statement, "Effect"));
    if (!str_equal(effect, "Allow") && !str_equal(effect, "Deny")) {
        return err_set(err, ST_USAGE, "policy: Effect is neither Allow nor Deny");
    }
    TRY(check_texts(json_at(statement, "Action"), "Action", err));
    TRY(check_conditions(json_at(statement, "Condition"), err));
    if (has_principals) {
        TRY(check_principal(json_at(statement, "Principal"), err));
        const Json *resources = json_at(statement, "Resource");
        return resources == NULL ? ST_OK : check_texts(resources, "Resource", err);
    }
    if (json_at(statement, "Principal") != NULL) {
        return err_set(err, ST_USAGE, "policy: a policy of an identity names no Principal");
    }
    return check_texts(json_at(statement, "Resource"), "Resource", err);
}

Status policy_check(const Json *document, bool has_principals, Err *err) {
    if (!str_equal(json_text_value(json_at(document, "Version")), "2012-10-17")) {
        return err_set(err, ST_USAGE, "policy: Version is not 2012-10-17");
    }
    const Json *statements = json_at(document, "Statement");
    size_t count = 0;
    for (const Json *item = first_item(statements); item != NULL;
         item = next_item(statements, item)) {
        if (!json_is_object(item) || ++count > MAX_STATEMENTS) {
            return err_set(err, ST_USAGE, "policy: Statement is not a list of at most %d objects",
                           MAX_STATEMENTS);
        }
        TRY(check_statement(item, has_principals, err));
    }
    return count > 0 ? ST_OK : err_set(err, ST_USAGE, "policy: there is no Statement");
}
