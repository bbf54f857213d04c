"""Units that a centre was asked for and does not have, by SKU as they would lie on its shelves: of a set its parts.

They stand with the request until its units are cancelled or another centre is asked. Of units that are cancelled those
are the first that are not there: the others can be sent, or sold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scm.domain.goods import Known, picked
from scm.domain.parcel import Packed
from scm.domain.shipment import Shipment, Units
from scm.errors import ShortageUnknown


def check(shipment: Shipment, said: Units, known: Known) -> None:
    """Raises `ShortageUnknown` for what the centre was not asked for."""
    wanted = dict(picked(shipment.open_units, known))
    for sku, quantity in said:
        most = wanted.get(sku, 0)
        if quantity > most:
            raise ShortageUnknown(f"{most} units of {sku} are to be picked for this request", sku=sku, pick=most)


def seen(shipment: Shipment, shelves: Mapping[str, int], known: Known) -> Units:
    """What is short by what lies on the shelves for it. A SKU that has no shelf there is not there."""
    wanted = picked(shipment.open_units, known)
    return without(wanted, tuple((sku, max(0, units)) for sku, units in shelves.items()))


def among(shipment: Shipment, gone: Iterable[Packed], known: Known) -> Units:
    """Of units that go from the request, those that the centre does not have."""
    going = dict(picked(gone, known))
    return tuple((sku, units) for sku, short in shipment.short if (units := min(short, going.get(sku, 0))))


def without(short: Units, taken: Units) -> Units:
    """What is still short afterwards."""
    less = dict(taken)
    return tuple((sku, left) for sku, units in short if (left := units - less.get(sku, 0)) > 0)
