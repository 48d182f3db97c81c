-- Between which runs of its day a new run belongs: runs of a day are in the order of their names.
-- :first and :last are the ends of the day, outside of it.
SELECT coalesce((SELECT max(run_no) FROM run
                 WHERE run_no > :first AND run_no < :last AND group_id < :group_id), :first),
       coalesce((SELECT min(run_no) FROM run
                 WHERE run_no > :first AND run_no < :last AND group_id > :group_id), :last);
