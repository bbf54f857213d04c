import pytest
from services.scm.tests.builders import CJ, CJ_OTHER, a_contact, an_order_paid

pytestmark = pytest.mark.integration


async def test_smoke(scm):
    order = an_order_paid()
    request_id = await scm.paid(order)
    found = (await scm.centre("GET", status="open")).json()["items"]
    assert [item["id"] for item in found] == [str(request_id)]
    assert (await scm.accept(request_id)).status_code == 200
    posted = await scm.waybill(request_id)
    assert posted.status_code == 200, posted.text
    assert [event.status for event in await scm.updates()] == ["accepted", "shipped"]
    print((await scm.customer(order.order_id)).json())
