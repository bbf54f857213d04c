"""Against vectors Inicis or public code published, and where there is none, against hashes made by hand.

The plain text of each stands beside it: `printf %s '<plain>' | sha256sum` (or sha512sum) gives the same.
"""

from __future__ import annotations

import json

import pytest
from services.payments.tests.inicis import API_IV, API_KEY, MID, SIGN_KEY

from payments.clients.inicis import signing

REFUNDED_TID = "StdpayCARDINIpayTest20191128121211123456"
V1 = ("20191128121211", "123.123.123.123", MID)


class TestWindowSignature:
    def test_the_key_published_in_the_manual(self):
        assert signing.m_key(SIGN_KEY) == "3a9503069192f207491d4b19bd743fc249a761ed94246c8c42fed06c3cd15a33"

    @pytest.mark.parametrize(
        ("oid", "price", "timestamp", "expected"),
        [
            # From the provider's own hash page.
            (
                "INIpayTest_1361252896871", "1004", "1361252896871",
                "422a0e78529b419d9412d6e344c6e138584d9174c691da6cd91d4330240b9192",
            ),
            # From public shop pages made with the provider's library.
            (
                "INIpayTest_1628840602127", "1000", "1628840602127",
                "162868db635c605a7f4d4876ba650ba97f28e95b8702e9b29f922cc969678993",
            ),
            (
                "INIpayTest_1613007569462", "1000", "1613007569462",
                "033dfcaf17a3c22c61cfdd8b773da4c1cab2711d99b766d79044b49ffdb43712",
            ),
        ],
    )  # fmt: skip
    def test_public_signatures(self, oid, price, timestamp, expected):
        assert signing.signature({"oid": oid, "price": price, "timestamp": timestamp}) == expected

    def test_the_order_the_fields_are_given_in_does_not_matter(self):
        one = signing.signature({"oid": "a", "price": "1", "timestamp": "2"})
        assert signing.signature({"timestamp": "2", "price": "1", "oid": "a"}) == one

    def test_verification_has_the_sign_key_among_the_fields(self):
        # By hand: the sha256 of "oid=INIpayTest_1361252896871&price=1004&signKey=<sign key>&timestamp=1361252896871"
        fields = {"oid": "INIpayTest_1361252896871", "price": "1004", "timestamp": "1361252896871", "signKey": SIGN_KEY}
        assert signing.signature(fields) == "05c6b90795860660a8490afc659cc0bee4d5c771f2386e1cb272b90e02250bed"

    def test_an_approval(self):
        # By hand: the sha256 of "authToken=TOKEN+/=&timestamp=1763784000000", then with "&signKey=<sign key>" inside
        fields = {"authToken": "TOKEN+/=", "timestamp": "1763784000000"}
        assert signing.signature(fields) == "67639a95df0219f824ff6e1ff9f09d0fedf9fb9536fa17d2790e1d8b85416c3f"
        verified = signing.signature({**fields, "signKey": SIGN_KEY})
        assert verified == "f93e83381dc9ffd382f95d6fae3a1a9775971908db9f984b15e369cd2692f2db"


class TestAnswerSignature:
    @pytest.mark.parametrize(
        ("tstamp", "plain", "expected"),
        [
            (
                "1763784000000", "TotPrice=15900&tstamp=1763784000000&MOID=ORDER-1",
                "893bc68851fa18835d24f6bae304fc63093deb94dd86eac48955b482554329e2",
            ),
            (
                "1763784000001", "MOID=ORDER-1&mid=INIpayTest&tstamp=1763784000001",
                "671a9bb2e30e9c351760cd385484b756002fa5c582132726188105bb37e37e05",
            ),
            (
                "1763784000002", "MOID=ORDER-1&tstamp=1763784000002&mid=INIpayTest",
                "3280cb513d7a6a8680faf713b47fa0f8f15b2334ea6f13d5ee7b503f3ca188d4",
            ),
            (
                "1763784000003", "mid=INIpayTest&MOID=ORDER-1&tstamp=1763784000003",
                "9bfe82c3de3b7829390d8339d51d2c793ebacb2f0205163e638e4700d3a47ed8",
            ),
            (
                "1763784000004", "mid=INIpayTest&tstamp=1763784000004&MOID=ORDER-1",
                "4efcb54beb5fbcab4db81588ad73a3f37409faf293e819031739fbf2c45465ac",
            ),
            (
                "1763784000005", "tstamp=1763784000005&mid=INIpayTest&MOID=ORDER-1",
                "74acf40d02a7434b4f5d52186c5db9fa358560b6b821f460dd24d22ac31d7a0d",
            ),
            (
                "1763784000006", "tstamp=1763784000006&MOID=ORDER-1&mid=INIpayTest",
                "3f24017b60f8456911c32374ae414f307298ab64778a56e2edd9fc08bc947eb2",
            ),
            (
                "1763784000007", "TotPrice=15900&mid=INIpayTest&tstamp=1763784000007",
                "6f3e017d75eaee56215f639d24a782a94a76d8c0ce6a8140d17e6a0e349a0ebf",
            ),
            (
                "1763784000008", "TotPrice=15900&tstamp=1763784000008&mid=INIpayTest",
                "91bbca482da5be9124781ecbfb260acabaf04567cb921039a2864b196ea18035",
            ),
            (
                "1763784000009", "TotPrice=15900&MOID=ORDER-1&tstamp=1763784000009",
                "a8da0cb45c031641b486930a400077527bee6f40e0a489e5a13dde4e6ff87d88",
            ),
        ],
    )  # fmt: skip
    def test_the_last_digit_chooses_what_is_signed(self, tstamp, plain, expected):
        found = signing.answer_signature(mid=MID, tstamp=tstamp, order_id="ORDER-1", total="15900")
        assert found == expected, plain

    @pytest.mark.parametrize("given", ["", None, 7, "0" * 64, "전혀 다른 것"])
    def test_anything_else_is_not_the_same(self, given):
        assert not signing.same("a" * 64, given)

    def test_upper_case_is_the_same(self):
        assert signing.same("ab" * 32, "AB" * 32)


class TestIniapi:
    def test_the_refund_in_the_manual(self):
        found = signing.hash_v1(API_KEY, "Refund", "Card", *V1, REFUNDED_TID)
        assert found == (
            "b2dc4d4308d836a77187fa1f4ce8c540006a41e6a708a63aded363510c7d4456"
            "00601c9035825fe32f48fe1b7d2ea130f690a2895a41b6fa0a99c6c5f92d6d69"
        )

    def test_a_refund_in_part(self):
        # By hand: the sha512 of "<key>PartialRefundCard20191128121211123.123.123.123INIpayTest<tid>500010900"
        found = signing.hash_v1(API_KEY, "PartialRefund", "Card", *V1, REFUNDED_TID, "5000", "10900")
        assert found == (
            "1366ebe9cb31501e07c11c59edaa13c01ed6471b4af8d82c43cd3b99f8a7e98e"
            "fd6f58412118552f2fde617b82cbdc9bf8de27c574a8c4c79492bf40b030d4f6"
        )

    def test_the_account_number_sealed_in_the_faq(self):
        assert signing.sealed(API_KEY, API_IV, "123456789") == "qwMHVJqsmXKoR+d8wQTS4g=="

    def test_v2_hashes_the_bytes_it_sends(self):
        # By hand: the sha512 of key + mid + "refund" + "20191128121211" + '{"tid":"<tid>","msg":"고객 요청 a/b"}'
        body = signing.body_v2(
            API_KEY, mid=MID, kind="refund", timestamp=V1[0], client_ip=V1[1],
            data={"tid": REFUNDED_TID, "msg": "고객 요청 a/b"},
        )  # fmt: skip
        assert f'"data":{{"tid":"{REFUNDED_TID}","msg":"고객 요청 a/b"}}'.encode() in body
        assert b'": ' not in body
        assert b"\\/" not in body
        assert json.loads(body)["hashData"] == (
            "5eea8c99a4b00c484eacaefde5961af6d0818785ab758b247e6cf2d9dbafcdbc"
            "f7c7656db51011555d3624662116ed93a33798b6628af865851e6f3aaece3bd6"
        )
        assert list(json.loads(body)) == ["mid", "type", "timestamp", "clientIp", "data", "hashData"]
