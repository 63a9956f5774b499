"""Several re-rankers in order: each sees the scores in the order that the one before it gave."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys_core.rerank import Candidates
from recsys_core.rerankers.first_places import Arranger, FirstPlaces, PlacesReranker, QuickReranker
from recsys_core.rerankers.prepared import Favoured, Prepared
from recsys_core.variant import Reranking


@dataclass(frozen=True, slots=True, eq=False)
class InOrder:
    """One arranger after the other; all but the last arrange all first places."""

    arrangers: tuple[Arranger, ...]

    def order(self, places: FirstPlaces, k: int) -> np.ndarray:
        order = np.broadcast_to(np.arange(places.items.shape[1]), places.items.shape)
        for number, arranger in enumerate(self.arrangers, 1):
            width = k if number == len(self.arrangers) else places.items.shape[1]
            step = arranger.order(places, width)
            order = np.take_along_axis(order, step, axis=1)
            places = places.rearranged(step) if number < len(self.arrangers) else places
        return order[:, :k]


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Lists of all that rearrange, decisions of the last one that decides."""

    settings: Reranking
    places: PlacesReranker
    deciding: QuickReranker | None

    def lists(self, candidates: Candidates, k: int) -> np.ndarray:
        return self.places.lists(candidates, k)

    def top(self, first: FirstPlaces, k: int) -> np.ndarray:
        return self.places.top(first, k)

    def decisions(self, users: np.ndarray, scores: np.ndarray) -> np.ndarray | None:
        return self.deciding.decisions(users, scores) if self.deciding else None


@dataclass(frozen=True, slots=True, eq=False)
class PreparedChain:
    """Re-rankers before their strength, with the settings of each at strength 1."""

    parts: tuple[tuple[Reranking, Prepared], ...]

    @property
    def favoured(self) -> tuple[Favoured, ...]:
        return tuple(group for _, part in self.parts for group in part.favoured)

    def at(self, settings: Reranking) -> QuickReranker:
        made = [part.at(replace(own, strength=settings.strength)) for own, part in self.parts]
        arrangers = tuple(one.arranger for one in made if isinstance(one, PlacesReranker))
        deciding = next((one for one in reversed(made) if not isinstance(one, PlacesReranker)), None)
        return Chain(settings, PlacesReranker(settings, InOrder(arrangers)), deciding)
