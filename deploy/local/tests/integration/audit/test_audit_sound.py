"""Nothing is wrong with a sound shop."""

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


class TestLook:
    async def test_a_sound_shop_has_no_finding(self, copy, sound):
        world, _ = sound
        found = await copy.look()

        assert {each.promise: each.offenders for each in found.findings if each.offenders} == {}
        assert dict(found.counts["orders"]) == {
            "cancelled": 2, "completed": 1, "delivered": 3, "paid": 1, "pending_payment": 1, "returned": 1,
        }  # fmt: skip
        assert found.numbers["events in the topics"] == len(world.told)
        assert found.numbers["of them delivered again"] == 0
