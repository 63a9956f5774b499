"""Parts of the Fairness page below its figures: each closed until asked for, a file each.

As the parts of Global: a part says its own parameters of the address, and draws itself for what the page shows. Closed
it costs an expander; opened it is restored by the address.
"""

from __future__ import annotations

from dashboard.sections.fairness_parts.adversarial import ADVERSARIAL
from dashboard.sections.fairness_parts.data_gap import DATA_GAP
from dashboard.sections.fairness_parts.designs import DESIGNS
from dashboard.sections.fairness_parts.gap_reasons import GAP_REASONS
from dashboard.sections.fairness_parts.group_reasons import GROUP_REASONS
from dashboard.sections.fairness_parts.items import ITEMS
from dashboard.sections.fairness_parts.measures import MEASURES
from dashboard.sections.fairness_parts.mend import MEND
from dashboard.sections.fairness_parts.part import Audited, FairnessPart
from dashboard.sections.fairness_parts.report import REPORT
from dashboard.sections.fairness_parts.search import SEARCH
from dashboard.sections.fairness_parts.strata import STRATA
from dashboard.sections.fairness_parts.subgroups import SUBGROUPS

PARTS: tuple[FairnessPart, ...] = (
    MEASURES,
    SUBGROUPS,
    STRATA,
    GAP_REASONS,
    DATA_GAP,
    ITEMS,
    MEND,
    SEARCH,
    DESIGNS,
    ADVERSARIAL,
    GROUP_REASONS,
    REPORT,
)  # in the order of the page; a new one is a line here and its file

__all__ = ["PARTS", "Audited", "FairnessPart"]
