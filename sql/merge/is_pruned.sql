-- The first run that is whole, when :run_no lies before it; no row otherwise.
SELECT r.group_id FROM run r
WHERE r.run_no = (SELECT max(before_run) FROM pruned) AND r.run_no > :run_no;
