"""Baselines on the same split and under the same history rule: popularity, EASE, item-kNN.

One file an idea; import the names from here. A new one is a function in `BASELINES`.
"""

from recsys_core.models.baselines.baseline import BASELINES, Baseline
from recsys_core.models.baselines.co_occurrence import TrainingPositives
from recsys_core.models.baselines.ease import Ease, fit_ease
from recsys_core.models.baselines.item_knn import ItemKnn, fit_item_knn
from recsys_core.models.baselines.popularity import Popularity

__all__ = [
    "BASELINES",
    "Baseline",
    "Ease",
    "ItemKnn",
    "Popularity",
    "TrainingPositives",
    "fit_ease",
    "fit_item_knn",
]
