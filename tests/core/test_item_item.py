"""The item-item term: sums over what was taken, split exactly, alone as in a list, small on disk, back from disk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys_core.data.known import KnownItems
from recsys_core.models import item_item
from recsys_core.models.item_item import ItemItemTerm, strongest

N = 23


def made(seed: int = 0, *, density: float = 0.4, alpha: float = 1.7) -> ItemItemTerm:
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(N, N)).astype(np.float32) * (rng.random((N, N)) < density)
    np.fill_diagonal(dense, 0)
    return ItemItemTerm(alpha, 100.0, csr_array(dense), N)


def drawn(seed: int, n: int = 9) -> KnownItems:
    rng = np.random.default_rng(seed)
    return KnownItems.of([rng.choice(N, rng.integers(0, N), replace=False) for _ in range(n)], N)


@given(st.integers(0, 500), st.sampled_from([0.0, 0.1, 0.9]), st.sampled_from([1, 60, 10_000]))
def test_own_and_shared_items_get_what_a_list_gives_them(seed, density, floats):
    term, known, rng = made(seed, density=density), drawn(seed), np.random.default_rng(seed)
    own, shared = rng.integers(0, N, (len(known), 4)), rng.choice(N, 7, replace=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(item_item, "CHUNK_FLOATS", floats)
        of_own, of_shared = term.of_candidates(own, shared, known)
    listed = term.catalogue(known)
    assert np.array_equal(of_own, np.take_along_axis(listed, own, 1))
    assert np.array_equal(of_shared, listed[:, shared])


def test_one_sum_by_hand():
    weights = csr_array(np.array([[0, 2.0, 0], [0.5, 0, -1.0], [0, 0, 0]], dtype=np.float32))
    term = ItemItemTerm(3.0, 1.0, weights, 3)
    known = KnownItems.of([np.array([1, 0, -1]), np.array([], dtype=int)], 3)
    assert term.catalogue(known).tolist() == [[1.5, 6.0, -3.0], [0, 0, 0]]
    assert term.shares(np.array([0, 1]), known).toarray().tolist() == [[0, 1.5, 0], [0, 0, 0]]


@given(st.integers(0, 500), st.sampled_from([0.0, 0.1, 0.9]))
def test_alone_as_in_a_list(seed, density):
    term, known = made(seed, density=density), drawn(seed)
    listed = term.catalogue(known)
    dense = known.csr().toarray().astype(float) @ term.weights.toarray().astype(float) * term.alpha
    np.testing.assert_allclose(listed, dense, atol=1e-5)
    users, items = np.divmod(np.random.default_rng(seed).permutation(len(known) * N), N)
    assert np.array_equal(term.pairs(items, known[users]), listed[users, items])
    assert np.array_equal(term.of_items(items[:5], known), listed[:, items[:5]])
    np.testing.assert_allclose(term.shares(items, known[users]).sum(axis=1), listed[users, items], atol=1e-5)


def test_a_share_is_what_leaving_the_item_out_takes_away():
    term, rng = made(1), np.random.default_rng(1)
    items = rng.choice(N, 8, replace=False)
    target = 3
    shares = term.shares(np.array([target]), KnownItems.of([items], N)).toarray()[0]
    whole = term.pairs(np.array([target]), KnownItems.of([items], N))[0]
    for item in items:
        left = term.pairs(np.array([target]), KnownItems.of([items[items != item]], N))[0]
        assert whole - left == pytest.approx(shares[item], abs=1e-6)


@given(st.integers(0, 50), st.integers(1, N + 3))
def test_the_strongest_entries_of_each_column(seed, neighbours):
    term = made(seed)
    dense, cut = term.weights.toarray(), term.cut(neighbours).weights.toarray()
    for column, kept in zip(dense.T, cut.T, strict=True):
        assert np.count_nonzero(kept) == min(neighbours, np.count_nonzero(column))
        assert set(kept[kept != 0]) <= set(column)
        assert np.abs(column[kept == 0]).max(initial=0) <= np.abs(kept[kept != 0]).min(initial=np.inf)
    assert np.array_equal(strongest(term.weights, N).toarray(), dense)


@given(st.integers(0, 200), st.integers(1, 6))
def test_of_equal_entries_those_of_the_first_rows(seed, neighbours):
    rng = np.random.default_rng(seed)
    dense = rng.choice([0, 0, 1, -1, 2, 0.5], size=(rng.integers(1, 9),) * 2).astype(np.float32)
    expected = np.zeros_like(dense)
    for column in range(len(dense)):
        rows = sorted(np.flatnonzero(dense[:, column]), key=lambda row: (-abs(dense[row, column]), row))
        expected[rows[:neighbours], column] = dense[rows[:neighbours], column]
    assert np.array_equal(strongest(csr_array(dense), neighbours).toarray(), expected)


@pytest.mark.parametrize(("bits", "relative"), [(32, 0), (16, 1e-3), (8, 5e-3)])
def test_stored_in_fewer_bits_and_back(bits, relative):
    term = made(2)
    stored = term.stored(bits)
    largest = np.abs(term.weights.toarray()).max(axis=0)
    assert (np.abs(stored.weights.toarray() - term.weights.toarray()).max(axis=0) <= relative * largest).all()
    back = ItemItemTerm.from_stored(stored.to_json(), stored.arrays(), N)
    assert np.array_equal(back.weights.toarray(), stored.weights.toarray())
    assert back.to_json() == stored.to_json()
    assert stored.size_bytes == sum(a.nbytes for a in back.arrays().values())  # storing again changes nothing
    assert {32: 1.0}.get(bits, 0.9) * term.size_bytes >= stored.size_bytes


@pytest.mark.parametrize(
    ("name", "at", "value"), [("known", 0, N), ("start", 3, -5), ("start", 0, 1), ("values", 0, np.nan)]
)
def test_arrays_that_do_not_fit_together_are_refused(name, at, value):
    """SciPy would read beyond them."""
    term = made(3)
    arrays = {key: array.copy() for key, array in term.arrays().items()}
    arrays[name][at] = value
    with pytest.raises(ValueError, match="do not fit together"):
        ItemItemTerm.from_stored(term.to_json(), arrays, N)


def test_weights_of_another_catalogue_are_refused():
    term = made(3)
    with pytest.raises(ValueError, match="not of 24"):
        ItemItemTerm.from_stored(term.to_json(), term.arrays(), N + 1)


def test_appended_items_have_no_entries():
    term, known = made(4), drawn(4)
    longer = term.with_items(N + 2)
    scores = longer.catalogue(known)
    assert np.array_equal(scores[:, :N], term.catalogue(known))
    assert not scores[:, N:].any()
    assert term.with_items(N) is term
