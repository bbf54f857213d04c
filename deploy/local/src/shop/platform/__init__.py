"""The parts that are not ours: PostgreSQL, the broker, object storage, the edge."""
