"""Genes: what the search may set, each a list of choices; and what a person would try in the same space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

import numpy as np

from recsys_core.compare import default_grid
from recsys_core.fairness import groupable_columns
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.trained_model import TrainedModel
from recsys_core.rerank import RERANKERS
from recsys_core.variant import BITS, PRUNINGS, Compression, ModelVariant, Reranking

SPARSITIES = tuple(round(0.05 * i, 2) for i in range(19))
STRENGTHS = tuple(round(0.1 * i, 1) for i in range(1, 11))
DECIDE = ("threshold",)  # change who is decided for, never a list: none of the objectives
MOST_COLUMNS, MOST_MODELS = 6, 12
ORDERED = ("sparsity", "bits", "neighbours", "strength")  # neighbouring choices are alike
INFORMED = ((0.0, 8), *((s, 4) for s in (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)))  # sparsity and bits


@dataclass(frozen=True, slots=True)
class Space:
    """The choices of every gene; an individual holds a position in each.

    ``model`` are models as variants name them, the searched one first; ``rerank`` the re-rankers that change lists,
    empty for none; ``column`` what they look at.
    """

    model: tuple[str, ...]
    sparsity: tuple[float, ...]
    bits: tuple[int, ...]
    pruning: tuple[str, ...]
    neighbours: tuple[int | None, ...]
    rerank: tuple[str, ...]
    strength: tuple[float, ...]
    column: tuple[str, ...]

    @property
    def choices(self) -> dict[str, tuple]:
        """By gene, in the order of an individual."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def size(self) -> int:
        """Number of different variants, at most."""
        lists = 1 + (len(self.rerank) - 1) * len(self.strength) * len(self.column)
        pruned = 1 + (len(self.sparsity) - 1) * len(self.pruning)
        return len(self.model) * pruned * len(self.bits) * len(self.neighbours) * lists

    def variant(self, genes: Sequence[int]) -> ModelVariant:
        """What the genes say; those that something else makes idle do not matter."""
        said = {name: choices[at] for (name, choices), at in zip(self.choices.items(), genes, strict=True)}
        compression = Compression(said["sparsity"], said["bits"], said["pruning"], neighbours=said["neighbours"])
        lists = Reranking(said["rerank"], said["strength"], said["column"]) if said["rerank"] else Reranking()
        return ModelVariant(said["model"], compression, lists)

    def holds(self, variant: ModelVariant) -> bool:
        """Whether the genes can say it."""
        try:
            self.genes(variant)
        except ValueError:
            return False
        return True

    def genes(self, variant: ModelVariant) -> list[int]:
        """The inverse of `variant`. Raises ``ValueError`` for a variant outside the space."""
        compression, lists = variant.compression, variant.reranking
        said: Mapping[str, object] = {
            "model": variant.model,
            "sparsity": compression.sparsity,
            "bits": compression.bits,
            "pruning": compression.pruning,
            "neighbours": compression.neighbours,
            "rerank": lists.name,
            "strength": lists.strength,
            "column": lists.by or self.column[0],
        }
        return [choices.index(said[name]) for name, choices in self.choices.items()]


def make_space(model: TrainedModel, others: Sequence[str]) -> Space:
    """What may be set for a model of a workspace; ``others`` are the models that may stand in its place, newest first.

    Re-rankers look at the item columns that can form groups.
    """
    columns = groupable_columns(model.dataset, "item")[:MOST_COLUMNS]
    names = tuple(name for name in RERANKERS if name not in DECIDE) if columns else ()
    return Space(
        (model.variant.model, *others[: MOST_MODELS - 1]),
        SPARSITIES,
        BITS,
        PRUNINGS,
        (None, *(model.term.levels if model.term else ())),
        ("", *names),
        STRENGTHS,
        columns or ("",),
    )


def informed(space: Space) -> list[ModelVariant]:
    """What is worth trying before anything is known, in order: levels that usually cost little, then mendings.

    The levels stand for what is known of compression before anything is measured: a byte saved by narrower weights
    costs less quality than one saved by fewer units, so 4 bits stand at every sparsity, and under every mending.
    """
    full = ModelVariant(space.model[0])
    levels = [replace(full, compression=Compression(s, bits)) for s, bits in INFORMED]
    few = [replace(full, compression=Compression(bits=8, neighbours=n)) for n in space.neighbours[1:3]]
    small = Compression(bits=4)
    mended = [replace(full, model=model, compression=small) for model in space.model[1:]]
    lists = [replace(full, compression=small, reranking=r) for r in _mendings(space, (1.0, 0.5))]
    return [v for v in (full, *levels, *few, *mended, *lists) if space.holds(v)]


def by_hand(space: Space, term: ItemItemTerm | None) -> list[ModelVariant]:
    """The grid: the levels of `recsys_core.compare.default_grid` in their order, after every two of them a mending.

    The mendings are those that a person would try: every other model and every re-ranker by every column, at half and
    at full strength, nothing compressed and in 8 bits.
    """
    full = ModelVariant(space.model[0])
    levels = [replace(v, model=full.model) for v in default_grid(term)]
    mendings = [replace(full, model=model) for model in space.model[1:]]
    mendings += [replace(full, reranking=r) for r in _mendings(space, (0.5, 1.0))]
    mendings += [replace(v, compression=Compression(bits=8)) for v in mendings]
    every = chain.from_iterable(zip_longest(levels[::2], levels[1::2], mendings))
    return list(dict.fromkeys(v for v in every if v is not None))


def _mendings(space: Space, strengths: Sequence[float]) -> list[Reranking]:
    columns = space.column if space.rerank[1:] else ()
    return [Reranking(name, s, by) for by in columns for s in strengths for name in space.rerank[1:]]


def drawn(space: Space, draw: np.random.Generator) -> list[int]:
    """Genes at random."""
    return [int(draw.integers(len(choices))) for choices in space.choices.values()]
