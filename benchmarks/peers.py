"""A top-K workspace beside BPR of the ``implicit`` library: ``.venv/bin/python benchmarks/peers.py WORKSPACE``.

The same split, the same seen items left out, one metric code for all. ``implicit`` is no requirement of RecLens:
``.venv/bin/python -m pip install --no-deps implicit==0.7.3`` (or a folder of its own on PYTHONPATH). Its settings
are chosen on the validation part, as ours are.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from recsys_core.data.known import Known
from recsys_core.models.evaluation import rank_users
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.workspace import open_model

SETTINGS = [  # factors, learning rate, regularisation, iterations; more iterations or a higher rate learn by heart
    (64, 0.01, 0.002, 30),
    (64, 0.005, 0.001, 50),
    (64, 0.002, 0.001, 120),
    (128, 0.005, 0.001, 40),
    (128, 0.005, 0.01, 50),
    (32, 0.005, 0.001, 60),
]


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """Scores by the product of two tables of vectors."""

    users: np.ndarray
    items: np.ndarray

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        return self.users[users] @ self.items.T


def fit_bpr(split_dataset: SplitDataset, factors: int, rate: float, regularisation: float, iterations: int) -> Factors:
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    taken = csr_matrix(split_dataset.sequences(), dtype=np.float32)
    model = BayesianPersonalizedRanking(
        factors=factors, learning_rate=rate, regularization=regularisation, iterations=iterations, random_state=0
    )
    model.fit(taken, show_progress=False)
    return Factors(np.asarray(model.user_factors), np.asarray(model.item_factors))


def ndcg(model: Factors, split_dataset: SplitDataset, part: str) -> float:
    return float(rank_users(model.score_catalogue, split_dataset.ranking(part)).ndcg.mean())


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    workspace = open_model(Path(sys.argv[1]))
    split_dataset, report = workspace.split_dataset, workspace.training
    try:
        import implicit  # noqa: F401
    except ImportError:
        print("the library `implicit` is not installed: see the first lines of this file")
        return 2
    best, best_value = None, -1.0
    for settings in SETTINGS:
        began = time.perf_counter()
        model = fit_bpr(split_dataset, *settings)
        value = ndcg(model, split_dataset, "validation")
        print(f"BPR {settings}: validation NDCG@10 {value:.4f}, {time.perf_counter() - began:.0f} s", flush=True)
        if value > best_value:
            best, best_value = model, value
    rows = {"ours": report.model["ndcg@10"], "BPR (implicit 0.7.3)": ndcg(best, split_dataset, "test")}
    rows |= {name: found["ndcg@10"] for name, found in report.baselines.items()}
    where = f"{report.task}, split {report.split}, seed {report.seed}, {report.model.n_users} users"
    print(f"{where}: test NDCG@10")
    for name, value in rows.items():
        print(f"  {name:22s} {value:.4f}   x{rows['ours'] / value:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
