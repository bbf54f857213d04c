"""Waybill numbers that pass the carriers' own checks (korea.md 3.1), never the same twice."""

from sandbox.store import Store

# Carrier id -> (leading digits, digits the check digit covers). CJ leaves its first two digits out of the sum.
SERIES = {"kr.cjlogistics": ("68", 9), "kr.lotte": ("24", 11)}
FIRST_NUMBER = 310_000_000


def new_waybill(store: Store, carrier_id: str) -> str:
    """12 digits for CJ and Lotte; other carriers get 12 digits with Lotte's rule."""
    lead, covered = SERIES.get(carrier_id, ("50", 11))
    body = f"{FIRST_NUMBER + store.next_number(f'waybill {carrier_id}'):09d}"
    eleven = lead + body
    return eleven + str(int(eleven[-covered:]) % 7)
