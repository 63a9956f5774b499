r"""Exposure of groups of items, against relevance and against the catalogue.

With membership :math:`m_{ig}` (rows sum to 1), for every group :math:`g`:

``catalogue_share``
    :math:`\sum_i m_{ig} / n`.
``exposure_share``
    Share of the exposure of all lists, :math:`v_j = 1/\log_2(1 + j)`.
``relevance_share``
    Mean over users of the group's share among their held-out items.
``exposure_to_relevance``
    The ratio of the two: 1 is exposure in proportion to merit (disparate treatment of Singh & Joachims 2018,
    relevance taken from held-out items, over the whole audience).
``exposure_to_catalogue``
    1 is exposure in proportion to size (their demographic parity).
``recall@k``
    Share of the group's held-out items that were in the lists: equal opportunity for items.
"""

from __future__ import annotations

from recsys_core.fairness.item_metric import ItemMetric, quotient, share
from recsys_core.fairness.metric import HIGHER_IS_BETTER, NEITHER

METRICS = (
    ItemMetric(
        name="catalogue_share",
        place=1010,
        formula="items of the group / items",
        source="by definition",
        direction=NEITHER,
        unit="share",
        is_compared=False,
        value=lambda sums: share(sums.catalogue),
    ),
    ItemMetric(
        name="exposure_share",
        place=1020,
        formula="exposure of the group's items / exposure of all items, each place weighing 1 / log2(1 + rank)",
        source="Singh & Joachims 2018",
        direction=NEITHER,
        unit="share",
        is_compared=False,
        value=lambda sums: share(sums.exposure),
    ),
    ItemMetric(
        name="relevance_share",
        place=1030,
        formula="mean over users of the group's share of their held-out items",
        source="Singh & Joachims 2018",
        direction=NEITHER,
        unit="share",
        is_compared=False,
        value=lambda sums: share(sums.relevance),
    ),
    ItemMetric(
        name="exposure_to_relevance",
        place=1040,
        formula="share of exposure / share of what was taken later",
        source="Singh & Joachims 2018, disparate treatment",
        direction=HIGHER_IS_BETTER,
        unit="ratio",
        value=lambda sums: quotient(share(sums.exposure), share(sums.relevance)),
    ),
    ItemMetric(
        name="exposure_to_catalogue",
        place=1050,
        formula="share of exposure / share of the catalogue",
        source="Singh & Joachims 2018, demographic parity",
        direction=HIGHER_IS_BETTER,
        unit="ratio",
        value=lambda sums: quotient(share(sums.exposure), share(sums.catalogue)),
    ),
    ItemMetric(
        name="recall",
        place=1060,
        formula="held-out items of the group in the lists / held-out items of the group",
        source="Zhu, Wang & Caverlee 2020, P(R@k | g, y = 1)",
        direction=HIGHER_IS_BETTER,
        unit="share",
        at_k=True,
        value=lambda sums: quotient(sums.hits, sums.held_out),
    ),
)
