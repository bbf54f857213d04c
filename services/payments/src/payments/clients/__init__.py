"""Who payments calls: payment providers behind one port, and orders."""
