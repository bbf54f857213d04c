"""KakaoPay's rounding, its refusals' spellings and its knobs (korea.md 1.2)."""

import pytest

from sandbox.kakaopay.errors import KakaoPayRefusal, named
from sandbox.kakaopay.payment import name, vat_of
from sandbox.kakaopay.settings import KakaoPaySettings


class TestVat:
    @pytest.mark.parametrize(
        ("total", "tax_free", "vat"),
        [(2200, 0, 200), (270600, 0, 24600), (1000, 0, 91), (16, 0, 1), (17, 0, 2), (5, 0, 0), (6, 0, 1), (900, 900, 0),
         (10000, 1000, 818)],
    )  # fmt: skip
    def test_is_an_eleventh_of_what_is_taxed_rounded(self, total: int, tax_free: int, vat: int) -> None:
        """The first two are from published answers of the API: 2200 holds 200, 270600 holds 24600."""
        assert vat_of(total, tax_free) == vat


class TestNames:
    def test_have_twenty_characters(self) -> None:
        assert len(name("T")) == 20
        assert name("T").startswith("T")
        assert name("A") != name("A")


class TestRefusals:
    @pytest.mark.parametrize(
        ("shape", "body"),
        [
            ("error_code", {"error_code": -708, "error_message": "invalid pg_token!"}),
            ("code_msg", {"code": -708, "msg": "invalid pg_token!"}),
            ("code_message", {"code": -708, "message": "invalid pg_token!"}),
        ],
    )
    def test_have_three_spellings(self, shape: object, body: dict[str, object]) -> None:
        assert KakaoPayRefusal(-708).body(shape) == body  # type: ignore[arg-type]

    def test_carry_the_methods_own_words(self) -> None:
        """The published example of a refused approval."""
        assert KakaoPayRefusal(-780, "USER_LOCKED").body("error_code") == {
            "error_code": -780,
            "error_message": "approval failure!",
            "extras": {
                "method_result_code": "USER_LOCKED",
                "method_result_message": "진행중인 거래가 있습니다. 잠시 후 다시 시도해 주세요.",
            },
        }

    @pytest.mark.parametrize(
        ("asked", "code", "method", "status"),
        [(None, -500, None, 500), ("-401", -401, None, 401), ("-780:USER_LOCKED", -780, "USER_LOCKED", 400),
         ("EXCEED_LIMIT", -780, "EXCEED_LIMIT", 400), ("-12345", -12345, None, 400)],
    )  # fmt: skip
    def test_are_named_by_faults(self, asked: str | None, code: int, method: str | None, status: int) -> None:
        refusal = named(asked)
        assert (refusal.code, refusal.method_result, refusal.status) == (code, method, status)


class TestAccounts:
    def test_a_merchant_code_has_one_key(self) -> None:
        settings = KakaoPaySettings(accounts="TC0ONETIME=one, CMALL00001=two")
        assert settings.key_of("CMALL00001") == "two"
        assert settings.key_of("CMALL00002") is None
        assert settings.knows("one")
        assert not settings.knows("three")
        assert not settings.knows("")
