"""Keeps the processes of one instance: ordered start, readiness, restarts, ordered stop."""
