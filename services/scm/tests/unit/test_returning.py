"""Goods that come back: every command in every status."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from common import ids
from common.errors import DomainError
from scm.commands import CloseReturn, FoundUnits, InspectReturn, OrderedLine, PickUpReturn, RequestReturn
from scm.domain import returning
from scm.domain.returning import RETURN_RULES, RETURN_TRANSITIONS, Return, ReturnStatus
from scm.domain.steps import May

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CLAIM = ids.derived_id("claim", "returning")
LINES = tuple(
    OrderedLine(ids.derived_id("line", sku), sku, "그래놀라", None, quantity) for sku, quantity in (("A", 3), ("B", 1))
)


def all_good(goods: Return) -> InspectReturn:
    return InspectReturn(CLAIM, tuple(FoundUnits(line.line_id, line.quantity, 0, 0) for line in goods.lines))


DO = {
    PickUpReturn: lambda goods: returning.pick_up(goods, PickUpReturn(CLAIM, "cj", "680412345673"), NOW),
    InspectReturn: lambda goods: returning.inspect(goods, all_good(goods), NOW),
    CloseReturn: lambda goods: returning.close(goods, CloseReturn(CLAIM)),
}
AFTER = {
    PickUpReturn: ReturnStatus.PICKED_UP,
    InspectReturn: ReturnStatus.RECEIVED,
    CloseReturn: ReturnStatus.CLOSED,
}


def a_return(status: ReturnStatus = ReturnStatus.REQUESTED) -> Return:
    asked = RequestReturn(CLAIM, ids.new_id(), "20261120-00000001", "intake", LINES)
    goods = returning.request(asked, "icheon", NOW)
    for command, reached in AFTER.items():
        if reached is status:
            goods = DO[command](goods)
    return goods


@pytest.mark.parametrize("status", ReturnStatus)
@pytest.mark.parametrize("command", DO)
def test_every_command_in_every_status(command, status):
    goods, rule = a_return(status), RETURN_RULES[command][status]
    assert goods.status is status
    if rule is May.DO:
        after = DO[command](goods).status
        assert after is AFTER[command]
        assert after is status or after in RETURN_TRANSITIONS[status]
    elif rule is May.SAME:
        assert DO[command](goods) == goods
    else:
        with pytest.raises(rule) as refused:
            DO[command](goods)
        assert refused.value.detail
        assert refused.value.fields["return_status"] == status


@pytest.mark.parametrize("found", [(1, 1, 0), (4, 0, 0), None])
def test_each_unit_is_accounted_for(found):
    goods = a_return()
    told = [] if found is None else [FoundUnits(LINES[0].line_id, *found)]
    with pytest.raises(DomainError) as refused:
        returning.inspect(goods, InspectReturn(CLAIM, (*told, FoundUnits(LINES[1].line_id, 1, 0, 0))), NOW)
    assert (refused.value.code, refused.value.fields["quantity"]) == ("return.inspection_incomplete", 3)


def test_a_second_look_may_not_find_something_else():
    goods = a_return(ReturnStatus.RECEIVED)
    other = tuple(FoundUnits(line.line_id, 0, line.quantity, 0) for line in LINES)
    with pytest.raises(DomainError) as refused:
        returning.inspect(goods, InspectReturn(CLAIM, other), NOW)
    assert refused.value.code == "return.inspection_differs"


def test_another_waybill_corrects_the_first_and_keeps_the_moment():
    goods = a_return(ReturnStatus.PICKED_UP)
    later = NOW.replace(day=21)
    corrected = returning.pick_up(goods, PickUpReturn(CLAIM, "lotte", "240310000011"), later)
    assert (corrected.carrier, corrected.picked_up_at) == ("lotte", NOW)


def test_a_claim_dropped_while_its_goods_are_on_the_road_is_for_staff_to_see():
    assert returning.close(a_return(ReturnStatus.PICKED_UP), CloseReturn(CLAIM)).attention
    assert returning.close(a_return(), CloseReturn(CLAIM)).attention is None
