-- Written by whoever asks whether the database takes what is written: one that only reads, or whose disk is full, does
-- not.
CREATE TABLE write_check (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    written_at INTEGER NOT NULL
) STRICT;
