"""Removal: worked out by hand on a model that is a sum of weights, against plain loops, and odd cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pytest
import torch
from counterfactual_data import DATASET, N_ITEMS, NETWORK, SCORERS, SPLIT, random_situation, situation
from explain_model import random_scorer
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys_core.counterfactual import allowed_columns, exact_removal, smallest_change, smallest_removal
from recsys_core.counterfactual.removal import RemovalSearch
from recsys_core.errors import SettingError
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.scorer import Scorer
from recsys_core.rerank import BY_SCORE, Candidates
from recsys_core.results import Counterfactual
from recsys_core.results.edits import TakeOffItem
from recsys_core.variant import Reranking
from recsys_core.what_if.situation import Situation, with_edits


def sum_of_weights(entries: dict[tuple[int, int], float]) -> Scorer:
    """A model that is its item-item term alone: the network says 0 of everything."""
    network = random_scorer(NETWORK.features)
    for weights in network.ranker.head.parameters():
        torch.nn.init.zeros_(weights)
    table = np.zeros((N_ITEMS, N_ITEMS), dtype=np.float32)
    for (known, item), value in entries.items():
        table[known, item] = value
    return network.with_term(ItemItemTerm(1.0, 1.0, csr_array(table), N_ITEMS))


def rank(where: Situation, off: list[int]) -> int:
    """By a plain loop: the place after the history without some items is scored."""
    edits = [TakeOffItem(i, str(DATASET.items["item_id"][i])) for i in off]
    scores = with_edits(where, edits).scores(SPLIT.tie_order).scores
    order = sorted(np.flatnonzero(~where.seen), key=lambda i: (-scores[i], SPLIT.tie_order[i]))
    return order.index(where.item_index) + 1


def smallest_by_loops(where: Situation, k: int, largest: int) -> int | None:
    """Size of the smallest set that takes the item off the list."""
    for size in range(1, largest + 1):
        if any(rank(where, list(off)) > k for off in combinations(where.positives.tolist(), size)):
            return size
    return None


def taken_off(found: Counterfactual) -> list[int]:
    return [change.item_index for change in found.changes]


def test_two_items_by_hand():
    """Item 4 has 3 + 2 + 0.5, the others of the top two 2.4: without 7 it has 2.5, without both 0.5."""
    scorer = sum_of_weights({(7, 4): 3.0, (3, 4): 2.0, (9, 4): 0.5, (9, 10): 2.4, (9, 11): 2.3, (9, 12): 2.2})
    where = situation(scorer, item=4, taken=[7, 3, 9])
    assert rank(where, []) == 1
    found = smallest_removal(where, SPLIT, k=3)
    assert (found.found, found.verified, found.exact) == (True, True, True)
    assert sorted(taken_off(found)) == [3, 7]
    assert (found.item.rank, found.after.rank) == (1, 4)
    assert (found.replaced_by.item_index, [i.item_index for i in found.left]) == (12, [4])
    assert [found.after.score, found.item.score] == pytest.approx([0.5, 5.5])
    assert smallest_removal(where, SPLIT, k=1).edits == (TakeOffItem(7, "i7"), TakeOffItem(3, "i3"))


def test_an_earlier_positive_that_only_the_term_reads_counts():
    """The history holds the five newest; the one that carries the item is the sixth."""
    scorer = sum_of_weights({(20, 4): 5.0, (0, 10): 1.0})
    found = smallest_removal(situation(scorer, item=4, taken=[0, 1, 2, 3, 5, 20]), SPLIT, k=1)
    assert (taken_off(found), found.verified, found.replaced_by.item_index) == ([20], True, 10)


def test_what_is_taken_off_does_not_become_a_candidate():
    scorer = sum_of_weights({(7, 4): 2.0, (3, 7): 9.0, (3, 8): 1.0})
    found = smallest_removal(situation(scorer, item=4, taken=[7, 3]), SPLIT, k=1)
    assert (taken_off(found), found.replaced_by.item_index) == ([7], 8)


@pytest.mark.parametrize("name", SCORERS)
def test_as_small_as_plain_loops_find(name):
    """Found wherever there is one of at most three, and never larger; the quick one and the judge agree with loops."""
    sizes = []
    for seed in range(12):
        where = random_situation(seed, n_taken=7, rank=1 + seed % 4, scorer=SCORERS[name])
        size = smallest_by_loops(where, 5, 3)
        found, judged = smallest_removal(where, SPLIT, k=5), exact_removal(where, SPLIT, k=5, largest=3)
        assert (None if judged is None else len(judged)) == size
        if size is not None:
            assert (len(found.changes), found.verified, found.exact) == (size, True, True)
            sizes.append(size)
    assert len(set(sizes)) > 1


@given(
    seed=st.integers(0, 10_000), n_taken=st.integers(1, 14), place=st.integers(1, 6), name=st.sampled_from([*SCORERS])
)
@settings(max_examples=25, deadline=None)
def test_what_is_said_holds_and_no_item_is_needless(seed, n_taken, place, name):
    where = random_situation(seed, n_taken=n_taken, rank=place, scorer=SCORERS[name])
    found = smallest_removal(where, SPLIT, k=6, search=RemovalSearch(n_sets=20, beam=2, largest=3, in_full=200))
    if not found.found:
        assert found.note.key == f"counterfactual.{'unmoved' if found.best_rank == found.item.rank else 'no_removal'}"
        assert found.item.rank <= found.best_rank <= 6
        return
    off = taken_off(found)
    assert found.verified
    assert rank(where, off) == found.after.rank > 6
    assert all(rank(where, [i for i in off if i != one]) <= 6 for one in off)
    assert not found.exact or len(off) == 1 or smallest_by_loops(where, 6, len(off) - 1) is None


def test_odd_cases_are_one_sentence():
    taken, nothing = [7, 3, 9], situation(item=0, taken=[])
    first, last = (random_situation(0, n_taken=3, rank=at) for at in (1, N_ITEMS - 3))
    asked = {
        "counterfactual.no_candidate": situation(item=7, taken=taken),
        "counterfactual.not_listed": last,
        "counterfactual.no_history": replace(nothing, item_index=int(nothing.scores(SPLIT.tie_order).top(1)[0])),
    }
    for key, where in asked.items():
        found = smallest_removal(where, SPLIT)
        assert (found.found, found.note.key, found.changes, found.after) == (False, key, (), None)
    everything = smallest_removal(first, SPLIT, k=N_ITEMS)
    assert everything.note.key == "counterfactual.short_list"
    unmoved = sum_of_weights({})  # equal scores: the order is drawn, and no history changes it
    item = int(np.argmin(np.where(np.isin(np.arange(N_ITEMS), taken), 99, SPLIT.tie_order)))
    never = smallest_removal(situation(unmoved, item=item, taken=taken), SPLIT)
    assert (never.note.key, never.best_rank) == ("counterfactual.unmoved", 1)
    assert "stays at rank 1 or better" in str(never.note)
    with pytest.raises(SettingError, match="k must be at least 1"):
        smallest_removal(first, SPLIT, k=0)


def test_a_history_of_one():
    scorer = sum_of_weights({(7, 4): 1.0})
    tied = [i for i in range(N_ITEMS) if i not in (4, 7)]
    found = smallest_removal(situation(scorer, item=4, taken=[7]), SPLIT, k=1)
    best = min([4, *tied], key=lambda i: SPLIT.tie_order[i])
    assert found.found == (best != 4)
    assert not found.found or found.replaced_by.item_index == best


BACKWARDS = Reranking("backwards")


@dataclass(frozen=True)
class Backwards:
    """A re-ranker that lists the worst first."""

    settings: Reranking = BACKWARDS

    def lists(self, candidates: Candidates, k: int) -> np.ndarray:
        return BY_SCORE.lists(replace(candidates, scores=-candidates.scores), k)


def test_a_re_rankers_lists_count():
    """Whatever makes the list from the scores: what is found is off its list, and what is brought in is on it."""
    n_found = 0
    for seed in range(3):
        where = random_situation(seed, n_taken=6, rank=N_ITEMS - 6 - 3)
        found = smallest_removal(where, SPLIT, k=5, reranker=Backwards())
        assert found.item.rank <= 5
        n_found += found.found
        after = with_edits(where, found.edits).scores(SPLIT.tie_order, Backwards()).rank_of(where.item_index)
        assert not found.found or (found.verified and after == found.after.rank > 5)
        outside = random_situation(seed, n_taken=6, rank=N_ITEMS - 6 - 8)
        allowed = allowed_columns("", DATASET, NETWORK.features)
        change = smallest_change(outside, SPLIT, allowed, k=5, reranker=Backwards())
        assert not change.found or change.verified
        n_found += change.found
    assert n_found
