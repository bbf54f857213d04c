"""Messages are checked per fact: a parcel, a cancel, a refund each have their own."""

import pytest
from deploy.local.tests.integration.audit.breaking import DID, TOLD, broken, check
from deploy.local.tests.integration.audit.world import named

from common import ids

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ADA = named("order", "ada")
FIRST_PARCEL = named("parcel", "ada", 1)
REFUND = ids.derived_id("refund", str(named("cancel", "bea")))
PAID_MESSAGE = named("message", "order-paid", ADA)
HAS = "every order, account, payment, parcel, cancel, claim and refund has its message"
ONCE = "no fact has two messages, and no message is about nothing"
CHANNELS = "every message goes out by mail and to the phone"
FALLBACK = "a message has one delivery on a channel, and a text only after its Alimtalk has failed"
_DELIVERY = (
    "INSERT INTO notify.deliveries (id, message_id, order_id, channel, status, recipient, fact_at, due_at, reason,"
    " created_at, ended_at) VALUES"
)


def without_message(kind, fact_id):
    return broken(
        HAS,
        f"DELETE FROM notify.messages WHERE kind = '{kind}' AND fact_id = '{fact_id}'",
        offenders=(f"{kind} {fact_id}",),
    )


MESSAGES = [
    without_message("order-placed", ADA),
    without_message("order-paid", ADA),
    without_message("payment-pending", named("payment", "bea")),
    without_message("order-shipped", FIRST_PARCEL),
    without_message("order-cancelled", named("cancel", "bea")),
    without_message("payment-refunded", REFUND),
    broken(
        ONCE,
        f"UPDATE notify.messages SET fact_id = '{named('nothing')}' WHERE id = '{PAID_MESSAGE}'",
        offenders=(f"order-paid {named('nothing')}",),
        also=(HAS,),
    ),
    broken(
        ONCE,
        "UPDATE notify.messages SET kind = 'deposit-reversed',"
        f" data = '{{\"payment_id\": \"{named('payment', 'bea')}\"}}' WHERE id = '{PAID_MESSAGE}'",
        offenders=(f"deposit-reversed {ADA}",),
        also=(HAS,),
    ),
    broken(
        "every deposit that the bank took back has its message, and no more messages than times",
        "INSERT INTO payments.payment_history (payment_id, from_status, to_status, why, at)"
        f" VALUES ('{named('payment', 'bea')}', 'partially_refunded', 'reversed', 'x', now()),"
        f" ('{named('payment', 'bea')}', 'reversed', 'partially_refunded', 'x', now())",
        offenders=(named("payment", "bea"),),
        also=("a payment takes only steps that there are",),
    ),
    broken(
        CHANNELS,
        f"DELETE FROM notify.deliveries WHERE message_id = '{PAID_MESSAGE}' AND channel = 'email'",
        offenders=(f"{PAID_MESSAGE} order-paid",),
        also=(DID, "the mail server got mails of ours only"),
    ),
    broken(
        FALLBACK,
        f"{_DELIVERY} ('{named('text')}', '{PAID_MESSAGE}', '{ADA}', 'sms', 'skipped', 'x', now(), NULL, 'x', now(),"
        " now())",
        offenders=(f"{PAID_MESSAGE} sms",),
    ),
    broken(
        "every delivery comes to an end",
        f"{_DELIVERY} ('{named('text')}', '{PAID_MESSAGE}', '{ADA}', 'sms', 'pending', 'x', now(), now(), NULL, now(),"
        " NULL)",
        offenders=(named("text"),),
        also=(FALLBACK,),
    ),
]


class TestAskedAgain:
    async def test_an_account_asked_for_once_more_is_about_its_refund(self, copy):
        asked = f"kind = 'refund-account-needed', data = '{{\"refund_id\": \"{REFUND}\"}}'"
        await copy.run(f"UPDATE notify.messages SET {asked} WHERE kind = 'payment-refunded' AND fact_id = '{REFUND}'")

        assert await copy.wrong() == {HAS: (f"payment-refunded {REFUND}",)}


class TestMessages:
    @pytest.mark.parametrize("one", MESSAGES)
    async def test_a_broken_promise_is_found(self, copy, one):
        await check(copy, one)

    async def test_a_fact_that_is_told_in_two_messages_is_found(self, copy):
        await copy.run(
            "ALTER TABLE notify.messages DROP CONSTRAINT messages_once",
            "INSERT INTO notify.messages SELECT gen_random_uuid(), kind, fact_id, order_id, mall_id, fact_at,"
            f" expires_at, data, trace, created_at FROM notify.messages WHERE id = '{PAID_MESSAGE}'",
        )

        assert (await copy.wrong())[ONCE] == (f"order-paid {ADA}",)

    async def test_a_delivery_that_was_doubled_is_found(self, copy):
        await copy.run(
            "ALTER TABLE notify.deliveries DROP CONSTRAINT deliveries_once",
            f"{_DELIVERY} ('{named('again')}', '{PAID_MESSAGE}', '{ADA}', 'alimtalk', 'failed', 'x', now(), NULL, 'x',"
            " now(), now())",
        )

        assert (await copy.wrong()) == {FALLBACK: (f"{PAID_MESSAGE} alimtalk",)}

    async def test_a_text_after_a_failed_alimtalk_is_right(self, copy):
        alimtalk = named("delivery", "order-paid", ADA, "alimtalk")
        await copy.run(
            f"UPDATE notify.deliveries SET status = 'failed', reason = 'x' WHERE id = '{alimtalk}'",
            f"{_DELIVERY} ('{named('text')}', '{PAID_MESSAGE}', '{ADA}', 'sms', 'skipped', 'x', now(), NULL, 'x',"
            " now(), now())",
        )

        assert FALLBACK not in await copy.wrong()

    async def test_a_delivery_that_nobody_was_told_of_is_found(self, copy):
        await copy.run(
            f"{_DELIVERY} ('{named('quiet')}', '{PAID_MESSAGE}', '{ADA}', 'sms', 'delivered', 'x', now(), NULL, NULL,"
            " now(), now())"
        )

        assert (await copy.wrong())[TOLD] == (f"message delivered {named('quiet')}",)
