"""PortOne V1 (iamport)."""

from payments.clients.portone_v1.access import PortOneV1Access
from payments.clients.portone_v1.gateway import PortOneV1Gateway

__all__ = ["PortOneV1Access", "PortOneV1Gateway"]
