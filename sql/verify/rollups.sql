-- The rollups equal what the intervals say. Each row here is a difference: what a rollup keeps
-- ('kept'), or what the intervals come to ('counted'), where the other does not say the same. No
-- row = all is well. Counts anew, another way than the merger does; runs that were pruned are left
-- out, for their intervals are gone.
WITH
whole AS (
    SELECT run_no, group_id, scan_date FROM run
    WHERE run_no >= coalesce((SELECT max(before_run) FROM pruned), 0)
),
-- How the number of evaluations of a rule moves, and what it is between two moves.
step AS (
    SELECT rule_key, mode, compliance, run_no, sum(n) AS n
    FROM (SELECT rule_key, mode, compliance, began AS run_no, 1 AS n FROM interval
          UNION ALL
          SELECT rule_key, mode, compliance, ended, -1 FROM interval WHERE ended IS NOT NULL)
    GROUP BY rule_key, mode, compliance, run_no
),
level AS (
    SELECT rule_key, mode, compliance, run_no AS first_run,
           sum(n) OVER by_time AS n, lead(run_no) OVER by_time AS next_run
    FROM step
    WINDOW by_time AS (PARTITION BY rule_key, mode, compliance ORDER BY run_no)
),
acceptance AS MATERIALIZED (
    SELECT w.run_no, s.account_key, s.scope_key, r.rule_group_key, x.waiver_key,
           EXISTS (SELECT 1 FROM run_scope k
                   WHERE k.run_no = w.run_no AND k.scope_key = r.scope_key
                     AND k.outcome = 'scanned')
               AND NOT EXISTS (SELECT 1 FROM run_rule f
                               WHERE f.run_no = w.run_no AND f.rule_key = x.rule_key
                                 AND f.outcome = 'failed') AS is_read,
           EXISTS (SELECT 1 FROM interval i
                   WHERE i.rule_key = x.rule_key AND i.resource_key = x.resource_key
                     AND i.mode = 0 AND i.compliance = 1 AND i.began <= w.run_no
                     AND (i.ended IS NULL OR i.ended > w.run_no)) AS is_open
    FROM accepted x
    CROSS JOIN waiver v ON v.waiver_key = x.waiver_key
    CROSS JOIN rule r ON r.rule_key = x.rule_key
    CROSS JOIN scope s ON s.scope_key = r.scope_key
    CROSS JOIN whole w ON w.run_no >= x.began AND (x.ended IS NULL OR w.run_no < x.ended)
                      AND w.scan_date <= v.expires
),
fact AS MATERIALIZED (
    SELECT k.run_no, s.account_key, s.scope_key, r.rule_group_key,
           sum(iif(v.mode = 0 AND v.compliance = 0, v.n, 0)) AS compliant,
           sum(iif(v.mode = 0 AND v.compliance = 1, v.n, 0)) AS non_compliant,
           sum(iif(v.mode = 0 AND v.compliance = 2, v.n, 0)) AS not_applicable,
           0 AS waived,
           sum(v.n) AS evaluations
    FROM level v
    CROSS JOIN rule r ON r.rule_key = v.rule_key
    CROSS JOIN scope s ON s.scope_key = r.scope_key
    CROSS JOIN run_scope k ON k.scope_key = s.scope_key AND k.outcome = 'scanned'
                          AND k.run_no >= v.first_run
                          AND k.run_no < coalesce(v.next_run, 9223372036854775807)
    WHERE v.n > 0
      AND k.run_no IN (SELECT run_no FROM whole)
      AND NOT EXISTS (SELECT 1 FROM run_rule f
                      WHERE f.run_no = k.run_no AND f.rule_key = v.rule_key
                        AND f.outcome = 'failed')
    GROUP BY k.run_no, s.scope_key, r.rule_group_key
    UNION ALL
    SELECT run_no, account_key, scope_key, rule_group_key, 0, 0, 0, count(*), 0
    FROM acceptance
    WHERE is_read AND is_open
    GROUP BY run_no, scope_key, rule_group_key
),
change AS MATERIALIZED (
    SELECT r.run_no, c.environment,
           sum(c.change IN ('new', 'reopened')) AS new_findings,
           sum(c.change = 'resolved') AS resolved_findings
    FROM changes c
    JOIN run r ON r.group_id = c.group_id
    GROUP BY r.run_no, c.environment
),
counted AS MATERIALIZED (
    SELECT 'count_rule' AS rollup, f.run_no, f.rule_group_key AS number, a.environment AS name,
           printf('%d compliant, %d not, %d not applicable, %d waived', sum(f.compliant),
                  sum(f.non_compliant), sum(f.not_applicable), sum(f.waived)) AS says
    FROM fact f
    JOIN run_account a ON a.run_no = f.run_no AND a.account_key = f.account_key
    GROUP BY f.run_no, f.rule_group_key, a.environment
    UNION ALL
    SELECT 'count_account', run_no, account_key, '',
           printf('%d compliant, %d not, %d not applicable, %d waived', sum(compliant),
                  sum(non_compliant), sum(not_applicable), sum(waived))
    FROM fact
    GROUP BY run_no, account_key
    UNION ALL
    SELECT 'count_environment', a.run_no, 0, a.environment,
           printf('%d compliant, %d not, %d not applicable, %d waived, %d new, %d resolved',
                  sum(f.compliant), sum(f.non_compliant), sum(f.not_applicable), sum(f.waived),
                  max(c.new_findings), max(c.resolved_findings))
    FROM run_account a
    LEFT JOIN (SELECT run_no, account_key, sum(compliant) AS compliant,
                      sum(non_compliant) AS non_compliant,
                      sum(not_applicable) AS not_applicable, sum(waived) AS waived
               FROM fact GROUP BY run_no, account_key) f
           ON f.run_no = a.run_no AND f.account_key = a.account_key
    LEFT JOIN change c ON c.run_no = a.run_no AND c.environment = a.environment
    GROUP BY a.run_no, a.environment
    UNION ALL
    SELECT 'run_scope', k.run_no, k.scope_key, '',
           printf('%d evaluations, %d rules failed', e.n, x.n)
    FROM run_scope k
    LEFT JOIN (SELECT run_no, scope_key, sum(evaluations) AS n
               FROM fact GROUP BY run_no, scope_key) e
           ON e.run_no = k.run_no AND e.scope_key = k.scope_key
    LEFT JOIN (SELECT f.run_no, r.scope_key, count(*) AS n
               FROM run_rule f JOIN rule r ON r.rule_key = f.rule_key
               WHERE f.outcome = 'failed' GROUP BY f.run_no, r.scope_key) x
           ON x.run_no = k.run_no AND x.scope_key = k.scope_key
    UNION ALL
    SELECT 'run_waiver', run_no, waiver_key, '',
           printf('%d findings, %d unread', sum(is_read AND is_open), sum(NOT is_read))
    FROM acceptance
    GROUP BY run_no, waiver_key
    HAVING sum(is_open OR NOT is_read) > 0
),
kept AS MATERIALIZED (
    SELECT 'count_rule' AS rollup, run_no, rule_group_key AS number, environment AS name,
           printf('%d compliant, %d not, %d not applicable, %d waived', compliant,
                  non_compliant, not_applicable, waived) AS says
    FROM count_rule
    UNION ALL
    SELECT 'count_account', run_no, account_key, '',
           printf('%d compliant, %d not, %d not applicable, %d waived', compliant,
                  non_compliant, not_applicable, waived)
    FROM count_account
    UNION ALL
    SELECT 'count_environment', run_no, 0, environment,
           printf('%d compliant, %d not, %d not applicable, %d waived, %d new, %d resolved',
                  compliant, non_compliant, not_applicable, waived, new_findings,
                  resolved_findings)
    FROM count_environment
    UNION ALL
    SELECT 'run_scope', run_no, scope_key, '',
           printf('%d evaluations, %d rules failed', evaluations, rules_failed)
    FROM run_scope
    UNION ALL
    SELECT 'run_waiver', run_no, waiver_key, '',
           printf('%d findings, %d unread', findings, findings_unread)
    FROM run_waiver
    WHERE findings + findings_unread > 0
)
SELECT d.rollup, w.group_id, d.number, d.name, d.side, d.says
FROM (SELECT 'kept' AS side, * FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted)
      UNION ALL
      SELECT 'counted', * FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept)) d
JOIN whole w ON w.run_no = d.run_no
ORDER BY d.run_no, d.rollup, d.number, d.name, d.side DESC;
