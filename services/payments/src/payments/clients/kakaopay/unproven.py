"""What we take KakaoPay's words to mean. No official list of them was at hand: everything here is memory, inferred, or
read in other people's code, and this is the one place to put right."""

from __future__ import annotations

from types import MappingProxyType

from payments.commands.answers import Standing

# The names are korea.md's; what each means for money is inferred. ISSUED_SID belongs to subscriptions. After
# FAIL_AUTH_PASSWORD others start a new payment.
STANDINGS = MappingProxyType(
    {
        "READY": Standing.NOT_STARTED,
        "SEND_TMS": Standing.NOT_STARTED,
        "OPEN_PAYMENT": Standing.NOT_STARTED,
        "SELECT_METHOD": Standing.NOT_STARTED,
        "ARS_WAITING": Standing.NOT_STARTED,
        "AUTH_PASSWORD": Standing.NOT_STARTED,
        "ISSUED_SID": Standing.NOT_STARTED,
        "SUCCESS_PAYMENT": Standing.PAID,
        "PART_CANCEL_PAYMENT": Standing.PARTLY_RETURNED,
        "CANCEL_PAYMENT": Standing.RETURNED,
        "FAIL_AUTH_PASSWORD": Standing.FAILED,
        "QUIT_PAYMENT": Standing.FAILED,
        "FAIL_PAYMENT": Standing.FAILED,
    }
)
ENDINGS = MappingProxyType(
    {
        "FAIL_AUTH_PASSWORD": "the password was wrong",
        "QUIT_PAYMENT": "the customer left KakaoPay",
        "FAIL_PAYMENT": "KakaoPay could not take the payment",
    }
)
# memory: the numbers of refusals. A number not listed is decided by what `order` shows.
NO_SUCH_TID = "-721"
SESSION_OVER = "-723"
# Our key, its rights or our merchant code are not accepted: nobody looked at the request.
UNREAD = frozenset({"-400", "-401", "-403", "-731", "-733"})
BUSY = frozenset({"-429"})
# A refusal, and yet money may be moving: asked for twice, approved already, or the method's own answer is not in.
UNDECIDED = frozenset({"-500", "-503", "-702", "-785"})
UNDECIDED_METHODS = frozenset({"USER_LOCKED", "BANK_FIRM_UNKNOWN"})
# The card company or the bank said no. While `order` does not show the end of it, it may not be the end.
METHOD_REFUSED = frozenset({"-780", "-781", "-782"})
# The most characters of texts we send.
MOST = MappingProxyType({"item_name": 100, "payload": 200, "url": 255})
