-- Gives the room back that was freed.
VACUUM;
