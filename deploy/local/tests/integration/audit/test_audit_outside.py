"""The outside world's books, changed so that each comparison fails; and strangers that turn out to be known."""

import pytest
from deploy.local.tests.integration.audit.outside import BANK, BANKS, CENTRES, MAILBOX, MESSENGER
from deploy.local.tests.integration.audit.world import named

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ADA, BEA, EVE = (named("order", name) for name in ("ada", "bea", "eve"))
PAID_ADA, PAID_BEA = named("payment", "ada"), named("payment", "bea")
ALIMTALK = named("delivery", "order-paid", ADA, "alimtalk")
EMAIL = named("delivery", "order-paid", ADA, "email")
MESSAGE = named("message", "order-paid", ADA)
SHIPPED_ADA, SHIPPED_BEA = named("shipment", "ada"), named("shipment", "bea")
LEDGER = "what the ledger says came and went, came and went at its provider"
IN_LEDGER = "all that came to a provider is in the ledger"
NOBODYS = "every won at a provider belongs to one order, or is promised back"
STRANGER = named("stranger")


def of(documents, path, kind, **wanted):
    """The one entry of a document with these values."""
    return next(
        entry for entry in documents[path][kind] if all(str(entry.get(name)) == str(wanted[name]) for name in wanted)
    )


class TestBank:
    async def test_money_in_the_ledger_that_never_came_is_found(self, copy):
        of(copy.outside.documents, BANK, "payments", orderId=PAID_ADA)["movements"] = []

        wrong = await copy.wrong()
        assert wrong == {
            LEDGER: (f"toss {PAID_ADA}",),
            NOBODYS: (f"toss {PAID_ADA}: 0 there, 15500 kept, 0 promised back",),
        }

    async def test_money_that_came_and_is_not_in_the_ledger_is_found(self, copy):
        copy.outside.took(PAID_ADA, ("card_approved", 15500))

        wrong = await copy.wrong()
        assert wrong == {
            IN_LEDGER: (f"toss {PAID_ADA}",),
            NOBODYS: (f"toss {PAID_ADA}: 31000 there, 15500 kept, 0 promised back",),
        }

    async def test_a_deposit_that_the_bank_took_back_is_found(self, copy):
        copy.outside.took(PAID_ADA, ("reversal", -15500))

        assert (await copy.wrong())[IN_LEDGER] == (f"toss {PAID_ADA}",)

    async def test_a_surplus_that_is_owed_back_is_no_fault_and_one_nobody_counted_is(self, copy):
        copy.outside.took(PAID_ADA, ("deposit", 100))
        assert (await copy.wrong())[IN_LEDGER] == (f"toss {PAID_ADA}",)

        journal = named("journal", "surplus")
        await copy.run(
            f"UPDATE payments.payments SET surplus = 100, attention = 'surplus_owed' WHERE id = '{PAID_ADA}'",
            "INSERT INTO payments.journals (id, ref, kind, payment_id, order_id, currency, posted_at)"
            f" SELECT '{journal}', 'surplus:{PAID_ADA}:1', 'surplus_received', id, order_id, currency, now()"
            f" FROM payments.payments WHERE id = '{PAID_ADA}'",
            "INSERT INTO payments.postings (journal_id, position, account, amount) VALUES"
            f" ('{journal}', 0, 'provider_surplus:toss', 100), ('{journal}', 1, 'surplus_owed', -100)",
        )
        assert {LEDGER, IN_LEDGER, NOBODYS}.isdisjoint(await copy.wrong())

    async def test_a_refund_that_was_paid_twice_is_found(self, copy):
        copy.outside.took(PAID_BEA, ("refund", -5000))

        wrong = await copy.wrong()
        assert wrong == {
            "the provider paid every refund once": (f"toss {PAID_BEA}",),
            NOBODYS: (f"toss {PAID_BEA}: 7500 there, 12500 kept, 0 promised back",),
        }

    async def test_a_refund_of_another_amount_is_found(self, copy):
        of(copy.outside.documents, BANK, "payments", orderId=PAID_BEA, movements=[{"kind": "refund", "amount": -5000}])[
            "movements"
        ][0]["amount"] = -4999

        assert (await copy.wrong())[LEDGER] == (f"toss {PAID_BEA}",)

    async def test_a_refund_that_staff_paid_by_hand_is_no_fault(self, copy):
        """The provider refused it and has the money still; whoever looked for the account stands in the history."""
        payment = f"payment_id = '{PAID_BEA}'"
        journals = f"SELECT id FROM payments.journals WHERE {payment} AND kind = 'refund_paid'"
        await copy.run(
            f"UPDATE payments.refunds SET by_hand = true WHERE {payment}",
            "UPDATE payments.postings SET account = 'bank_transfers' WHERE account LIKE 'provider_receivable:%'"
            f" AND journal_id IN ({journals})",
            "INSERT INTO payments.payment_history (payment_id, from_status, to_status, why, at)"
            f" VALUES ('{PAID_BEA}', 'partially_refunded', 'partially_refunded', 'looked at', now())",
        )
        refund = [{"kind": "refund", "amount": -5000}]
        of(copy.outside.documents, BANK, "payments", orderId=PAID_BEA, movements=refund)["movements"] = []

        assert await copy.wrong() == {}

    async def test_money_that_belongs_to_no_order_is_found(self, copy):
        """The order is there and does not say that this payment is its own."""
        await copy.run(
            "UPDATE orders.orders SET payment_id = NULL, paid_amount = 0, paid_at = NULL, payment_provider = NULL,"
            f" payment_method = NULL, status = 'pending_payment' WHERE order_id = '{EVE}'"
        )

        eve = named("payment", "eve")
        assert (await copy.wrong())[NOBODYS] == (f"toss {eve}: 5500 there, 0 kept, 0 promised back",)

    async def test_money_for_a_payment_nobody_here_knows_is_found(self, copy):
        copy.outside.took(STRANGER, ("card_approved", 1))

        assert await copy.wrong() == {"providers took money for payments of ours only": (f"toss {STRANGER}",)}

    async def test_money_at_another_provider_than_the_payments_is_found(self, copy):
        books = copy.outside.documents
        ada = of(books, BANK, "payments", orderId=PAID_ADA)
        books[BANK]["payments"].remove(ada)
        books[BANKS["kakaopay"]]["payments"].append(ada)

        wrong = await copy.wrong()
        assert wrong["providers took money for payments of ours only"] == (f"kakaopay {PAID_ADA}",)
        assert wrong[LEDGER] == (f"toss {PAID_ADA}",)

    async def test_ids_without_hyphens_are_the_same_ids(self, copy):
        found = of(copy.outside.documents, BANK, "payments", orderId=PAID_ADA)
        found["orderId"] = PAID_ADA.hex

        assert await copy.wrong() == {}


class TestMessenger:
    async def test_a_delivery_that_left_twice_is_found(self, copy):
        copy.outside.texted(ALIMTALK, "3000")

        assert await copy.wrong() == {"each delivery left once for a phone": (str(ALIMTALK),)}

    async def test_a_message_that_reached_a_phone_twice_is_found(self, copy):
        """As Alimtalk and again as a text of our own."""
        await copy.run(
            "INSERT INTO notify.deliveries SELECT gen_random_uuid(), message_id, order_id, 'sms', 'skipped', recipient,"
            " fact_at, due_at, give_up_at, attempts, version, sent_at, provider_id, delivered_as, 'x', created_at,"
            f" ended_at FROM notify.deliveries WHERE id = '{ALIMTALK}'",
            f"UPDATE notify.deliveries SET id = '{STRANGER}' WHERE message_id = '{MESSAGE}' AND channel = 'sms'",
        )
        copy.outside.texted(STRANGER)

        assert (await copy.wrong())["no message reached a phone twice"] == (str(MESSAGE),)

    async def test_what_the_messenger_did_not_take_has_not_left(self, copy):
        copy.outside.texted(ALIMTALK, "1026")

        assert await copy.wrong() == {}

    async def test_a_delivery_that_never_arrived_is_found(self, copy):
        messages = copy.outside.documents[MESSENGER]["messages"]
        messages[:] = [one for one in messages if one["customFields"]["notificationId"] != str(ALIMTALK)]

        assert await copy.wrong() == {"what notify calls delivered to a phone arrived": (str(ALIMTALK),)}

    async def test_a_message_that_arrived_unknown_to_us_is_found(self, copy):
        await copy.run(
            f"UPDATE notify.deliveries SET status = 'accepted', ended_at = NULL, due_at = now() WHERE id = '{ALIMTALK}'"
        )

        assert (await copy.wrong())["what arrived at a phone is known to have arrived"] == (str(ALIMTALK),)

    async def test_a_message_of_nobody_is_found(self, copy):
        copy.outside.texted(STRANGER)

        assert await copy.wrong() == {"the messenger got messages of ours only": (str(STRANGER),)}


class TestMailbox:
    async def test_a_mail_that_never_arrived_is_found(self, copy):
        items = copy.outside.documents[MAILBOX]["items"]
        items[:] = [one for one in items if str(EMAIL) not in one["message_id"]]

        assert await copy.wrong() == {"what notify calls delivered by mail was taken by the mail server": (str(EMAIL),)}

    async def test_a_mail_of_nobody_is_found(self, copy):
        copy.outside.mailed(STRANGER)

        assert await copy.wrong() == {"the mail server got mails of ours only": (str(STRANGER),)}

    async def test_a_copy_under_the_same_name_is_a_number_and_no_finding(self, copy):
        copy.outside.documents[MAILBOX]["items"][0]["copies"] = 2

        found = await copy.look()
        assert not [each for each in found.findings if each.offenders]
        assert found.numbers["mails handed over once more after a break"] == 1

    @pytest.mark.parametrize("kept", [0, 3])
    async def test_mails_that_the_sink_no_longer_shows_are_not_missed(self, copy, kept):
        """They were all received long before the oldest that it still has."""
        items = copy.outside.documents[MAILBOX]["items"]
        del items[: len(items) - kept]
        for item in items:
            item["received_at"] = "2126-01-01T00:00:00.000+00:00"

        assert await copy.wrong() == {}


class TestCentres:
    async def test_a_release_that_the_centre_does_not_have_is_found(self, copy):
        copy.outside.documents[CENTRES]["releases"].clear()

        assert await copy.wrong() == {"every release that a centre took is in its books": (str(SHIPPED_BEA),)}

    async def test_units_released_twice_are_found(self, copy):
        await copy.run(
            "INSERT INTO scm.releases SELECT gen_random_uuid(), shipment_id, 2, order_no || '-2', ordered_on, state,"
            " 'SLIP-2', attempts, next_at, error, created_at FROM scm.releases"
        )
        copy.outside.released(f"{SHIPPED_BEA}-2", "SLIP-2", "WORKING", "W-2", ("OATS", 2))

        assert await copy.wrong() == {"no centre was asked to send a unit twice": (f"{SHIPPED_BEA} OATS",)}

    async def test_a_release_that_ended_unheard_is_found(self, copy):
        of(copy.outside.documents, CENTRES, "releases", ordNo=SHIPPED_BEA)["status"] = "CANCEL"

        ended = "what became of a release at its centre is known here"
        assert await copy.wrong() == {ended: (f"{SHIPPED_BEA}: CANCEL there, shipped here",)}

    async def test_a_request_that_no_centre_fetched_is_found(self, copy):
        requests = copy.outside.documents[CENTRES]["requests"]
        requests[:] = [one for one in requests if one["id"] != str(named("shipment", "eve"))]

        fetched = "every open request has reached the centre that fetches it"
        assert await copy.wrong() == {fetched: (str(named("shipment", "eve")),)}

    async def test_what_waits_for_a_centre_that_keeps_its_books_elsewhere_is_no_finding(self, copy):
        requests = copy.outside.documents[CENTRES]["requests"]
        requests[:] = [one for one in requests if one["id"] != str(named("shipment", "eve"))]
        await copy.run(f"UPDATE scm.shipments SET centre = 'elsewhere' WHERE id = '{named('shipment', 'eve')}'")

        assert await copy.wrong() == {}

    @pytest.mark.parametrize("told_by", ["NULL", "'elsewhere'"])
    async def test_what_staff_or_another_centre_told_is_in_no_book_of_ours(self, copy, told_by):
        books = copy.outside.documents[CENTRES]
        books["requests"] = [one for one in books["requests"] if one["id"] != str(SHIPPED_ADA)]
        await copy.run(
            f"UPDATE scm.parcels SET waybill = 'BYHAND' || place, told_by = {told_by} WHERE waybill LIKE 'ADA%'"
        )

        assert await copy.wrong() == {}

    async def test_a_release_whose_end_staff_entered_is_not_held_against_its_number(self, copy):
        of(copy.outside.documents, CENTRES, "releases", ordNo=SHIPPED_BEA)["waybill"] = "OTHER"
        await copy.run("UPDATE scm.parcels SET told_by = NULL WHERE waybill LIKE 'BEA%'")

        assert await copy.wrong() == {}

    async def test_a_waybill_that_no_centre_issued_is_found(self, copy):
        await copy.run("UPDATE scm.parcels SET waybill = 'MADEUP' WHERE waybill = 'ADA1'")

        wrong = await copy.wrong()
        assert wrong["every waybill that a centre told us was issued by it"] == ("MADEUP",)
        known = "all that centres were given, and every waybill we took from them, is known here"
        assert wrong[known] == ("waybill ADA1",)

    async def test_a_parcel_that_left_unheard_is_found(self, copy):
        of(copy.outside.documents, CENTRES, "releases", ordNo=SHIPPED_BEA)["waybill"] = "OTHER"

        assert await copy.wrong() == {"every waybill of a parcel that left is known here": ("OTHER",)}

    async def test_work_of_a_centre_that_is_forgotten_here_is_found(self, copy):
        eve = of(copy.outside.documents, CENTRES, "requests", id=named("shipment", "eve"))
        eve["log"].append({"did": "accept", "sent": {}, "answer": "200"})

        known = "what a centre was told it may work on is not waiting to be taken"
        assert await copy.wrong() == {known: (str(named("shipment", "eve")),)}

    @pytest.mark.parametrize("answer", ["409", "503", "no answer"])
    async def test_what_we_did_not_agree_to_is_not_held_against_us(self, copy, answer):
        eve = of(copy.outside.documents, CENTRES, "requests", id=named("shipment", "eve"))
        eve["log"].append({"did": "accept", "sent": {}, "answer": answer})
        eve["log"].append({"did": "waybill", "sent": {"waybill": "REFUSED"}, "answer": answer})

        assert await copy.wrong() == {}

    async def test_requests_and_releases_of_nobody_are_found(self, copy):
        copy.outside.fetched(STRANGER, "seen", "NOBODYS")
        copy.outside.released("odd-1", "SLIP-9", "ORDER", "W-9")

        known = "all that centres were given, and every waybill we took from them, is known here"
        assert await copy.wrong() == {known: ("release odd-1", f"request {STRANGER}", "waybill NOBODYS")}


class TestSecondQuestion:
    async def test_what_came_after_the_snapshot_is_no_stranger(self, copy):
        """Somebody pays between our picture and the bank's: the second question finds the payment."""
        columns = "order_id, order_number, mall_id, currency, amount, tax_free_amount, provider, merchant, method"
        more = "order_name, owner_hash, status, provider_key, due_at, created_at, updated_at, confirmed_at"

        async def pay(path):
            if path == BANK:
                await copy.run(
                    f"INSERT INTO payments.payments (id, {columns}, {more})"
                    f" SELECT '{STRANGER}', {columns}, {more.replace('provider_key', quoted)}"
                    f" FROM payments.payments WHERE id = '{PAID_ADA}'"
                )

        quoted = "'new'"
        copy.outside.took(STRANGER, ("card_approved", 1))
        copy.outside.before_answer = pay

        assert await copy.wrong() == {}
