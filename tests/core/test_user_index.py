"""Look-ups by user: answered from sorted rows, and equal to a scan over all of the log."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_data import make_dataset

from recsys_core.errors import DataError, RecLensError
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.seeds import random_stream

ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.just(1.0), st.integers(0, 40)), min_size=24)


def split_or_discard(rows, kind: str) -> SplitDataset:
    try:
        return SplitDataset.build(make_dataset(rows, outcome="taken"), task="implicit", kind=kind, seed=3)
    except DataError:
        assume(False)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sampled_from(["time", "random"]), st.lists(st.integers(0, 5), max_size=12))
def test_draws_for_some_users_equal_a_scan_of_the_whole_log(rows, kind, asked):
    split_dataset = split_or_discard(rows, kind)
    log, n_items = split_dataset.dataset.interactions, split_dataset.dataset.n_items
    users = np.array([u for u in asked if u < split_dataset.dataset.n_users], dtype=int)
    places = random_stream(9, "untaken items").random(len(users))
    expected = []
    for user, place in zip(users, places, strict=True):
        left = sorted(set(range(n_items)) - set(log["item_index"][log["user_index"] == user]))
        expected.append(left[int(place * len(left))] if left else -1)
    assert split_dataset.sample_untaken(users, seed=9).tolist() == expected


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sampled_from(["time", "random"]), st.lists(st.integers(0, 5), unique=True))
def test_a_ranking_of_some_users_is_their_part_of_everyones(rows, kind, asked):
    split_dataset = split_or_discard(rows, kind)
    everyone = split_dataset.ranking_of(np.arange(split_dataset.dataset.n_users))
    some = np.array([u for u in asked if u < split_dataset.dataset.n_users], dtype=int)
    few, part = split_dataset.ranking_of(some), everyone[some]
    assert few.users.tolist() == some.tolist()
    assert np.array_equal(few.histories, part.histories)
    for name in ("seen", "held_out"):
        assert np.array_equal(getattr(few, name).toarray(), getattr(part, name).toarray())
    ranked = split_dataset.ranking("test").users
    assert ranked.tolist() == np.flatnonzero(np.diff(everyone.held_out.indptr)).tolist()


def test_shared_sequences_cannot_be_changed():
    rows = [(u, (u + i) % 7, 1.0, i) for u in range(6) for i in range(6)]
    split_dataset = SplitDataset.build(make_dataset(rows, outcome="taken"), task="implicit", kind="time", seed=0)
    sequences = split_dataset.sequences()
    assert split_dataset.sequences() is sequences
    for array in (sequences.data, sequences.indices, sequences.indptr):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    copied = sequences.copy()
    copied.sum_duplicates()
    assert (copied.toarray() == sequences.toarray()).all()


def test_ids_are_found_by_their_text_alone():
    dataset = make_dataset([(0, 0, 1.0, 0), (2, 1, 1.0, 1)])
    assert [dataset.user_index(f"u{i}") for i in (2, 0, 1)] == [2, 0, 1]
    assert dataset.item_index("i1") == 1
    for unknown in ("u3", "", "0"):
        with pytest.raises(RecLensError, match=r".") as problem:
            dataset.user_index(unknown)
        assert problem.value.key == "user.unknown"


@settings(max_examples=30, deadline=None)
@given(ROWS, st.sampled_from(["time", "random"]), st.lists(st.integers(0, 5), unique=True))
def test_labelled_pairs_of_some_users_are_their_part_of_everyones(rows, kind, some):
    split_dataset = split_or_discard(rows, kind)
    everyone, few = split_dataset.labelled("test"), split_dataset.labelled("test", users=np.array(some, dtype=int))
    theirs = np.flatnonzero(np.isin(everyone.pairs.users, some))
    assert np.array_equal(few.label, everyone.label[theirs])
    for name in ("users", "items", "histories"):
        assert np.array_equal(getattr(few.pairs, name), getattr(everyone.pairs[theirs], name))
    assert np.array_equal(few.known.csr().toarray(), everyone.known[theirs].csr().toarray())
