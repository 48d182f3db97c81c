-- The first run that stays whole when states older than so many days, at the newest run, go. No row
-- when nothing would go: all runs are younger, or those before it were pruned already.
SELECT r.run_no, r.group_id
FROM run r
WHERE r.run_no = (SELECT min(y.run_no) FROM run y
                  WHERE y.scan_date >= (SELECT date(n.scan_date, '-' || :days || ' days')
                                        FROM run n ORDER BY n.run_no DESC LIMIT 1))
  AND r.run_no > (SELECT min(run_no) FROM run)
  AND r.run_no > coalesce((SELECT max(before_run) FROM pruned), 0);
