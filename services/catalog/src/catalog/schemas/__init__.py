"""What travels over HTTP, and how it becomes a command or comes out of the state."""
