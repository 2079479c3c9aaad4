"""Comparing what a caller states with what is registered: graded verdicts, never a value."""
