-- summary: Compliance of a run by account, most findings first.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- column account_id: 12 digits
-- column account_name: as it was in that run
-- column environment: prod, nonprod or unclassified, as it was in that run
-- column compliant: COMPLIANT evaluations
-- column non_compliant: NON_COMPLIANT evaluations
-- column not_applicable: NOT_APPLICABLE evaluations
-- column ratio: compliant / (compliant + non_compliant); NULL where nothing could be read
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column scopes_scanned: regions of the account that were read
-- column scopes_planned: regions of the account that were to be read
SELECT account_id, account_name, environment, compliant, non_compliant, not_applicable, ratio,
       ratio_after_waivers, scopes_scanned, scopes_planned
FROM compliance_by_account
WHERE group_id = coalesce(:group_id,
                          (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1))
  AND (:environment IS NULL OR environment = :environment)
ORDER BY non_compliant DESC, account_id;
