"""The promises that the services' own tables can prove or break, asked in one snapshot by a role that only reads."""

from shop.audit.findings import Check
from shop.audit.promises.backbone import backbone
from shop.audit.promises.delivery import DELIVERY
from shop.audit.promises.figures import FIGURES
from shop.audit.promises.messages import MESSAGES
from shop.audit.promises.money import MONEY
from shop.audit.promises.orders import ORDERS
from shop.audit.promises.stock import STOCK

PROMISES: tuple[Check, ...] = (*ORDERS, *MONEY, *STOCK, *DELIVERY, *MESSAGES, *FIGURES)

__all__ = ["MESSAGES", "PROMISES", "backbone"]
