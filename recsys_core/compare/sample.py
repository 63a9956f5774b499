"""Sample: the users, pairs and background on which the dense model and every variant are compared."""

from __future__ import annotations

import numpy as np

from recsys_core.errors import RecLensError
from recsys_core.explain.game import Games
from recsys_core.explain.shapley import EXACT_PLAYERS
from recsys_core.fairness import DEFAULT_SETTINGS, groupable_columns, make_grouping
from recsys_core.metrics import Csr
from recsys_core.models.evaluation import rank_users
from recsys_core.models.material import Material, RankingTask
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.workspace import Workspace
from recsys_core.results import RankingResult

SEED = 0
MOST_USERS, LEAST_USERS = 1000, 200
MOST_CELLS = 500_000  # ranked users times items: about a second on two cores
N_PAIRS = 100
BACKGROUNDS = (4, 2, 1)
MOST_COALITIONS = 2_000_000  # network rows behind the exact reasons of the pairs: another second
FLOATS_AT_ONCE = 4_000_000  # working memory of ranking that stays in the processor's cache: a third faster


def ranked_users(workspace: Workspace) -> RankingTask:
    """At most 1,000 users with held-out items, drawn by the workspace's seed.

    Fewer (200 at least) where the catalogue is large: users times items stay below half a million.
    """
    n_users = max(LEAST_USERS, min(MOST_USERS, MOST_CELLS // max(workspace.dataset.n_items, 1)))
    return workspace.material.ranking("test", most=n_users)


def rank(scorer: Scorer, task: RankingTask) -> RankingResult:
    """Lists of the sample's users, scored a few users at a time."""
    width = scorer.item_base.shape[1] + 2 * task.histories.shape[1]
    step = max(1, FLOATS_AT_ONCE // (scorer.n_items * width))

    def score(users: np.ndarray, histories: np.ndarray) -> np.ndarray:
        starts = range(0, len(users), step)
        return np.concatenate([scorer.score_catalogue(users[i : i + step], histories[i : i + step]) for i in starts])

    return rank_users(score, task)


def explained_pairs(task: RankingTask, ranking: RankingResult) -> Pairs:
    """100 pairs: a seeded user, and a seeded place of that user's list."""
    random = np.random.default_rng([SEED, 19])
    users = np.flatnonzero(ranking.top[:, 0] >= 0)
    rows = np.sort(random.choice(users, min(N_PAIRS, len(users)), replace=False))
    place = random.integers(0, (ranking.top[rows] >= 0).sum(axis=1))
    return Pairs(task.users[rows], ranking.top[rows, place], task.histories[rows])


def background_rows(dense: Scorer, explained: Pairs, material: Material) -> Pairs:
    """Training rows that stand for "not this value": 4, or 2 or 1 where exact reasons would cost too much.

    A game has as many coalitions as 2 to the number of players in which pair and row differ.
    """
    for n in BACKGROUNDS:
        background = material.background(n, seed=SEED)
        differing = Games(dense, explained, background).differs.sum(axis=-1)
        if np.exp2(np.minimum(differing, EXACT_PLAYERS)).sum() <= MOST_COALITIONS:
            break
    return background


def compared_column(workspace: Workspace, users: np.ndarray) -> str:
    """First user column, sensitive ones first, with two groups of these users that are large enough to have figures."""
    names = [name for name in groupable_columns(workspace.dataset) if name.startswith("user.")]
    train = workspace.material.sequences()
    return next((name for name in names if _can_compare(workspace, name, users, train)), names[0])


def _can_compare(workspace: Workspace, name: str, users: np.ndarray, train: Csr) -> bool:
    try:
        grouping = make_grouping(workspace.dataset, (name,), train=train)
    except RecLensError:  # a column with too many different values
        return False
    sizes = np.bincount(grouping.code[users], minlength=len(grouping.labels))
    return np.count_nonzero(sizes >= DEFAULT_SETTINGS.least_size) >= 2
