"""What counts as a sale, when, and how figures are compared."""
