"""Comparison of explainers: every method on the same users' recommendations, for all of them and by group."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from recsys_core.compare.explainer_groups import COMPARED, group_gaps, method_groups
from recsys_core.compare.explainer_rows import UserFigures, method_rows
from recsys_core.errors import RecLensError, SettingError, phrase
from recsys_core.explain.comparison.case import Case
from recsys_core.explain.comparison.measures import Figures, Truth, able_methods, figures_of
from recsys_core.explain.faithfulness import shuffled
from recsys_core.fairness import DEFAULT_SETTINGS, make_grouping
from recsys_core.fairness.groups import Grouping
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results.method_comparison import MethodComparison
from recsys_core.seeds import random_stream

N_USERS = 100
BACKGROUND = 8
SHUFFLES = 3  # models with shuffled weights; each user meets one of them


@dataclass(frozen=True, slots=True)
class ComparisonSettings:
    """How explainers are compared.

    ``n_users`` recommendations are explained, one a user; ``by`` is a user column (or two crossed) to group them by;
    groups of fewer than ``least_size`` of them have no figures. ``methods`` are compared, all if empty.
    Raises ``SettingError`` for a number below 1 or an unknown method.
    """

    n_users: int = N_USERS
    background: int = BACKGROUND
    seed: int = 0
    by: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    least_size: int = DEFAULT_SETTINGS.least_size

    def __post_init__(self) -> None:
        for name, least in (("n_users", 1), ("background", 1), ("seed", 0), ("least_size", 1)):
            if getattr(self, name) < least:
                raise SettingError("setting.least", name=name, least=least, value=getattr(self, name))
        for method in self.methods:
            if method not in COMPARED:
                raise SettingError("setting.choice", name="method", choices=", ".join(COMPARED), value=method)


def compare_explainers(
    scorer: Scorer,
    split_dataset: SplitDataset,
    settings: ComparisonSettings | None = None,
    *,
    reranker: Reranker = BY_SCORE,
    progress: Progress = silent,
) -> MethodComparison:
    """Every registered method on the same seeded users' top recommendations, between random order and search.

    A user takes one to three seconds (all methods, twice to five times each), so ``n_users`` bounds the work. Raises
    ``RecLensError`` (``explainers.nobody``) where nobody can be recommended anything, and as `make_grouping` for an
    unknown column; ``SettingError`` for an item column.
    """
    settings, began = settings or ComparisonSettings(), time.perf_counter()
    grouping = _grouping(split_dataset, settings)
    cases = _Cases.draw(scorer, split_dataset, settings, reranker)
    able, refused = able_methods(scorer, settings.methods or COMPARED)
    users: list[int] = []
    found: list[dict[str, Figures]] = []
    n_exact, n_wanted = 0, min(settings.n_users, len(cases.order))
    for user in cases.order:
        case = cases.of(int(user))
        if case is None:
            continue
        shuffle = cases.shuffles[len(found) % len(cases.shuffles)]
        found.append(figures_of(case, able, shuffled=shuffle, truth=cases.truth))
        users.append(int(user))
        n_exact += case.game.is_exact
        progress(phrase("explainers.stage", n=len(found), all=n_wanted), len(found) / n_wanted)
        if len(found) == n_wanted:
            break
    if not found:
        raise RecLensError("explainers.nobody")
    every = UserFigures.of(found, seed=settings.seed)
    made = MethodComparison(
        method_rows(every, refused),
        n_users=len(users),
        n_exact=n_exact,
        background=settings.background,
        seed=settings.seed,
        seconds=time.perf_counter() - began,
        variant=replace(scorer.variant, reranking=reranker.settings),
    )
    return made if grouping is None else _with_groups(made, every, grouping, np.array(users), settings)


def _with_groups(
    made: MethodComparison, every: UserFigures, grouping: Grouping, users: np.ndarray, settings: ComparisonSettings
) -> MethodComparison:
    code = grouping.code[users]
    groups = method_groups(every, grouping.groups, code, least_size=settings.least_size)
    gaps = group_gaps(every, grouping.groups, code, least_size=settings.least_size)
    return replace(made, by=",".join(grouping.by), groups=groups, gaps=gaps, least_size=settings.least_size)


def _grouping(split_dataset: SplitDataset, settings: ComparisonSettings) -> Grouping | None:
    """Checked before anything is computed."""
    if not settings.by:
        return None
    found = make_grouping(split_dataset.dataset, settings.by, train=split_dataset.sequences())
    if found.side != "user":
        raise SettingError(
            "setting.choice", name="by", choices=phrase("what.user_columns"), value=", ".join(settings.by)
        )
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Cases:
    """The users in the order in which they are asked, and what all of their cases share."""

    scorer: Scorer
    split_dataset: SplitDataset
    background: Pairs
    order: np.ndarray
    shuffles: tuple[Scorer, ...]
    truth: Truth | None
    seed: int
    reranker: Reranker

    @classmethod
    def draw(
        cls, scorer: Scorer, split_dataset: SplitDataset, settings: ComparisonSettings, reranker: Reranker
    ) -> _Cases:
        """Users with something held out, or all where nobody has, in a seeded order."""
        with_test = np.unique(split_dataset.histories.user[split_dataset.split.test])
        users = with_test if len(with_test) else np.arange(split_dataset.dataset.n_users)
        background = split_dataset.background(settings.background, seed=settings.seed)
        n_shuffles = min(SHUFFLES, settings.n_users)
        return cls(
            scorer,
            split_dataset,
            background,
            random_stream(settings.seed, "users whose explanations are compared").permutation(users),
            tuple(shuffled(scorer, seed=settings.seed + i) for i in range(n_shuffles)),
            Truth.of(split_dataset.dataset, background),
            settings.seed,
            reranker,
        )

    def of(self, user: int) -> Case | None:
        about = self.scorer, self.split_dataset, user, self.background
        return Case.of(*about, seed=self.seed, reranker=self.reranker)
