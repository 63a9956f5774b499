"""Item-item terms of small data, and a trained workspace that has one: for tests of whatever treats the term."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.sparse import csr_array, random_array

from recsys_core.models.artifact import save_artifact, write_checksums
from recsys_core.models.item_item import ItemItemTerm, strongest
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.workspace import open_model


def random_term(n_items: int, *, alpha: float = 0.8, density: float = 0.4, seed: int = 0) -> ItemItemTerm:
    """Weights drawn at random, about ``density`` of them, with a zero diagonal."""
    rng = np.random.default_rng(seed)
    drawn = random_array((n_items, n_items), density=density, rng=rng, data_sampler=rng.standard_normal, format="coo")
    others = drawn.row != drawn.col
    entries = drawn.data[others].astype(np.float32), (drawn.row[others], drawn.col[others])
    return ItemItemTerm(alpha, 10.0, csr_array(entries, shape=drawn.shape), n_items)


def small_term(
    split_dataset: SplitDataset, *, alpha: float = 3.0, penalty: float = 20.0, neighbours: int = 15
) -> ItemItemTerm:
    """EASE's weights by a dense inverse, the strongest of each column; for a catalogue of hundreds."""
    taken = split_dataset.sequences().astype(np.float64)
    taken.sum_duplicates()
    taken.data[:] = 1
    inverse = np.linalg.inv((taken.T @ taken).toarray() + penalty * np.eye(taken.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    few = strongest(csr_array(weights.astype(np.float32)), neighbours)
    return ItemItemTerm(alpha, penalty, few, neighbours)


def give_term(workspace: Path, term: ItemItemTerm | None = None) -> Path:
    """Save the current model of a workspace anew with a term (`small_term` if None); returns the workspace's folder.

    The model's stored figures stay those of the network alone.
    """
    model = open_model(workspace)
    about = {"config": model.config, "metrics": model.training.to_json()}
    save_artifact(model.path, model.ranker, model.features, about, term=term or small_term(model.split_dataset))
    write_checksums(model.path, workspace)
    return workspace
