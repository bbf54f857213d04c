from datetime import timedelta

import pytest
from services.notify.tests.builders import NOW, a_delivery

from notify.domain.delivery import (
    FINAL,
    OPEN,
    TRANSITIONS,
    Channel,
    Policy,
    Status,
    Task,
    claim,
    hint,
    message_failed,
    release,
    settle,
)
from notify.domain.outcomes import Accepted, Delivered, NotFound, Outcome, Refused, Retry, Skipped, Unknown

POLICY = Policy()
OUTCOMES: dict[str, Outcome] = {
    "accepted": Accepted("M1"),
    "delivered": Delivered("M1", "alimtalk"),
    "refused": Refused("solapi_1043"),
    "retry": Retry("http_429"),
    "unknown": Unknown("ReadTimeout"),
    "not_found": NotFound(),
    "skipped": Skipped("expired"),
}
S = Status
# What each outcome makes of a delivery in hand. A pending one is in hand only to be closed, or when word comes late.
ENDS: dict[tuple[Status, str], Status] = {
    (S.PENDING, "accepted"): S.ACCEPTED,
    (S.PENDING, "delivered"): S.DELIVERED,
    (S.PENDING, "refused"): S.FAILED,
    (S.PENDING, "retry"): S.PENDING,
    (S.PENDING, "not_found"): S.PENDING,
    (S.PENDING, "skipped"): S.SKIPPED,
    (S.SENDING, "accepted"): S.ACCEPTED,
    (S.SENDING, "delivered"): S.DELIVERED,
    (S.SENDING, "refused"): S.FAILED,
    (S.SENDING, "retry"): S.PENDING,
    (S.SENDING, "unknown"): S.UNKNOWN,
    (S.SENDING, "not_found"): S.PENDING,
    (S.UNKNOWN, "accepted"): S.ACCEPTED,
    (S.UNKNOWN, "delivered"): S.DELIVERED,
    (S.UNKNOWN, "refused"): S.FAILED,
    (S.UNKNOWN, "retry"): S.PENDING,
    (S.UNKNOWN, "unknown"): S.UNKNOWN,
    (S.UNKNOWN, "not_found"): S.PENDING,
    (S.ACCEPTED, "accepted"): S.ACCEPTED,
    (S.ACCEPTED, "delivered"): S.DELIVERED,
    (S.ACCEPTED, "refused"): S.FAILED,
    (S.ACCEPTED, "retry"): S.ACCEPTED,
    (S.ACCEPTED, "unknown"): S.ACCEPTED,
    (S.ACCEPTED, "not_found"): S.ACCEPTED,
}


def ended(status: Status, **changes: object):
    return a_delivery(status=status, due_at=None, ended_at=NOW, reason="x", **changes)


class TestTransitions:
    def test_the_table_knows_every_status(self) -> None:
        assert TRANSITIONS.keys() == set(Status)
        assert {Status.DELIVERED, Status.FAILED, Status.SKIPPED} == FINAL

    @pytest.mark.parametrize("status", sorted(OPEN))
    @pytest.mark.parametrize("following", sorted(Status))
    def test_a_step_outside_the_table_is_a_defect(self, status: Status, following: Status) -> None:
        delivery = a_delivery(status=status)
        if following is status or following in TRANSITIONS[status]:
            assert delivery.to(following).status is following
        else:
            with pytest.raises(ValueError, match="does not go from"):
                delivery.to(following)


class TestSettle:
    @pytest.mark.parametrize(("status", "name"), sorted(ENDS))
    def test_every_status_and_outcome(self, status: Status, name: str) -> None:
        decision = settle(a_delivery(status=status), OUTCOMES[name], 1, NOW, POLICY)
        assert decision.state.status is ENDS[status, name]
        assert decision.ended is (decision.state.status in FINAL)
        assert (decision.state.due_at is None) is decision.ended
        assert (decision.state.ended_at == NOW) is decision.ended

    @pytest.mark.parametrize("status", sorted(FINAL))
    @pytest.mark.parametrize("name", sorted(OUTCOMES))
    def test_an_end_is_an_end(self, status: Status, name: str) -> None:
        delivery = ended(status)
        decision = settle(delivery, OUTCOMES[name], delivery.version, NOW, POLICY)
        assert decision.state is delivery
        assert not decision.ended

    def test_a_refused_alimtalk_goes_on_as_a_text(self) -> None:
        decision = settle(a_delivery(status=S.SENDING), Refused("solapi_1043"), 1, NOW, POLICY)
        assert decision.next_channel is Channel.SMS

    def test_what_the_provider_tried_as_a_text_is_not_texted_again(self) -> None:
        decision = settle(a_delivery(status=S.ACCEPTED), Refused("solapi_3040", fell_back=True), 1, NOW, POLICY)
        assert decision.state.status is S.FAILED
        assert decision.next_channel is None

    @pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
    def test_mail_and_text_have_nothing_after_them(self, channel: Channel) -> None:
        decision = settle(a_delivery(status=S.SENDING, channel=channel), Refused("smtp_550"), 1, NOW, POLICY)
        assert decision.next_channel is None

    def test_waits_longer_after_every_try(self) -> None:
        waits = [
            settle(a_delivery(status=S.SENDING, attempts=tries), Retry("x"), 1, NOW, POLICY).state.due_at
            for tries in range(1, 9)
        ]
        assert waits == sorted(waits)
        assert waits[0] == NOW + timedelta(seconds=5)
        assert waits[-1] == NOW + timedelta(hours=1)

    def test_gives_up_in_the_end_and_takes_the_next_channel(self) -> None:
        delivery = a_delivery(status=S.SENDING, give_up_at=NOW)
        decision = settle(delivery, Retry("ConnectError"), 1, NOW, POLICY)
        assert (decision.state.status, decision.state.reason) == (S.FAILED, "ConnectError")
        assert decision.next_channel is Channel.SMS

    @pytest.mark.parametrize("status", [S.SENDING, S.UNKNOWN, S.ACCEPTED])
    def test_an_outcome_never_known_fails_without_another_message(self, status: Status) -> None:
        decision = settle(a_delivery(status=status, give_up_at=NOW), Unknown("ReadTimeout"), 1, NOW, POLICY)
        assert (decision.state.status, decision.state.reason) == (S.FAILED, "outcome_unknown")
        assert decision.next_channel is None

    def test_a_report_that_never_comes_fails_without_another_message(self) -> None:
        decision = settle(a_delivery(status=S.ACCEPTED, give_up_at=NOW), Accepted("M1"), 1, NOW, POLICY)
        assert (decision.state.status, decision.state.reason) == (S.FAILED, "no_report")
        assert decision.next_channel is None

    def test_not_found_may_be_sent_again_at_once(self) -> None:
        decision = settle(a_delivery(status=S.UNKNOWN), NotFound(), 1, NOW, POLICY)
        assert (decision.state.status, decision.state.due_at) == (S.PENDING, NOW)

    def test_what_was_accepted_once_is_never_sent_again(self) -> None:
        for word in (NotFound(), Retry("solapi_1030"), Unknown("x")):
            assert settle(a_delivery(status=S.ACCEPTED), word, 1, NOW, POLICY).state.status is S.ACCEPTED


class TestLateWord:
    """From a sender who was so slow that another holds the delivery."""

    @pytest.mark.parametrize("name", ["retry", "unknown", "not_found", "refused", "skipped"])
    @pytest.mark.parametrize("status", [S.PENDING, S.SENDING, S.UNKNOWN, S.ACCEPTED])
    def test_proves_nothing(self, status: Status, name: str) -> None:
        delivery = a_delivery(status=status, version=5)
        assert settle(delivery, OUTCOMES[name], 3, NOW, POLICY).state is delivery

    @pytest.mark.parametrize("status", [S.PENDING, S.SENDING, S.UNKNOWN])
    def test_that_it_left_counts_and_keeps_it_from_leaving_again(self, status: Status) -> None:
        delivery = a_delivery(status=status, version=5)
        assert settle(delivery, Accepted("M1"), 3, NOW, POLICY).state.status is S.ACCEPTED
        assert settle(delivery, Delivered("M1"), 3, NOW, POLICY).state.status is S.DELIVERED

    def test_that_it_was_accepted_changes_nothing_on_an_accepted_one(self) -> None:
        delivery = a_delivery(status=S.ACCEPTED, version=5)
        assert settle(delivery, Accepted("M1"), 3, NOW, POLICY).state is delivery


class TestClaim:
    def test_is_sending_before_anything_is_handed_over(self) -> None:
        taken = claim(a_delivery(sent_at=None, attempts=0), None, NOW, POLICY)
        assert (taken.task, taken.state.status) == (Task.SEND, S.SENDING)
        assert taken.state.due_at == NOW + POLICY.lease
        assert (taken.state.sent_at, taken.state.attempts, taken.state.version) == (NOW, 1, 2)

    def test_a_text_found_sending_is_asked_for_and_not_sent(self) -> None:
        taken = claim(a_delivery(status=S.SENDING), None, NOW, POLICY)
        assert (taken.task, taken.state.status) == (Task.ASK, S.UNKNOWN)

    @pytest.mark.parametrize("status", [S.UNKNOWN, S.ACCEPTED])
    def test_an_open_outcome_is_asked_for(self, status: Status) -> None:
        taken = claim(a_delivery(status=status), None, NOW, POLICY)
        assert (taken.task, taken.state.status) == (Task.ASK, status)

    @pytest.mark.parametrize("status", [S.SENDING, S.UNKNOWN])
    def test_a_mail_cannot_be_asked_for_and_leaves_again(self, status: Status) -> None:
        taken = claim(a_delivery(status=status, channel=Channel.EMAIL), None, NOW, POLICY)
        assert (taken.task, taken.state.status) == (Task.SEND, S.SENDING)

    def test_remembers_when_it_was_first_handed_over(self) -> None:
        first = NOW - timedelta(minutes=5)
        assert claim(a_delivery(sent_at=first), None, NOW, POLICY).state.sent_at == first

    def test_without_an_address_there_is_nothing_to_send(self) -> None:
        taken = claim(a_delivery(recipient=None), None, NOW, POLICY)
        assert (taken.task, taken.close_as) == (Task.CLOSE, Skipped("no_usable_address"))

    def test_what_is_no_use_any_more_is_not_sent(self) -> None:
        assert claim(a_delivery(), NOW, NOW, POLICY).close_as == Skipped("expired")
        assert claim(a_delivery(), NOW + timedelta(seconds=1), NOW, POLICY).task is Task.SEND

    def test_a_contact_that_never_came_is_the_end(self) -> None:
        waiting = a_delivery(status=S.AWAITING_CONTACT, recipient=None, give_up_at=None)
        taken = claim(waiting, None, NOW, POLICY)
        assert taken.close_as == Refused("no_contact")
        decision = settle(taken.state, Refused("no_contact"), taken.state.version, NOW, POLICY)
        assert (decision.state.status, decision.next_channel) == (S.FAILED, None)


class TestOthers:
    def test_release_makes_it_due(self) -> None:
        waiting = a_delivery(status=S.AWAITING_CONTACT, recipient=None, give_up_at=None, due_at=NOW + timedelta(days=7))
        freed = release(waiting, "01012345678", NOW, POLICY)
        assert (freed.status, freed.recipient, freed.due_at) == (S.PENDING, "01012345678", NOW)
        assert freed.give_up_at == NOW + POLICY.give_up

    @pytest.mark.parametrize("status", sorted(Status))
    def test_a_hint_only_makes_us_ask_sooner(self, status: Status) -> None:
        later = NOW + timedelta(hours=1)
        delivery = ended(status) if status in FINAL else a_delivery(status=status, due_at=later)
        hinted = hint(delivery, NOW)
        assert hinted.status is status
        assert (hinted.due_at == NOW) is (status in {S.ACCEPTED, S.UNKNOWN})

    def test_a_message_failed_when_all_ended_and_none_arrived(self) -> None:
        failed, skipped, arrived = ended(S.FAILED), ended(S.SKIPPED), ended(S.DELIVERED)
        assert message_failed([failed, skipped])
        assert not message_failed([failed, arrived])
        assert not message_failed([failed, a_delivery()])
