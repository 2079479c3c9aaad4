"""Files with any number of rows, asked row by row: reading, running with a journal, writing. Used by several commands.

A command describes itself as a `Job` (running.py) and calls `run_job`.
"""
