-- The run and those after it, whose new and resolved findings may look back to it.
SELECT run_no FROM run WHERE run_no >= :run_no ORDER BY run_no;
