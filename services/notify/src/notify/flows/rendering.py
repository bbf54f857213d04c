"""Messages from template files: mails in HTML and plain text, approved Alimtalk texts, short texts.

Mail styles are inlined once, when a template is loaded, and never from anywhere but our own style sheet.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined

from notify.clients.solapi import Alimtalk, ShortText
from notify.domain import texts
from notify.domain.messages import Kind, Letter
from notify.flows import wording

FOLDER = Path(__file__).parents[1] / "templates"
_VARIABLE = re.compile(r"#\{([^{}]+)\}")
_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """A mail's words."""

    subject: str
    html: str
    text: str


class TemplateFault(Exception):
    """A template file is not fit for use. Found at the start."""


class Templates:
    """All templates, read and checked once. `approved` is the file of Alimtalk texts as the provider approved them."""

    def __init__(self, folder: Path = FOLDER, approved: Path | None = None) -> None:
        self._html = _environment(_Inlined(folder / "email"), autoescape=True)
        self._plain = _environment(FileSystemLoader([folder / "email", folder / "sms"]), autoescape=False)
        self._approved = _read_approved(approved or folder / "alimtalk.json")
        for kind in Kind:
            self._html.get_template(f"{kind}.html")
            self._plain.get_template(f"{kind}.txt")
            self._plain.get_template(f"{kind}.sms")

    def email(self, letter: Letter) -> Page:
        facts = wording.facts(letter)
        plain = self._plain.get_template(f"{letter.message.kind}.txt")
        subject = "".join(plain.blocks["subject"](plain.new_context(facts)))
        html = self._html.get_template(f"{letter.message.kind}.html").render(facts | {"subject": subject.strip()})
        return Page(subject.strip(), html, _no_gaps(plain.render(facts)))

    def alimtalk(self, letter: Letter) -> Alimtalk:
        """The approved text, to the letter, with plain values in place of its variables."""
        template_id, content = self._approved[letter.message.kind]
        known = wording.variables(letter)
        used = {name: texts.plain(known[name]) for name in _VARIABLE.findall(content)}
        text = _VARIABLE.sub(lambda found: used[found[1]], content)
        return Alimtalk(template_id, text, {f"#{{{name}}}": value for name, value in used.items()})

    def short_text(self, letter: Letter) -> ShortText:
        """An SMS if it fits, else an LMS with a subject."""
        template = self._plain.get_template(f"{letter.message.kind}.sms")
        text = texts.plain(_no_gaps(template.render(wording.facts(letter))))
        if not texts.is_long(text):
            return ShortText(text)
        subject = texts.plain(f"[{letter.mall.name}] {wording.TITLES[letter.message.kind]}")
        return ShortText(texts.cut(text, texts.LMS_BYTES), texts.cut(subject, texts.SUBJECT_BYTES))


class _Inlined(BaseLoader):
    """Loads a mail template with the style sheet already inlined.

    The inliner reads HTML, not Jinja: tags hide in comments, which may stand anywhere, and values in words, which may
    stand in attributes too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._css = (folder / "style.css").read_text(encoding="utf-8")
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True, extra_css=self._css)

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:  # noqa: ARG002 - jinja2's signature
        path = self._folder / template
        return self._inline(path.read_text(encoding="utf-8")), str(path), None

    def _inline(self, source: str) -> str:
        hidden: list[str] = []

        def hide(found: re.Match[str], shape: str) -> str:
            hidden.append(found[0])
            return shape.format(len(hidden) - 1)

        covered = _TAG.sub(lambda found: hide(found, "<!--tag{}tag-->"), source)
        covered = _VALUE.sub(lambda found: hide(found, "value{}value"), covered)
        whole = covered.lstrip().lower().startswith("<!doctype")
        made = self._inliner.inline(covered) if whole else self._inliner.inline_fragment(covered, self._css)
        return re.sub(r"<!--tag(\d+)tag-->|value(\d+)value", lambda found: hidden[int(found[1] or found[2])], made)


def _environment(loader: BaseLoader, *, autoescape: bool) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=autoescape,  # noqa: S701 - off only for plain text, which has nothing to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "money": texts.money,
        "moment": _moment,
        "short_moment": _short_moment,
        "shortened": texts.shortened,
    }
    return environment


def _read_approved(path: Path) -> dict[Kind, tuple[str, str]]:
    """Raises `TemplateFault` for a message without a template, an unknown variable, or a text over the limit."""
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    found = {Kind(entry["kind"]): (str(entry["templateId"]), str(entry["content"])) for entry in entries}
    if missing := set(Kind) - found.keys():
        raise TemplateFault(f"{path.name} has no text for {', '.join(sorted(missing))}")
    for kind, (_, content) in found.items():
        if unknown := set(_VARIABLE.findall(content)) - wording.NAMES[kind]:
            raise TemplateFault(f"{kind} does not know #{{{min(unknown)}}}")
        if len(content) > texts.ALIMTALK_CHARS or texts.plain(content) != content:
            raise TemplateFault(f"the text of {kind} is too long or holds what a phone cannot show")
    return found


def _moment(when: datetime | str) -> str:
    return texts.moment(texts.as_moment(when))


def _short_moment(when: datetime | str) -> str:
    return texts.short_moment(texts.as_moment(when))


def _no_gaps(text: str) -> str:
    """At most one empty line in a row."""
    return re.sub(r"\n{3,}", "\n\n", text).strip()
