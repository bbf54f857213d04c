"""What a page offers somebody who looks at it: forms, buttons, and the data its scripts were given."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Form:
    """`fields` are the hidden ones and what a list has chosen; `buttons` are (name, value)."""

    id: str = ""
    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def choices(self) -> list[str]:
        return [value for name, value in self.buttons if name == "choice"]


@dataclass
class Page:
    """`scripts`: their addresses. `data`: JSON blocks by their id."""

    forms: list[Form] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


def read(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._form: Form | None = None
        self._list = ""
        self._block = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "script":
            if told.get("src"):
                self.page.scripts.append(told["src"])
            self._block = told.get("id", "") if told.get("type") == "application/json" else ""
        elif tag == "form":
            self._form = Form(told.get("id", ""), told.get("action", ""), told.get("method", "get").lower())
            self.page.forms.append(self._form)
        elif self._form is not None:
            self._control(self._form, tag, told)

    def _control(self, form: Form, tag: str, told: dict[str, str]) -> None:
        if tag == "input" and told.get("name"):
            form.fields[told["name"]] = told.get("value", "")
        elif tag == "button":
            form.buttons.append((told.get("name", ""), told.get("value", "")))
        elif tag == "select":
            self._list = told.get("name", "")
        elif tag == "option" and self._list and ("selected" in told or self._list not in form.fields):
            form.fields[self._list] = told.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._block:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._list = ""
        elif tag == "script" and self._block:
            self.page.data[self._block] = json.loads("".join(self._text))
            self._block, self._text = "", []
