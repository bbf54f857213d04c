"""How the services are: readiness, outbox, parked keys, dead letters, lag."""
