-- summary: Every account and region of a run: whether it was read, and if not, why.
-- param group_id: the run; the newest when absent
-- param outcome: only scanned, denied, failed, skipped or missing
-- param recorder: only where the recorder is on, stopped or none
-- column account_id: 12 digits
-- column account_name: as it was in that run
-- column environment: prod, nonprod or unclassified, as it was in that run
-- column region: one row for each
-- column outcome: scanned, denied, failed, skipped, or missing: no shard told of it
-- column recorder: on, stopped (results are old) or none; NULL when not known
-- column error_code: AWS's; NULL when it was scanned
-- column message: why it was not scanned
-- column rules: rules there
-- column rules_failed: rules of these that could not be read
-- column evaluations: evaluations there
-- column last_scanned: date of the newest run up to this one that read it; NULL = never
SELECT v.account_id, v.account_name, v.environment, v.region, v.outcome, v.recorder, v.error_code,
       v.message, v.rules, v.rules_failed, v.evaluations, v.last_scanned
FROM coverage v
WHERE v.group_id = coalesce(:group_id,
                            (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1))
  AND (:outcome IS NULL OR v.outcome = :outcome)
  AND (:recorder IS NULL OR v.recorder = :recorder)
ORDER BY v.account_id, v.region;
