"""Cards of the explanations lab, below the picture of the Explain page: each closed until asked for, a file each.

A card says its own parameter of the address, its place, and draws itself for what the page explains. Closed it costs an
expander; opened it is restored by the address.
"""

from __future__ import annotations

from dashboard.sections.lab import common, contrast, counterfactual, history_reasons, paragraph, trust, words
from dashboard.sections.lab.card import Explained, LabCard

# in the order of the page; a new one is a line here and its file
CARDS: tuple[LabCard, ...] = (
    history_reasons.CARD,
    contrast.CARD,
    counterfactual.CARD,
    words.CARD,
    common.CARD,
    trust.CARD,
    paragraph.CARD,
)

__all__ = ["CARDS", "Explained", "LabCard"]
