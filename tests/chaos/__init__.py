"""The chaos suite: the whole shop under faults, and proof that it can fail. `python -m tests.chaos --list`."""
