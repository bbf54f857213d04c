"""What catalog refuses, each with a code that stays the same for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from common.errors import DomainError, Kind


class MallNotFound(DomainError):
    code = "mall.not_found"
    kind: Kind = "not_found"


class MallExists(DomainError):
    code = "mall.already_exists"
    kind: Kind = "conflict"


class CategoryNotFound(DomainError):
    """A product or a category names a category that its mall does not have."""

    code = "category.not_found"


class CategoryExists(DomainError):
    code = "category.already_exists"
    kind: Kind = "conflict"


class CategoryTooDeep(DomainError):
    code = "category.too_deep"


class ProductNotFound(DomainError):
    code = "product.not_found"
    kind: Kind = "not_found"


class ProductInvalid(DomainError):
    code = "product.invalid"


class ProductAmbiguous(DomainError):
    """Two malls have a product of this slug, and the caller did not say which mall."""

    code = "product.ambiguous"


class SlugTaken(DomainError):
    code = "product.slug_taken"
    kind: Kind = "conflict"


class SkuTaken(DomainError):
    code = "sku.taken"
    kind: Kind = "conflict"


class SkuNotFound(DomainError):
    code = "sku.not_found"
    kind: Kind = "not_found"


class PriceInvalid(DomainError):
    code = "price.invalid"


class PreorderInvalid(DomainError):
    """Its release is over, or its limit is below what has been promised already."""

    code = "preorder.invalid"


class SetInvalid(DomainError):
    """A set names parts that do not exist, are sets themselves, or come twice; or it is tax-free and no part is."""

    code = "set.invalid"


class SetHasNoStock(DomainError):
    """Units of a set are those of its parts: goods are received and counted by part."""

    code = "set.has_no_stock"


class SheetUnfit(DomainError):
    """A file is no sheet of products, or one that is too large."""

    code = "sheet.unfit"


class TransferNotFound(DomainError):
    code = "transfer.not_found"
    kind: Kind = "not_found"


class TransferBusy(DomainError):
    """The import is at work, was applied, or its file is gone."""

    code = "transfer.busy"
    kind: Kind = "conflict"


class VariantLimit(DomainError):
    code = "variant.limit_reached"
    kind: Kind = "conflict"


class CursorInvalid(DomainError):
    code = "cursor.invalid"


class UploadNotFound(DomainError):
    code = "upload.not_found"
    kind: Kind = "not_found"


class UploadMissing(DomainError):
    """The file is not in object storage: the upload did not happen, or its time ran out."""

    code = "upload.missing"
    kind: Kind = "conflict"


class UploadUnfit(DomainError):
    """What was uploaded is not what was announced: its size, its type, or its first bytes."""

    code = "upload.unfit"


class PicturesDiffer(DomainError):
    """`picture_ids` in the problem are the pictures there are, in their order."""

    code = "picture.order_differs"
    kind: Kind = "conflict"


class PictureLimit(DomainError):
    code = "picture.limit_reached"
    kind: Kind = "conflict"


class ReceiptReused(DomainError):
    """The reference of a receipt came before with other items."""

    code = "receipt.reference_reused"
    kind: Kind = "conflict"


class CountNotFound(DomainError):
    code = "count.not_found"
    kind: Kind = "not_found"


class CountApplied(DomainError):
    """The count was applied with another figure. `sold_not_shipped` in the problem is the one that counted."""

    code = "count.already_applied"
    kind: Kind = "conflict"


class CountBelowReserved(DomainError):
    """Applying the count would leave fewer units than orders have been promised."""

    code = "count.below_reserved"
    kind: Kind = "conflict"


class ReservationNotFound(DomainError):
    code = "reservation.not_found"
    kind: Kind = "not_found"


class ReservationDiffers(DomainError):
    """The order holds other lines already."""

    code = "reservation.differs"
    kind: Kind = "conflict"


class ReservationClosed(DomainError):
    """The order was cancelled, or is about to be: nothing is reserved for it again."""

    code = "reservation.closed"
    kind: Kind = "conflict"


@dataclass(frozen=True, slots=True)
class Shortage:
    """A line that cannot be had: so many units wanted, so many there."""

    sku: str
    wanted: int
    available: int


class OutOfStock(DomainError):
    """Not every line can be had, so none is taken. `shortages` lists every line that is short."""

    code = "stock.insufficient"
    kind: Kind = "conflict"
    says = "not enough stock of"

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        skus = ", ".join(short.sku for short in shortages)
        super().__init__(f"{self.says} {skus}", lines=[asdict(short) for short in shortages])
        self.shortages = tuple(shortages)


class SkuUnknown(OutOfStock):
    """Lines name SKUs that this mall does not sell."""

    code = "sku.unknown"
    kind: Kind = "invalid"
    says = "not sold here:"
