-- summary: A run in one row: when it was, what it could read and what is missing.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only last known findings that this owner owns by tags; '' = what nobody owns
-- column group_id: the run's name
-- column scan_date: its date
-- column started_at: when its first shard began, UTC
-- column finished_at: when its last shard ended, UTC
-- column organization_id: the organization, where it is known
-- column management_account: the account that it belongs to, by its name where that is known
-- column previous_group_id: the run before it
-- column previous_date: the date of the run before it
-- column runs: runs up to this one
-- column accounts: accounts that are part of it
-- column accounts_unread: accounts of which nothing could be read, though something should have been
-- column scopes_planned: scopes (an account in a region) that are part of it
-- column scopes_scanned: scopes that were read
-- column scopes_denied: scopes to which access was denied
-- column scopes_failed: scopes that failed
-- column scopes_missing: scopes of which no shard told
-- column scopes_skipped: scopes left out on purpose
-- column rules_failed: rules of scanned scopes that could not be read, whoever owns them
-- column recorders_off: scanned scopes in which AWS Config records nothing
-- column shards_refused: files of the run that were damaged
-- column evaluations: evaluations that were read
-- column findings_last_known: open findings, when last read, of scopes and rules that were not read now
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
scopes AS MATERIALIZED (
    SELECT count(*) AS planned,
           coalesce(sum(outcome = 'scanned'), 0) AS scanned,
           coalesce(sum(outcome = 'denied'), 0) AS denied,
           coalesce(sum(outcome = 'failed'), 0) AS failed,
           coalesce(sum(outcome = 'missing'), 0) AS missing,
           coalesce(sum(outcome = 'skipped'), 0) AS skipped,
           coalesce(sum(CASE WHEN outcome = 'scanned' THEN rules_failed END), 0) AS rules_failed,
           coalesce(sum(outcome = 'scanned' AND recorder IN ('stopped', 'none')), 0)
               AS recorders_off,
           coalesce(sum(evaluations), 0) AS evaluations
    FROM coverage
    WHERE group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))),
by_account AS MATERIALIZED (
    SELECT sum(outcome = 'scanned') AS scanned, sum(outcome <> 'skipped') AS wanted
    FROM coverage
    WHERE group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
    GROUP BY account_id),
known AS MATERIALIZED (
    SELECT count(*) AS findings
    FROM run r
    CROSS JOIN run_scope k ON k.run_no = r.run_no
    CROSS JOIN scope s ON s.scope_key = k.scope_key
    CROSS JOIN account a ON a.account_key = s.account_key
    CROSS JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
    CROSS JOIN rule ru ON ru.scope_key = k.scope_key
    CROSS JOIN interval i ON i.rule_key = ru.rule_key AND i.mode = 0 AND i.compliance = 1
                         AND i.began <= r.run_no AND (i.ended IS NULL OR i.ended > r.run_no)
    WHERE r.group_id = (SELECT group_id FROM this)
      AND NOT (SELECT pruned FROM this)
      AND (:environment IS NULL OR ra.environment = :environment)
      AND (:account IS NULL OR :account IN (a.account_id, ra.name))
      AND (:owner IS NULL
           OR :owner = coalesce((SELECT nullif(o.value, '') FROM tag o
                                 WHERE o.tag_key = r.owner_tag
                                   AND o.tag_set_key = (SELECT m.tag_set_key
                                                        FROM resource_tag_set m
                                                        WHERE m.scope_key = s.scope_key
                                                          AND m.resource_key = i.resource_key
                                                          AND m.began <= r.run_no
                                                        ORDER BY m.began DESC LIMIT 1)),
                                (SELECT o.value FROM rule_tag o
                                 WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag
                                   AND o.began <= r.run_no
                                 ORDER BY o.began DESC LIMIT 1), ''))
      AND (k.outcome <> 'scanned'
           OR EXISTS (SELECT 1 FROM run_rule x
                      WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                        AND x.outcome = 'failed')))
SELECT t.group_id,
       t.scan_date,
       t.started_at,
       t.finished_at,
       t.organization_id,
       coalesce((SELECT ra.name FROM run r
                 JOIN run_account ra ON ra.run_no = r.run_no
                 JOIN account a ON a.account_key = ra.account_key
                 WHERE r.group_id = t.group_id AND a.account_id = t.management_account_id
                   AND ra.name <> ''),
                t.management_account_id) AS management_account,
       t.previous_group_id,
       (SELECT p.scan_date FROM runs p WHERE p.group_id = t.previous_group_id) AS previous_date,
       t.ordinal AS runs,
       (SELECT count(*) FROM run_account ra JOIN run r ON r.run_no = ra.run_no
        JOIN account a ON a.account_key = ra.account_key
        WHERE r.group_id = t.group_id AND (:environment IS NULL OR ra.environment = :environment)
          AND (:account IS NULL OR :account IN (a.account_id, ra.name))) AS accounts,
       (SELECT count(*) FROM by_account WHERE scanned = 0 AND wanted > 0) AS accounts_unread,
       s.planned AS scopes_planned,
       s.scanned AS scopes_scanned,
       s.denied AS scopes_denied,
       s.failed AS scopes_failed,
       s.missing AS scopes_missing,
       s.skipped AS scopes_skipped,
       s.rules_failed,
       s.recorders_off,
       (SELECT count(*) FROM refused_shard f JOIN run r ON r.run_no = f.run_no
        WHERE r.group_id = t.group_id) AS shards_refused,
       s.evaluations,
       k.findings AS findings_last_known
FROM this t, scopes s, known k;
