"""korea.md 2.2: an Alimtalk's text must equal the approved template."""

from sandbox.solapi.templates import Template, read

PAID = Template("T1", "결제 완료", "#{이름}님, 주문 #{주문번호}의 결제가 완료되었습니다.\n금액: #{금액}원")


class TestMatches:
    def test_takes_the_template_with_its_variables_filled(self) -> None:
        assert PAID.matches("김하늘님, 주문 20261122-00000001의 결제가 완료되었습니다.\n금액: 33,000원")

    def test_takes_a_value_with_line_breaks(self) -> None:
        assert PAID.matches("김\n하늘님, 주문 1의 결제가 완료되었습니다.\n금액: 1원")

    def test_refuses_one_changed_letter_outside_the_variables(self) -> None:
        assert not PAID.matches("김하늘님, 주문 1의 결제가 완료됐습니다.\n금액: 1원")

    def test_refuses_anything_after_the_end(self) -> None:
        assert not PAID.matches("김하늘님, 주문 1의 결제가 완료되었습니다.\n금액: 1원 쿠폰!")


class TestFilled:
    def test_puts_the_values_in(self) -> None:
        text = PAID.filled({"#{이름}": "김하늘", "#{주문번호}": "1", "#{금액}": "33,000"})
        assert text == "김하늘님, 주문 1의 결제가 완료되었습니다.\n금액: 33,000원"

    def test_knows_its_variables(self) -> None:
        assert PAID.variables == {"#{이름}", "#{주문번호}", "#{금액}"}


class TestRead:
    def test_reads_the_file_form(self) -> None:
        assert read({"templateId": "T9", "content": "안녕"}) == Template("T9", "T9", "안녕", [])
