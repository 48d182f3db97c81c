-- An id is the ARN, or what stands at its end, after one of its slashes or colons. The type's service begins as the
-- ARN's does: AWS::ElasticLoadBalancingV2::LoadBalancer and elasticloadbalancing.
SELECT r.resource_key
FROM resource_type t
CROSS JOIN resource r ON r.scope_key = :scope AND r.resource_type_key = t.resource_type_key
                     AND r.name IN (:arn, :after_first, :after_slash, :after_colon,
                                      :resource)
WHERE r.wants_tags AND r.tag_set_key IS NULL AND t.name LIKE 'AWS::' || :service || '%'
LIMIT 1;
