"""Shapes that several services' bodies share."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import ValidationError

from common.wire import Body, plain_text


class Named(Body):
    name: Annotated[str, plain_text(10)]


class TestPlainText:
    @pytest.mark.parametrize("name", ["김서연", "O'Brien", "a", "x" * 10, "이름 🙂", "a&nbsp;b", "㈜인테이크"])
    def test_people_and_companies_have_names(self, name):
        assert Named(name=name).name == name

    def test_space_around_it_is_dropped(self):
        assert Named(name=" \n김 서연\t ").name == "김 서연"

    @pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0)])
    def test_no_control_character_gets_in(self, code):
        with pytest.raises(ValidationError):
            Named(name=f"김{chr(code)}서연")

    @pytest.mark.parametrize("name", ["", "   ", "\x00", "김서연\x00", "x" * 11, None, 7])
    def test_empty_long_or_no_text_is_refused(self, name):
        with pytest.raises(ValidationError):
            Named.model_validate({"name": name})
