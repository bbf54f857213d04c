from __future__ import annotations

import json

import pytest

from scm import errors
from scm.domain import carrier as carrying
from scm.domain.carrier import Severity
from scm.main import CARRIERS, load_carriers

TABLE = load_carriers()


def check(code: str, waybill: str):
    return carrying.check(TABLE.find(code), waybill)


class TestTable:
    def test_has_every_carrier_with_what_the_channels_call_it(self):
        found = {
            carrier.code: tuple(
                carrier.codes.get(channel) for channel in ("delivery_tracker", "naver", "coupang", "sweettracker")
            )
            for carrier in TABLE.carriers
        }
        assert found == {
            "cj": ("kr.cjlogistics", "CJGLS", "CJGLS", "04"),
            "hanjin": ("kr.hanjin", "HANJIN", "HANJIN", "05"),
            "lotte": ("kr.lotte", "HYUNDAI", "HYUNDAI", "08"),
            "epost": ("kr.epost", "EPOST", "EPOST", "01"),
            "logen": ("kr.logen", "KGB", "KGB", "06"),
            "kdexp": ("kr.kdexp", "KDEXP", "KDEXP", "23"),
            "daesin": ("kr.daesin", "DAESIN", "DAESIN", "22"),
            "hdexp": (None, "HDEXP", "HDEXP", "32"),
            "chunil": ("kr.chunilps", "CHUNIL", "CHUNIL", "17"),
            "kunyoung": ("kr.kunyoung", None, "KUNYOUNG", "18"),
            "ilyang": ("kr.ilyanglogis", "ILYANG", "ILYANG", "11"),
            "gs25": ("kr.cvsnet", "CVSNET", "CVS", "24"),
            "cu": ("kr.cupost", "CUPARCEL", None, "46"),
            "coupangls": ("kr.coupangls", None, None, None),
        }

    def test_marks_what_no_document_confirms(self):
        unconfirmed = {carrier.code: carrier.unconfirmed for carrier in TABLE.carriers if carrier.unconfirmed}
        assert unconfirmed == {
            "hanjin": ("waybill.checks",),
            "epost": ("waybill.lengths",),
            "logen": ("waybill.checks",),
            "daesin": ("codes.naver",),
            "hdexp": ("codes.sweettracker",),
            "chunil": ("codes.sweettracker",),
            "kunyoung": ("codes.sweettracker",),
            "ilyang": ("codes.sweettracker",),
        }

    def test_nothing_unconfirmed_ever_refuses_a_waybill(self):
        for carrier in TABLE.carriers:
            if "waybill.lengths" in carrier.unconfirmed:
                assert carrier.length_severity is Severity.WARN
            if "waybill.checks" in carrier.unconfirmed:
                assert {check.severity for check in carrier.checks} == {Severity.WARN}

    def test_builds_the_tracking_page(self):
        pages = {carrier.code: carrier.tracking_url("123") for carrier in TABLE.carriers}
        assert pages["cj"] == "https://trace.cjlogistics.com/next/tracking.html?wblNo=123"
        assert pages["logen"] == "https://www.ilogen.com/web/personal/trace/123"
        assert pages["chunil"] == "http://www.chunil.co.kr/HTrace/HTrace.jsp?transNo=123"
        assert not [page for page in pages.values() if "{" in page or "link498" in page]

    @pytest.mark.parametrize(
        ("said", "meant"),
        [("CJ", "cj"), ("04", "cj"), ("HYUNDAI", "lotte"), ("KGB", "logen"), ("kr.epost", "epost"), (" CVS ", "gs25")],
    )
    def test_finds_a_carrier_by_any_channels_name(self, said, meant):
        assert TABLE.find(said).code == meant

    def test_an_unknown_carrier_is_refused(self):
        with pytest.raises(errors.CarrierUnknown):
            TABLE.find("pigeon")

    def test_two_carriers_cannot_share_a_name(self):
        rows = json.loads(CARRIERS.read_text("utf-8"))
        rows[1]["codes"]["naver"] = "cj"
        with pytest.raises(ValueError, match="both called cj"):
            carrying.parse(rows)


class TestParse:
    def rows(self):
        return json.loads(CARRIERS.read_text("utf-8"))

    def test_refuses_a_table_with_an_unknown_check(self):
        rows = self.rows()
        rows[0]["waybill"]["checks"][0]["rule"] = "luhn"
        with pytest.raises(ValueError, match="luhn"):
            carrying.parse(rows)

    def test_refuses_a_page_without_a_place_for_the_number(self):
        rows = self.rows()
        rows[0]["tracking_url"] = "https://example.com/"
        with pytest.raises(ValueError, match="no place"):
            carrying.parse(rows)

    def test_refuses_a_carrier_named_twice(self):
        with pytest.raises(ValueError, match="twice"):
            carrying.parse(self.rows() + self.rows()[:1])


class TestCheck:
    @pytest.mark.parametrize(
        ("code", "waybill", "number"),
        [
            ("cj", "680412345673", "680412345673"),
            ("cj", "6804-1234-5673", "680412345673"),
            ("cj", " 6804 1234 5673 ", "680412345673"),
            ("cj", "６８０４１２３４５６７３", "680412345673"),
            ("cj", "1234567890", "1234567890"),
            ("lotte", "2403–1000–0011", "240310000011"),
            ("hanjin", "50812345678312", "50812345678312"),
            ("kdexp", "0012345678", "0012345678"),
        ],
    )
    def test_cleans_a_good_number_and_has_nothing_to_say(self, code, waybill, number):
        assert check(code, waybill) == carrying.CheckedWaybill(number)

    @pytest.mark.parametrize("code", [carrier.code for carrier in TABLE.carriers])
    @pytest.mark.parametrize("waybill", ["000000000000", "0000-0000-0000", "1.23E+11", "6.80412E+11", "123e10", "", "-",
                                         "운송장", "68041234567A", "12345", "1" * 31, "6804;DROP TABLE"])  # fmt: skip
    def test_refuses_what_is_no_number_for_any_carrier(self, code, waybill):
        with pytest.raises(errors.WaybillInvalid):
            check(code, waybill)

    @pytest.mark.parametrize(
        ("code", "waybill"),
        [
            ("cj", "680412345674"),  # the check digit
            ("cj", "68041234567"),  # eleven digits
            ("lotte", "240310000012"),
            ("lotte", "2403100000"),
            ("hanjin", "1234567890123"),
            ("logen", "123456789012"),
        ],
    )
    def test_refuses_what_is_certainly_mistyped(self, code, waybill):
        with pytest.raises(errors.WaybillInvalid):
            check(code, waybill)

    @pytest.mark.parametrize(
        ("code", "waybill"), [("hanjin", "508123456784"), ("logen", "12345678904"), ("epost", "123456789012")]
    )
    def test_only_warns_where_the_rule_is_not_certain(self, code, waybill):
        checked = check(code, waybill)
        assert checked.number == waybill
        assert len(checked.warnings) == 1

    def test_the_check_digit_of_cj_leaves_the_first_two_digits_out(self):
        # Both rules agree on few numbers; this one tells them apart.
        assert int("68041234567") % 7 != int("041234567") % 7
        assert check("cj", "680412345673").warnings == ()
