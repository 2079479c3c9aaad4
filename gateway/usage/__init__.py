"""What agencies used: computed from the log, priced by a table."""
