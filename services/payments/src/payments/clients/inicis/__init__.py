"""KG Inicis: the standard web window, INIAPI v1 and v2, deposit notices."""

from payments.clients.inicis.access import InicisAccess
from payments.clients.inicis.gateway import InicisGateway

__all__ = ["InicisAccess", "InicisGateway"]
