/* Environment of an account: prod, nonprod or unclassified, by the first rule that matches: the
 * map of account ids, the words of its tag, the globs on the organizational path, the globs on the
 * account's name, then the words in its name. */
#ifndef WAREHOUSE_ENVIRONMENT_H
#define WAREHOUSE_ENVIRONMENT_H

#include "base/err.h"

typedef enum Environment { ENV_PROD, ENV_NONPROD, ENV_UNCLASSIFIED } Environment;

/* "prod", "nonprod", "unclassified" */
const char *environment_name(Environment environment);

/* What the settings say, as text: rules "pattern=environment", separated by commas. NULL or ""
 * where there are none. `by_account` has ids: "123456789012=prod,210987654321=nonprod". */
typedef struct EnvironmentRules {
    const char *by_account;
    const char *by_path; /* globs: "Root/Workloads/Prod*=prod" */
    const char *by_name; /* globs: "*-live=prod" */
} EnvironmentRules;

/* ST_USAGE names the setting and the rule that is not well-formed. */
Status environment_check_rules(const EnvironmentRules *rules, Err *err) WARN_UNUSED;

typedef struct EnvironmentAccount {
    const char *id;
    const char *tag;  /* the value of its tag; NULL = it has none */
    const char *path; /* "" when not known */
    const char *name;
} EnvironmentAccount;
Environment environment_classify(const EnvironmentRules *rules, const EnvironmentAccount *account);

#endif
