#include "report/sheets.h"

#define DASH "\xE2\x80\x93"

/* The ratios stay empty where nothing was read: a text would be drawn as zero. */
static const GridColumn trend_columns[] = {
    {"scan_date", "Date", 12, GRID_DATE, 0, NULL, 0},
    {"group_id", "Run", 13, GRID_TEXT, 0, NULL, 0},
    {"prod_ratio", "Prod ratio", 10, GRID_RATIO, 0, "", 0},
    {"prod_ratio_after_waivers", "Prod after waivers", 10, GRID_RATIO, 0, "", 0},
    {"nonprod_ratio", "Non-Prod ratio", 10, GRID_RATIO, 0, "", 0},
    {"nonprod_ratio_after_waivers", "Non-Prod after waivers", 10, GRID_RATIO, 0, "", 0},
    {"unclassified_ratio", "Unclassified ratio", 13, GRID_RATIO, 0, "", 0},
    {"prod_open", "Open in Prod", 10, GRID_COUNT, 0, "", 0},
    {"nonprod_open", "Open in Non-Prod", 10, GRID_COUNT, 0, "", 0},
    {"unclassified_open", "Open in Unclassified", 13, GRID_COUNT, 0, "", 0},
    {"open_findings", "Open findings", 10, GRID_COUNT, 0, "", 0},
    {"new_findings", "New findings", 10, GRID_COUNT, 0, "", 0},
    {"resolved_findings", "Resolved findings", 10, GRID_COUNT, 0, "", 0},
    {"scopes_planned", "Scopes", 9, GRID_COUNT, 0, NULL, 0},
    {"scopes_scanned", "Scopes read", 9, GRID_COUNT, 0, NULL, 0},
    {"note", "Remark", 27, GRID_TEXT, 0, NULL, 0},
    {0},
};

static const GridColumn rule_columns[] = {
    {"rule_group", "Rule", 44, GRID_TEXT, 0, NULL, 0},
    {"prod_ratio", "Prod ratio", 11, GRID_RATIO, 0, DASH, 0},
    {"nonprod_ratio", "Non-Prod ratio", 11, GRID_RATIO, 0, DASH, 0},
    {"unclassified_ratio", "Unclassified ratio", 13, GRID_RATIO, 0, DASH, 0},
    {"compliant", "Compliant", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"non_compliant", "Non-compliant", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"waived", "Waived of these", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"not_applicable", "Not applicable", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"ratio", "Ratio", 11, GRID_RATIO, GRID_TOTAL_RATIO, DASH, 0},
    {"ratio_after_waivers", "After waivers", 11, GRID_RATIO, GRID_TOTAL_RATIO_AFTER, DASH, 0},
    {"change", "Change since last run", 11, GRID_POINTS, 0, DASH, 0},
    {"ratio", "Status", 25, GRID_STATUS, 0, NULL, 0},
    {"oldest_finding", "Oldest finding", 12, GRID_DATE, 0, NULL, 0},
    {"oldest_days", "Days open", 8, GRID_COUNT, 0, NULL, 0},
    {"failed", "Scopes where not read", 12, GRID_COUNT, 0, NULL, 0},
    {"no_data", "Scopes with no data yet", 12, GRID_COUNT, 0, NULL, 0},
    {0},
};

static const GridColumn account_columns[] = {
    {"account_name", "Account name", 32, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 15, GRID_TEXT, 0, NULL, 0},
    {"environment", "Environment", 14, GRID_WORD, 0, NULL, 0},
    {"scopes_wanted", "Regions", 9, GRID_COUNT, GRID_TOTAL_SUM, NULL, 0},
    {"scopes_scanned", "Regions read", 9, GRID_COUNT, GRID_TOTAL_SUM, NULL, 0},
    {"compliant", "Compliant", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"non_compliant", "Non-compliant", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"waived", "Waived of these", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"not_applicable", "Not applicable", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"ratio", "Ratio", 11, GRID_RATIO, GRID_TOTAL_RATIO, DASH, 0},
    {"ratio_after_waivers", "After waivers", 11, GRID_RATIO, GRID_TOTAL_RATIO_AFTER, DASH, 0},
    {"change", "Change since last run", 11, GRID_POINTS, 0, DASH, 0},
    {"ratio", "Status", 25, GRID_STATUS, 0, NULL, 0},
    {"new_findings", "New findings", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"resolved_findings", "Resolved findings", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {0},
};

static const GridColumn owner_columns[] = {
    {"owner", "Owner", 36, GRID_TEXT, 0, "no owner", 0},
    {"rules", "Rules", 9, GRID_COUNT, 0, NULL, 0},
    {"accounts", "Accounts", 10, GRID_COUNT, 0, NULL, 0},
    {"compliant", "Compliant", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"non_compliant", "Non-compliant", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"waived", "Waived of these", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"not_applicable", "Not applicable", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"ratio", "Ratio", 11, GRID_RATIO, GRID_TOTAL_RATIO, DASH, 0},
    {"ratio_after_waivers", "After waivers", 11, GRID_RATIO, GRID_TOTAL_RATIO_AFTER, DASH, 0},
    {"ratio", "Status", 25, GRID_STATUS, 0, NULL, 0},
    {"new_findings", "New findings", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"resolved_findings", "Resolved findings", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"oldest_finding", "Oldest finding", 12, GRID_DATE, 0, NULL, 0},
    {"oldest_days", "Days open", 8, GRID_COUNT, 0, NULL, 0},
    {0},
};

static const GridColumn region_columns[] = {
    {"region", "Region", 22, GRID_TEXT, 0, NULL, 0},
    {"scopes_wanted", "Accounts", 10, GRID_COUNT, 0, NULL, 0},
    {"scopes_scanned", "Accounts read", 10, GRID_COUNT, 0, NULL, 0},
    {"compliant", "Compliant", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"non_compliant", "Non-compliant", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"waived", "Waived of these", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"not_applicable", "Not applicable", 11, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"ratio", "Ratio", 11, GRID_RATIO, GRID_TOTAL_RATIO, DASH, 0},
    {"ratio_after_waivers", "After waivers", 11, GRID_RATIO, GRID_TOTAL_RATIO_AFTER, DASH, 0},
    {"ratio", "Status", 25, GRID_STATUS, 0, NULL, 0},
    {"new_findings", "New findings", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"resolved_findings", "Resolved findings", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"oldest_finding", "Oldest finding", 12, GRID_DATE, 0, NULL, 0},
    {"oldest_days", "Days open", 8, GRID_COUNT, 0, NULL, 0},
    {0},
};

static const GridColumn change_columns[] = {
    {"change", "Change", 19, GRID_WORD, 0, NULL, 0},
    {"environment", "Environment", 13, GRID_WORD, 0, NULL, 0},
    {"account_name", "Account name", 26, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 15, GRID_TEXT, 0, NULL, 0},
    {"region", "Region", 14, GRID_TEXT, 0, NULL, 0},
    {"rule_group", "Rule", 36, GRID_TEXT, 0, NULL, 0},
    {"resource_type", "Resource type", 24, GRID_TEXT, 0, NULL, 0},
    {"resource_id", "Resource ID", 36, GRID_TEXT, 0, NULL, 0},
    {"owner", "Owner", 15, GRID_TEXT, 0, "no owner", 0},
    {"compliance_before", "Before", 15, GRID_WORD, 0, "not reported", 0},
    {"compliance_after", "Now", 15, GRID_WORD, 0, "not reported", 0},
    {"resource_id", "In AWS Config", 9, GRID_LINK, 0, DASH, 0},
    {"rule_name", "Rule name in AWS", 42, GRID_TEXT, 0, NULL, 0},
    {0},
};

static const GridColumn finding_columns[] = {
    {"environment", "Environment", 13, GRID_WORD, 0, NULL, 0},
    {"account_name", "Account name", 23, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 14, GRID_TEXT, 0, NULL, 0},
    {"region", "Region", 14, GRID_TEXT, 0, NULL, 0},
    {"rule_group", "Rule", 30, GRID_TEXT, 0, NULL, 0},
    {"resource_type", "Resource type", 21, GRID_TEXT, 0, NULL, 0},
    {"resource_id", "Resource ID", 30, GRID_TEXT, 0, NULL, 0},
    {"annotation", "Why", 38, GRID_TEXT, 0, NULL, 0},
    {"owner", "Owner", 15, GRID_TEXT, 0, "no owner", 0},
    {"since", "First seen", 12, GRID_DATE, 0, NULL, 0},
    {"age_days", "Days open", 8, GRID_COUNT, 0, NULL, 0},
    {"age_runs", "Runs open", 8, GRID_COUNT, 0, NULL, 0},
    {"waiver_expires", "Waived until", 12, GRID_DATE, 0, NULL, 0},
    {"waiver_reason", "Waiver", 24, GRID_TEXT, 0, NULL, 0},
    {"resource_id", "In AWS Config", 9, GRID_LINK, 0, DASH, 0},
    {"rule_name", "Rule name in AWS", 34, GRID_TEXT, 0, NULL, 0},
    {0},
};

static const GridColumn waiver_columns[] = {
    {"state", "State", 20, GRID_WORD, 0, NULL, 0},
    {"account", "Account", 24, GRID_TEXT, 0, "any", 0},
    {"region", "Region", 14, GRID_TEXT, 0, "any", 0},
    {"rule", "Rule", 34, GRID_TEXT, 0, "any", 0},
    {"resource", "Resource", 28, GRID_TEXT, 0, "any", 0},
    {"reason", "Reason", 44, GRID_TEXT, 0, NULL, 0},
    {"owner", "Who answers for it", 20, GRID_TEXT, 0, "nobody named", 0},
    {"expires", "Until", 12, GRID_DATE, 0, NULL, 0},
    {"days_left", "Days left", 8, GRID_COUNT, 0, NULL, 0},
    {"findings", "Findings accepted", 11, GRID_COUNT, 0, NULL, 0},
    {"findings_unread", "Findings not read now", 12, GRID_COUNT, 0, NULL, 0},
    {"line", "Line of waivers.csv", 11, GRID_COUNT, 0, "not in it", 0},
    {"message", "What is wrong with it", 40, GRID_TEXT, 0, NULL, 0},
    {0},
};

static const GridColumn coverage_columns[] = {
    {"outcome", "Outcome", 20, GRID_WORD, 0, NULL, 0},
    {"account_name", "Account name", 28, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 15, GRID_TEXT, 0, NULL, 0},
    {"environment", "Environment", 14, GRID_WORD, 0, NULL, 0},
    {"region", "Region", 14, GRID_TEXT, 0, NULL, 0},
    {"message", "Why", 52, GRID_TEXT, 0, NULL, 0},
    {"error_code", "Error code", 24, GRID_TEXT, 0, NULL, 0},
    {"what_to_do", "What to do", 46, GRID_TEXT, 0, NULL, 0},
    {"unread_since", "Not read since", 12, GRID_DATE, 0, NULL, 0},
    {"last_scanned", "Last read", 12, GRID_DATE, 0, "never", 0},
    {"last_known_findings", "Findings last known", 12, GRID_COUNT, 0, NULL, 0},
    {"last_known_since", "Oldest of these", 12, GRID_DATE, 0, NULL, 0},
    {"recorder", "AWS Config recorder", 12, GRID_WORD, 0, "not known", 0},
    {"rules", "Rules", 9, GRID_COUNT, 0, DASH, 0},
    {"rules_failed", "Rules not read", 9, GRID_COUNT, 0, DASH, 0},
    {"evaluations", "Evaluations", 12, GRID_COUNT, 0, DASH, 0},
    {0},
};

static const GridColumn unread_columns[] = {
    {"outcome", "Outcome", 14, GRID_WORD, 0, NULL, 0},
    {"rule_group", "Rule", 40, GRID_TEXT, 0, NULL, 0},
    {"account_name", "Account name", 28, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 15, GRID_TEXT, 0, NULL, 0},
    {"environment", "Environment", 14, GRID_WORD, 0, NULL, 0},
    {"region", "Region", 14, GRID_TEXT, 0, NULL, 0},
    {"error_code", "Error code", 24, GRID_TEXT, 0, NULL, 0},
    {"message", "Why", 50, GRID_TEXT, 0, NULL, 0},
    {"owner", "Owner", 18, GRID_TEXT, 0, "no owner", 0},
    {"last_known_findings", "Findings last known", 12, GRID_COUNT, 0, NULL, 0},
    {"last_known_since", "Oldest of these", 12, GRID_DATE, 0, NULL, 0},
    {"rule_name", "Rule name in AWS", 46, GRID_TEXT, 0, NULL, 0},
    {0},
};

const SheetSpec sheets_table[SHEETS_COUNT] = {
    {SHEETS_TREND, "sheet_trend",
     "One row is a run, up to this one. Empty ratios: nothing was read, or there was nothing to "
     "rate.",
     "There are no runs.", COLOR_GREEN, trend_columns, NULL, 0},
    {"Rules", "sheet_rules",
     "One row is a rule over all accounts and regions; the rules with the most findings come "
     "first.",
     "No rule was read in this run.", COLOR_BLUE, rule_columns, "Total", 0},
    {"Accounts", "sheet_accounts",
     "One row is an account; in each environment, accounts that were not read and low ratios come "
     "first.",
     "This run has no accounts.", COLOR_BLUE, account_columns, "Total", 0},
    {"Owners", "sheet_owners",
     "One row is an owner, as the tags of the resources, or else of the rules, name them; those "
     "with the most findings come "
     "first.",
     "No rule was read in this run.", COLOR_BLUE, owner_columns, "Total", 0},
    {"Regions", "sheet_regions",
     "One row is a region over all accounts; those with the most findings come first.",
     "This run has no regions.", COLOR_BLUE, region_columns, "Total", 0},
    {"Changes", "sheet_changes",
     "One row is a finding that differs from the run before: first the new ones, then the "
     "reopened, "
     "the resolved, and those no longer reported. What could not be read has not changed.",
     "Nothing has changed since the run before, or there is none.", COLOR_ORANGE, change_columns,
     NULL, 11},
    {"Non-compliant", "sheet_noncompliant",
     "One row is an open finding: a resource that does not obey a rule.",
     "No open findings in what was read.", COLOR_RED, finding_columns, NULL, 14},
    {"Waivers", "sheet_waivers",
     "One row is a line of waivers.csv: findings that somebody accepts until a day. Those that "
     "need "
     "a hand come first. All of them are shown, whatever the workbook is narrowed to.",
     "There are no waivers.", COLOR_ORANGE, waiver_columns, NULL, 0},
    {"Coverage", "sheet_coverage",
     "One row is a scope, an account in a region: whether it was read, and if not, why and what to "
     "do. Those that need a hand come first.",
     "This run has no scopes.", COLOR_GREY, coverage_columns, NULL, 12},
    {"Rules not read", "sheet_rules_unread",
     "One row is a rule, in a scope that was read, which told nothing: it failed, or has no data "
     "yet.",
     "Every rule of the scopes that were read could be read.", COLOR_GREY, unread_columns, NULL,
     11},
};
