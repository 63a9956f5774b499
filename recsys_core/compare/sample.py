"""Sample: the users, pairs and background on which the dense model and every variant are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.fairness import groupable_columns
from recsys_core.metrics import Csr
from recsys_core.models.evaluation import rank_users
from recsys_core.models.material import LabelledPairs, RankingTask
from recsys_core.models.scorer import Pairs
from recsys_core.models.workspace import Workspace
from recsys_core.results import RankingResult

SEED = 0
MOST_USERS = 1000
N_PAIRS = 100
BACKGROUND = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What is ranked, scored and explained; the same for every variant of a workspace.

    Attributes
    ----------
    ranking
        At most 1,000 users with held-out items, drawn by the workspace's seed.
    labelled
        All test pairs, as ``evaluate`` scores them.
    explained
        ``N_PAIRS`` pairs: a seeded user and one of that user's dense top ten.
    background
        ``BACKGROUND`` training rows that stand for "not this value".
    train
        Items that each user took in training.
    column
        The user column whose groups are compared (`compared_column`).
    """

    ranking: RankingTask
    labelled: LabelledPairs
    explained: Pairs
    background: Pairs
    train: Csr
    column: str


def draw_sample(workspace: Workspace) -> tuple[Sample, RankingResult]:
    """The sample of a workspace, and the dense model's lists that the explained pairs come from."""
    material = workspace.material
    task = material.ranking("test", most=MOST_USERS)
    ranking = rank_users(workspace.dense.score_catalogue, task)
    sample = Sample(
        ranking=task,
        labelled=material.labelled("test"),
        explained=_explained(task, ranking),
        background=material.background(BACKGROUND, seed=SEED),
        train=material.sequences(),
        column=compared_column(workspace),
    )
    return sample, ranking


def compared_column(workspace: Workspace) -> str:
    """First sensitive user column, else the first user column, else the users' activity."""
    return next(name for name in groupable_columns(workspace.dataset) if name.startswith("user."))


def _explained(task: RankingTask, ranking: RankingResult) -> Pairs:
    random = np.random.default_rng([SEED, 19])
    users = np.flatnonzero(ranking.top[:, 0] >= 0)
    rows = np.sort(random.choice(users, min(N_PAIRS, len(users)), replace=False))
    place = random.integers(0, (ranking.top[rows] >= 0).sum(axis=1))
    return Pairs(task.users[rows], ranking.top[rows, place], task.histories[rows])
