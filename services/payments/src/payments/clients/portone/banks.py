"""Banks by the two digits people know them by, with the name V2 gives them and the one shown."""

from __future__ import annotations

BANKS = {
    "02": ("KDB", "산업은행"), "03": ("IBK", "기업은행"), "04": ("KOOKMIN", "국민은행"), "07": ("SUHYUP", "수협은행"),
    "11": ("NONGHYUP", "농협은행"), "20": ("WOORI", "우리은행"), "23": ("STANDARD_CHARTERED", "SC제일은행"),
    "27": ("CITI", "씨티은행"), "31": ("DAEGU", "대구은행"), "32": ("BUSAN", "부산은행"), "34": ("KWANGJU", "광주은행"),
    "35": ("JEJU", "제주은행"), "37": ("JEONBUK", "전북은행"), "39": ("KYONGNAM", "경남은행"),
    "45": ("KFCC", "새마을금고"), "48": ("SHINHYUP", "신협"), "50": ("SAVINGS_BANK", "저축은행"),
    "54": ("HSBC", "홍콩상하이은행"), "64": ("NFCF", "산림조합"), "71": ("POST", "우체국"), "81": ("HANA", "하나은행"),
    "88": ("SHINHAN", "신한은행"), "89": ("K_BANK", "케이뱅크"), "90": ("KAKAO", "카카오뱅크"),
    "92": ("TOSS", "토스뱅크"),
}  # fmt: skip
_BY_V2_NAME = {v2: code for code, (v2, _) in BANKS.items()}


def code_of(bank: str) -> str | None:
    """By code (two or three digits), full name, or the name without its ending."""
    wanted = bank.strip()
    short = wanted.removeprefix("0") if len(wanted) == 3 and wanted.isdigit() else wanted
    if short in BANKS:
        return short
    for code, (v2, name) in BANKS.items():
        if wanted in (v2, name, name.removesuffix("은행")):
            return code
    return None


def v2_name(code: str) -> str:
    """What is not in the table is sent as it is: PortOne refuses it, and nothing else does."""
    return BANKS[code][0] if code in BANKS else code


def shown(v2: str | None) -> tuple[str, str]:
    """(code, name to show) of a bank as V2 names it; one we do not know is shown as it came."""
    code = _BY_V2_NAME.get(v2 or "")
    return (code, BANKS[code][1]) if code else (v2 or "", v2 or "")
