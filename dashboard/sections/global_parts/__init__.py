"""Parts of the Global page below its two pictures: each closed until asked for, a file each.

As a card of Explain: a part says its own parameter of the address, and draws itself for what the page shows. Closed it
costs an expander; opened it is restored by the address.
"""

from __future__ import annotations

from dashboard.sections.global_parts.beside import BESIDE
from dashboard.sections.global_parts.dependence import DEPENDENCE
from dashboard.sections.global_parts.explainers import EXPLAINERS
from dashboard.sections.global_parts.lasso import LASSO
from dashboard.sections.global_parts.part import GlobalPart, Overall
from dashboard.sections.global_parts.partial import PARTIAL
from dashboard.sections.global_parts.permutation import PERMUTATION

PARTS: tuple[GlobalPart, ...] = (  # in the order of the page; a new one is a line here and its file
    DEPENDENCE,
    PARTIAL,
    PERMUTATION,
    BESIDE,
    LASSO,
    EXPLAINERS,
)

__all__ = ["PARTS", "GlobalPart", "Overall"]
