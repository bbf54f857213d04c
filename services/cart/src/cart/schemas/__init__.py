"""What callers send and get: requests become commands, answers are made from a priced cart."""
