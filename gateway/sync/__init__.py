"""Keeping copies in step: followers pull, owners push."""
