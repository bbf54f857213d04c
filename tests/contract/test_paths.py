"""Random paths through all of it, over HTTP and events, on a real PostgreSQL: after each step everything balances.

A few walks; `make fuzz` goes on many.
"""

import pytest
from tests.contract.http.shop import running
from tests.contract.http.walking import walk_about

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_everything_balances_after_every_step():
    with running() as (portal, shop):
        seen = walk_about(portal, shop, walks=6, steps=8, number=1)
    assert {"completed", "cancel accepted"} & seen.keys(), "the walks came nowhere"
