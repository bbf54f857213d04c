"""Commands about returns and exchanges. What people write is kept with the personal data, never in an event."""

from __future__ import annotations

from common.db import Tx
from orders import commands, domain
from orders.commands import ClaimTerms
from orders.domain import Order
from orders.handlers.changing import change
from orders.repository import claims, contacts, terms


async def request_claim(command: commands.RequestClaim, tx: Tx) -> Order:
    after = await change(command.order_id, tx, lambda order: domain.request_claim(order, command, tx.now))
    if command.note:
        by = "customer" if command.actor == "customer" else "staff"
        await contacts.keep_claim_note(tx.connection, command.order_id, command.claim_id, by, command.note)
    return after


async def approve_claim(command: commands.ApproveClaim, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.approve_claim(order, command, tx.now))


async def reject_claim(command: commands.RejectClaim, tx: Tx) -> Order:
    after = await change(command.order_id, tx, lambda order: domain.reject_claim(order, command, tx.now))
    if command.note:
        await contacts.keep_claim_note(tx.connection, command.order_id, command.claim_id, "staff", command.note)
    return after


async def withdraw_claim(command: commands.WithdrawClaim, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.withdraw_claim(order, command, tx.now))


async def note_charge_returned(command: commands.NoteChargeReturned, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_returned(order, command, tx.now))


async def note_return(command: commands.NoteReturn, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_return(order, command))


async def settle_claim(command: commands.SettleClaim, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.settle_claim(order, command, tx.now))


async def stop_replacement(command: commands.StopReplacement, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.stop_replacement(order, command))


async def settle_replacement_stop(command: commands.SettleReplacementStop, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.settle_replacement_stop(order, command, tx.now))


async def note_replacement_unavailable(command: commands.NoteStockUnavailable, tx: Tx) -> bool:
    """Catalog names the claim as it would an order. False: it is no claim."""
    order_id = await claims.order_of(tx.connection, command.order_id)
    if order_id is None:
        return False
    gone = commands.NoteReplacementUnavailable(order_id, command.order_id, command.skus)
    await change(order_id, tx, lambda order: domain.note_replacement_unavailable(order, gone, tx.now))
    return True


async def put_terms(mall_id: str, wanted: ClaimTerms, actor: str, tx: Tx) -> None:
    """For claims from now on; those there are keep the terms they were made under."""
    await terms.put(tx.connection, mall_id, wanted, actor, tx.now)
