"""Re-rankers: what makes lists (or decisions) from scores that are fairer to a group, a module each.

A module ``NAME`` (a dash in a name is an underscore there) holds ``prepare(served, by) -> Prepared``: what is learned
on the validation part, once for a model and a column; ``at`` then gives the re-ranker of a strength without delay.
"""

from __future__ import annotations

from recsys_core.rerankers.make import make_reranker, prepare_reranker
from recsys_core.rerankers.prepared import Prepared, Served

__all__ = ["Prepared", "Served", "make_reranker", "prepare_reranker"]
