"""Deposit notices: forms, in EUC-KR unless told otherwise, sent again every minute until the answer is OK."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox.clock import Clock
from sandbox.courier import Courier, Manner, Sent
from sandbox.inicis.payment import BANKS, Payment
from sandbox.inicis.settings import InicisSettings, Kind

DEPOSIT, REVERSAL = "deposit", "reversal"
OK = b"OK"


def taken(response: httpx.Response) -> bool:
    """Two letters and nothing else, as plain text."""
    return response.content == OK and response.headers.get("content-type", "").startswith("text/plain")


class Notices:
    def __init__(self, settings: InicisSettings, minute_seconds: float, clock: Clock, courier: Courier) -> None:
        self._settings = settings
        self._clock = clock
        self._courier = courier
        courier.register("inicis", Manner((minute_seconds,) * settings.notice_retries, self._dress, taken))

    def deposit(
        self, payment: Payment, amount: int, *, changes: Mapping[str, str] | None = None, kind: Kind | None = None
    ) -> None:
        """`amount`: of this deposit alone. `kind`: whose form, if not the merchant's."""
        self._owe(DEPOSIT, payment, amount, changes or {}, kind)

    def reversed(self, payment: Payment, amount: int) -> None:
        """PC only: what a mobile merchant is told of a reversal is not known."""
        self._owe(REVERSAL, payment, amount, {})

    def issued(self, payment: Payment) -> None:
        """Only mobile merchants hear of an account when it is issued."""
        if self._settings.notice_kind == "mobile":
            self._owe("issued", payment, payment.price, {"P_STATUS": "00"})

    def _owe(
        self, event: str, payment: Payment, amount: int, changes: Mapping[str, str], kind: Kind | None = None
    ) -> None:
        if (kind or self._settings.notice_kind) == "pc":
            fields = self._pc(payment, amount, "0400" if event == REVERSAL else "0200")
        elif event == REVERSAL:
            return
        else:
            fields = self._mobile(payment, amount)
        self._courier.owe(
            party="inicis",
            event=event,
            subject=f"inicis:{payment.oid}",
            transmission=f"inicis_{secrets.token_hex(8)}",
            url=self._settings.notice_url,
            body={**fields, **changes},
        )

    def _pc(self, payment: Payment, amount: int, type_msg: str) -> dict[str, str]:
        now = self._clock.now()
        return {
            "no_tid": payment.tid or "", "no_oid": payment.oid, "id_merchant": payment.mid,
            "cd_bank": f"{payment.bank:0>8}", "cd_deal": "00000011", "dt_trans": f"{now:%Y%m%d}",
            "tm_trans": f"{now:%H%M%S}", "no_msgseq": "0000000001", "cd_joinorg": "20000050",
            "no_vacct": payment.account or "", "amt_input": str(amount), "amt_check": "0", "flg_close": "0",
            "cl_close": "0", "nm_inputbank": BANKS[payment.bank], "nm_input": payment.buyer, "type_msg": type_msg,
            "dt_inputstd": f"{now:%Y%m%d}", "dt_calculstd": f"{now:%Y%m%d}", "dt_transbase": f"{now:%Y%m%d}",
            "cl_trans": "1100", "cl_kor": "2", "dt_cshr": "", "tm_cshr": "", "no_cshr_appl": "", "no_cshr_tid": "",
        }  # fmt: skip

    def _mobile(self, payment: Payment, amount: int) -> dict[str, str]:
        now = self._clock.now()
        return {
            "P_STATUS": "02", "P_TID": payment.tid or "", "P_TYPE": "VBANK", "P_AUTH_DT": f"{now:%Y%m%d%H%M%S}",
            "P_MID": payment.mid, "P_OID": payment.oid, "P_FN_CD1": payment.bank, "P_FN_NM": BANKS[payment.bank],
            "P_AMT": str(amount), "P_UNAME": payment.buyer, "P_RMESG1": "입금완료", "P_NOTI": "", "P_IN_TID": "",
        }  # fmt: skip

    def _dress(self, row: sqlite3.Row, _attempt: int) -> Sent:
        fields: dict[str, Any] = json.loads(row["body"])
        charset = self._settings.notice_charset
        # A letter EUC-KR does not have is sent as a question mark, as real senders do.
        body = urlencode(fields, encoding="cp949" if charset == "euc-kr" else charset, errors="replace").encode()
        return Sent({"content-type": "application/x-www-form-urlencoded"}, body)
