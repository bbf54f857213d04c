"""The rules of the catalogue: what may be sold, at what price, and who holds which unit."""
