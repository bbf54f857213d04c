"""What makes a customer unhappy."""


class Unexpected(Exception):
    """The shop, or somebody who works for it, answered something a customer would complain about."""
