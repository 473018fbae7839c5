"""What the measuring commands share: processes, databases, the program, load, ceilings, rows and their table."""
