"""The topics from their first record to their end, held against the books of those who publish and those who hear."""
