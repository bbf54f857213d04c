"""All SQL of cart, by noun."""
