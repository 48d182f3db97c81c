-- summary: What is missing in a run, by kind: scopes, rules, recorders and files that told nothing.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- column missing: denied, failed, missing (scopes), rules_failed, recorder_off, shards_refused
-- column in_words: the same as a part of a sentence: 2 scopes denied access
-- column items: how many scopes, rules or files
-- column accounts: in how many accounts; NULL for files
-- column example: one of them
-- column what_to_do: what to do about it
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
scopes AS MATERIALIZED (
    SELECT * FROM coverage
    WHERE group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))),
silent AS MATERIALIZED (
    SELECT * FROM rule_coverage
    WHERE group_id = (SELECT group_id FROM this) AND outcome = 'failed'
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name)))
SELECT missing,
       items || CASE missing
           WHEN 'denied' THEN iif(items = 1, ' scope denied access', ' scopes denied access')
           WHEN 'failed' THEN iif(items = 1, ' scope failed', ' scopes failed')
           WHEN 'missing' THEN iif(items = 1, ' scope told nothing', ' scopes told nothing')
           WHEN 'rules_failed' THEN iif(items = 1, ' rule could not be read',
                                        ' rules could not be read')
           WHEN 'recorder_off' THEN iif(items = 1, ' scope has AWS Config switched off',
                                        ' scopes have AWS Config switched off')
           ELSE iif(items = 1, ' result file was damaged', ' result files were damaged')
           END AS in_words,
       items, accounts, example, what_to_do
FROM (
    SELECT CASE outcome WHEN 'denied' THEN 1 WHEN 'failed' THEN 2 ELSE 3 END AS place,
           outcome AS missing,
           count(*) AS items,
           count(DISTINCT account_id) AS accounts,
           min(account_name || ', ' || region) AS example,
           CASE outcome
               WHEN 'denied' THEN 'Let the scanning role read AWS Config there, then scan again.'
               WHEN 'failed' THEN 'Scan again; if it stays, look at the error in Coverage.'
               ELSE 'Scan its shard again and merge the run again.' END AS what_to_do
    FROM scopes WHERE outcome IN ('denied', 'failed', 'missing')
    GROUP BY outcome
    UNION ALL
    SELECT 4, 'rules_failed', count(*), count(DISTINCT account_id),
           min(rule_group || ' in ' || account_name || ', ' || region),
           'See the sheet Rules not read.'
    FROM silent HAVING count(*) > 0
    UNION ALL
    SELECT 5, 'recorder_off', count(*), count(DISTINCT account_id),
           min(account_name || ', ' || region),
           'Turn the recorder of AWS Config on: results there are old or none.'
    FROM scopes WHERE outcome = 'scanned' AND recorder IN ('stopped', 'none')
    HAVING count(*) > 0
    UNION ALL
    SELECT 6, 'shards_refused', count(*), NULL, min('shard ' || f.shard_id || ': ' || f.message),
           'Scan that shard again and merge the run again.'
    FROM refused_shard f JOIN run r ON r.run_no = f.run_no
    WHERE r.group_id = (SELECT group_id FROM this)
    HAVING count(*) > 0)
ORDER BY place;
