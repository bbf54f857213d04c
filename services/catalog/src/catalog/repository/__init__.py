"""All SQL of the service. Functions take a connection and know nothing of commits."""
