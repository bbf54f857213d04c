import pytest

from console.faults import EXAMPLES, KINDS, OPERATIONS
from console.messages import by_phone
from console.pages import clock_time, code, duration, pretty
from sandbox.faults import CALL_KINDS, CALLBACK_KINDS, FaultOrder


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0.25, "250 µs"), (8.44, "8.4 ms"), (412.3, "412 ms"), (1234, "1.23 s"), (150_000, "2 min"), (7_200_000, "2 h")],
)
def test_a_duration_reads_well(milliseconds, text):
    assert duration(milliseconds) == text


def test_times_are_shown_as_in_seoul():
    assert clock_time("2026-11-22T15:00:00.250+00:00") == clock_time(1_795_359_600_250_000_000) == "11-23 00:00:00.250"


def test_only_backticks_become_markup():
    assert code("`a<b` & <i>") == "<code>a&lt;b</code> &amp; &lt;i&gt;"
    assert code("one ` alone") == "one ` alone"


def test_what_is_no_json_stays_as_it_is():
    assert pretty(b'{"a":1}') == '{\n  "a": 1\n}'
    assert pretty("{broken") == "{broken"


class TestPhones:
    def test_the_newest_phone_is_first_and_its_messages_in_order(self):
        messages = [{"to": to, "text": text, "type": "ATA", "statusCode": "4000"} for to, text in
                    (("1", "a"), ("2", "b"), ("1", "c"))]  # fmt: skip
        assert [(phone.number, [each.text for each in phone.bubbles]) for phone in by_phone(messages)] == [
            ("1", ["a", "c"]),
            ("2", ["b"]),
        ]

    def test_says_what_became_of_each(self):
        messages = [{"to": "1", "type": kind, "statusCode": status} for kind, status in
                    (("ATA", "4000"), ("LMS", "3000"), ("SMS", "3104"))]  # fmt: skip
        (phone,) = by_phone(messages)
        assert [(each.kind, each.state) for each in phone.bubbles] == [
            ("알림톡", "good"),
            ("LMS", "warn"),
            ("SMS", "bad"),
        ]

    def test_a_button_leads_only_to_the_web(self):
        buttons = [
            {"buttonName": "보기", "linkMo": "https://x.kr"},
            {"buttonName": "나쁜", "linkMo": "javascript:alert(1)"},
        ]
        (phone,) = by_phone([{"to": "1", "kakaoOptions": {"buttons": buttons}}])
        assert phone.bubbles[0].buttons == [("보기", "https://x.kr"), ("나쁜", "")]

    def test_searches_numbers_and_texts(self):
        messages = [{"to": "010-1", "text": "입금"}, {"to": "010-2", "text": "발송"}]
        assert [phone.number for phone in by_phone(messages, "발송")] == ["010-2"]


class TestFaults:
    def test_every_kind_of_the_sandbox_is_offered(self):
        assert set(KINDS) == {*CALL_KINDS, *CALLBACK_KINDS}

    def test_every_example_is_one_the_sandbox_takes(self):
        for _, _, fields in EXAMPLES:
            order = FaultOrder.model_validate(fields)
            assert order.operation in OPERATIONS[order.party]
