-- summary: The runs in the history, oldest first.
-- column group_id: the run's name, usually its date
-- column scan_date: its date
-- column started_at: when its first shard was begun
-- column finished_at: when its last shard was finished
-- column complete: 1 when all that was planned was scanned, or skipped on purpose
-- column scopes_planned: accounts and regions that were to be read
-- column scopes_scanned: accounts and regions that were read
-- column rules_failed: rules of these that could not be read, whatever `complete` says
-- column evaluations: evaluations there were
-- column previous_group_id: the run before; NULL for the first
-- column pruned: 1 when its evaluations were removed to make room, and only its counts are left
-- column organization_id: the organization, where it is known
-- column management_account_id: the account that the organization belongs to
SELECT group_id, scan_date, started_at, finished_at, complete, scopes_planned, scopes_scanned,
       rules_failed, evaluations, previous_group_id, pruned, organization_id, management_account_id
FROM runs
ORDER BY ordinal;
