-- Scratch tables of waivers.csv: its lines as they were read.
CREATE TEMP TABLE IF NOT EXISTS waiver_line (
    line INTEGER PRIMARY KEY,
    account TEXT NOT NULL, -- patterns; '' = any
    region TEXT NOT NULL,
    rule TEXT NOT NULL,
    resource TEXT NOT NULL,
    reason TEXT NOT NULL,
    owner TEXT NOT NULL,
    expires TEXT NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS bad_waiver_line (
    line INTEGER PRIMARY KEY,
    message TEXT NOT NULL
);
DELETE FROM waiver_line;
DELETE FROM bad_waiver_line;
