-- summary: How each environment stood in a run, what changed since the run before, and its findings.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column environment: prod, nonprod or unclassified
-- column accounts: accounts in it
-- column reading: whole, part or none of it was read; out: left out on purpose; empty: no accounts
-- column compliant: compliant evaluations; NULL where nothing was read
-- column non_compliant: non-compliant evaluations: open findings
-- column waived: of these, what a waiver accepts
-- column not_applicable: evaluations that count for nothing
-- column ratio: compliant / (compliant + non-compliant), 0 to 1; NULL where there is nothing to divide
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column change: of the ratio since the run before, in what both could read; NULL where there is nothing
-- column new_findings: findings that were not there in the run before; NULL in the first run
-- column reopened_findings: the same, of those that had been findings once before
-- column resolved_findings: findings of the run before that are compliant or not applicable now
-- column gone_findings: findings of the run before of which nothing is reported any more
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
environments (place, environment) AS (
    VALUES (1, 'prod'), (2, 'nonprod'), (3, 'unclassified')),
scopes AS MATERIALIZED (
    SELECT environment,
           count(DISTINCT account_id) AS accounts,
           sum(outcome = 'scanned') AS scanned,
           sum(outcome <> 'skipped') AS wanted,
           sum(outcome = 'scanned' AND rules_failed > 0) AS partly
    FROM coverage
    WHERE group_id = (SELECT group_id FROM this)
      AND (:account IS NULL OR :account IN (account_id, account_name))
    GROUP BY environment),
pair AS MATERIALIZED (
    SELECT group_id FROM this UNION ALL SELECT previous_group_id FROM this),
counted AS MATERIALIZED (
    SELECT group_id, environment, compliant, non_compliant, waived, not_applicable
    FROM compliance_by_environment
    WHERE :account IS NULL AND :owner IS NULL AND group_id IN (SELECT group_id FROM pair)
    UNION ALL
    SELECT group_id, environment, sum(compliant), sum(non_compliant), sum(waived),
           sum(not_applicable)
    FROM compliance_by_rule_in_scope
    WHERE :account IS NOT NULL AND :owner IS NULL
      AND group_id IN (SELECT group_id FROM pair)
      AND :account IN (account_id, account_name)
    GROUP BY group_id, environment
    UNION ALL
    SELECT group_id, environment, sum(compliant), sum(non_compliant), sum(waived),
           sum(not_applicable)
    FROM tallies
    WHERE :owner IS NOT NULL AND group_id IN (SELECT group_id FROM pair)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND coalesce(owner, '') = :owner
    GROUP BY group_id, environment),
rated AS MATERIALIZED (
    SELECT *,
           CAST(compliant AS REAL) / nullif(compliant + non_compliant, 0) AS ratio,
           CAST(compliant + waived AS REAL) / nullif(compliant + non_compliant, 0)
               AS ratio_after_waivers
    FROM counted),
sides AS MATERIALIZED (
    -- each of the two runs, next to the other one
    SELECT r.run_no, r.group_id, r.owner_tag, o.run_no AS other_run,
           r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0) AS counted
    FROM this h
    CROSS JOIN run r ON r.group_id IN (h.group_id, h.previous_group_id)
    CROSS JOIN run o ON o.group_id IN (h.group_id, h.previous_group_id) AND o.run_no <> r.run_no),
odd AS MATERIALIZED (
    -- the rules that only one of the two could read: in most weeks there are none
    SELECT d.run_no, d.group_id, d.owner_tag, d.counted, ra.environment, ru.scope_key, ru.rule_key
    FROM sides d
    CROSS JOIN run_scope k ON k.run_no = d.run_no AND k.outcome = 'scanned'
    CROSS JOIN scope s ON s.scope_key = k.scope_key
    CROSS JOIN account a ON a.account_key = s.account_key
    CROSS JOIN run_account ra ON ra.run_no = d.run_no AND ra.account_key = s.account_key
    CROSS JOIN rule ru ON ru.scope_key = k.scope_key
    WHERE (:environment IS NULL OR ra.environment = :environment)
      AND (:account IS NULL OR :account IN (a.account_id, ra.name))
      AND NOT EXISTS (SELECT 1 FROM run_rule x
                      WHERE x.run_no = d.run_no AND x.rule_key = ru.rule_key
                        AND x.outcome = 'failed')
      AND (NOT EXISTS (SELECT 1 FROM run_scope o
                       WHERE o.run_no = d.other_run AND o.scope_key = k.scope_key
                         AND o.outcome = 'scanned')
           OR EXISTS (SELECT 1 FROM run_rule x
                      WHERE x.run_no = d.other_run AND x.rule_key = ru.rule_key
                        AND x.outcome = 'failed'))),
apart AS MATERIALIZED (
    -- what they say, which no change of a ratio may come from; not known where only counts are left
    SELECT d.group_id, d.environment, d.counted,
           sum(i.compliance = 0) AS compliant,
           sum(i.compliance IN (0, 1)) AS rated
    FROM odd d
    LEFT JOIN interval i ON i.rule_key = d.rule_key AND i.mode = 0 AND i.began <= d.run_no
                        AND (i.ended IS NULL OR i.ended > d.run_no)
                        AND (:owner IS NULL
                             OR coalesce(
                                 (SELECT nullif(o.value, '') FROM tag o
                                  WHERE o.tag_key = d.owner_tag
                                    AND o.tag_set_key = (SELECT x.tag_set_key
                                                         FROM resource_tag_set x
                                                         WHERE x.scope_key = d.scope_key
                                                           AND x.resource_key = i.resource_key
                                                           AND x.began <= d.run_no
                                                         ORDER BY x.began DESC LIMIT 1)),
                                 (SELECT o.value FROM rule_tag o
                                  WHERE o.rule_key = d.rule_key AND o.tag_key = d.owner_tag
                                    AND o.began <= d.run_no
                                    AND (o.ended IS NULL OR o.ended > d.run_no)),
                                 '') = :owner)
    GROUP BY d.group_id, d.environment),
all_moves AS (
    -- by the run's name where there is one: then only its changes are looked up
    SELECT change, environment, account_id, account_name,
           iif(:owner IS NULL, NULL, owner) AS owner
    FROM changes WHERE group_id = :group_id
    UNION ALL
    SELECT change, environment, account_id, account_name,
           iif(:owner IS NULL, NULL, owner) AS owner
    FROM changes WHERE :group_id IS NULL AND group_id = (SELECT group_id FROM this)),
moves AS (
    SELECT * FROM all_moves
    WHERE (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)),
moved AS MATERIALIZED (
    SELECT environment,
           sum(change = 'new') AS new_findings,
           sum(change = 'reopened') AS reopened_findings,
           sum(change = 'resolved') AS resolved_findings,
           sum(change = 'gone') AS gone_findings
    FROM moves GROUP BY environment)
SELECT e.environment,
       coalesce(s.accounts, 0) AS accounts,
       CASE WHEN s.accounts IS NULL THEN 'empty'
            WHEN s.wanted = 0 THEN 'out'
            WHEN s.scanned = 0 THEN 'none'
            WHEN s.scanned < s.wanted OR s.partly > 0 THEN 'part'
            ELSE 'whole' END AS reading,
       CASE WHEN s.scanned > 0 THEN coalesce(c.compliant, 0) END AS compliant,
       CASE WHEN s.scanned > 0 THEN coalesce(c.non_compliant, 0) END AS non_compliant,
       CASE WHEN s.scanned > 0 THEN coalesce(c.waived, 0) END AS waived,
       CASE WHEN s.scanned > 0 THEN coalesce(c.not_applicable, 0) END AS not_applicable,
       c.ratio,
       c.ratio_after_waivers,
       CASE WHEN ca.counted IS NOT 0 AND ba.counted IS NOT 0 THEN
           CAST(c.compliant - coalesce(ca.compliant, 0) AS REAL)
               / nullif(c.compliant + c.non_compliant - coalesce(ca.rated, 0), 0)
           - CAST(b.compliant - coalesce(ba.compliant, 0) AS REAL)
               / nullif(b.compliant + b.non_compliant - coalesce(ba.rated, 0), 0) END AS change,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN coalesce(m.reopened_findings, 0) END AS reopened_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN coalesce(m.gone_findings, 0) END AS gone_findings
FROM environments e
CROSS JOIN this h
LEFT JOIN scopes s ON s.environment = e.environment
LEFT JOIN rated c ON c.environment = e.environment AND c.group_id = h.group_id
LEFT JOIN rated b ON b.environment = e.environment AND b.group_id = h.previous_group_id
LEFT JOIN apart ca ON ca.environment = e.environment AND ca.group_id = h.group_id
LEFT JOIN apart ba ON ba.environment = e.environment AND ba.group_id = h.previous_group_id
LEFT JOIN moved m ON m.environment = e.environment
WHERE (:environment IS NULL OR e.environment = :environment)
  AND (:account IS NULL OR s.accounts > 0)
ORDER BY e.place;
