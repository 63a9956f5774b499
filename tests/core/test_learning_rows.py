"""Rows of feedback: each event at its own moment, nothing of itself in what is known, and what is never trained on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.learning import rows as of_rows
from recsys_core.learning.rows import feedback_rows, held_rows
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.workspace import Workspace


@pytest.fixture(scope="module")
def split_dataset(tiny_workspace) -> SplitDataset:
    return Workspace.open(tiny_workspace).split_dataset


def events_of(split_dataset: SplitDataset, drawn: list[tuple[int, int, int]], client: str = "") -> pd.DataFrame:
    """Events by rows of user and item; -1 is somebody or something unknown."""
    users, items = split_dataset.dataset.users["user_id"], split_dataset.dataset.items["item_id"]
    return pd.DataFrame(
        {
            "seq": np.arange(1, len(drawn) + 1),
            "user_id": [users[u] if u >= 0 else "nobody" for u, _, _ in drawn],
            "item_id": [items[i] if i >= 0 else "nothing" for _, i, _ in drawn],
            "outcome": [float(o) for _, _, o in drawn],
            "client": client,
        }
    )


@settings(max_examples=30)
@given(drawn=st.lists(st.tuples(st.integers(-1, 5), st.integers(-1, 9), st.integers(0, 1)), max_size=40))
def test_what_is_known_is_what_came_before_and_never_the_item_itself(split_dataset, drawn):
    """By brute force: the dataset's positives, then those of the log, each once, its last taking counted."""
    found = feedback_rows(split_dataset, events_of(split_dataset, drawn), (0, len(drawn)), seed=0)
    histories = split_dataset.histories
    logged = np.flatnonzero(histories.positive)
    logged = logged[np.argsort(histories.order[logged])]
    told = []
    for place, (user, item, outcome) in enumerate(drawn):
        if user < 0 or item < 0:
            continue
        before = histories.item[logged[histories.user[logged] == user]].tolist()
        before += [i for u, i, o in drawn[:place] if u == user and i >= 0 and o]
        newest = list(dict.fromkeys(i for i in reversed(before) if i != item))
        told.append((user, item, outcome, tuple(newest[: histories.length])))
    pairs = [of.pairs for of in (found.training, found.rolling)]
    labels = np.concatenate([found.training.label, found.rolling.label])
    got = [
        (int(p.users[n]), int(p.items[n]), tuple(h for h in p.histories[n].tolist() if h >= 0))
        for p in pairs
        for n in range(len(p))
    ]
    assert sorted((u, i, int(o), h) for (u, i, h), o in zip(got, labels, strict=True)) == sorted(told)
    assert found.n_unknown == len(drawn) - len(told)


def test_what_is_held_out_is_never_trained_on_and_never_changes(split_dataset):
    """A user whose feedback is held stays so whatever the range; of everybody else the latest rows are held."""
    n_users = split_dataset.dataset.n_users
    user = np.tile(np.arange(n_users), 8)
    held = held_rows(split_dataset, user)
    always = np.array([held[user == u].all() for u in range(n_users)])
    assert 0 < always.sum() < n_users / 2
    assert all(held[user == u].tolist() == [False] * 7 + [True] for u in np.flatnonzero(~always))
    later = np.tile(np.arange(n_users), 2)  # too few rows of anybody: only the held users are held
    assert held_rows(split_dataset, later).tolist() == always[later].tolist()


def test_caps_take_the_newest_rows_and_say_how_many_are_left_out(split_dataset, monkeypatch):
    drawn = [(u, i, 1) for i in range(6) for u in range(10)]
    monkeypatch.setattr(of_rows, "MOST_OF_USER", 4)
    found = feedback_rows(split_dataset, events_of(split_dataset, drawn), (0, 60), seed=0)
    assert found.n_capped == 20
    assert len(found.training.label) + len(found.rolling.label) == 40
    items = np.concatenate([found.training.pairs.items, found.rolling.pairs.items])
    assert set(items.tolist()) == {2, 3, 4, 5}
    monkeypatch.setattr(of_rows, "MOST_OF_CLIENT", 7)
    assert feedback_rows(split_dataset, events_of(split_dataset, drawn), (0, 60), seed=0).n_capped == 53


def test_a_refused_range_teaches_nothing_but_is_history(split_dataset):
    drawn = [(0, 1, 1), (0, 2, 1), (1, 3, 1), (1, 4, 0)]
    found = feedback_rows(split_dataset, events_of(split_dataset, drawn), (0, 4), refused=((0, 1), (2, 3)), seed=0)
    pairs = [(u, i) for of in (found.training, found.rolling) for u, i in zip(of.pairs.users, of.pairs.items)]  # noqa: B905
    assert sorted(pairs) == [(0, 2), (1, 4)]
    newest = [of.pairs.histories[of.pairs.users == 0][:, 0] for of in (found.training, found.rolling)]
    assert np.concatenate(newest).tolist() == [1]


def test_sampled_negatives_are_no_rows_of_feedback(split_dataset):
    dataset, split = split_dataset.dataset, split_dataset.split
    implicit = SplitDataset.build(dataset, task="implicit", kind=split.kind, seed=split.seed)
    drawn = [(u, i, 1) for u in range(8) for i in range(4)]
    taken = dataset.schema.high if dataset.schema.outcome == "rating" else 1
    events = events_of(implicit, drawn).assign(outcome=float(taken))
    found = feedback_rows(implicit, events, (0, len(drawn)), seed=0)
    assert len(found.training.label) > found.n_rows
    assert found.n_rows + np.count_nonzero(found.rolling.label) == len(drawn)
