"""Answers about people: what the registry holds, trimmed to the caller's grant."""
