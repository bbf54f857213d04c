"""The wire of payments, by what it is about."""
