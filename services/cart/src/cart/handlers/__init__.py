"""One function per command: lock, decide, save, publish."""

from cart.handlers.carts import (
    abandon_carts,
    add_coupon,
    add_line,
    change_line,
    create_cart,
    delete_old_carts,
    read_cart,
    remove_coupon,
    remove_line,
)
from cart.handlers.catalogue import record_mall, record_price, record_product, record_stock
from cart.handlers.freezing import close_cart, freeze_cart, give_back, give_back_lapsed, release_cart
from cart.handlers.limits import drop_purchase_limit, set_purchase_limit
from cart.handlers.members import MemberCart, Visitor, merge_cart, my_cart, open_member_cart
from cart.handlers.pricing import Occasion, Priced
from cart.handlers.promotions import (
    DryRun,
    Rehearsed,
    coupons_of,
    dry_run,
    make_coupon,
    put_promotion,
    replace_promotion,
    stop_coupon,
)
from cart.handlers.shipping import (
    SurchargeTable,
    drop_surcharges,
    set_shipping_rule,
    set_surcharges,
    shipping_rules,
    surcharge_table,
)

__all__ = [
    "DryRun",
    "MemberCart",
    "Occasion",
    "Priced",
    "Rehearsed",
    "SurchargeTable",
    "Visitor",
    "abandon_carts",
    "add_coupon",
    "add_line",
    "change_line",
    "close_cart",
    "coupons_of",
    "create_cart",
    "delete_old_carts",
    "drop_purchase_limit",
    "drop_surcharges",
    "dry_run",
    "freeze_cart",
    "give_back",
    "give_back_lapsed",
    "make_coupon",
    "merge_cart",
    "my_cart",
    "open_member_cart",
    "put_promotion",
    "read_cart",
    "record_mall",
    "record_price",
    "record_product",
    "record_stock",
    "release_cart",
    "remove_coupon",
    "remove_line",
    "replace_promotion",
    "set_purchase_limit",
    "set_shipping_rule",
    "set_surcharges",
    "shipping_rules",
    "stop_coupon",
    "surcharge_table",
]
