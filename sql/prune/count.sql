SELECT count(*) FROM doomed;
