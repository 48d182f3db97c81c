-- Since which run the history is whole; no row when nothing was removed.
SELECT r.group_id, sum(p.intervals)
FROM pruned p JOIN run r ON r.run_no = (SELECT max(before_run) FROM pruned)
HAVING count(*) > 0;
