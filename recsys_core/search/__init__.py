"""A search over mending and compression settings together: NSGA-II for quality, gap, size and explanation drift."""

from recsys_core.search.everything import ORIGINS, TriedPoint, best_of_two, everything_tried
from recsys_core.search.hypervolume import REFERENCE, hypervolume, non_dominated
from recsys_core.search.run import SearchSettings, measure_seconds, search
from recsys_core.search.stored import load_search, searched_columns

__all__ = [
    "ORIGINS",
    "REFERENCE",
    "SearchSettings",
    "TriedPoint",
    "best_of_two",
    "everything_tried",
    "hypervolume",
    "load_search",
    "measure_seconds",
    "non_dominated",
    "search",
    "searched_columns",
]
