-- Written by a process that is asked whether the database takes what is written: one whose standby is away does not.
CREATE TABLE write_check (
    process uuid CONSTRAINT write_check_key PRIMARY KEY,
    written_at timestamptz NOT NULL
);
