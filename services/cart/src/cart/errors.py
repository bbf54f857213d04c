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


class CartMerged(DomainError):
    """A guest's cart that went into a member's; `cart_id` is that one's, for its member only."""

    code = "cart.merged"
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


class TooManyCoupons(DomainError):
    code = "cart.too_many_coupons"


class CouponUnknown(DomainError):
    """The mall has no coupon with this code."""

    code = "coupon.unknown"


class CouponNotUsable(DomainError):
    """`reason` says why: stopped, not_begun, over, used_up, already_used, members_only, unknown."""

    code = "coupon.not_usable"
    kind: Kind = "conflict"


class CouponNotInCart(DomainError):
    code = "cart.coupon_not_found"
    kind: Kind = "not_found"


class CouponNotFound(DomainError):
    code = "coupon.not_found"
    kind: Kind = "not_found"


class CouponCodeTaken(DomainError):
    code = "coupon.code_taken"
    kind: Kind = "conflict"


class PromotionNotFound(DomainError):
    code = "promotion.not_found"
    kind: Kind = "not_found"


class PromotionInvalid(DomainError):
    code = "promotion.invalid"


class PromotionChanged(DomainError):
    """Somebody else changed it since: read it again."""

    code = "promotion.changed"
    kind: Kind = "conflict"


class PurchaseLimited(DomainError):
    """More of a product than one order, or one member, may have; `max_quantity` and `reason` say which."""

    code = "cart.limit_exceeded"
    kind: Kind = "conflict"


class LimitNotFound(DomainError):
    code = "purchase_limit.not_found"
    kind: Kind = "not_found"


class ProductUnknown(DomainError):
    code = "product.unknown"


class MallUnknown(DomainError):
    code = "mall.unknown"


class ChannelUnknown(DomainError):
    code = "channel.unknown"


class ShippingRuleMissing(DomainError):
    """Nobody has said what shipping costs in this mall's currency, and guessing would give money away."""

    code = "shipping_rule.missing"
    kind: Kind = "conflict"


class SurchargesInvalid(DomainError):
    code = "surcharges.invalid"


class ShippingRuleInvalid(DomainError):
    code = "shipping_rule.invalid"
