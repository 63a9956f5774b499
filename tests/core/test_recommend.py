"""What a list says of itself: who ties with whom, on it and beyond it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.models.workspace import open_model
from recsys_core.recommend import count_ties, recommend, score_user


@pytest.mark.parametrize(
    ("scores", "listed", "excluded", "expected"),
    [
        ([5, 4, 3, 2], [0, 1], None, (0, 0)),
        ([5, 5, 3, 2], [0, 1], None, (2, 2)),
        ([5, 4, 4, 2], [0, 1], None, (1, 2)),  # the last one ties with the first that is left out
        ([5, 4, 4, 2], [0, 1], [2], (0, 0)),  # that one was seen, so it is no candidate
        ([1, 1, 1, 1], [2, 3], None, (2, 4)),
        ([7, 7, 4, 4, 4], [0, 1, 2], None, (3, 5)),
        ([1.0], [], None, (0, 0)),
    ],
)
def test_ties_by_hand(scores, listed, excluded, expected):
    seen = np.isin(np.arange(len(scores)), excluded or [])
    found = count_ties(np.array(scores, dtype=float), np.array(listed, dtype=int), excluded=seen)
    assert found == expected


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_ties_are_those_counted_one_by_one(scores, k):
    scores = np.array(scores)
    listed = np.argsort(-scores, kind="stable")[:k]
    tied = [i for i in listed if (scores == scores[i]).sum() > 1]
    assert count_ties(scores, listed) == (len(tied), int(np.isin(scores, scores[tied]).sum()))


def test_a_list_counts_its_own_ties(tiny_workspace):
    workspace = open_model(tiny_workspace)
    for user in range(5):
        found = recommend(workspace.dense, workspace.split_dataset, user, k=10)
        standing = score_user(workspace.dense, workspace.split_dataset, user)
        candidates = standing.scores[~standing.seen]
        tied = {i.score for i in found.items if (candidates == i.score).sum() > 1}
        assert found.n_tied_listed == sum(i.score in tied for i in found.items)
        assert found.n_tied == int(np.isin(candidates, list(tied)).sum())
