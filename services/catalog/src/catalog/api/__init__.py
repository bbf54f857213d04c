"""Routes: parse, handle, render. Customers read; staff with the role `catalog` writes; services reserve."""

from catalog.api.internal import router as internal
from catalog.api.media import router as media
from catalog.api.products import router as products
from catalog.api.shelf import Shelf
from catalog.api.shopping import Storefront
from catalog.api.shopping import router as shopping
from catalog.api.stock import router as stock
from catalog.api.transfers import router as transfers
from catalog.api.variants import router as variants

routers = (shopping, transfers, products, variants, stock, media, internal)

__all__ = ["Shelf", "Storefront", "routers"]
