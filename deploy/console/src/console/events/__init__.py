"""The event log: every topic's last records and what comes after them."""
