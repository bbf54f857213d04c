"""Sending: take due deliveries in hand, write the messages, hand them over, write down how it went."""
