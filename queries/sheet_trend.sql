-- summary: Compliance and findings of every run up to one, oldest first.
-- param group_id: the run; the newest when absent
-- param since: only runs of this date or later
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column scan_date: date of the run
-- column group_id: the run
-- column prod_ratio: compliant / (compliant + non-compliant) in prod; NULL where nothing was read
-- column prod_ratio_after_waivers: the same, waived findings counted as compliant
-- column nonprod_ratio: the ratio in nonprod
-- column nonprod_ratio_after_waivers: the same, waived findings counted as compliant
-- column unclassified_ratio: the ratio in accounts without an environment
-- column prod_open: non-compliant evaluations in prod; NULL where no scope of it was read
-- column nonprod_open: the same in nonprod
-- column unclassified_open: the same in accounts without an environment
-- column open_findings: the same in all
-- column new_findings: findings since the run before, returned ones too; NULL where nothing was read
-- column resolved_findings: findings that are compliant again
-- column scopes_scanned: scopes that were read
-- column scopes_planned: scopes that are part of the run
-- column note: which environments, or that some scopes or rules were not read; NULL when all were
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
shown AS MATERIALIZED (
    SELECT * FROM runs
    WHERE ordinal <= (SELECT ordinal FROM this) AND (:since IS NULL OR scan_date >= :since)),
-- One account or owner: from the intervals, those together that began and ended alike. Where the
-- owner matters, they are cut where the tags of their resource changed.
rules AS MATERIALIZED (
    SELECT ru.rule_key, ru.scope_key
    FROM rule ru
    JOIN scope s ON s.scope_key = ru.scope_key
    JOIN account a ON a.account_key = s.account_key
    WHERE (:account IS NOT NULL OR :owner IS NOT NULL)
      AND (:account IS NULL OR a.account_id = :account
           OR EXISTS (SELECT 1 FROM run_account ra
                      WHERE ra.account_key = a.account_key AND ra.name = :account))
      AND (coalesce(:owner, '') = ''
           OR EXISTS (SELECT 1 FROM rule_tag o
                      WHERE o.rule_key = ru.rule_key AND o.value = :owner)
           OR ru.scope_key IN (SELECT m.scope_key
                               FROM resource_tag_set m
                               JOIN tag o ON o.tag_set_key = m.tag_set_key AND o.value = :owner))),
pieces AS (
    SELECT ru.rule_key, ru.scope_key, i.compliance, i.began,
           min(coalesce(i.ended, 1 << 60),
               coalesce(iif(:owner IS NULL, NULL,
                            (SELECT min(m.began) FROM resource_tag_set m
                             WHERE m.scope_key = ru.scope_key
                               AND m.resource_key = i.resource_key)), 1 << 60)) AS ended,
           NULL AS tag_set_key
    FROM rules ru
    CROSS JOIN interval i ON i.rule_key = ru.rule_key AND i.mode = 0
    UNION ALL
    SELECT ru.rule_key, ru.scope_key, i.compliance, max(i.began, m.began),
           min(coalesce(i.ended, 1 << 60),
               coalesce((SELECT min(n.began) FROM resource_tag_set n
                         WHERE n.scope_key = m.scope_key AND n.resource_key = m.resource_key
                           AND n.began > m.began), 1 << 60)),
           m.tag_set_key
    FROM rules ru
    CROSS JOIN interval i ON i.rule_key = ru.rule_key AND i.mode = 0
    CROSS JOIN resource_tag_set m ON m.scope_key = ru.scope_key
                                 AND m.resource_key = i.resource_key
    WHERE :owner IS NOT NULL),
states AS MATERIALIZED (
    SELECT rule_key, scope_key, began, ended, NULL AS expires, tag_set_key, NULL AS resource_key,
           sum(compliance = 0) AS compliant, sum(compliance = 1) AS non_compliant, 0 AS waived
    FROM pieces
    WHERE began < ended
    GROUP BY rule_key, began, ended, tag_set_key
    UNION ALL
    SELECT ru.rule_key, ru.scope_key, max(x.began, i.began),
           min(coalesce(x.ended, 1 << 60), coalesce(i.ended, 1 << 60)),
           w.expires, NULL, x.resource_key, 0, 0, 1
    FROM rules ru
    CROSS JOIN accepted x ON x.rule_key = ru.rule_key
    CROSS JOIN waiver w ON w.waiver_key = x.waiver_key
    CROSS JOIN interval i ON i.rule_key = x.rule_key AND i.resource_key = x.resource_key
                         AND i.mode = 0 AND i.compliance = 1),
narrowed AS MATERIALIZED (
    SELECT r.group_id,
           ra.environment,
           sum(st.compliant) AS compliant,
           sum(st.non_compliant) AS non_compliant,
           sum(iif(coalesce(st.expires >= r.scan_date, 1), st.waived, 0)) AS waived
    FROM states st
    CROSS JOIN scope s ON s.scope_key = st.scope_key
    CROSS JOIN account a ON a.account_key = s.account_key
    CROSS JOIN run r ON r.run_no >= st.began AND r.run_no < st.ended
    CROSS JOIN run_scope k ON k.run_no = r.run_no AND k.scope_key = st.scope_key
                          AND k.outcome = 'scanned'
    CROSS JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
    WHERE r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0)
      AND (:account IS NULL OR :account IN (a.account_id, ra.name))
      AND (:owner IS NULL
           OR :owner = coalesce((SELECT nullif(o.value, '') FROM tag o
                                 WHERE o.tag_key = r.owner_tag
                                   AND o.tag_set_key = coalesce(
                                       st.tag_set_key,
                                       (SELECT m.tag_set_key FROM resource_tag_set m
                                        WHERE m.scope_key = st.scope_key
                                          AND m.resource_key = st.resource_key
                                          AND m.began <= r.run_no
                                        ORDER BY m.began DESC LIMIT 1))),
                                (SELECT o.value FROM rule_tag o
                                 WHERE o.rule_key = st.rule_key AND o.tag_key = r.owner_tag
                                   AND o.began <= r.run_no
                                   AND (o.ended IS NULL OR o.ended > r.run_no)), ''))
      AND NOT EXISTS (SELECT 1 FROM run_rule x
                      WHERE x.run_no = r.run_no AND x.rule_key = st.rule_key
                        AND x.outcome = 'failed')
    GROUP BY r.group_id, ra.environment),
counted AS MATERIALIZED (
    SELECT group_id, environment, compliant, non_compliant, waived
    FROM compliance_by_environment
    WHERE :account IS NULL AND :owner IS NULL
    UNION ALL
    SELECT * FROM narrowed),
places AS MATERIALIZED (
    -- what was read of each environment
    SELECT r.group_id,
           ra.environment,
           sum(k.outcome = 'scanned') AS scanned,
           count(*) AS planned,
           sum(k.outcome NOT IN ('scanned', 'skipped')) AS unread,
           sum(iif(k.outcome = 'scanned', k.rules_failed, 0)) AS rules_failed
    FROM run_scope k
    CROSS JOIN run r ON r.run_no = k.run_no
    CROSS JOIN scope s ON s.scope_key = k.scope_key
    CROSS JOIN run_account ra ON ra.run_no = k.run_no AND ra.account_key = s.account_key
    CROSS JOIN account a ON a.account_key = s.account_key
    WHERE (:account IS NULL OR :account IN (a.account_id, ra.name))
      AND (:environment IS NULL OR ra.environment = :environment)
    GROUP BY r.group_id, ra.environment),
by_run AS MATERIALIZED (
    SELECT group_id,
           max(CASE environment WHEN 'prod' THEN ratio END) AS prod_ratio,
           max(CASE environment WHEN 'prod' THEN after END) AS prod_after,
           max(CASE environment WHEN 'prod' THEN open END) AS prod_open,
           max(CASE environment WHEN 'nonprod' THEN ratio END) AS nonprod_ratio,
           max(CASE environment WHEN 'nonprod' THEN after END) AS nonprod_after,
           max(CASE environment WHEN 'nonprod' THEN open END) AS nonprod_open,
           max(CASE environment WHEN 'unclassified' THEN ratio END) AS unclassified_ratio,
           max(CASE environment WHEN 'unclassified' THEN open END) AS unclassified_open,
           sum(open) AS open_findings
    FROM (SELECT group_id, environment, non_compliant AS open,
                 CAST(compliant AS REAL) / nullif(compliant + non_compliant, 0) AS ratio,
                 CAST(compliant + waived AS REAL) / nullif(compliant + non_compliant, 0) AS after
          FROM counted c
          WHERE (:environment IS NULL OR environment = :environment)
            AND EXISTS (SELECT 1 FROM places k
                        WHERE k.group_id = c.group_id AND k.environment = c.environment
                          AND k.scanned > 0))
    GROUP BY group_id),
moved AS MATERIALIZED (
    SELECT group_id, sum(new_findings) AS new_findings, sum(resolved_findings) AS resolved_findings
    FROM trend
    WHERE :account IS NULL AND :owner IS NULL
      AND (:environment IS NULL OR environment = :environment)
    GROUP BY group_id
    UNION ALL
    SELECT group_id, sum(change IN ('new', 'reopened')), sum(change = 'resolved')
    FROM changes
    WHERE (:account IS NOT NULL OR :owner IS NOT NULL)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)
    GROUP BY group_id),
scopes AS MATERIALIZED (
    SELECT group_id, sum(scanned) AS scanned, sum(planned) AS planned,
           sum(rules_failed) > 0 AS some_rules
    FROM places GROUP BY group_id),
unread AS MATERIALIZED (
    SELECT group_id,
           group_concat(word, ' and ') FILTER (WHERE scanned = 0 AND unread > 0) AS environments,
           group_concat(word, ' and ') FILTER (WHERE scanned = 0 AND unread = 0) AS left_out,
           sum(scanned > 0) > 0 AS some_scopes
    FROM (SELECT group_id, scanned, unread,
                 CASE environment WHEN 'prod' THEN 'Prod' WHEN 'nonprod' THEN 'Non-Prod'
                                  ELSE 'Unclassified' END AS word
          FROM places WHERE unread > 0 OR scanned = 0
          ORDER BY CASE environment WHEN 'prod' THEN 1 WHEN 'nonprod' THEN 2 ELSE 3 END)
    GROUP BY group_id),
notes AS (
    SELECT k.group_id,
           ltrim(coalesce('; ' || replace(u.environments, 'Prod and Non-Prod and',
                                          'Prod, Non-Prod and') || ' not read', '')
                     || coalesce('; ' || u.left_out || ' left out', '')
                     || iif(u.some_scopes, '; some scopes not read', '')
                     || iif(k.some_rules, '; some rules not read', ''), '; ') AS note
    FROM scopes k
    LEFT JOIN unread u ON u.group_id = k.group_id)
SELECT r.scan_date,
       r.group_id,
       b.prod_ratio,
       b.prod_after AS prod_ratio_after_waivers,
       b.nonprod_ratio,
       b.nonprod_after AS nonprod_ratio_after_waivers,
       b.unclassified_ratio,
       b.prod_open,
       b.nonprod_open,
       b.unclassified_open,
       b.open_findings,
       CASE WHEN r.ordinal > 1 AND k.scanned > 0
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN r.ordinal > 1 AND k.scanned > 0
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings,
       coalesce(k.scanned, 0) AS scopes_scanned,
       coalesce(k.planned, 0) AS scopes_planned,
       upper(substr(nullif(n.note, ''), 1, 1)) || substr(n.note, 2) AS note
FROM shown r
LEFT JOIN by_run b ON b.group_id = r.group_id
LEFT JOIN moved m ON m.group_id = r.group_id
LEFT JOIN scopes k ON k.group_id = r.group_id
LEFT JOIN notes n ON n.group_id = r.group_id
ORDER BY r.ordinal;
