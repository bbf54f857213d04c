"""`make fuzz`: minutes of calls on every service, and of random paths through all of them.

Prints its seed: the same seed makes the same calls.
"""

import argparse
import random
import sys
import time

from tests.contract.http import journey
from tests.contract.http.fuzzing import Plan, fuzz
from tests.contract.http.shop import NAMES, running
from tests.contract.http.walking import walk_about


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--service", action="append", choices=NAMES, help="only this one; may be given several times")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--examples", type=int, default=150, help="random calls per operation")
    parser.add_argument("--walks", type=int, default=100, help="random walks through operations that follow on others")
    parser.add_argument("--paths", type=int, default=40, help="random paths of orders, each step checked")
    told = parser.parse_args()
    plan = Plan(told.examples, edges=True, walks=told.walks, seed=told.seed)
    say(f"seed {told.seed}")
    wrong = 0
    with running() as (portal, shop):
        known = portal.call(journey.travel, shop)
        for name in told.service or NAMES:
            started = time.monotonic()
            report = fuzz(shop.url(name), known, plan)
            took = time.monotonic() - started
            say(f"\n{name}: {report.calls} calls in {took:.0f} s, {len(report.found)} wrong")
            for label in report.never_well:
                say(f"  never answered well: {label} {dict(report.answers[label])}")
            for label in report.locked:
                say(f"- {label}: no call got in")
            for what, again in report.found.items():
                say(f"- {what}\n    {again}")
            wrong += len(report.found) + len(report.locked)
        portal.call(shop.hear)
        for line in portal.call(shop.unheard):
            say(f"- {line}")
            wrong += 1
    return 1 if _walk(told.paths, told.seed) + wrong else 0


def _walk(paths: int, seed: int) -> int:
    """In a shop of its own, because it must balance."""
    if not paths:
        return 0
    started = time.monotonic()
    try:
        with running() as (portal, shop):
            seen = walk_about(portal, shop, walks=paths, steps=20, number=seed)
    except AssertionError as error:
        say(f"\nrandom paths: {error}")
        return 1
    say(f"\n{paths} random paths in {time.monotonic() - started:.0f} s: {dict(seen.most_common())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
