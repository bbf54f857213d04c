"""Search by name that works for Korean, where a word of two syllables is already a good question.

A name is boiled down to its letters and digits without spaces, so that 유기농그래놀라 finds 유기농 그래놀라. Beside
it stand its initial consonants, so that ㄱㄹㄴㄹ finds it too. Both are kept with the set of their single letters and
letter pairs: the pairs find the candidates through an index, and the boiled-down text tells the true hits.

A question that finds nothing is asked again without its particles (그래놀라를), then with the words of one syllable
(밥을) or the nearest words (그레놀라) that names have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
# A keyboard joins two consonants typed one after the other where a syllable could end in them.
_JOINED = str.maketrans(
    {
        "ㄳ": "ㄱㅅ",
        "ㄵ": "ㄴㅈ",
        "ㄶ": "ㄴㅎ",
        "ㄺ": "ㄹㄱ",
        "ㄻ": "ㄹㅁ",
        "ㄼ": "ㄹㅂ",
        "ㄽ": "ㄹㅅ",
        "ㄾ": "ㄹㅌ",
        "ㄿ": "ㄹㅍ",
        "ㅀ": "ㄹㅎ",
        "ㅄ": "ㅂㅅ",
    }
)
_LONE = re.compile("([ㄱ-ㅣ]+)")
# A syllable that is still being typed: 그래ㄴ.
_UNFINISHED = re.compile("(?<=[가-힣])[ㄱ-ㅣ]+$")
_PARTICLES = (
    *("에서는", "으로는", "이라는", "에서", "에게", "까지", "부터", "으로", "이나", "이랑", "하고", "처럼", "보다"),
    *("을", "를", "이", "가", "은", "는", "의", "에", "로", "와", "과", "도", "만", "랑", "나"),
)
# Which form a particle has after a syllable that ends in a vowel, and in a consonant. The others have one form.
_AFTER_VOWEL, _AFTER_CONSONANT = frozenset("를가는와랑나로"), frozenset("을이은과")
_RIEUL = 8
_MOST_WORDS = 10


def boil_down(text: str) -> str:
    """Letters and digits only, without case. Jamo of file names from a Mac become whole syllables.

    Jamo typed one by one stay as they are: two of them are a question about initials and not half a syllable.
    """
    parts = (part.translate(_JOINED) if _LONE.fullmatch(part) else _folded(part) for part in _LONE.split(text))
    return "".join(letter for part in parts for letter in part if letter.isalnum())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _syllable(letter: str) -> int:
    """Its number among the syllables; below 0 or too large: it is none."""
    return ord(letter) - 0xAC00


def initials(boiled: str) -> str:
    """The first consonant of every syllable; other letters stay."""
    return "".join(_INITIALS[n // 588] if 0 <= (n := _syllable(letter)) < 11172 else letter for letter in boiled)


def jamo(boiled: str) -> str:
    """Every syllable as the letters it is typed with."""
    typed: list[str] = []
    for letter in boiled:
        if 0 <= (n := _syllable(letter)) < 11172:
            typed += (_INITIALS[n // 588], _VOWELS[n % 588 // 28], _FINALS[n % 28])
        else:
            typed.append(letter)
    return "".join(typed).translate(_JOINED)


def _pairs(text: str) -> Iterable[str]:
    return (text[index : index + 2] for index in range(len(text) - 1))


def grams(text: str) -> tuple[str, ...]:
    """Every letter and every letter pair of a boiled-down text, each once, sorted."""
    return tuple(sorted({*text, *_pairs(text)}))


@dataclass(frozen=True, slots=True)
class Indexed:
    """What is kept of a product to find it by. No word has a space, so none is found across the two texts."""

    text: str
    grams: tuple[str, ...]


def index(*texts: str) -> Indexed:
    boiled = boil_down(" ".join(texts))
    first = initials(boiled)
    if first == boiled:
        return Indexed(boiled, grams(boiled))
    return Indexed(f"{boiled} {first}", tuple(sorted({*grams(boiled), *grams(first)})))


@dataclass(frozen=True, slots=True)
class Word:
    """A word that names have, and what finds it when it is misspelt."""

    text: str
    jamo: str
    pairs: tuple[str, ...]


def words(*texts: str) -> tuple[Word, ...]:
    """The words that names have, each once. Those of one letter are known, and not what a misspelling meant."""
    found = {boil_down(part) for text in texts for part in text.split()}
    return tuple(_word(text) for text in sorted(found) if 1 <= len(text) <= 30)


def _word(text: str) -> Word:
    typed = jamo(text)
    return Word(text, typed, tuple(sorted(set(_pairs(typed)))))


@dataclass(frozen=True, slots=True)
class Question:
    """Every word must be found. A word of one letter is looked up by the letter, longer ones by their pairs."""

    words: tuple[str, ...]

    @property
    def grams(self) -> tuple[str, ...]:
        return tuple(sorted({gram for word in self.words for gram in (_pairs(word) if len(word) > 1 else word)}))


def ask(text: str) -> Question:
    """The question a customer typed. No words: it contained no letter and finds nothing."""
    found = (_UNFINISHED.sub("", word) for part in text.split() if (word := boil_down(part)))
    return Question(tuple(dict.fromkeys(found))[:_MOST_WORDS])


def without_particles(question: Question) -> Question | None:
    """The question without the particles at the ends of its words; None when it has none. Two letters always stay."""
    bare = Question(tuple(dict.fromkeys(_bare(word) for word in question.words)))
    return None if bare == question else bare


def _bare(word: str) -> str:
    for particle in _PARTICLES:
        if word.endswith(particle) and len(word) >= len(particle) + 2 and "가" <= word[-len(particle) - 1] <= "힣":
            return word.removesuffix(particle)
    return word


def one_syllable(word: str) -> str | None:
    """밥 of 밥을: the only syllable of a word beside a particle that goes with it; None of any other word.

    가을 is no 가 with a particle, but 약과 could be 약 with one: ask only for what is known to be a word by itself.
    """
    if len(word) < 2 or word[1:] not in _PARTICLES or not 0 <= _syllable(word[0]) < 11172:
        return None
    final = _syllable(word[0]) % 28
    if len(word) == 2 and word[1] in (_AFTER_VOWEL if final else _AFTER_CONSONANT):
        return word[0] if word[1] == "로" and final == _RIEUL else None
    return word[0]


def tolerance(typed: str) -> int:
    """How many letters of a word typed so may be wrong."""
    return 0 if len(typed) < 4 else 1 if len(typed) < 9 else 2


def misspelling(word: str) -> Word | None:
    """The word as misspellings are looked up; None when it is too short to guess."""
    return _word(word) if tolerance(jamo(word)) else None


def nearest(wanted: Word, known: Iterable[Word]) -> str | None:
    """The known word that differs least, if it is near enough."""
    most = tolerance(wanted.jamo)
    ranked = [(distance(wanted.jamo, word.jamo, most), word.text) for word in known]
    found = min((each for each in ranked if each[0] <= most), default=None)
    return None if found is None else found[1]


def distance(left: Sequence[str], right: Sequence[str], most: int) -> int:
    """Letters to insert, drop, exchange or swap with their neighbour. More than `most` is `most + 1`."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    above: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, above, row = above, row, [i]
        for j, b in enumerate(right, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
