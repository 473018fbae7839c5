-- Written by a process that is asked whether the database takes what is written: one whose disk is full does not.
CREATE TABLE write_check (
    process BLOB PRIMARY KEY NOT NULL CHECK (length(process) = 16),
    written_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
