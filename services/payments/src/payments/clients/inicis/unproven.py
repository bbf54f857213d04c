"""What we believe of Inicis without having seen a source for it, in one place. memory: all of this file.

Each table is read by the rest of the package and by nothing else: a fact that proves wrong is corrected here.
"""

from __future__ import annotations

from payments.commands.answers import Hint, Standing

# gopaymethod of the window. Easy pay is set per account (`onlykakaopay`, `onlynaverpay`, ...).
WINDOW_METHODS = {"card": "Card", "transfer": "DirectBank", "virtual_account": "VBank"}

# Bytes that fit into the window's fields.
GOODNAME_BYTES = 40
BUYERNAME_BYTES = 30

# paymethod of a refund. A wallet's payments are refunded like a card's.
REFUND_METHODS = {"card": "Card", "easy_pay": "Card", "transfer": "Acct", "virtual_account": "Vacct"}
UNPAID_ACCOUNT = "GVacct"

# transactionStatus of the inquiry v2 (seen in public code), and depositStatus of its vacctInfo, which is believed to be
# written like `status` of the inquiry v1 (that one is documented: N waiting, Y paid, C called off before).
STANDINGS_V2 = {
    "APPROVAL": Standing.PAID,
    "PART_CANCEL": Standing.PARTLY_RETURNED,
    "CANCEL": Standing.RETURNED,
}
DEPOSITS_V2 = {"N": Standing.WAITING, "Y": Standing.PAID, "C": Standing.RETURNED}

# Refusals of a refund that are not final. 500626 (cancelled already) is seen in public code, the others are believed.
REFUND_HINTS = {
    "500626": Hint.ASK,
    "500629": Hint.ASK,  # the sum to remain is not what would remain
    "500630": Hint.ACCOUNT,  # the account to pay back to is none, or another person's
    "500631": Hint.LATER,  # the bank sleeps
}
# Our own key or address was refused: money that is owed is sent later.
REFUND_UNREAD = frozenset({"400101", "400102"})

# type_msg of a deposit notice (PC).
DEPOSITED, REVERSED = "0200", "0400"

# Bank codes are the national ones.
BANKS = {
    "02": "산업은행", "03": "기업은행", "04": "국민은행", "07": "수협은행", "11": "농협은행", "20": "우리은행",
    "23": "SC제일은행", "27": "씨티은행", "31": "대구은행", "32": "부산은행", "34": "광주은행", "35": "제주은행",
    "37": "전북은행", "39": "경남은행", "45": "새마을금고", "48": "신협", "50": "저축은행", "64": "산림조합",
    "71": "우체국", "81": "하나은행", "88": "신한은행", "89": "케이뱅크", "90": "카카오뱅크", "92": "토스뱅크",
}  # fmt: skip


def bank_code(bank: str) -> str | None:
    """By code, full name, or the name without its ending."""
    wanted = bank.strip()
    if wanted in BANKS:
        return wanted
    for code, name in BANKS.items():
        if wanted in (name, name.removesuffix("은행")):
            return code
    return None
