INSERT OR REPLACE INTO bad_waiver_line (line, message) VALUES (:line, :message);
