"""The `popgate` command: one file a noun. Nothing imports it, and each file loads what it needs when it runs."""
