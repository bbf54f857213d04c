"""Bodies and answers of scm's routes."""
