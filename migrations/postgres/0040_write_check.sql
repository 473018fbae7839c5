-- Written by whoever asks whether the database takes what is written: one that only reads, or whose standby is away, does
-- not.
CREATE TABLE write_check (
    one integer PRIMARY KEY CONSTRAINT write_check_is_one_row CHECK (one = 1),
    written_at timestamptz NOT NULL
);
