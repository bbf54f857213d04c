"""Toss Payments v1."""

from payments.clients.toss.gateway import TossAccess, TossGateway

__all__ = ["TossAccess", "TossGateway"]
