"""PortOne V2."""

from payments.clients.portone.access import PortOneAccess
from payments.clients.portone.gateway import PortOneGateway

__all__ = ["PortOneAccess", "PortOneGateway"]
