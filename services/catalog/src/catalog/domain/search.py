"""Search by name that works for Korean, where a word of two syllables is already a good question.

A name is boiled down to its letters and digits without spaces, so that 유기농그래놀라 finds 유기농 그래놀라. It is kept
with the set of its single letters and letter pairs: the pairs find the candidates through an index, and the
boiled-down text tells the true hits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


def boil_down(text: str) -> str:
    """Letters and digits only, without case. Jamo of file names from a Mac become whole syllables."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in unicodedata.normalize("NFKC", folded) if letter.isalnum())


def _pairs(text: str) -> Iterable[str]:
    return (text[index : index + 2] for index in range(len(text) - 1))


def grams(text: str) -> tuple[str, ...]:
    """Every letter and every letter pair of a boiled-down text, each once, sorted."""
    return tuple(sorted({*text, *_pairs(text)}))


@dataclass(frozen=True, slots=True)
class Question:
    """Every word must be found. A word of one letter is looked up by the letter, longer ones by their pairs."""

    words: tuple[str, ...]

    @property
    def grams(self) -> tuple[str, ...]:
        return tuple(sorted({gram for word in self.words for gram in (_pairs(word) if len(word) > 1 else word)}))


def ask(text: str) -> Question:
    """The question a customer typed. No words: it contained no letter and finds nothing."""
    return Question(tuple(dict.fromkeys(word for part in text.split() if (word := boil_down(part)))))
