INSERT INTO waiver_line (line, account, region, rule, resource, reason, owner, expires)
VALUES (:line, :account, :region, :rule, :resource, :reason, :owner, :expires);
