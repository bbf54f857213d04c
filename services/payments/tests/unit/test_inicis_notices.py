"""Deposit notices in both tongues, and the two letters that stop them."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from services.payments.tests.inicis import ACCESS, MID, NOW, TID, access, clock

from common.http_client import client
from payments.clients.inicis import InicisGateway
from payments.errors import CallbackForged, CallbackUnreadable

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def inicis():
    async with client() as http:
        yield InicisGateway(http, ACCESS, clock())


def pc(**changes):
    return {
        "no_tid": TID, "no_oid": "order-1", "id_merchant": MID, "cd_bank": "00000088", "cd_deal": "00000011",
        "dt_trans": "20261122", "tm_trans": "121530", "no_vacct": "56211234567890", "amt_input": "15900",
        "amt_check": "0", "flg_close": "0", "cl_close": "0", "nm_inputbank": "신한은행", "nm_input": "김서연",
        "type_msg": "0200", "dt_inputstd": "20261122", "dt_calculstd": "20261122", "dt_cshr": "", "no_cshr_appl": "",
    } | changes  # fmt: skip


def mobile(**changes):
    return {
        "P_STATUS": "02", "P_TID": TID, "P_TYPE": "VBANK", "P_AUTH_DT": "20261122121530", "P_MID": MID,
        "P_OID": "order-1", "P_FN_CD1": "88", "P_FN_NM": "신한은행", "P_AMT": "15900", "P_UNAME": "김서연",
        "P_RMESG1": "입금완료", "P_NOTI": "", "P_IN_TID": "",
    } | changes  # fmt: skip


def read(inicis, fields, *, encoding="utf-8", headers=FORM):
    return inicis.parse_callback("intake", headers, urlencode(fields, encoding=encoding).encode(), NOW)


class TestPc:
    @pytest.mark.parametrize("encoding", ["utf-8", "euc-kr"])
    @pytest.mark.parametrize(("type_msg", "kind"), [("0200", "DEPOSIT"), ("0400", "DEPOSIT_REVERSED")])
    async def test_paid_or_reversed_in_either_character_set(self, inicis, encoding, type_msg, kind):
        notice = read(inicis, pc(type_msg=type_msg), encoding=encoding)
        assert (notice.kind, notice.order_ref, notice.key, notice.amount) == (kind, "order-1", TID, 15_900)
        assert (notice.merchant, notice.about_payment, notice.secret) == (MID, True, None)

    @pytest.mark.parametrize("named", ["EUC-KR", "euc-kr", '"EUC-KR"', "utf-8", "klingon"])
    async def test_a_header_that_names_one_goes_first_and_may_be_wrong(self, inicis, named):
        headers = {"content-type": f"application/x-www-form-urlencoded; charset={named}"}
        assert read(inicis, pc(), encoding="euc-kr", headers=headers).order_ref == "order-1"

    async def test_raw_korean_bytes_are_read_too(self, inicis):
        body = "&".join(f"{name}={value}" for name, value in pc().items()).encode("euc-kr")
        assert inicis.parse_callback("", {}, body, NOW).amount == 15_900

    async def test_names_and_account_numbers_are_not_kept(self, inicis):
        kept = read(inicis, pc()).document
        assert kept == {
            "no_tid": TID, "no_oid": "order-1", "id_merchant": MID, "cd_bank": "00000088", "dt_trans": "20261122",
            "tm_trans": "121530", "amt_input": "15900", "type_msg": "0200", "cl_close": "0",
        }  # fmt: skip

    async def test_sent_again_it_is_the_same_one(self, inicis):
        once = read(inicis, pc()).dedup_key
        assert read(inicis, pc(nm_input="다른 글자"), encoding="euc-kr").dedup_key == once
        for changes in ({"type_msg": "0400"}, {"amt_input": "1"}, {"no_oid": "order-2"}, {"tm_trans": "121531"}):
            assert read(inicis, pc(**changes)).dedup_key != once

    async def test_another_type_of_message_is_left_alone(self, inicis):
        assert not read(inicis, pc(type_msg="0800")).about_payment

    @pytest.mark.parametrize("missing", ["no_tid", "no_oid", "id_merchant", "amt_input", "type_msg"])
    async def test_without_what_is_compared_it_is_unreadable(self, inicis, missing):
        fields = pc()
        del fields[missing]
        with pytest.raises(CallbackUnreadable):
            read(inicis, fields)

    @pytest.mark.parametrize("amount", ["", "15,900", "-1", "1.5", "１５", "abc", str(2**63), "9" * 40, "9" * 5000])
    async def test_an_amount_is_digits(self, inicis, amount):
        with pytest.raises(CallbackUnreadable):
            read(inicis, pc(amt_input=amount))

    async def test_another_merchants_is_forged(self, inicis):
        with pytest.raises(CallbackForged):
            read(inicis, pc(id_merchant="othermall0"))

    @pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe=%ff%fe&no_tid=%ff", b"no_tid", b"=&=&="])
    async def test_rubbish(self, inicis, body):
        with pytest.raises(CallbackUnreadable):
            inicis.parse_callback("", FORM, body, NOW)


class TestMobile:
    @pytest.mark.parametrize(("status", "kind"), [("00", "ISSUED_VBANK"), ("02", "DEPOSIT_VBANK")])
    async def test_issued_or_paid(self, inicis, status, kind):
        notice = read(inicis, mobile(P_STATUS=status), encoding="euc-kr")
        assert (notice.kind, notice.order_ref, notice.key, notice.amount, notice.merchant) == (
            kind, "order-1", TID, 15_900, MID,
        )  # fmt: skip

    async def test_the_buyer_is_not_kept(self, inicis):
        kept = read(inicis, mobile()).document
        assert set(kept) == {"P_STATUS", "P_TID", "P_MID", "P_OID", "P_AMT", "P_TYPE", "P_AUTH_DT"}

    async def test_other_statuses_are_left_alone(self, inicis):
        assert not read(inicis, mobile(P_STATUS="01")).about_payment

    @pytest.mark.parametrize("missing", ["P_TID", "P_OID", "P_AMT", "P_MID"])
    async def test_all_four_are_needed(self, inicis, missing):
        fields = mobile()
        del fields[missing]
        with pytest.raises(CallbackUnreadable):
            read(inicis, fields)

    async def test_another_merchants_is_forged(self, inicis):
        with pytest.raises(CallbackForged):
            read(inicis, mobile(P_MID="othermall0"))

    async def test_issued_and_paid_are_two(self, inicis):
        assert read(inicis, mobile(P_STATUS="00")).dedup_key != read(inicis, mobile()).dedup_key


@pytest.mark.parametrize("fields", [pc(), mobile()])
async def test_a_true_notice_in_the_second_of_a_forged_one_is_looked_into_too(inicis, fields):
    assert read(inicis, fields).may_recur


class TestAnswer:
    async def test_two_letters(self, inicis):
        assert inicis.callback_answer(accepted=True) == (200, "text/plain", b"OK")

    async def test_anything_else_has_it_sent_again(self, inicis):
        assert inicis.callback_answer(accepted=False) == (200, "text/plain", b"FAIL")


class TestSources:
    async def test_come_from_the_settings(self):
        async with client() as http:
            assert InicisGateway(http, access(sources=("127.0.0.1/32",))).sources == ("127.0.0.1/32",)
