"""What notify hears: facts to tell, and what is needed to tell them."""

from __future__ import annotations

from collections.abc import Callable

from common.processing import Handlers
from notify.consumer import claims, goods, orders
from notify.consumer.telling import Teller
from notify.domain.delivery import Policy
from notify.domain.messages import Plan


def handlers(plan: Plan, policy: Policy, wake: Callable[[], None]) -> Handlers:
    """`wake` is called after the commit that may have made something due."""
    teller = Teller(plan, policy, wake)
    return {**orders.handlers(teller), **goods.handlers(teller), **claims.handlers(teller)}
