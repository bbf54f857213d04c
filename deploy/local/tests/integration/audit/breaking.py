"""One way to break a sound shop, and what must be found then."""

from dataclasses import dataclass

import pytest

REPLAY = "the figures in use are those of a fresh replay"
LEDGER = "the ledger says of every payment what its state and refunds say"
TOLD = "what a service did, it told"
DID = "what a service told, it did"


@dataclass(frozen=True)
class Break:
    """`also`: other promises that cannot stay whole when this one breaks."""

    promise: str
    statements: tuple[str, ...]
    offenders: tuple[str, ...]
    also: frozenset[str] = frozenset()


def broken(promise: str, *statements: str, offenders: tuple[object, ...], also: tuple[str, ...] = ()):
    """A parameter for `check`, under the promise's name."""
    one = Break(promise, statements, tuple(sorted(map(str, offenders))), frozenset(also))
    return pytest.param(one, id=promise)


async def check(copy, one: Break) -> None:
    """Exactly this is found, by its ids."""
    await copy.run(*one.statements)

    wrong = await copy.wrong()

    assert wrong.get(one.promise) == one.offenders
    assert wrong.keys() - one.also == {one.promise}
    assert one.also <= wrong.keys()
