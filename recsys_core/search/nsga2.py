"""NSGA-II (Deb, Pratap, Agarwal & Meyarivan 2002) over the genes of a space, by deap's fitness and selection.

deap draws from Python's global generator; what draws is written here, from a stream of the run's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from deap import tools

from recsys_core.results.search import Tried
from recsys_core.search.genes import ORDERED, Space, drawn, informed
from recsys_core.search.hypervolume import Individual, coordinates
from recsys_core.seeds import random_stream
from recsys_core.variant import ModelVariant

POPULATION, OFFSPRING = 12, 6
ARRIVING = 3  # of the offspring of a generation, while there is something left that is worth trying by itself
CROSSOVER = 0.7  # chance that two parents are mixed
UNCHANGED, MORE = 0.5, 0.3  # chances that a new mixture stays as it is, and that one gene more is changed
BLOCKS = (("model",), ("sparsity", "pruning"), ("bits",), ("neighbours",), ("rerank", "strength", "column"))
STEP = 0.7  # chance that an ordered gene moves to a near choice and not anywhere
MOST_STEP = 2
TRIES = 60  # to draw something that was not evaluated yet

Evaluate = Callable[[ModelVariant], Tried | None]


def constrained(place: tuple[float, ...]) -> tuple[float, ...]:
    """The same within the reference point; beyond it what everything within beats, and what is less far beyond.

    That is Deb's constrained domination: a variant that lost too much is no extreme worth keeping.
    """
    beyond = sum(max(0.0, x - 1) for x in place)
    return tuple(1 + beyond for _ in place) if beyond else place


class Evolution:
    """One run: a population, and what was evaluated, by variant. ``evaluate`` says None of what cannot be used."""

    def __init__(self, space: Space, full: Tried, evaluate: Evaluate, *, seed: int) -> None:
        self.space, self.full, self._ask = space, full, evaluate
        self.draw = random_stream(seed, "NSGA-II")
        self.tried: dict[ModelVariant, Tried | None] = {}
        self.population: list[Individual] = []

    def run(self, n: int) -> list[Tried]:
        """Evaluate until ``n`` different variants have figures, or nothing new is found; a longer run begins alike."""
        worth = deque(self.space.genes(v) for v in informed(self.space))
        first = [worth.popleft() for _ in range(min(POPULATION, len(worth)))]
        while len(first) < POPULATION:
            first.append(drawn(self.space, self.draw))
        self._add(first, n)
        while self.n_known < n and len(self.tried) < self.space.size:
            before = len(self.tried)
            arrived = [worth.popleft() for _ in range(min(ARRIVING, len(worth)))]
            self._add([*arrived, *(self._child() for _ in range(OFFSPRING - len(arrived)))], n)
            if len(self.tried) == before:
                break
        return [known for known in self.tried.values() if known is not None]

    @property
    def n_known(self) -> int:
        return sum(known is not None for known in self.tried.values())

    def _add(self, many: list[list[int]], n: int) -> None:
        """Evaluate genes in turn; the best of them and of the population stay."""
        added = []
        for genes in many:
            variant = self.space.variant(genes)
            if variant in self.tried or self.n_known >= n:
                continue
            found = self.tried[variant] = self._ask(variant)
            if found is not None:
                individual = Individual(genes)
                individual.fitness.values = constrained(coordinates(found, self.full))
                added.append(individual)
        both = self.population + added
        self.population = tools.selNSGA2(both, min(POPULATION, len(both))) if both else []

    def _child(self) -> list[int]:
        """Genes of two parents, changed until nobody had them."""
        for _ in range(TRIES):
            genes = self._mutated(self._crossed(self._parent(), self._parent()))
            if self.space.variant(genes) not in self.tried:
                return genes
        return drawn(self.space, self.draw)

    def _parent(self) -> list[int]:
        """The better of two: of a better front, then less crowded (the population is in that order)."""
        if not self.population:
            return drawn(self.space, self.draw)
        return list(self.population[int(self.draw.integers(len(self.population), size=2).min())])

    def _crossed(self, first: list[int], second: list[int]) -> list[int]:
        """Every block of genes from either parent: what says one thing together stays together."""
        if self.draw.random() >= CROSSOVER:
            return first
        other = {name for block in BLOCKS if self.draw.random() < 0.5 for name in block}
        return [b if name in other else a for name, a, b in zip(self.space.choices, first, second, strict=True)]

    def _mutated(self, genes: list[int]) -> list[int]:
        """One gene of those that say something, and sometimes more; as it is where it is new already, half of the time.

        Strength and column say nothing without a re-ranker, nor does the kind of pruning where nothing is pruned.
        """
        if self.space.variant(genes) not in self.tried and self.draw.random() < UNCHANGED:
            return genes
        changed, more = list(genes), True
        while more:
            said = self.space.variant(changed)
            idle = {*(("strength", "column") if said.reranking.is_identity else ())}
            idle |= {*(("pruning",) if not said.compression.sparsity else ())}
            free = [
                (at, name)
                for at, (name, choices) in enumerate(self.space.choices.items())
                if len(choices) > 1 and name not in idle
            ]
            at, name = free[int(self.draw.integers(len(free)))]
            changed[at] = self._moved(name, changed[at])
            more = self.draw.random() < MORE
        return changed

    def _moved(self, name: str, at: int) -> int:
        n = len(self.space.choices[name])
        if name in ORDERED and self.draw.random() < STEP:
            step = int(self.draw.integers(1, MOST_STEP + 1)) * (1 if self.draw.random() < 0.5 else -1)
            return min(max(at + step, 0), n - 1)
        return int(self.draw.integers(n))
