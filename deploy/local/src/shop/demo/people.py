"""Invented customers. The numbers are from ranges that nobody has."""

from __future__ import annotations

_NAMES = (
    "김하늘", "이서준", "박지우", "최도윤", "정수아", "강민재", "조은서", "윤시우", "장예린", "임건우",
    "한소율", "오지호", "서나은", "신우진", "권다인", "황준서", "안채원", "송유찬", "전하윤", "홍이안",
)  # fmt: skip
_STREETS = (
    ("06236", "서울특별시 강남구 테헤란로 152"),
    ("04524", "서울특별시 중구 세종대로 110"),
    ("13494", "경기도 성남시 분당구 판교역로 235"),
    ("48058", "부산광역시 해운대구 센텀중앙로 97"),
    ("63309", "제주특별자치도 제주시 첨단로 242"),
    ("34126", "대전광역시 유성구 대학로 99"),
)


def person(number: int) -> dict[str, str]:
    """The customer with this number, always the same."""
    zonecode, road = _STREETS[number % len(_STREETS)]
    return {
        "name": _NAMES[number % len(_NAMES)],
        "email": f"customer{number}@example.com",
        "phone": f"0100000{number:04d}",
        "zonecode": zonecode,
        "road_address": road,
        "detail": f"{number % 20 + 1}층 {number:03d}호",
    }
