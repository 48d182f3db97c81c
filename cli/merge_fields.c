#include "merge_fields.h"

size_t merge_fields(const RunMerge *merge, OutputField *fields, size_t count) {
    const MergeResult *result = &merge->result;
    fields[count++] = FIELD_TEXT("group_id", result->group_id);
    fields[count++] = FIELD_TEXT("date", result->date);
    fields[count++] = FIELD_INT("scopes_planned", result->scopes_planned);
    fields[count++] = FIELD_INT("scopes_scanned", result->scopes_scanned);
    fields[count++] = FIELD_INT("scopes_denied", result->scopes_denied);
    fields[count++] = FIELD_INT("scopes_failed", result->scopes_failed);
    fields[count++] = FIELD_INT("scopes_missing", result->scopes_missing);
    fields[count++] = FIELD_INT("scopes_skipped", result->scopes_skipped);
    fields[count++] = FIELD_INT("rules_failed", result->rules_failed);
    fields[count++] = FIELD_INT("shards", result->shards);
    fields[count++] = FIELD_INT("shards_refused", result->shards_refused);
    fields[count++] = FIELD_INT("evaluations", result->evaluations);
    fields[count++] = FIELD_INT("merged", result->merged);
    fields[count++] = FIELD_INT("duplicates", result->duplicates);
    fields[count++] = FIELD_INT("superseded", result->superseded);
    fields[count++] = FIELD_INT("refused", result->refused);
    fields[count++] = FIELD_INT("waivers", result->waivers);
    fields[count++] = FIELD_INT("bad_waivers", result->waiver_problems);
    fields[count++] = FIELD_INT("waived", result->findings_waived);
    fields[count++] = FIELD_TEXT("history", result->history.key);
    fields[count++] = FIELD_TEXT("sha256", result->history.sha256);
    return count;
}

size_t report_fields(const RunReport *report, OutputField *fields, size_t count) {
    fields[count++] = FIELD_TEXT("report", report->location);
    fields[count++] = FIELD_INT("report_rows", report->result.rows);
    fields[count++] = FIELD_INT("published", report->published);
    fields[count++] = FIELD_INT("mailed", report->mailed);
    fields[count++] = FIELD_INT("told_before", report->told_before);
    return count;
}
