"""Removal: the smallest set of history items without which an item leaves a user's top k."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from recsys_core.counterfactual.histories import SupposedHistories
from recsys_core.counterfactual.outcome import Question, asked, not_found, verified
from recsys_core.counterfactual.places import ListRule
from recsys_core.errors import Phrase, phrase
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results.counterfactual import REMOVE_HISTORY, Counterfactual, TakenOff
from recsys_core.results.edits import TakeOffItem
from recsys_core.what_if.situation import Situation


@dataclass(frozen=True, slots=True)
class RemovalSearch:
    """How far the search goes.

    Attributes
    ----------
    n_sets
        Sets of each size that are put together from the positives that weigh most.
    beam
        Sets of each size that are grown by one positive more.
    largest
        Size up to which sets are compared side by side; larger ones are grown from the best alone.
    n_rivals
        Candidates of each case seen in full that a set is compared with.
    in_full
        Scores of single items that may be spent on excluding smaller sets by the whole catalogue.
    """

    n_sets: int = 200
    beam: int = 6
    largest: int = 5
    n_rivals: int = 24
    in_full: int = 250_000


def smallest_removal(
    situation: Situation,
    split_dataset: SplitDataset,
    *,
    k: int = 10,
    reranker: Reranker = BY_SCORE,
    search: RemovalSearch = RemovalSearch(),
) -> Counterfactual:
    """The smallest set of known positives found without which the item is not in the top ``k``.

    Single positives are all tried; larger sets are put together from those that weigh most and grown from the best,
    each against the candidates that compete for the list's last places; what comes out is checked by the whole
    catalogue, as is that none of its items is needless. ``exact``: every smaller set was tried by the whole catalogue.

    Taken off, an item stays no candidate, and older positives move up into the part that attention reads. Raises
    ``SettingError`` (``setting.k``) for ``k`` below 1.
    """
    began = time.perf_counter()
    question = asked(REMOVE_HISTORY, situation, split_dataset, k=k, reranker=reranker)
    note = _no_question(question)
    if note is not None:
        return not_found(question, note, began=began)
    rule = ListRule.of(situation, k, question.scores.tie_order, reranker)
    finder = _Finder(SupposedHistories(situation, rule), search)
    off = finder.find()
    if off is None:
        note, rank = _nothing_found(question, finder.lowest)
        return not_found(question, note, began=began, n_scored=finder.histories.n_scored, best_rank=rank)
    taken_off = tuple(TakenOff(e.item_index, e.item_id, question.title_of(e.item_index)) for e in _edits(question, off))
    return verified(
        question,
        taken_off,
        _edits(question, off),
        began=began,
        exact=finder.is_exact(int(off.sum())),
        n_scored=finder.histories.n_scored,
    )


def _no_question(question: Question) -> Phrase | None:
    """Why no removal is looked for, where that is so."""
    rank, situation = question.item.rank, question.situation
    if not rank:
        return phrase("counterfactual.no_candidate", title=question.title)
    if rank > question.k:
        return phrase("counterfactual.not_listed", title=question.title, k=question.k, rank=rank)
    if not len(situation.positives):
        return phrase("counterfactual.no_history", user=question.user_id)
    if question.n_candidates <= question.k:
        return phrase("counterfactual.short_list", title=question.title, k=question.k, n=question.n_candidates)
    return None


def _nothing_found(question: Question, lowest: np.ndarray) -> tuple[Phrase, int]:
    """How far down the item came, and the rank: by the set that came nearest to it, or without the whole history."""
    sets = [lowest, np.ones_like(lowest)]
    ranks = [question.rank_after(_edits(question, off)) for off in sets]
    at, before = int(np.argmax(ranks)), question.item.rank
    if ranks[at] <= before:
        return phrase("counterfactual.unmoved", title=question.title, k=question.k, rank=before), before
    said = {"title": question.title, "k": question.k, "rank": ranks[at], "before": before}
    return phrase("counterfactual.no_removal", **said, n=int(sets[at].sum()), all=len(lowest)), ranks[at]


def _edits(question: Question, off: np.ndarray) -> tuple[TakeOffItem, ...]:
    items = question.situation.positives[off].tolist()
    return tuple(TakeOffItem(item, question.id_of(item)) for item in items)


class _Finder:
    """One search; ``lowest`` is the set that brought the item furthest down the list so far."""

    def __init__(self, histories: SupposedHistories, search: RemovalSearch) -> None:
        self.histories, self.search = histories, search
        self.n = len(histories.positives)
        self.n_items = len(histories.situation.seen)
        self.lowest, self.lowest_margin = np.zeros(self.n, dtype=bool), np.inf
        self.most_in_full = max(16, 4 * search.in_full // self.n_items)
        self.excluded = 0  # sets of up to so many positives were all tried in full
        self.effect = np.zeros(self.n)

    def find(self) -> np.ndarray | None:
        """Positives to take off ``(n,)``, None where no set was found."""
        none_or_all = np.array([[False] * self.n, [True] * self.n])
        start = self.histories.meet(none_or_all, self.search.n_rivals)
        found = self._single(start.margin[0])
        if found is None:
            found = self._small(start.margin[0])
        if found is None:
            found = self._large()
        if found is None:
            return None
        return self._exclude_smaller(self._without_needless(found))

    def is_exact(self, size: int) -> bool:
        return self.excluded >= size - 1

    def _single(self, margin: float) -> np.ndarray | None:
        """One positive alone; notes what each weighs."""
        singles = np.eye(self.n, dtype=bool)
        in_full = self.n * self.n_items <= self.search.in_full
        places = self.histories.in_full(singles) if in_full else self.histories.among_rivals(singles)
        self.effect = places.margin - margin
        if not in_full:
            return self._checked(singles, places.margin)
        self.excluded = 1
        self._note(singles, places.margin)
        return None if places.is_listed.all() else singles[np.where(places.is_listed, np.inf, places.margin).argmin()]

    def _small(self, margin: float) -> np.ndarray | None:
        """Sets of 2 to ``largest`` positives: of those that weigh most all, and the best of each size grown by one."""
        order, beam = np.argsort(self.effect, kind="stable"), np.zeros((0, self.n), dtype=bool)
        for size in range(2, min(self.search.largest, self.n) + 1):
            sets = np.concatenate([self._combined(order, size), _grown(beam, order[: self.search.n_sets // 15])])
            sets = np.unique(sets, axis=0)
            margins = self.histories.among_rivals(sets).margin
            found = self._checked(sets, margins)
            if found is not None:
                return found
            beam = sets[np.argsort(margins, kind="stable")[: self.search.beam]]
        return None

    def _combined(self, order: np.ndarray, size: int) -> np.ndarray:
        """All sets of a size among so many of the weightiest positives that there are about ``n_sets``."""
        among = size
        while among < self.n and comb(among + 1, size) <= self.search.n_sets:
            among += 1
        chosen = np.array(list(combinations(order[:among].tolist(), size)))
        sets = np.zeros((len(chosen), self.n), dtype=bool)
        np.put_along_axis(sets, chosen, True, axis=1)
        return sets

    def _large(self) -> np.ndarray | None:
        """Sets grown from the best one so far, by an eighth of their size at a time, up to everything."""
        off, order = self.lowest.copy(), np.argsort(self.effect, kind="stable")
        while not off.all():
            left = order[~off[order]][: self.search.n_sets]
            margins = self.histories.among_rivals(_grown(off[None], left)).margin
            step = max(1, int(off.sum()) // 8)
            off[left[np.argsort(margins, kind="stable")[:step]]] = True
            found = self._checked(off[None], np.zeros(1))
            if found is not None:
                return found
        return None

    def _checked(self, sets: np.ndarray, margins: np.ndarray, n_checked: int = 3) -> np.ndarray | None:
        """The first of the most promising sets that the whole catalogue confirms."""
        best = sets[np.argsort(margins, kind="stable")[:n_checked]]
        places = self.histories.meet(best, 2 * self.histories.rule.k)
        self._note(best, places.margin)
        out = np.flatnonzero(~places.is_listed)
        return best[out[0]] if len(out) else None

    def _note(self, sets: np.ndarray, margins: np.ndarray) -> None:
        at = int(np.argmin(margins))
        if margins[at] < self.lowest_margin:
            self.lowest, self.lowest_margin = sets[at], float(margins[at])

    def _without_needless(self, off: np.ndarray) -> np.ndarray:
        """The set less every positive without which the rest still suffices, by the whole catalogue."""
        while off.sum() > 1:
            members = np.flatnonzero(off)
            fewer = np.repeat(off[None], len(members), axis=0)
            fewer[np.arange(len(members)), members] = False
            order = np.argsort(self.histories.among_rivals(fewer).margin, kind="stable")
            nearest = fewer[order[: self.most_in_full]]  # those that may be out by the whole catalogue
            if self.histories.in_full(nearest[:1]).is_listed[0]:
                places = self.histories.in_full(nearest)
                if places.is_listed.all():
                    return off
                nearest = nearest[[np.where(places.is_listed, np.inf, places.margin).argmin()]]
            off = nearest[0]
        return off

    def _exclude_smaller(self, off: np.ndarray) -> np.ndarray:
        """The set, or a smaller one where trying all of those, as far as the budget goes, finds one."""
        spent = 0
        for size in range(self.excluded + 1, int(off.sum())):
            spent += comb(self.n, size) * self.n_items
            if spent > self.search.in_full:
                return off
            sets = np.zeros((comb(self.n, size), self.n), dtype=bool)
            np.put_along_axis(sets, np.array(list(combinations(range(self.n), size))), True, axis=1)
            places = self.histories.in_full(sets)
            if not places.is_listed.all():
                return sets[np.where(places.is_listed, np.inf, places.margin).argmin()]
            self.excluded = size
        return off


def _grown(sets: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Each set with each of ``by`` that it does not hold."""
    row, column = np.nonzero(~sets[:, by])
    grown = sets[row]
    grown[np.arange(len(row)), by[column]] = True
    return grown
