"""Leakage: how well an attribute can be read back from what the model makes of a user."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import RecLensError, SettingError, phrase
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, reportable_groups
from recsys_core.fairness.columns import without_parts
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.probe import N_FOLDS, Probed, probe, whitened
from recsys_core.fairness.resamples import bootstrap_draws, draw_weights
from recsys_core.metrics import mean_interval
from recsys_core.models.representation import representation_of
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent
from recsys_core.results import Group
from recsys_core.results.attribute_audit import Leakage, Share
from recsys_core.seeds import random_stream

MOST_USERS = 1000
N_SHUFFLES = 200
TAILS = (0.025, 0.975)
STAGE = "probe an attribute"


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """How an attribute is probed: on at most ``most_users``, against ``n_shuffles`` shufflings of it."""

    most_users: int = MOST_USERS
    n_shuffles: int = N_SHUFFLES
    seed: int = 0
    n_bootstrap: int = DEFAULT_SETTINGS.n_bootstrap
    least_size: int = DEFAULT_SETTINGS.least_size

    def __post_init__(self) -> None:
        least_of = {"most_users": 2, "n_shuffles": 1, "seed": 0, "n_bootstrap": 1, "least_size": 2}
        for name, least in least_of.items():
            if getattr(self, name) < least:
                raise SettingError("setting.least", name=name, least=least, value=getattr(self, name))


@dataclass(frozen=True, slots=True, eq=False)
class ProbedUsers:
    """Whose attribute is probed: ``users`` (matrix rows) and the classes ``code`` ``(n,)`` of ``groups``."""

    by: tuple[str, ...]
    users: np.ndarray
    code: np.ndarray
    groups: tuple[Group, ...]
    n_all_users: int
    n_missing: int
    n_small: int

    @classmethod
    def draw(cls, dataset: Dataset, by: tuple[str, ...], train: csr_array, settings: ProbeSettings) -> ProbedUsers:
        """Users of groups of the least size with a value, at most as many as asked for.

        Raises ``RecLensError`` (``leakage.one_group``), ``SettingError`` for item columns, and as `make_grouping`.
        """
        grouping = make_grouping(dataset, by, train=train)
        if grouping.side != "user":
            raise SettingError("setting.choice", name="by", choices=phrase("what.user_columns"), value=", ".join(by))
        code = grouping.code
        is_missing = np.array([has_missing(group) for group in grouping.groups])[code]
        known = np.flatnonzero(~is_missing)
        n_drawn = min(len(known), settings.most_users)
        drawn = np.sort(random_stream(settings.seed, "probed users").choice(known, n_drawn, replace=False))
        size = np.bincount(code[drawn], minlength=len(grouping.groups))
        shown, place = reportable_groups(size, code[drawn], least_size=settings.least_size)
        if len(shown) < 2:
            raise RecLensError("leakage.one_group", column=", ".join(grouping.by), least=settings.least_size)
        inside = place < len(shown)
        groups = tuple(grouping.groups[g] for g in shown)
        n_small, n_missing = int((~inside).sum()), int(is_missing.sum())
        return cls(grouping.by, drawn[inside], place[inside], groups, len(known), n_missing, n_small)


def has_missing(group: Group) -> bool:
    """Whether a group is of users without a value, or crossed with such a group."""
    return group.kind == "missing" or any(has_missing(part) for part in group.parts)


def leakage(
    scorer: Scorer,
    split_dataset: SplitDataset,
    *,
    by: tuple[str, ...],
    settings: ProbeSettings | None = None,
    progress: Progress = silent,
) -> Leakage:
    r"""How well logistic regression tells users' groups from `recsys_core.models.representation`.

    The probe's AUC (one group against all others, mean over the groups) by stratified five-fold cross-validation
    (Elazar & Goldberg 2018 probe the same way), its interval by bootstrap over the users, and against chance: the
    attribute shuffled among the users and the probe fitted anew, :math:`p = (1 + \#\{|\text{shuffled} - .5| \ge
    |\text{observed} - .5|\}) / (1 + n)` (Phipson & Smyth 2010): an AUC far below one half tells the groups apart, too.
    Users without a value and groups below the least size are left out. A probe of another kind may find more: what it
    does not find is not shown to be absent. What an item-item term says of a user's items is outside.
    """
    settings, start = settings or ProbeSettings(), time.perf_counter()
    drawn = ProbedUsers.draw(split_dataset.dataset, by, split_dataset.sequences(), settings)
    inputs = whitened(representation_of(scorer, split_dataset, drawn.users))
    found = probe(inputs, drawn.code, seed=settings.seed)
    auc = float(found.auc()[0])
    random, shuffled = random_stream(settings.seed, "shuffled attribute"), np.empty(settings.n_shuffles)
    for i in range(settings.n_shuffles):
        shuffled[i] = probe(inputs, random.permutation(drawn.code), seed=settings.seed).auc()[0]
        progress(STAGE, (i + 1) / settings.n_shuffles)
    is_right = found.is_right
    ends = mean_interval(is_right, seed=settings.seed, n_draws=settings.n_bootstrap)
    return Leakage(
        by=drawn.by,
        groups=drawn.groups,
        auc=Share(auc, *auc_interval(found, settings)),
        accuracy=Share(float(is_right.mean()), *ends),
        majority=float(np.bincount(drawn.code).max() / len(drawn.code)),
        shuffled=shuffled,
        p_value=float((1 + (np.abs(shuffled - 0.5) >= abs(auc - 0.5) - 1e-12).sum()) / (1 + settings.n_shuffles)),
        is_read=reads(scorer, drawn.by),
        n_users=len(drawn.users),
        n_all_users=drawn.n_all_users,
        n_missing=drawn.n_missing,
        n_small=drawn.n_small,
        n_folds=min(N_FOLDS, int(np.bincount(drawn.code).min())),
        n_shuffles=settings.n_shuffles,
        seed=settings.seed,
        seconds=time.perf_counter() - start,
    )


def auc_interval(found: Probed, settings: ProbeSettings) -> tuple[float, float]:
    """95 % percentile bootstrap interval over the users; it holds the AUC itself."""
    draws, auc = auc_draws(found, settings), float(found.auc()[0])
    low, high = np.nanquantile(draws, TAILS)
    return min(float(low), auc), max(float(high), auc)


def auc_draws(found: Probed, settings: ProbeSettings) -> np.ndarray:
    """The AUC of every resampling of the users, the same for all probes of as many users and one seed."""
    n = len(found.code)
    parts = bootstrap_draws(n, n_draws=settings.n_bootstrap, seed=settings.seed)
    return np.concatenate([found.auc(draw_weights(part, n)) for part in parts])


def reads(scorer: Scorer, by: tuple[str, ...]) -> bool:
    """Whether the model reads one of the columns itself."""
    keys = {group.key for group in scorer.features.side("user")}
    return any(column in keys or without_parts(column)[0] in keys for column in by)
