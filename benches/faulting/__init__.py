"""Faults brought upon the running program under load, and what became of what it acknowledged."""
