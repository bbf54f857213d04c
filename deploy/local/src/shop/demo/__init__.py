"""`shop demo`: real customers through the edge, from cart to doorstep, with the events shown as they happen."""
