"""Which font prints a letter. Korean has one of its own; names and addresses also come in other scripts.

Whoever reads a paper must see that something is missing: a letter that no font has is printed as `MISSING`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fontpkg
import pylopdf_fonts_ar
import pylopdf_fonts_ko
import pylopdf_fonts_th
import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont

MISSING = "\N{REPLACEMENT CHARACTER}"
FIRST = "page"

# Asked in this order. What Korean papers use of Latin, Greek, Cyrillic and Chinese is in the first.
_FONTS: dict[str, Callable[[], Path]] = {
    FIRST: pylopdf_fonts_ko.sans_path,
    "letters": lambda: fontpkg.path("Noto Sans"),
    "arabic": pylopdf_fonts_ar.sans_path,
    "thai": pylopdf_fonts_th.sans_path,
    "chinese": pylopdf_fonts_zh_cn.sans_path,
}
# They steer how other letters are shown: joiners, directions, variants, tags of flags.
_SHAPELESS = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)


@dataclass(frozen=True)
class Lettering:
    """`text` as it can be printed. `fonts` are those it needs besides the first; `lost`: some of it is `MISSING`."""

    text: str
    fonts: tuple[str, ...]
    lost: bool


def lettering(text: str) -> Lettering:
    known = letters_of(FIRST)
    plain = _SHAPELESS.sub("", unicodedata.normalize("NFC", text))
    plain = "".join(" " if unicodedata.category(letter) == "Cc" and letter != "\n" else letter for letter in plain)
    font_of = {letter: _font_of(letter) for letter in set(plain) if ord(letter) not in known and letter != "\n"}
    gone = {letter for letter, font in font_of.items() if font is None}
    shown = "".join(MISSING if letter in gone else letter for letter in plain)
    used = {font for font in font_of.values() if font} | ({_font_of(MISSING)} if gone else set())
    return Lettering(shown, tuple(name for name in _FONTS if name in used), bool(gone))


def font_file(name: str) -> Path:
    return _FONTS[name]()


@cache
def letters_of(name: str) -> frozenset[int]:
    """Code points that the font has a shape for."""
    with TTFont(font_file(name), fontNumber=0, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _font_of(letter: str) -> str | None:
    return next((name for name in _FONTS if ord(letter) in letters_of(name)), None)
