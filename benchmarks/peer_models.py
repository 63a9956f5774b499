"""Models of other libraries, fitted in the environment that ``peers.py`` makes; knows nothing of RecLens.

``python peer_models.py TASK.npz SCORES.npy '{"peer": "implicit BPR", "settings": {…}}'`` fits on the 0/1 table ``fit``
of the task and writes the scores ``(n_rows, n_items)`` of the users ``users``, each by the row of ``known`` (what is
known of the user at that moment) where the model can read one; `PEERS` says which cannot, and are fitted anew.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix

SEED = 0


@dataclass(frozen=True)
class Task:
    """What a model is fitted on, ``(n_users, n_items)``, and whose scores are wanted, with what is known of them."""

    fit: csr_matrix
    users: np.ndarray
    known: csr_matrix


@dataclass(frozen=True)
class Peer:
    """A model of a library and the settings that are tried, the likeliest first.

    ``reads_history``: whether a fitted model scores a user by a history that is newer than what it was fitted on.
    """

    library: str
    score: Callable[..., np.ndarray]
    reads_history: bool
    grid: tuple[dict[str, Any], ...] = field(default=({},))


def implicit_bpr(task: Task, **settings: Any) -> np.ndarray:
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(random_state=SEED, **settings)
    model.fit(task.fit, show_progress=False)
    return np.asarray(model.user_factors)[task.users] @ np.asarray(model.item_factors).T


def implicit_als(task: Task, **settings: Any) -> np.ndarray:
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(random_state=SEED, calculate_training_loss=False, **settings)
    model.fit(task.fit, show_progress=False)
    users = model.recalculate_user(np.arange(len(task.users)), task.known)
    return np.asarray(users) @ np.asarray(model.item_factors).T


def lenskit_model(task: Task, make: Callable[[], Any]) -> np.ndarray:
    from lenskit.data import ItemList, RecQuery, from_interactions_df
    from lenskit.training import TrainingOptions
    from pandas import DataFrame

    user, item = task.fit.nonzero()
    data = from_interactions_df(DataFrame({"user_id": user, "item_id": item}))
    model = make()
    model.train(data, TrainingOptions())
    everything = ItemList(item_ids=np.arange(task.fit.shape[1]))
    out = np.empty((len(task.users), task.fit.shape[1]), dtype=np.float32)
    for row in range(len(task.users)):
        items = task.known.indices[task.known.indptr[row] : task.known.indptr[row + 1]]
        out[row] = model(RecQuery(user_items=ItemList(item_ids=items)), everything).scores()
    return out


def lenskit_ease(task: Task, **settings: Any) -> np.ndarray:
    from lenskit.knn import EASEScorer

    return lenskit_model(task, lambda: EASEScorer(**settings))


def lenskit_slim(task: Task, **settings: Any) -> np.ndarray:
    from lenskit.knn import SLIMScorer

    return lenskit_model(task, lambda: SLIMScorer(**settings))


def lenskit_item_knn(task: Task, **settings: Any) -> np.ndarray:
    from lenskit.knn import ItemKNNScorer

    return lenskit_model(task, lambda: ItemKNNScorer(feedback="implicit", **settings))


def lenskit_als(task: Task, **settings: Any) -> np.ndarray:
    from lenskit.als import ImplicitMFScorer

    return lenskit_model(task, lambda: ImplicitMFScorer(user_embeddings=False, **settings))


def cornac_model(task: Task, name: str, settings: dict[str, Any]) -> np.ndarray:
    import cornac

    user, item = (axis.tolist() for axis in task.fit.nonzero())
    data = cornac.data.Dataset.build(zip(user, item, [1.0] * len(user), strict=True), seed=SEED)
    model = getattr(cornac.models, name)(seed=SEED, **settings)
    model.fit(data)
    order = np.array([data.iid_map.get(i, -1) for i in range(task.fit.shape[1])])
    out = np.full((len(task.users), task.fit.shape[1]), np.nan, dtype=np.float32)
    for row, one in enumerate(task.users.tolist()):
        if one in data.uid_map:
            out[row, order >= 0] = np.ravel(model.score(data.uid_map[one]))[order[order >= 0]]
    return out


def cornac_bivae(task: Task, **settings: Any) -> np.ndarray:
    fixed = {"act_fn": "tanh", "likelihood": "pois", "batch_size": 128, "use_gpu": False}
    return cornac_model(task, "BiVAECF", fixed | settings)


def cornac_vae(task: Task, **settings: Any) -> np.ndarray:
    return cornac_model(task, "VAECF", {"likelihood": "mult", "act_fn": "tanh", "batch_size": 128} | settings)


def cornac_recvae(task: Task, **settings: Any) -> np.ndarray:
    return cornac_model(task, "RecVAE", {"use_gpu": False} | settings)


def cornac_ease(task: Task, **settings: Any) -> np.ndarray:
    return cornac_model(task, "EASE", {"verbose": False} | settings)


def cornac_bpr(task: Task, **settings: Any) -> np.ndarray:
    return cornac_model(task, "BPR", settings)


def _grid(**choices: list) -> tuple[dict[str, Any], ...]:
    """Settings side by side: the first of each, the second of each, …"""
    return tuple(dict(zip(choices, row, strict=True)) for row in zip(*choices.values(), strict=True))


PEERS = {
    "implicit BPR": Peer("implicit", implicit_bpr, False, _grid(
        factors=[64, 16, 32, 64, 32, 128, 64, 128, 64],  # more iterations or a higher rate learn by heart
        learning_rate=[0.01, 0.005, 0.01, 0.005, 0.005, 0.005, 0.002, 0.005, 0.02],
        regularization=[0.002, 0.01, 0.02, 0.001, 0.001, 0.001, 0.001, 0.01, 0.02],
        iterations=[30, 100, 60, 50, 60, 40, 120, 50, 60],
    )),
    "implicit ALS": Peer("implicit", implicit_als, True, _grid(
        factors=[128, 64, 256, 32, 64, 128, 16, 128, 256, 64],
        alpha=[1.0, 1.0, 1.0, 1.0, 4.0, 2.0, 2.0, 0.5, 2.0, 1.0],
        regularization=[10.0, 10.0, 10.0, 5.0, 10.0, 20.0, 5.0, 5.0, 20.0, 1.0],
        iterations=[15] * 10,
    )),
    "lenskit EASE": Peer("lenskit", lenskit_ease, True, _grid(regularization=[200.0, 500.0, 800.0, 100.0])),
    "lenskit item-kNN": Peer("lenskit", lenskit_item_knn, True, _grid(max_nbrs=[20, 50, 100])),
    "lenskit ALS": Peer("lenskit", lenskit_als, True, _grid(
        embedding_size=[32, 64, 64], weight=[4.0, 4.0, 10.0], regularization=[0.1, 0.1, 1.0], epochs=[15] * 3
    )),
    "lenskit SLIM": Peer("lenskit", lenskit_slim, True, _grid(
        l1_reg=[1.0, 3.0, 0.3], l2_reg=[10.0, 30.0, 10.0], max_iters=[50] * 3
    )),
    "cornac EASE": Peer("cornac", cornac_ease, False, _grid(lamb=[200, 500, 800], posB=[False] * 3)),
    "cornac VAE": Peer("cornac", cornac_vae, False, _grid(
        k=[50, 100], autoencoder_structure=[[200], [300]], n_epochs=[100, 100], beta=[0.2, 0.5]
    )),
    "cornac BiVAE": Peer("cornac", cornac_bivae, False, _grid(
        k=[50, 20], encoder_structure=[[100], [40]], n_epochs=[100, 100], learning_rate=[0.001, 0.001]
    )),
    "cornac RecVAE": Peer("cornac", cornac_recvae, False, _grid(
        hidden_dim=[200, 300], latent_dim=[100, 100], n_epochs=[50, 50]
    )),
    "cornac BPR": Peer("cornac", cornac_bpr, False, _grid(
        k=[32, 64, 64], max_iter=[200, 200, 100], learning_rate=[0.02, 0.02, 0.01], lambda_reg=[0.02, 0.01, 0.001]
    )),
}  # fmt: skip


def main() -> int:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # `implicit` asks for it: its own threads do the work
    stored, wanted = np.load(sys.argv[1]), json.loads(sys.argv[3])
    shape = tuple(stored["shape"])
    tables = {}
    for name, n_rows in (("fit", shape[0]), ("known", len(stored["users"]))):
        indices, indptr = stored[f"{name}_indices"], stored[f"{name}_indptr"]
        table = csr_array((np.ones(len(indices), dtype=np.float32), indices, indptr), shape=(n_rows, shape[1]))
        tables[name] = csr_matrix(table)  # what the libraries know
    task = Task(tables["fit"], stored["users"], tables["known"])
    scores = np.asarray(PEERS[wanted["peer"]].score(task, **wanted["settings"]), dtype=np.float32)
    lowest = np.nanmin(scores, initial=0.0) - 1  # an item that nobody took, a user without a history
    np.save(sys.argv[2], np.where(np.isfinite(scores), scores, lowest))
    return 0


if __name__ == "__main__":
    sys.exit(main())
