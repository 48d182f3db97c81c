#include "warehouse/environment.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

enum { PATTERN_SIZE = 256, WORD_SIZE = 32 };

const char *environment_name(Environment environment) {
    static const char *const names[] = {
        [ENV_PROD] = "prod",
        [ENV_NONPROD] = "nonprod",
        [ENV_UNCLASSIFIED] = "unclassified",
    };
    return names[environment];
}

static bool environment_parse(const char *text, size_t size, Environment *ret_environment) {
    for (Environment e = ENV_PROD; e <= ENV_UNCLASSIFIED; e++) {
        const char *name = environment_name(e);
        if (strlen(name) == size && memcmp(name, text, size) == 0) {
            *ret_environment = e;
            return true;
        }
    }
    return false;
}

/* One "pattern=environment" of a list; `text` and `size` are the rule as it was written. */
typedef struct Rule {
    const char *text;
    size_t size;
    bool is_valid;
    char pattern[PATTERN_SIZE];
    Environment environment;
} Rule;

static void trim(const char **text, size_t *size) {
    while (*size > 0 && isspace((unsigned char)(*text)[0])) {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && isspace((unsigned char)(*text)[*size - 1])) {
        (*size)--;
    }
}

/* The last '=' counts: a name may hold one, an environment does not. */
static void rule_parse(Rule *rule) {
    const char *equals = memrchr(rule->text, '=', rule->size);
    rule->is_valid = false;
    if (equals == NULL) {
        return;
    }
    const char *pattern = rule->text;
    size_t pattern_size = (size_t)(equals - pattern);
    const char *word = equals + 1;
    size_t word_size = rule->size - pattern_size - 1;
    trim(&pattern, &pattern_size);
    trim(&word, &word_size);
    if (pattern_size == 0 || pattern_size >= PATTERN_SIZE ||
        !environment_parse(word, word_size, &rule->environment)) {
        return;
    }
    memcpy(rule->pattern, pattern, pattern_size);
    rule->pattern[pattern_size] = '\0';
    rule->is_valid = true;
}

/* False at the end of the list. Blank rules are passed over. */
static bool next_rule(const char **rest, Rule *ret_rule) {
    while (*rest != NULL && **rest != '\0') {
        ret_rule->text = *rest;
        ret_rule->size = strcspn(*rest, ",");
        *rest += ret_rule->size;
        *rest += **rest == ',';
        trim(&ret_rule->text, &ret_rule->size);
        if (ret_rule->size > 0) {
            rule_parse(ret_rule);
            return true;
        }
    }
    return false;
}

static Status check_list(const char *setting, const char *list, bool of_accounts, Err *err) {
    Rule rule;
    while (next_rule(&list, &rule)) {
        int shown = rule.size > 120 ? 120 : (int)rule.size;
        if (!rule.is_valid) {
            err_set(err, ST_USAGE, "%s: '%.*s' is no rule", setting, shown, rule.text);
            return err_hint(err, "write %s=prod, =nonprod or =unclassified",
                            of_accounts ? "123456789012" : "pattern");
        }
        if (of_accounts && !str_is_account(rule.pattern)) {
            err_set(err, ST_USAGE, "%s: '%.*s' names no account", setting, shown, rule.text);
            return err_hint(err, "an account id has 12 digits");
        }
    }
    return ST_OK;
}

Status environment_check_rules(const EnvironmentRules *rules, Err *err) {
    TRY(check_list("environments by account", rules->by_account, true, err));
    TRY(check_list("environments by path", rules->by_path, false, err));
    TRY(check_list("environments by name", rules->by_name, false, err));
    return ST_OK;
}

static bool match_list(const char *list, const char *text, Environment *ret_environment) {
    Rule rule;
    while (next_rule(&list, &rule)) {
        if (rule.is_valid && str_glob(rule.pattern, text)) {
            *ret_environment = rule.environment;
            return true;
        }
    }
    return false;
}

static bool is_among(const char *word, const char *const *words) {
    while (*words != NULL && strcmp(*words, word) != 0) {
        words++;
    }
    return *words != NULL;
}

/* "live" is on neither list: to some it is a brand, a channel, a stream. */
static const char *const prod_words[] = {"prod", "prd", "production", NULL};
static const char *const nonprod_words[] = {
    "nonprod", "nonprd",      "nonproduction", "preprod", "preprd",   "preproduction",
    "dev",     "devel",       "develop",       "devtest", "test",     "development",
    "tests",   "testing",     "tst",           "stage",   "staging",  "stg",
    "sandbox", "sandboxes",   "sbx",           "uat",     "qa",       "int",
    "sit",     "integration", "demo",          "lab",     "labs",     "poc",
    "perf",    "performance", "training",      "preview", "loadtest", NULL};

static bool is_word_byte(char c) {
    unsigned char byte = (unsigned char)c;
    return byte >= 0x80 || isalnum(byte); /* letters of other alphabets do not part words */
}

/* The next word in lower case, without digits at its end: "Prod01" is "prod". Longer words are
 * cut: none of ours is as long. False at the end. */
static bool next_word(const char **rest, char ret_word[WORD_SIZE]) {
    const char *at = *rest;
    while (*at != '\0' && !is_word_byte(*at)) {
        at++;
    }
    size_t size = 0;
    for (; is_word_byte(*at) && *at != '\0'; at++) {
        if (size < WORD_SIZE - 1) {
            ret_word[size++] = (char)tolower((unsigned char)*at);
        }
    }
    bool found = size > 0;
    while (size > 0 && isdigit((unsigned char)ret_word[size - 1])) {
        size--;
    }
    ret_word[size] = '\0';
    *rest = at;
    return found;
}

/* nonprod wins where both are said: "prod-test", "non-prod". */
static Environment environment_of_words(const char *name) {
    char word[WORD_SIZE];
    bool negated = false; /* the word before was "non" or "pre" */
    bool is_prod = false;
    while (next_word(&name, word)) {
        bool says_prod = is_among(word, prod_words);
        if (is_among(word, nonprod_words) || (says_prod && negated)) {
            return ENV_NONPROD;
        }
        is_prod = is_prod || says_prod;
        negated = strcmp(word, "non") == 0 || strcmp(word, "pre") == 0;
    }
    return is_prod ? ENV_PROD : ENV_UNCLASSIFIED;
}

Environment environment_classify(const EnvironmentRules *rules, const EnvironmentAccount *account) {
    Environment environment = ENV_UNCLASSIFIED;
    if (match_list(rules->by_account, account->id, &environment)) {
        return environment;
    }
    Environment tagged =
        account->tag == NULL ? ENV_UNCLASSIFIED : environment_of_words(account->tag);
    if (tagged != ENV_UNCLASSIFIED) {
        return tagged;
    }
    /* A path that is not known matches nothing, not even "*". */
    if ((account->path[0] != '\0' && match_list(rules->by_path, account->path, &environment)) ||
        match_list(rules->by_name, account->name, &environment)) {
        return environment;
    }
    return environment_of_words(account->name);
}
