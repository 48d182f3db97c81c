SELECT group_id FROM run ORDER BY run_no DESC LIMIT 1;
