"""Holds a finished population against the figures it should follow, and looks for rows that contradict each other."""
