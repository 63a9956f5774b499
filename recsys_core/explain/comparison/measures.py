"""What one method's answers to one case are worth, figure by figure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.data.sample import PlantedTruth, planted_shapley
from recsys_core.errors import SettingError
from recsys_core.explain.comparison.case import Case, importance_of
from recsys_core.explain.comparison.orders import order_of
from recsys_core.explain.explain import check_method, explain
from recsys_core.explain.history_methods import HISTORY_METHODS, HistoryQuestion
from recsys_core.explain.history_removal import K
from recsys_core.explain.methods import METHODS
from recsys_core.explain.small_changes import Asked, contributions_of, stays
from recsys_core.metrics import rank_correlation
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.results import Explanation
from recsys_core.results.method_comparison import LOWER_IS_BETTER, OF_HISTORY, RANDOM, SEARCH
from recsys_core.seeds import random_stream

POS, NEG = f"pos@{K}", f"neg@{K}"
N_RIVALS = 20  # our own attention reads every rival with every subset: a few more cost seconds
Figures = dict[str, float]  # by measure; what cannot be told is not in it


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Contributions of the planted function ``(n_players,)`` by player, for one pair."""

    planted: PlantedTruth
    background: Pairs

    @classmethod
    def of(cls, dataset: Dataset, background: Pairs) -> Truth | None:
        """None for data whose truth nobody knows."""
        if dataset.truth is None:
            return None
        return cls(PlantedTruth.from_tables(dataset.truth, dataset.users, dataset.items), background)

    def contributions(self, pair: Pairs) -> dict[str, float]:
        """Exact Shapley values of the planted logit, by the player's key."""
        of_pair, others = (
            self.planted.pairs(p.users, p.items, [h[h >= 0] for h in p.histories]) for p in (pair, self.background)
        )
        values = planted_shapley(self.planted, of_pair, others)[0]
        return dict(zip(self.planted.function.players, values.tolist(), strict=True))


def method_figures(case: Case, name: str, *, shuffled: Scorer, truth: Truth | None) -> Figures:
    """Every figure of one registered method; those of the history where it can take the items one by one.

    Raises ``SettingError`` where the method cannot explain this model.
    """
    one = _explained(case.asked, name)
    found = _order_figures(case, _contributions(one))
    found["seconds"] = one.seconds
    found["sparsity"] = gini(_contributions(one))
    check_method(shuffled, method=name)
    found["randomisation"] = _correlation(one, _explained(replace(case.asked, scorer=shuffled), name))
    again = [_explained(changed, name) for changed in case.changed]
    found["stability"] = _mean([float(stays(contributions_of(one), contributions_of(other))) for other in again])
    if truth is not None:
        found["truth"] = _truth(one, truth.contributions(case.pair))
    if METHODS[name].per_item_history and case.can_lose_history:
        each = _explained(case.asked, name, history="each")
        removal = case.removal(importance_of(each, case.positives, case.dataset))
        found |= {POS: removal.pos(), NEG: removal.neg()}
    return _told(found)


def history_figures(case: Case, name: str) -> Figures:
    """POS, NEG and seconds of a method that knows the history alone (`recsys_core.explain.history_methods`)."""
    if not case.can_lose_history:
        return {}
    began = time.perf_counter()
    question = HistoryQuestion(case.history, case.positives, case.target, case.excluded, case.asked.seed, N_RIVALS)
    importance = HISTORY_METHODS[name](question)
    seconds, removal = time.perf_counter() - began, case.removal(importance)
    return {POS: removal.pos(), NEG: removal.neg(), "seconds": seconds}


def random_figures(case: Case) -> Figures:
    """The floor: orders and contributions that know nothing."""
    orders = case.random_orders()
    found = {
        "deletion": _mean([case.game.deletion(order) for order in orders]),
        "insertion": _mean([case.game.insertion(order) for order in orders]),
    }
    rng = random_stream(case.user_seed, "contributions that know nothing")
    drawn = rng.standard_normal((3, case.game.n_players))
    found |= {"sparsity": gini(drawn[0])}
    found |= {"randomisation": _correlated(drawn[0], drawn[1])}
    found |= {"stability": float(stays(*({str(i): x for i, x in enumerate(row)} for row in drawn[::2].tolist())))}
    if case.can_lose_history:
        removals = case.random_removals()
        found |= {POS: _mean([r.pos() for r in removals]), NEG: _mean([r.neg() for r in removals])}
    return _told(found)


def search_figures(case: Case, found: Sequence[Figures]) -> Figures:
    """The ceiling: the best order of each measure, none of which one order reaches together.

    Where it is searched for, not solved, and a method has ``found`` a better one, that one counts.
    """
    ceiling = {"deletion": case.game.best_deletion(), "insertion": case.game.best_insertion()}
    if case.can_lose_history:
        removal = case.searched_removal()
        ceiling |= {POS: removal.pos(), NEG: removal.neg()}
    better = {name: min if name in LOWER_IS_BETTER else max for name in ceiling}
    reached = {name: [figures[name] for figures in found if name in figures] for name in ceiling}
    return {name: better[name]([value, *reached[name]]) for name, value in ceiling.items()}


def figures_of(case: Case, names: Sequence[str], *, shuffled: Scorer, truth: Truth | None) -> dict[str, Figures]:
    """All rows of a comparison for one case: the floor, every method of ``names``, the ceiling."""
    methods = {
        name: history_figures(case, name)
        if name in OF_HISTORY
        else method_figures(case, name, shuffled=shuffled, truth=truth)
        for name in names
    }
    return {RANDOM: random_figures(case), **methods, SEARCH: search_figures(case, list(methods.values()))}


def able_methods(scorer: Scorer, names: Sequence[str]) -> tuple[tuple[str, ...], dict[str, SettingError]]:
    """Which of these methods can explain this model, and why the others cannot."""
    able, refused = [], {}
    for name in names:
        if name in OF_HISTORY:
            able.append(name)
            continue
        try:
            check_method(scorer, method=name)
            load = METHODS[name].load
            if load is not None:
                load()  # else the first answer would be timed with its library's import
            able.append(name)
        except SettingError as error:
            refused[name] = error
    return tuple(able), refused


def gini(contributions: np.ndarray) -> float:
    """How few reasons carry the sizes of all: 0 where all are equal, near 1 where one carries everything.

    The Gini index (Hurley & Rickard 2009, eq. 16); NaN where nothing has a size.

    >>> round(gini(np.array([0.0, 0.0, 0.0, -2.0])), 2), gini(np.array([1.0, -1.0]))
    (0.75, 0.0)
    """
    sizes = np.sort(np.abs(contributions))
    if not len(sizes) or sizes.sum() == 0:
        return float("nan")
    weights = 2 * np.arange(1, len(sizes) + 1) - len(sizes) - 1
    return float((weights * sizes).sum() / (len(sizes) * sizes.sum()))


def _explained(asked: Asked, name: str, *, history: str = "one") -> Explanation:
    about = asked.scorer, asked.split_dataset.dataset, asked.pair, asked.background
    return explain(*about, method=name, history=history, seed=asked.seed)


def _order_figures(case: Case, contributions: np.ndarray) -> Figures:
    order = order_of(contributions)
    return {"deletion": case.game.deletion(order), "insertion": case.game.insertion(order)}


def _truth(explanation: Explanation, planted: dict[str, float]) -> float:
    """Rank correlation with the planted contributions over the reasons that the truth knows."""
    common = [(c.contribution, planted[c.feature]) for c in explanation.contributions if c.feature in planted]
    return _correlated(*np.array(common).T) if len(common) > 1 else float("nan")


def _contributions(explanation: Explanation) -> np.ndarray:
    return np.array([c.contribution for c in explanation.contributions])


def _correlation(first: Explanation, second: Explanation) -> float:
    return _correlated(_contributions(first), _contributions(second))


def _correlated(first: np.ndarray, second: np.ndarray) -> float:
    return float(rank_correlation(first, second))


def _mean(values: list[float]) -> float:
    known = [v for v in values if v == v]
    return float(np.mean(known)) if known else float("nan")


def _told(found: Figures) -> Figures:
    return {name: value for name, value in found.items() if value == value}
