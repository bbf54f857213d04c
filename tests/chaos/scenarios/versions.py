"""Old and new versions of the services run side by side, in both directions."""

from __future__ import annotations

import random

from tests.chaos.load import Load
from tests.chaos.scenario import scenario
from tests.chaos.versions import UNKNOWN_TYPE
from tests.chaos.world import SERVICE_NAMES, Broken, World


@scenario(20, "rolling_versions")
async def rolling_versions(world: World, load: Load, rng: random.Random) -> None:
    """One service after the other says more than the others know: more fields, more events; then all go back."""
    chosen = ["orders", *rng.sample([name for name in SERVICE_NAMES if name != "orders"], k=2)]
    before = await _unknown(world)
    for service in chosen:
        world.box.arm(service, "next_version", count=None)
        await world.processes.restart(service)
        await load.orders(2)
    new = await _unknown(world) - before
    if not new:
        raise Broken("the next version said nothing new: the scenario proves nothing")
    for service in rng.sample(chosen, k=len(chosen)):
        world.box.disarm(service, "next_version")
        await world.processes.restart(service)
        await load.orders(1)
    world.note(f"{', '.join(chosen)} to the next version and back; {new} events of an unknown type")


async def _unknown(world: World) -> int:
    await world.history.findings()
    return sum(said.type == UNKNOWN_TYPE for said in world.history.said.values())
