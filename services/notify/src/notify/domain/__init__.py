"""What is told to whom, how a delivery lives, and the rules of Korean text messages."""
