"""`shop audit`: holds every service's books against the others', and against the outside world's."""

from shop.audit.run import register, run

__all__ = ["register", "run"]
