"""The tamper-evident audit log: its entries, the tree over them, the process that writes it, the checks."""
