"""What payments knows about money, with no I/O: states and their transitions, decisions, the ledger's entries."""
