"""Words of a text, and the text without some of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

MOST_WORDS = 60  # players: a longer text is cut into as many runs of words
# One sign of Chinese, Japanese or Korean writing is a word by itself, as there are no blanks between words; everything
# else is a run of letters and digits, with apostrophes and hyphens inside it.
_IDEOGRAPH = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
_WORD = re.compile(rf"{_IDEOGRAPH}|(?:(?!{_IDEOGRAPH})[^\W_])+(?:['’‐-](?:(?!{_IDEOGRAPH})[^\W_])+)*")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a run of words of a long text, and where it stands."""

    text: str
    start: int
    end: int


def cut_words(text: str, most: int = MOST_WORDS) -> tuple[Word, ...]:
    """Words in the order of the text; of a text with more than ``most``, runs of neighbouring words of equal number.

    >>> [word.text for word in cut_words("Anna's  trail-running <b>shoes</b>, 42")]
    ["Anna's", 'trail-running', 'b', 'shoes', 'b', '42']
    >>> [word.text for word in cut_words("跑鞋 GTX")]
    ['跑', '鞋', 'GTX']
    >>> [word.text for word in cut_words("a b c d e", most=2)]
    ['a b', 'c d e']
    """
    found = [(m.start(), m.end()) for m in _WORD.finditer(text)]
    if len(found) > most:
        edges = np.linspace(0, len(found), most + 1).round().astype(int).tolist()
        found = [(found[first][0], found[last - 1][1]) for first, last in pairwise(edges)]
    return tuple(Word(text[start:end], start, end) for start, end in found)


def without_words(text: str, words: tuple[Word, ...], kept: np.ndarray) -> str:
    """The text with only some of its words; what stands between words stays, blanks side by side become one.

    >>> words = cut_words("Heat (1995)")
    >>> [without_words("Heat (1995)", words, np.array(k)) for k in ([True, True], [True, False], [False, True])]
    ['Heat (1995)', 'Heat ()', '(1995)']
    """
    parts, end = [], 0
    for word, is_kept in zip(words, kept, strict=True):
        parts.append(text[end : word.start])
        parts.append(word.text if is_kept else "")
        end = word.end
    return plain_blanks("".join([*parts, text[end:]]))


def plain_blanks(text: str) -> str:
    """The text with single blanks between its parts and none around it."""
    return " ".join(text.split())
