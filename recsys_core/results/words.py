"""Results of explaining a text: what each of its words adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys_core.metrics import rank_correlation
from recsys_core.player import Player
from recsys_core.results.units import LOGIT, Units


@dataclass(frozen=True, slots=True)
class WordContribution:
    """What one word of a text adds to a score, and LIME's weight of it.

    ``start`` and ``end`` are its place in the text, so that text is all there is to show. ``standard_error`` is None
    where nothing was drawn, ``lime`` where LIME was not asked.
    """

    word: str
    start: int
    end: int
    contribution: float
    standard_error: float | None = None
    lime: float | None = None


@dataclass(frozen=True, slots=True)
class WordExplanation:
    """A text's contribution shared out among its words: they sum to what the explanation says of the text.

    Attributes
    ----------
    player
        The text column of the user or of the item.
    words
        In the order of the text.
    total
        The text's own contribution in the explanation, in ``units``.
    exact
        Whether every subset of the words was read and scored; else orderings of the words were drawn.
    n_contexts, all_contexts
        In how many combinations of the other reasons the words entered, and whether these are all there are.
    n_texts, n_encoded
        Texts that were scored, and those among them that the encoder had to read.
    lime_fit, lime_samples
        Weighted R² of LIME's linear surrogate over the words, and how many texts it drew; None where it was not asked.
    background, seed
        As in the explanation.
    """

    player: Player
    text: str
    words: tuple[WordContribution, ...]
    total: float
    units: Units = LOGIT
    exact: bool = True
    n_contexts: int = 0
    all_contexts: bool = True
    n_texts: int = 0
    n_encoded: int = 0
    lime_fit: float | None = None
    lime_samples: int | None = None
    background: int = 0
    seed: int = 0
    seconds: float = 0.0

    @property
    def completeness_gap(self) -> float:
        """Sum of the words minus the text's contribution."""
        return sum(w.contribution for w in self.words) - self.total

    @property
    def standard_error(self) -> float | None:
        """The largest of a word, None where nothing was drawn."""
        errors = [w.standard_error for w in self.words if w.standard_error is not None]
        return max(errors) if errors else None

    @property
    def agreement(self) -> float | None:
        """Rank correlation of the words' contributions with LIME's weights; None without LIME or for one word."""
        lime = [w.lime for w in self.words if w.lime is not None]
        if len(lime) < 2 or len(lime) < len(self.words):
            return None
        return float(rank_correlation(np.array([w.contribution for w in self.words]), np.array(lime)))

    def to_json(self) -> dict[str, Any]:
        """Everything, raw."""
        figures = ("text", "total", "units", "completeness_gap", "exact", "standard_error", "n_contexts",
                   "all_contexts", "n_texts", "n_encoded", "lime_fit", "lime_samples", "agreement", "background",
                   "seed", "seconds")  # fmt: skip
        of_each = ("word", "start", "end", "contribution", "standard_error", "lime")
        words = [{name: getattr(word, name) for name in of_each} for word in self.words]
        return {"feature": self.player.key, **{name: getattr(self, name) for name in figures}, "words": words}
