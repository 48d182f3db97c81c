-- A history of four runs, small enough to know by heart. In `third`, account 222222222222 was
-- denied, rule iam-password-policy of account 111111111111 could not be read, and shard 03 was
-- refused.
INSERT INTO run VALUES (10, 'first', '2026-11-01', NULL, NULL, 'mox.owner', '0'),
                       (20, 'second', '2026-11-08', NULL, NULL, 'mox.owner', '0'),
                       (30, 'third', '2026-11-15', NULL, NULL, 'mox.owner', '0'),
                       (40, 'fourth', '2026-11-22', NULL, NULL, 'mox.owner', '0');
INSERT INTO account VALUES (1, '111111111111'), (2, '222222222222');
INSERT INTO run_account
SELECT r.run_no, a.account_key, iif(a.account_key = 1, 'payments-prod', 'payments-dev'),
       iif(a.account_key = 1, 'prod', 'nonprod'), ''
FROM run r, account a;
INSERT INTO scope VALUES (1, 1, 'eu-west-1'), (2, 2, 'eu-west-1');
INSERT INTO run_scope
SELECT r.run_no, s.scope_key, iif(r.run_no = 30 AND s.scope_key = 2, 'denied', 'scanned'), 'on',
       iif(r.run_no = 30 AND s.scope_key = 2, 'AccessDenied', NULL),
       iif(r.run_no = 30 AND s.scope_key = 2, 'no such role', NULL),
       2, 0, 5, r.scan_date || 'T00:00:00Z', '01'
FROM run r, scope s;
INSERT INTO refused_shard VALUES (30, '03', 'it is damaged');
INSERT INTO rule_group VALUES (1, 's3-bucket-versioning-enabled'), (2, 'iam-password-policy');
INSERT INTO rule VALUES (1, 1, 1, 'OrgConfigRule-s3-bucket-versioning-enabled-dbgzf8ba', 'AWS', ''),
                        (2, 2, 1, 'OrgConfigRule-s3-bucket-versioning-enabled-q7rm2x0k', 'AWS', ''),
                        (3, 1, 2, 'iam-password-policy', 'AWS', '');
INSERT INTO run_rule VALUES (30, 3, 'failed', '2026-11-15T00:00:00Z', 'AccessDenied', 'not yours'),
                            (40, 3, 'insufficient_data', '2026-11-22T00:00:00Z', NULL, NULL);
INSERT INTO rule_tag VALUES (1, 'mox.owner', 10, NULL, 'team-a');
INSERT INTO resource_type VALUES (1, 'AWS::S3::Bucket');
INSERT INTO resource VALUES (11, 1, 1, 'steady'), (12, 1, 1, 'to-and-fro'), (13, 1, 1, 'late'),
                            (14, 1, 1, 'deleted'), (15, 1, 1, 'policy'), (21, 2, 1, 'unseen'),
                            (22, 2, 1, 'second-week');
INSERT INTO interval (rule_key, resource_key, mode, began, ended, compliance) VALUES
    (1, 11, 0, 10, NULL, 1),
    (1, 12, 0, 10, 20, 1), (1, 12, 0, 20, 30, 0), (1, 12, 0, 30, NULL, 1),
    (1, 13, 0, 10, 30, 0), (1, 13, 0, 30, NULL, 1),
    (1, 14, 0, 10, 20, 1),
    (3, 15, 0, 10, 40, 1), (3, 15, 0, 40, NULL, 0),
    (2, 21, 0, 10, 40, 1), (2, 21, 0, 40, NULL, 0),
    (2, 22, 0, 20, NULL, 1),
    (1, 11, 1, 10, 40, 1);
INSERT INTO count_rule VALUES (40, 1, 'prod', 0, 3, 0, 1), (40, 1, 'nonprod', 1, 1, 0, 0),
                              (40, 2, 'prod', 1, 0, 0, 0), (30, 1, 'prod', 0, 3, 0, 1);
INSERT INTO count_environment VALUES (30, 'prod', 0, 3, 0, 0, 2, 0), (40, 'prod', 1, 3, 0, 1, 0, 1),
                                     (40, 'nonprod', 1, 1, 0, 0, 0, 1);
