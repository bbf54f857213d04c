from services.scm.tests.builders import NOW

from common import ids
from scm.domain import release


def test_the_first_release_bears_the_shipments_id_and_the_next_ones_a_number():
    shipment_id = ids.new_id()
    assert release.order_number(shipment_id, 1) == str(shipment_id)
    assert release.order_number(shipment_id, 2) == f"{shipment_id}-2"


def test_each_try_waits_longer_up_to_a_quarter_of_an_hour():
    waits = [(release.retry_at(NOW, attempts) - NOW).total_seconds() for attempts in (0, 1, 2, 3, 4, 5, 50)]
    assert waits == [5, 5, 15, 60, 300, 900, 900]
