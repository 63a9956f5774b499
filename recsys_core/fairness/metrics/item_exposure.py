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
``list_rate@k``, ``rsp@k``, ``reo@k``
    How often an item of the group is listed where it could be, and how unlike these rates and the recalls are: standard
    deviation over mean of the groups that are large enough (Zhu, Wang & Caverlee 2020).
``exposure_gini@k``
    RecBole's ``GiniIndex`` counts places; here they weigh what they are seen.
"""

from __future__ import annotations

from recsys_core.fairness.item_metric import ItemMetric, quotient, share
from recsys_core.fairness.metric import HIGHER_IS_BETTER, LOWER_IS_BETTER, NEITHER

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
    ItemMetric(
        name="item_coverage",
        place=1070,
        formula="items of the group in at least one list / items of the group",
        source="Herlocker et al. 2004; RecBole ItemCoverage",
        direction=HIGHER_IS_BETTER,
        unit="share",
        at_k=True,
        value=lambda sums: sums.reached,
    ),
    ItemMetric(
        name="exposure_gini",
        place=1080,
        formula="sum over items i, j of |exposure_i - exposure_j| / (2 n^2 * mean exposure)",
        source="Gini 1912; RecBole GiniIndex, of counts in place of exposure",
        direction=LOWER_IS_BETTER,
        unit="share",
        at_k=True,
        is_compared=False,
        value=lambda sums: sums.inequality,
    ),
    ItemMetric(
        name="tail_share",
        place=1090,
        formula="exposure of the group's items outside the most popular fifth / exposure of the group",
        source="Abdollahpouri et al. 2019; RecBole TailPercentage, of places in place of exposure",
        direction=NEITHER,
        unit="share",
        at_k=True,
        value=lambda sums: quotient(sums.tail, sums.exposure),
    ),
    ItemMetric(
        name="list_rate",
        place=1100,
        formula="places in lists that items of the group have / places that they could have: not taken in training",
        source="Zhu, Wang & Caverlee 2020, P(R@k | g)",
        direction=NEITHER,
        unit="share",
        at_k=True,
        value=lambda sums: quotient(sums.listed, sums.candidates),
    ),
    ItemMetric(
        name="rsp",
        place=1110,
        formula="standard deviation / mean over groups of P(R@k | g)",
        source="Zhu, Wang & Caverlee 2020, ranking-based statistical parity",
        direction=LOWER_IS_BETTER,
        unit="amount",
        at_k=True,
        is_together=True,
        value=lambda sums: sums.unequal(quotient(sums.listed, sums.candidates)),
    ),
    ItemMetric(
        name="reo",
        place=1120,
        formula="standard deviation / mean over groups of P(R@k | g, y = 1)",
        source="Zhu, Wang & Caverlee 2020, ranking-based equal opportunity",
        direction=LOWER_IS_BETTER,
        unit="amount",
        at_k=True,
        is_together=True,
        value=lambda sums: sums.unequal(quotient(sums.hits, sums.held_out)),
    ),
)
