"""What a cart is, what it costs and why."""
