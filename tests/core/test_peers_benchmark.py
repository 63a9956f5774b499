"""The comparison with other libraries: what can be checked without them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def peers():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import peers

        yield peers
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_every_model_is_tried_before_any_second_settings(peers):
    names = peers.LINES["lenskit"]
    tried = list(peers.candidates(names))
    assert [name for name, _ in tried[: len(names)]] == list(names)
    assert len(tried) == sum(len(peers.PEERS[name].grid) for name in names)
    assert {peer.library for peer in peers.PEERS.values()} == {p.split("==")[0] for p in peers.PACKAGES}
    assert sorted(n for line in peers.LINES.values() for n in line) == sorted(peers.PEERS)


def test_files_hold_what_each_part_may_know(peers, tiny_workspace, tmp_path):
    """A workspace of another task serves: the tables are those of its positives."""
    split_dataset = peers.open_model(tiny_workspace).split_dataset
    bench = peers.Bench.of(split_dataset, Path("python"), tmp_path)
    taken = split_dataset.sequences().toarray() > 0
    stored = np.load(tmp_path / "validation-test.npz")
    shape = tuple(stored["shape"])
    fit = csr_matrix((np.ones(len(stored["fit_indices"])), stored["fit_indices"], stored["fit_indptr"]), shape=shape)
    assert (fit.toarray() == taken).all()
    assert stored["users"].tolist() == bench.test.users.tolist()
    known = np.diff(stored["known_indptr"])
    assert known.tolist() == np.diff(bench.test.known.csr().indptr).tolist()
    assert (known >= np.diff(fit.indptr)[bench.test.users]).all()


def test_scores_of_another_process_are_ranked_by_our_code(peers, tiny_workspace):
    model = peers.open_model(tiny_workspace)
    task = model.split_dataset.ranking("test")
    expected = peers.rank_users(model.dense.score_catalogue, task)
    scores = model.dense.score_catalogue(task.users, task.known.newest(), task.known)
    found = peers.rank_users(peers.Stored(task.users, scores).score_catalogue, task)
    assert found.top.tolist() == expected.top.tolist()
    line = peers.describe("ours", found, expected, 1.0, {"factors": 8})
    assert line.difference == (0.0, 0.0, 0.0)
    assert "factors 8" in list(peers.table([line]))[1]
