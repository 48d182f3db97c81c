INSERT INTO run_organization (run_no, organization_id, management_account_id)
VALUES (:run_no, :organization_id, :management_account_id)
    ON CONFLICT (run_no) DO UPDATE SET organization_id = excluded.organization_id,
                                       management_account_id = excluded.management_account_id;
