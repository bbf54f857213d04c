"""The reason scm exists: which goods leave for whom, in which parcels, and what can still be stopped."""
