/* The one list of all settings. A row here is a flag (--name), an environment variable
 * (CONFHOUSE_NAME), a name in the settings file, a line of the help texts and a paragraph of the
 * manual page. See app/settings.h for what the members mean; what a row leaves out is empty. */
#ifndef APP_SETTINGS_TABLE_H
#define APP_SETTINGS_TABLE_H

#define COMMANDS_THAT_SCAN   (COMMAND_RUN | COMMAND_SCAN | COMMAND_INVOKE)
#define COMMANDS_THAT_PLAN   (COMMANDS_THAT_SCAN | COMMAND_PLAN)
#define COMMANDS_THAT_MERGE  (COMMAND_RUN | COMMAND_MERGE | COMMAND_INVOKE)
#define COMMANDS_THAT_REPORT (COMMAND_RUN | COMMAND_REPORT | COMMAND_INVOKE)
#define COMMANDS_THAT_WRITE  (COMMANDS_THAT_PLAN | COMMANDS_THAT_MERGE | COMMANDS_THAT_REPORT)
#define COMMANDS_THAT_READ                                                                         \
    (COMMAND_REPORT | COMMAND_DIFF | COMMAND_QUERY | COMMAND_EXPORT | COMMAND_TREND)
#define COMMANDS_THAT_NARROW (COMMAND_REPORT | COMMAND_TREND)

/* X(id, members of its Setting) */
#define SETTINGS_TABLE(X)                                                                          \
    X(GROUP_ID, .name = "group-id", .placeholder = "ID", .section = SECTION_RUN,                   \
      .commands = COMMANDS_THAT_PLAN | COMMANDS_THAT_MERGE, .is_valid = str_is_id,                 \
      .shape = "1 to 64 of A-Z a-z 0-9 . _ - that do not begin with a dot",                        \
      .help = "name of the run; today's date (UTC) when absent")                                   \
    X(DATE, .name = "date", .placeholder = "DATE", .section = SECTION_RUN,                         \
      .commands = COMMANDS_THAT_PLAN | COMMANDS_THAT_MERGE, .is_valid = setting_is_date,           \
      .shape = "a date like 2026-11-22",                                                           \
      .help = "date of the run; the group id where it is one, else today, when absent")            \
    X(ORGANIZATION, .name = "organization", .type = SETTING_FLAG, .section = SECTION_SCAN,         \
      .commands = COMMANDS_THAT_PLAN,                                                              \
      .help = "scan all active accounts of the organization (the default)")                        \
    X(ACCOUNTS, .name = "accounts", .placeholder = "FILE", .section = SECTION_SCAN,                \
      .commands = COMMANDS_THAT_PLAN,                                                              \
      .help = "scan the accounts of this CSV or JSON file (id, name) instead")                     \
    X(INCLUDE_OU, .name = "include-ou", .type = SETTING_LIST, .placeholder = "UNIT",               \
      .section = SECTION_SCAN, .commands = COMMANDS_THAT_PLAN,                                     \
      .help = "scan only accounts in or below this unit: an id (ou-...) or a pattern of paths")    \
    X(EXCLUDE_OU, .name = "exclude-ou", .type = SETTING_LIST, .placeholder = "UNIT",               \
      .section = SECTION_SCAN, .commands = COMMANDS_THAT_PLAN,                                     \
      .help = "leave out accounts in or below this unit, like Root/Sandbox")                       \
    X(INCLUDE_ACCOUNT, .name = "include-account", .type = SETTING_LIST, .placeholder = "ACCOUNT",  \
      .section = SECTION_SCAN, .commands = COMMANDS_THAT_PLAN,                                     \
      .help = "scan only this account: an id, a pattern of names, or a tag like team=data*")       \
    X(EXCLUDE_ACCOUNT, .name = "exclude-account", .type = SETTING_LIST, .placeholder = "ACCOUNT",  \
      .section = SECTION_SCAN, .commands = COMMANDS_THAT_PLAN,                                     \
      .help = "leave out this account: an id, a pattern of names like sandbox-*, or a tag")        \
    X(REGIONS, .name = "regions", .type = SETTING_LIST, .placeholder = "REGIONS",                  \
      .section = SECTION_SCAN, .commands = COMMANDS_THAT_PLAN, .is_valid = setting_is_regions,     \
      .shape = "a list of regions like eu-west-1,us-east-1, or all",                               \
      .help = "regions to scan, or all that an account has on; --region's when absent")            \
    X(FORCE_REGION, .name = "force-region", .type = SETTING_FLAG, .section = SECTION_SCAN,         \
      .commands = COMMANDS_THAT_PLAN,                                                              \
      .help = "take regions that are newer than this version, and so unknown to it")               \
    X(ROLE_NAME, .name = "role-name", .placeholder = "NAME", .section = SECTION_SCAN,              \
      .commands = COMMANDS_THAT_PLAN, .fallback = "OrganizationAccountAccessRole",                 \
      .is_valid = str_is_role_name, .shape = "the name of an IAM role",                            \
      .help = "role to assume in each account")                                                    \
    X(EXTERNAL_ID, .name = "external-id", .placeholder = "ID", .section = SECTION_SCAN,            \
      .commands = COMMANDS_THAT_PLAN, .is_private = true, .is_valid = setting_is_external_id,      \
      .shape = "2 to 1224 of A-Z a-z 0-9 _ + = , . @ : / -",                                       \
      .help = "external id that the role asks for")                                                \
    X(SHARDS, .name = "shards", .type = SETTING_INT, .min = 1, .max = 10000, .placeholder = "N",   \
      .section = SECTION_SCAN, .commands = COMMAND_RUN | COMMAND_PLAN | COMMAND_INVOKE,            \
      .help = "shards of the run; 1, or one for every 25 accounts with plan, when absent")         \
    X(SHARD_ID, .name = "shard-id", .placeholder = "ID", .section = SECTION_SCAN,                  \
      .commands = COMMAND_SCAN, .is_valid = str_is_id,                                             \
      .shape = "1 to 64 of A-Z a-z 0-9 . _ - that do not begin with a dot",                        \
      .help = "scan this shard of the run's plan")                                                 \
    X(EVENT, .name = "event", .placeholder = "FILE", .section = SECTION_SCAN,                      \
      .commands = COMMAND_SCAN, .help = "scan what this event (JSON) says; - is standard input")   \
    X(CONCURRENCY, .name = "concurrency", .type = SETTING_INT, .min = 1, .max = 1000,              \
      .fallback = "64", .placeholder = "N", .section = SECTION_SCAN,                               \
      .commands = COMMANDS_THAT_SCAN, .help = "calls in flight at once")                           \
    X(DEADLINE, .name = "deadline", .type = SETTING_DURATION, .placeholder = "TIME",               \
      .section = SECTION_SCAN,                                                                     \
      .commands = COMMANDS_THAT_SCAN | COMMAND_MERGE | COMMAND_REPORT | COMMAND_QUERY,             \
      .help = "stop after so long, like 14m or 900s, and keep what there is; a merge or report "   \
              "that may take longer is not begun")                                                 \
    X(BUDGET, .name = "budget", .type = SETTING_CHOICE, .choices = "check,warn,off",               \
      .fallback = "check", .placeholder = "MODE", .section = SECTION_RUN,                          \
      .commands = COMMANDS_THAT_SCAN | COMMAND_MERGE | COMMAND_REPORT,                             \
      .help =                                                                                      \
          "check: begin nothing that may outgrow time, memory or scratch space; or warn, or off")  \
    X(RESCAN, .name = "rescan", .type = SETTING_FLAG, .section = SECTION_SCAN,                     \
      .commands = COMMANDS_THAT_SCAN,                                                              \
      .help = "ask again for what an earlier scan of the same run has read already")               \
    X(TAG_PREFIX, .name = "tag-prefix", .type = SETTING_LIST, .fallback = "mox.",                  \
      .placeholder = "PREFIX", .section = SECTION_SCAN, .commands = COMMANDS_THAT_PLAN,            \
      .help = "keep the tags whose key begins so; none keeps, and asks for, none")                 \
    X(OWNER_TAG, .name = "owner-tag", .fallback = "mox.owner", .placeholder = "KEY",               \
      .section = SECTION_MERGE, .commands = COMMANDS_THAT_MERGE,                                   \
      .help = "key of the tag that names an owner")                                                \
    X(ENVIRONMENT_ACCOUNT, .name = "environment-account", .type = SETTING_LIST,                    \
      .placeholder = "ID=ENV", .section = SECTION_MERGE, .commands = COMMANDS_THAT_MERGE,          \
      .help = "environment of an account: 123456789012=prod")                                      \
    X(ENVIRONMENT_TAG, .name = "environment-tag", .type = SETTING_LIST,                            \
      .fallback = "environment,env,stage", .placeholder = "KEY", .section = SECTION_MERGE,         \
      .commands = COMMANDS_THAT_PLAN | COMMANDS_THAT_MERGE,                                        \
      .help = "key of the account's tag that tells its environment; none asks for none")           \
    X(ENVIRONMENT_PATH, .name = "environment-path", .type = SETTING_LIST,                          \
      .placeholder = "PATTERN=ENV", .section = SECTION_MERGE, .commands = COMMANDS_THAT_MERGE,     \
      .help = "environment by organizational path: Root/Workloads/Prod*=prod")                     \
    X(ENVIRONMENT_NAME, .name = "environment-name", .type = SETTING_LIST,                          \
      .placeholder = "PATTERN=ENV", .section = SECTION_MERGE, .commands = COMMANDS_THAT_MERGE,     \
      .help = "environment by account name: *-live=prod")                                          \
    X(SHARD_MAX_SIZE, .name = "shard-max-size", .type = SETTING_INT, .min = 1, .max = 1048576,     \
      .fallback = "4096", .placeholder = "MIB", .section = SECTION_MERGE,                          \
      .commands = COMMANDS_THAT_MERGE,                                                             \
      .help = "refuse a shard that unpacks to more than so many MiB")                              \
    X(KEEP_DATED, .name = "keep-dated", .type = SETTING_INT, .min = 1, .max = 1000000,             \
      .placeholder = "N", .section = SECTION_PRUNE, .commands = COMMAND_HISTORY,                   \
      .help = "with prune: keep the newest N dated copies of the history")                         \
    X(MAX_AGE, .name = "max-age", .placeholder = "AGE", .section = SECTION_PRUNE,                  \
      .commands = COMMAND_HISTORY, .is_valid = setting_is_age, .shape = "an age like 400d or 3y",  \
      .help = "with prune: drop states that ended longer before the newest run, like 400d or 3y")  \
    X(YES, .name = "yes", .type = SETTING_FLAG, .section = SECTION_PRUNE,                          \
      .commands = COMMAND_HISTORY, .help = "with prune: do it, and not only tell what would go")   \
    X(RUN, .name = "run", .placeholder = "ID", .section = SECTION_READ,                            \
      .commands = COMMAND_REPORT | COMMAND_EXPORT | COMMAND_TREND, .is_valid = str_is_id,          \
      .shape = "1 to 64 of A-Z a-z 0-9 . _ - that do not begin with a dot",                        \
      .help = "group id of the run; the newest when absent")                                       \
    X(DATABASE, .name = "database", .placeholder = "FILE", .section = SECTION_READ,                \
      .commands = COMMANDS_THAT_READ,                                                              \
      .help = "read this history file instead of the newest one in the store")                     \
    X(SQL, .name = "sql", .placeholder = "SQL", .section = SECTION_READ,                           \
      .commands = COMMAND_QUERY, .help = "one statement of your own; it can only read")            \
    X(PARAM, .name = "param", .short_flag = 'p', .type = SETTING_LINES,                            \
      .placeholder = "NAME=VALUE", .section = SECTION_READ, .commands = COMMAND_QUERY,             \
      .is_valid = setting_is_param, .shape = "a parameter like group_id=2026-11-22",               \
      .help = "value of a query's parameter; may be given more than once")                         \
    X(LIMIT, .name = "limit", .type = SETTING_INT, .min = 1, .max = 1000000000,                    \
      .placeholder = "N", .section = SECTION_READ, .commands = COMMAND_QUERY,                      \
      .help = "stop after N rows; with --sql, 100000 when absent")                                 \
    X(GREEN_FROM, .name = "green-from", .type = SETTING_RATIO, .fallback = "0.95",                 \
      .placeholder = "RATIO", .section = SECTION_REPORT,                                           \
      .commands = COMMANDS_THAT_REPORT | COMMAND_TREND,                                            \
      .help = "compliance from which a cell of the workbook is green")                             \
    X(YELLOW_FROM, .name = "yellow-from", .type = SETTING_RATIO, .fallback = "0.80",               \
      .placeholder = "RATIO", .section = SECTION_REPORT,                                           \
      .commands = COMMANDS_THAT_REPORT | COMMAND_TREND,                                            \
      .help = "compliance from which it is yellow; red below")                                     \
    X(SINCE, .name = "since", .placeholder = "DATE", .section = SECTION_REPORT,                    \
      .commands = COMMANDS_THAT_NARROW, .is_valid = setting_is_date,                               \
      .shape = "a date like 2026-11-22",                                                           \
      .help = "begin the trend there, and list only findings first seen since then")               \
    X(ENVIRONMENT, .name = "environment", .type = SETTING_CHOICE,                                  \
      .choices = "prod,nonprod,unclassified", .placeholder = "ENV", .section = SECTION_REPORT,     \
      .commands = COMMANDS_THAT_NARROW, .help = "only its accounts")                               \
    X(ACCOUNT, .name = "account", .placeholder = "ACCOUNT", .section = SECTION_REPORT,             \
      .commands = COMMANDS_THAT_NARROW, .help = "only this account: its id or its name")           \
    X(OWNER, .name = "owner", .placeholder = "OWNER", .section = SECTION_REPORT,                   \
      .commands = COMMANDS_THAT_NARROW,                                                            \
      .help = "only what this owner owns; - for what nobody owns")                                 \
    X(NO_REPORT, .name = "no-report", .type = SETTING_FLAG, .section = SECTION_REPORT,             \
      .commands = COMMAND_RUN | COMMAND_INVOKE,                                                    \
      .help = "end a run after its merge: somebody else makes the report")                         \
    X(SNS_TOPIC, .name = "sns-topic", .placeholder = "ARN", .section = SECTION_NOTIFY,             \
      .commands = COMMANDS_THAT_REPORT, .is_valid = setting_is_topic,                              \
      .shape = "the ARN of a topic like arn:aws:sns:eu-west-1:123456789012:weekly",                \
      .help = "publish a message there after the report of the newest run")                        \
    X(NOTIFY_AGAIN, .name = "notify-again", .type = SETTING_FLAG, .section = SECTION_NOTIFY,       \
      .commands = COMMANDS_THAT_REPORT,                                                            \
      .help = "tell people of the newest run though they were told before")                        \
    X(MAIL_FROM, .name = "mail-from", .placeholder = "ADDRESS", .section = SECTION_NOTIFY,         \
      .commands = COMMANDS_THAT_REPORT, .is_valid = setting_is_mail_address,                       \
      .shape = "an address like config@example.com",                                               \
      .help = "send a mail from there by SES after the report of the newest run")                  \
    X(MAIL_TO, .name = "mail-to", .type = SETTING_LIST, .placeholder = "ADDRESS",                  \
      .section = SECTION_NOTIFY, .commands = COMMANDS_THAT_REPORT,                                 \
      .is_valid = setting_is_mail_address, .shape = "a list of addresses like team@example.com",   \
      .help = "who gets that mail: up to 50 addresses")                                            \
    X(MAIL_ATTACH, .name = "mail-attach", .type = SETTING_FLAG, .section = SECTION_NOTIFY,         \
      .commands = COMMANDS_THAT_REPORT, .help = "attach the workbook to that mail")                \
    X(MAIL_ATTACH_MAX, .name = "mail-attach-max", .type = SETTING_INT, .min = 1, .max = 28,        \
      .fallback = "7", .placeholder = "MB", .section = SECTION_NOTIFY,                             \
      .commands = COMMANDS_THAT_REPORT, .help = "unless it is larger than so many MB")             \
    X(LINK_LIFE, .name = "link-life", .type = SETTING_DURATION, .fallback = "7d",                  \
      .placeholder = "TIME", .section = SECTION_NOTIFY, .commands = COMMANDS_THAT_REPORT,          \
      .help = "how long the link to the workbook works, up to 7d and as long as its keys live")    \
    X(OUTPUT, .name = "output", .short_flag = 'o', .placeholder = "FILE",                          \
      .section = SECTION_COMMON,                                                                   \
      .commands = COMMAND_RUN | COMMAND_REPORT | COMMAND_PULL | COMMAND_EXPORT,                    \
      .help = "write the workbook, database or rows to this file")                                 \
    X(FORMAT, .name = "format", .type = SETTING_CHOICE, .choices = "table,csv,json,markdown",      \
      .fallback = "table", .placeholder = "FORMAT", .section = SECTION_COMMON,                     \
      .commands = COMMAND_ALL & ~(unsigned)COMMAND_INVOKE,                                         \
      .help = "of results: table, csv, json or markdown; export has csv and json (lines)")         \
    X(STORE, .name = "store", .placeholder = "URL", .fallback = "./confhouse-data",                \
      .section = SECTION_COMMON, .commands = COMMAND_ALL,                                          \
      .help = "s3://bucket/prefix or a directory; s3://$REPORT_BUCKET/$REPORT_PREFIX when absent") \
    X(PROFILE, .name = "profile", .placeholder = "NAME", .section = SECTION_COMMON,                \
      .commands = COMMAND_ALL,                                                                     \
      .help = "profile of ~/.aws/config, before the environment's keys; $AWS_PROFILE when absent") \
    X(SSE, .name = "sse", .type = SETTING_CHOICE, .choices = "AES256,aws:kms",                     \
      .placeholder = "HOW", .section = SECTION_COMMON, .commands = COMMANDS_THAT_WRITE,            \
      .help =                                                                                      \
          "how objects on S3 are encrypted: AES256 or aws:kms; as the bucket says when absent")    \
    X(SSE_KMS_KEY, .name = "sse-kms-key", .placeholder = "KEY", .section = SECTION_COMMON,         \
      .commands = COMMANDS_THAT_WRITE,                                                             \
      .help = "id, ARN or alias of the KMS key for that; the account's own when absent")           \
    X(SSE_BUCKET_KEY, .name = "sse-bucket-key", .type = SETTING_FLAG, .section = SECTION_COMMON,   \
      .commands = COMMANDS_THAT_WRITE, .help = "use a bucket key, which asks KMS less often")      \
    X(REGION, .name = "region", .placeholder = "REGION", .section = SECTION_COMMON,                \
      .commands = COMMAND_ALL, .is_valid = str_is_region, .shape = "a region like eu-west-1",      \
      .help = "where S3 and STS are asked; $AWS_REGION, $AWS_DEFAULT_REGION or the profile's")     \
    X(CONFIG, .name = "config", .placeholder = "FILE", .section = SECTION_COMMON,                  \
      .commands = COMMAND_ALL, .help = "settings file: lines of the form name = value")            \
    X(LOG_FORMAT, .name = "log-format", .type = SETTING_CHOICE, .choices = "text,json",            \
      .fallback = "text", .placeholder = "FORMAT", .section = SECTION_COMMON,                      \
      .commands = COMMAND_ALL, .help = "of messages on standard error: text or json")              \
    X(QUIET, .name = "quiet", .short_flag = 'q', .type = SETTING_FLAG, .section = SECTION_COMMON,  \
      .commands = COMMAND_ALL, .help = "say nothing but errors")                                   \
    X(VERBOSE, .name = "verbose", .short_flag = 'v', .type = SETTING_FLAG,                         \
      .section = SECTION_COMMON, .commands = COMMAND_ALL, .help = "say more about what is done")

#endif
