"""Banks by the two-character code Toss uses."""

from __future__ import annotations

BANKS = {
    "02": "산업은행", "03": "기업은행", "06": "국민은행", "07": "수협은행", "11": "농협은행", "12": "단위농협",
    "20": "우리은행", "23": "SC제일은행", "27": "씨티은행", "31": "대구은행", "32": "부산은행", "34": "광주은행",
    "35": "제주은행", "37": "전북은행", "39": "경남은행", "45": "새마을금고", "48": "신협", "50": "저축은행",
    "54": "홍콩상하이은행", "64": "산림조합", "71": "우체국", "81": "하나은행", "88": "신한은행", "89": "케이뱅크",
    "90": "카카오뱅크", "92": "토스뱅크",
}  # fmt: skip


def code_of(bank: str) -> str | None:
    """By code, full name, or the name without its ending."""
    wanted = bank.strip()
    if wanted in BANKS:
        return wanted
    for code, name in BANKS.items():
        if wanted in (name, name.removesuffix("은행")):
            return code
    return None
