SELECT run_no FROM run WHERE group_id = :group_id;
