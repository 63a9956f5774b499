"""Re-rankers: what makes lists (or decisions) from scores that are fairer to a group, a module each.

A module ``NAME`` (a dash in a name is an underscore there) holds ``prepare(served, by) -> Prepared``: what is learned
on the validation part, once for a model and a column; ``at`` then gives the re-ranker of a strength without delay; and
``check(by, split_dataset)``, which raises where the data leave it nothing to do.
"""

from __future__ import annotations

from recsys_core.rerankers.first_places import N_PLACES, FirstPlaces, PlacesReranker, QuickReranker, rank_places
from recsys_core.rerankers.make import check_reranker, make_reranker, prepare_reranker
from recsys_core.rerankers.prepared import Favoured, Prepared, Served

__all__ = [
    "N_PLACES",
    "Favoured",
    "FirstPlaces",
    "PlacesReranker",
    "Prepared",
    "QuickReranker",
    "Served",
    "check_reranker",
    "make_reranker",
    "prepare_reranker",
    "rank_places",
]
