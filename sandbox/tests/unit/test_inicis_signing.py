"""The company's own reckoning, against public vectors (korea.md 1.3). The keys are the published ones of INIpayTest."""

import pytest

from sandbox.inicis import signing
from sandbox.inicis.settings import InicisSettings

KEY, IV = "ItEQKi3rY7uvDS8l", "HYb3yQ4f65QL89=="


class TestWindow:
    def test_the_key_in_the_manual(self) -> None:
        found = signing.sha256("SU5JTElURV9UUklQTEVERVNfS0VZU1RS")
        assert found == "3a9503069192f207491d4b19bd743fc249a761ed94246c8c42fed06c3cd15a33"

    def test_a_signature_of_the_providers_hash_page(self) -> None:
        found = signing.window_signature("INIpayTest_1361252896871", "1004", "1361252896871")
        assert found == "422a0e78529b419d9412d6e344c6e138584d9174c691da6cd91d4330240b9192"

    def test_a_signature_of_a_public_shop(self) -> None:
        found = signing.window_signature("INIpayTest_1628840602127", "1000", "1628840602127")
        assert found == "162868db635c605a7f4d4876ba650ba97f28e95b8702e9b29f922cc969678993"


class TestAnswer:
    @pytest.mark.parametrize(
        ("digit", "plain"),
        [
            ("0", "TotPrice=7&tstamp=10{}&MOID=o"), ("1", "MOID=o&mid=m&tstamp=10{}"),
            ("2", "MOID=o&tstamp=10{}&mid=m"), ("3", "mid=m&MOID=o&tstamp=10{}"), ("4", "mid=m&tstamp=10{}&MOID=o"),
            ("5", "tstamp=10{}&mid=m&MOID=o"),
            ("6", "tstamp=10{}&MOID=o&mid=m"), ("7", "TotPrice=7&mid=m&tstamp=10{}"),
            ("8", "TotPrice=7&tstamp=10{}&mid=m"), ("9", "TotPrice=7&MOID=o&tstamp=10{}"),
        ],
    )  # fmt: skip
    def test_by_the_last_digit(self, digit: str, plain: str) -> None:
        found = signing.answer_signature(mid="m", oid="o", price="7", timestamp=f"10{digit}")
        assert found == signing.sha256(plain.format(digit))


class TestIniapi:
    def test_the_refund_in_the_manual(self) -> None:
        plain = f"{KEY}RefundCard20191128121211123.123.123.123INIpayTestStdpayCARDINIpayTest20191128121211123456"
        assert signing.sha512(plain).startswith("b2dc4d4308d836a77187fa1f4ce8c540006a41e6a708a63aded363510c7d4456")

    def test_the_account_in_the_faq(self) -> None:
        assert signing.opened(KEY, IV, "qwMHVJqsmXKoR+d8wQTS4g==") == "123456789"

    @pytest.mark.parametrize(
        "sealed", ["", "한글", "qwMHVJqsmXKoR d8wQTS4g==", "AAAA", "A" * 24, "qwMHVJqsmXKoR+d8wQTS4A=="]
    )
    def test_an_account_sealed_with_nothing_we_know(self, sealed: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            signing.opened(KEY, IV, sealed)

    def test_data_is_taken_as_it_was_written(self) -> None:
        raw = '{"mid":"m","data":{"tid":"t","msg":"고객 a/b"},"hashData":"x"}'
        assert signing.data_of(raw) == ({"tid": "t", "msg": "고객 a/b"}, '{"tid":"t","msg":"고객 a/b"}')

    @pytest.mark.parametrize(
        "data", ['{"tid": "t"}', '{"msg":"\\uace0"}', '{"msg":"a\\/b"}', "[1]", '"t"', '{"tid"', ""]
    )
    def test_spaces_and_escapes_are_not_taken(self, data: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            signing.data_of(f'{{"data":{data}}}')


class TestMerchant:
    def test_one_per_mall(self) -> None:
        settings = InicisSettings(accounts="one=s1:k1:i1, two=s2:k2:i2,broken=s3")
        two = settings.merchant("two")
        assert two is not None
        assert (two.mid, two.sign_key, two.api_key, two.api_iv) == ("two", "s2", "k2", "i2")
        assert settings.merchant("broken") is None
        assert settings.merchant("none") is None
        assert "s2" not in repr(two)
