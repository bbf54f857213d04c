"""All SQL of stats, by noun."""
