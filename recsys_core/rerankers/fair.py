r"""FA*IR (Zehlike et al. 2017): every beginning of a list could have been drawn with the group's proportion.

A list of ten is fair to a group of proportion ``p`` if none of its beginnings holds fewer of the group's items than
:math:`m_i`, the smallest number with :math:`F(m_i; i, p) \ge \alpha_c`, ``F`` the binomial distribution function. Ten
tests are made of one list, so :math:`\alpha_c` is chosen such that a list drawn with ``p`` fails any of them with a
chance as near to :math:`\alpha = 0.1` as the steps of the table allow. ``p`` is the strength times the share of the
group's items among what validation users took. From the eleventh place on the order is that of the score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.models.evaluation import K
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerankers.columns import groups_of, require_validation
from recsys_core.rerankers.first_places import PlacesReranker, QuickReranker
from recsys_core.rerankers.guaranteed import BY_POPULARITY, ByGuarantee, favoured_group
from recsys_core.rerankers.prepared import Favoured, Served
from recsys_core.variant import Reranking

METHOD = "fair"
ALPHA = 0.1
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class PreparedFair:
    """The group, and which items are its."""

    favoured: tuple[Favoured]
    is_member: np.ndarray

    def at(self, settings: Reranking) -> QuickReranker:
        least = adjusted_table(K, settings.strength * self.favoured[0].share, ALPHA)
        return PlacesReranker(settings, ByGuarantee(self.is_member, least))


def check(by: str, split_dataset: SplitDataset) -> None:
    """Raise ``RecLensError`` where there is nothing that it could do."""
    groups_of(METHOD, by or BY_POPULARITY, split_dataset, side="item")
    require_validation(METHOD, split_dataset)


def prepare(served: Served, by: str) -> PreparedFair:
    """Find the group and its proportion on the validation part."""
    check(by, served.split_dataset)
    grouping = groups_of(METHOD, by or BY_POPULARITY, served.split_dataset, side="item")
    favoured, is_member = favoured_group(METHOD, grouping, served)
    return PreparedFair((favoured,), is_member)


def minimum_table(k: int, p: float, alpha: float) -> np.ndarray:
    """How many of the first 1, 2, … k places are the group's at least, for one test of each ``(k,)``.

    >>> minimum_table(12, 0.5, 0.1).tolist()  # Zehlike et al. 2017, table 2
    [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4]
    """
    from scipy.stats import binom

    return np.maximum(binom.ppf(alpha, np.arange(1, k + 1), p), 0).astype(np.int64)


def fail_probability(least: np.ndarray, p: float) -> float:
    """Chance that a list whose places are the group's with probability ``p`` each breaks a table at any place.

    Paths of the number of the group's places that never break it, summed place by place.
    """
    paths = np.zeros(len(least) + 1)
    paths[0] = 1.0
    for needed in least:
        paths[1:] = paths[1:] * (1 - p) + paths[:-1] * p
        paths[0] *= 1 - p
        paths[:needed] = 0.0
    return float(max(1 - paths.sum(), 0.0))


def adjusted_table(k: int, p: float, alpha: float) -> np.ndarray:
    """The table of ``k`` tests together: that whose chance to fail a fair list is nearest to ``alpha``, ``(k,)``.

    Tables change only where ``alpha`` passes a value of the distribution function, so each is tried at such a value;
    of equally near ones the more lenient. The published code finds the same by halving an interval.

    >>> adjusted_table(20, 0.25, 0.1).tolist()  # tests of fairsearch-fair-python
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    """
    from scipy.stats import binom

    places = np.arange(1, k + 1)
    steps = np.unique(binom.cdf(np.arange(k + 1)[:, None], places, p))
    tried = [minimum_table(k, p, a) for a in (0.0, *(steps[steps < alpha] + ROUNDING), alpha)]
    far = [round(abs(fail_probability(table, p) - alpha), 12) for table in tried]
    return tried[int(np.argmin(far))]
