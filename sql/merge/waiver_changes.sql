-- How much that is; 0 = the history says all of it already.
WITH found AS (SELECT waiver_key, min(line) AS line FROM map_waiver GROUP BY waiver_key),
     known AS (SELECT waiver_key, line FROM run_waiver WHERE run_no = :run_no AND line IS NOT NULL),
     known_problem AS (SELECT line, message FROM waiver_problem WHERE run_no = :run_no)
SELECT (SELECT count(*) FROM acceptance_end)
           + (SELECT count(*) FROM acceptance_begin)
           + (SELECT count(*) FROM (SELECT * FROM found EXCEPT SELECT * FROM known))
           + (SELECT count(*) FROM (SELECT * FROM known EXCEPT SELECT * FROM found))
           + (SELECT count(*) FROM (SELECT line, message FROM bad_waiver_line
                                    EXCEPT SELECT * FROM known_problem))
           + (SELECT count(*) FROM (SELECT * FROM known_problem
                                    EXCEPT SELECT line, message FROM bad_waiver_line));
