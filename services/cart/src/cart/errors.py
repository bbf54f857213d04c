"""Why cart says no. Every code is stable; `cart.*` refusals of a freeze are passed on to the customer by orders."""

from __future__ import annotations

from common.errors import DomainError, Kind


class CartNotFound(DomainError):
    """Also the answer to a wrong token: whoever does not hold it learns nothing about the cart."""

    code = "cart.not_found"
    kind: Kind = "not_found"


class LineNotFound(DomainError):
    code = "cart.line_not_found"
    kind: Kind = "not_found"


class CartOrdered(DomainError):
    code = "cart.already_ordered"
    kind: Kind = "conflict"


class CartBusy(DomainError):
    code = "cart.busy"
    kind: Kind = "conflict"


class CartEmpty(DomainError):
    code = "cart.empty"
    kind: Kind = "conflict"


class LineUnavailable(DomainError):
    code = "cart.line_unavailable"
    kind: Kind = "conflict"


class OrderIdReused(DomainError):
    """The order id froze another cart: a defect of the caller."""

    code = "cart.order_id_reused"
    kind: Kind = "conflict"


class TooManyLines(DomainError):
    code = "cart.too_many_lines"


class QuantityTooLarge(DomainError):
    code = "cart.quantity_too_large"


class SkuUnknown(DomainError):
    code = "sku.unknown"


class SkuNotForSale(DomainError):
    code = "sku.not_for_sale"


class MallUnknown(DomainError):
    code = "mall.unknown"


class ChannelUnknown(DomainError):
    code = "channel.unknown"


class ShippingRuleMissing(DomainError):
    """Nobody has said what shipping costs in this mall's currency, and guessing would give money away."""

    code = "shipping_rule.missing"
    kind: Kind = "conflict"


class ShippingRuleInvalid(DomainError):
    code = "shipping_rule.invalid"
