-- Where a suppression came from that was brought along from another tool; null for those of this program.
ALTER TABLE suppression ADD COLUMN source TEXT CHECK (length(source) BETWEEN 1 AND 200);
