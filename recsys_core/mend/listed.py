"""Listed mendings: several methods, each with its column, as a text for addresses."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from recsys_core.results.mending import LIVE, TRAINED, Mending
from recsys_core.variant import Reranking


@dataclass(frozen=True, slots=True)
class ListedMendings:
    """Methods with the columns that they look at, in order, each method once.

    >>> found = ListedMendings.of("exposure:item.genres;threshold:user.gender")
    >>> found.methods, found.reranking(0.5).to_query()["rerank_by"]
    (('exposure', 'threshold'), 'item.genres,user.gender')
    >>> found.without("exposure").text
    'threshold:user.gender'
    """

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: str) -> ListedMendings:
        """What a text says; parts that say no method are passed over."""
        parts = (part.partition(":") for part in text.split(";"))
        found = {method: by for method, colon, by in parts if method in (*LIVE, *TRAINED) and by}
        return cls(tuple(found.items()))

    @classmethod
    def is_text(cls, text: str) -> bool:
        """Whether every part of a text is a mending."""
        return cls.of(text).text == text

    @property
    def text(self) -> str:
        """The inverse of `of`."""
        return ";".join(f"{method}:{by}" for method, by in self.pairs)

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(method for method, _ in self.pairs)

    def without(self, method: str) -> ListedMendings:
        """The others."""
        return ListedMendings(tuple(pair for pair in self.pairs if pair[0] != method))

    def and_also(self, method: str, by: str) -> ListedMendings:
        """These and one more."""
        return ListedMendings((*self.pairs, (method, by)))

    def at(self, strength: float) -> tuple[Mending, ...]:
        """All of them with one strength."""
        return tuple(Mending(method, by, strength) for method, by in self.pairs)

    def reranking(self, strength: float) -> Reranking:
        """The re-rankers among them, in order."""
        live = [pair for pair in self.pairs if pair[0] in LIVE]
        return Reranking(",".join(method for method, _ in live), strength, columns_text([by for _, by in live]))

    @property
    def columns(self) -> str:
        """Every column once, as ``mend --by`` takes them."""
        return columns_text(list(dict.fromkeys(by for _, by in self.pairs)))


def columns_text(columns: list[str]) -> str:
    """Names as a line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(columns)
    return line.getvalue()
