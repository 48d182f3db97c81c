-- Schema version 3: an open finding has not ended, and is in no index of ends.
DROP INDEX finding_ended;
CREATE INDEX finding_ended ON interval (ended) WHERE compliance = 1 AND ended IS NOT NULL;
