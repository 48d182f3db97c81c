INSERT INTO run_plan (run_no, organization_id, management_account_id)
VALUES (:run_no, :organization_id, :management_account_id)
    ON CONFLICT (run_no) DO UPDATE
    SET organization_id = excluded.organization_id,
        management_account_id = excluded.management_account_id
    WHERE (organization_id, management_account_id)
        IS NOT (excluded.organization_id, excluded.management_account_id);
