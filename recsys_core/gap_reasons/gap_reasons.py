"""The gap between two groups of users as a sum over reasons: which of them make it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from recsys_core.errors import RecLensError, SettingError, phrase
from recsys_core.fairness import DEFAULT_SETTINGS, make_grouping
from recsys_core.fairness.cohort import reportable_groups
from recsys_core.fairness.groups import Grouping
from recsys_core.gap_reasons.catalogue_game import CatalogueGame
from recsys_core.gap_reasons.lists import list_shares
from recsys_core.gap_reasons.pairs import ORDERINGS, pair_shares
from recsys_core.gap_reasons.shares import UserShares
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.user_sample import macs_of_a_pair
from recsys_core.progress import Progress, silent
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results import Evaluation
from recsys_core.results.gap_reasons import GapReason, GapReasons
from recsys_core.seeds import random_stream

NDCG, MEAN_SCORE, SELECTION_RATE = "ndcg@10", "mean_score", "selection_rate"
MEASURES = (NDCG, MEAN_SCORE, SELECTION_RATE)
N_WALKS = 2  # orderings that a user draws, each walked in both directions
BUDGET_MACS = 150_000_000_000  # multiply-adds: twenty seconds of one core or so
LEAST_USERS, MOST_USERS = 60, 1000  # of both groups together
LEAST_EXACT_PAIRS = 400


@dataclass(frozen=True, slots=True)
class ReasonSettings:
    """How a gap is split.

    ``between`` are the labels of two groups, those furthest apart if empty; groups of fewer than ``least_size`` users
    are not looked at. ``background`` rows stand for "not this value"; ``budget`` bounds the work (multiply-adds), so it
    says whether all coalitions are tried and, unless ``n_users`` does, how many users are looked at. Raises
    ``SettingError`` for a number below its least or an unknown measure.
    """

    measure: str = NDCG
    between: tuple[str, ...] = ()
    background: int = 8
    budget: int = BUDGET_MACS
    seed: int = 0
    n_bootstrap: int = DEFAULT_SETTINGS.n_bootstrap
    least_size: int = DEFAULT_SETTINGS.least_size
    n_users: int | None = None

    def __post_init__(self) -> None:
        if self.n_users is not None and self.n_users < 2:
            raise SettingError("setting.least", name="sample", least=2, value=self.n_users)
        for name, least in (("background", 1), ("budget", 1), ("seed", 0), ("n_bootstrap", 1), ("least_size", 1)):
            if getattr(self, name) < least:
                raise SettingError("setting.least", name=name, least=least, value=getattr(self, name))
        if self.measure not in MEASURES:
            choices = ", ".join(MEASURES)
            raise SettingError("setting.choice", name="measure", choices=choices, value=self.measure)


@dataclass(frozen=True, slots=True, eq=False)
class _TwoGroups:
    """The groups whose gap is split: positions in the grouping, users (ascending), and the gap on all of them."""

    lower: int
    higher: int
    users: tuple[np.ndarray, np.ndarray]
    gap: float

    @property
    def n_users(self) -> int:
        return sum(map(len, self.users))

    def sample(self, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """At most so many users, as many of each group where both have them, drawn by the seed."""
        room = most - min(*map(len, self.users), most // 2)  # what a small group leaves goes to the other
        lower, higher = (
            np.sort(random_stream(seed, f"users of a gap's reasons {i}").choice(of, min(len(of), room), replace=False))
            for i, of in enumerate(self.users)
        )
        return lower, higher


def gap_reasons(
    scorer: Scorer,
    split_dataset: SplitDataset,
    evaluation: Evaluation,
    *,
    by: tuple[str, ...],
    settings: ReasonSettings | None = None,
    reranker: Reranker = BY_SCORE,
    progress: Progress = silent,
) -> GapReasons:
    r"""Shapley values of a gap between two groups of users, one a feature group; they sum to the gap.

    .. math:: v(S) = \frac1{|H|}\sum_{u \in H} m_u(S) - \frac1{|L|}\sum_{u \in L} m_u(S)

    where :math:`m_u(S)` is the user's figure if only the reasons in ``S`` keep their own values and all others are
    those of a background row, mean over the rows (the value function of `recsys_core.explain`, Janzing et al. 2020). Of
    NDCG@10 it is the figure of the list made anew for every coalition (`recsys_core.gap_reasons.catalogue_game`); the
    mean score (logits) and the selection rate are means over scored pairs, and the values of the gap are the difference
    of the groups' mean contributions. Lundberg (2020, "Explaining quantitative measures of fairness") splits gaps of
    pairs in this way.

    Parameters
    ----------
    evaluation
        The variant's lists and pairs of the users that may be looked at: it names the two groups.
    by
        Columns of users, as `make_grouping` takes them.

    Raises
    ------
    SettingError
        Item columns; ``gap_reasons.group`` for an unknown or small group; ``fairness.reason.no_probabilities`` for the
        selection rate of a model of ratings.
    RecLensError
        ``gap_reasons.one_group`` where fewer than two groups of the least size have a figure; as `make_grouping`.
    """
    settings, start = settings or ReasonSettings(), time.perf_counter()
    if settings.measure == SELECTION_RATE and split_dataset.task == "rating":
        raise SettingError("fairness.reason.no_probabilities")
    grouping = make_grouping(split_dataset.dataset, by, train=split_dataset.sequences())
    if grouping.side != "user":
        raise SettingError("setting.choice", name="by", choices=phrase("what.user_columns"), value=", ".join(by))
    two = _two_groups(grouping, evaluation, settings)
    shares, in_higher = _shares(scorer, split_dataset, two, settings, reranker, progress)
    found = _result(shares, in_higher, grouping, two, settings)
    variant = replace(scorer.variant, reranking=reranker.settings)
    return replace(found, seconds=time.perf_counter() - start, variant=variant)


def _result(
    shares: UserShares, in_higher: np.ndarray, grouping: Grouping, two: _TwoGroups, settings: ReasonSettings
) -> GapReasons:
    value = shares.difference(in_higher)
    ends = shares.ends(in_higher, n_draws=settings.n_bootstrap, seed=settings.seed)
    table = np.stack([value, *ends], axis=1)
    error = shares.standard_error(in_higher)
    is_of_lists = settings.measure == NDCG
    return GapReasons(
        measure=settings.measure,
        lower_group=grouping.groups[two.lower],
        higher_group=grouping.groups[two.higher],
        gap=float(value[0]),
        low=float(table[0, 1]),
        high=float(table[0, 2]),
        gap_of_all=two.gap,
        base=float(value[1]),
        base_low=float(table[1, 1]),
        base_high=float(table[1, 2]),
        reasons=tuple(
            GapReason(player, float(of_player), float(low), float(high), float(e))
            for player, (of_player, low, high), e in zip(shares.players, table[2:], error, strict=True)
        ),
        completeness_gap=float(abs(value[0] - value[1:].sum())),
        exact=shares.exact,
        n_orderings=shares.n_orderings,
        background=settings.background,
        n_lower=int((~in_higher).sum()),
        n_higher=int(in_higher.sum()),
        n_all_users=two.n_users,
        n_pairs=None if is_of_lists else int(shares.n_rows.sum()),
        n_bootstrap=settings.n_bootstrap,
        seed=settings.seed,
        seconds=0.0,
    )


def _two_groups(grouping: Grouping, evaluation: Evaluation, settings: ReasonSettings) -> _TwoGroups:
    """The groups named, or those whose figures are furthest apart among those of the least size."""
    user, over, under = _user_figures(evaluation, settings.measure)
    code = grouping.code[user]
    n = len(grouping.groups)
    size = np.bincount(code, minlength=n)
    sums, rows = (np.bincount(code, weights=x, minlength=n) for x in (over, under))
    shown, _ = reportable_groups(size, code, least_size=settings.least_size)
    figure = np.divide(sums, rows, out=np.full(n, np.nan), where=rows > 0)
    shown = shown[~np.isnan(figure[shown])]
    if settings.between:
        if len(set(settings.between)) != 2:
            raise SettingError("gap_reasons.two", groups=", ".join(settings.between))
        ends = [_named(grouping, label, shown, settings.least_size) for label in settings.between]
    elif len(shown) < 2:
        raise RecLensError("gap_reasons.one_group", column=", ".join(grouping.by), least=settings.least_size)
    else:
        ends = [int(shown[np.argmin(figure[shown])]), int(shown[np.argmax(figure[shown])])]
        if ends[0] == ends[1]:  # all figures are equal
            ends = [int(g) for g in shown[:2]]
    lower, higher = sorted(ends, key=lambda g: (figure[g], g))
    users = user[code == lower], user[code == higher]
    return _TwoGroups(lower, higher, users, float(figure[higher] - figure[lower]))


def _named(grouping: Grouping, label: str, shown: np.ndarray, least: int) -> int:
    known = {grouping.groups[g].label: int(g) for g in shown}
    if label not in known:
        raise SettingError("gap_reasons.group", group=label, least=least, known=", ".join(known) or "-")
    return known[label]


def _user_figures(evaluation: Evaluation, measure: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Users with a figure, the sum of it over their rows, and how many rows they have."""
    if measure == NDCG:
        ranking = evaluation.ranking
        kept = ~np.isnan(ranking.ndcg)
        return ranking.user_index[kept], ranking.ndcg[kept], np.ones(int(kept.sum()))
    pairs = evaluation.pairs
    value = pairs.score.astype(float)
    if measure == SELECTION_RATE:
        value = (value >= 0).astype(float) if pairs.selected is None else pairs.selected
    user, owner = np.unique(pairs.user_index, return_inverse=True)
    return user, np.bincount(owner, weights=value), np.bincount(owner).astype(float)


def _shares(
    scorer: Scorer,
    split_dataset: SplitDataset,
    two: _TwoGroups,
    settings: ReasonSettings,
    reranker: Reranker,
    progress: Progress,
) -> tuple[UserShares, np.ndarray]:
    """What reasons add for the sampled users of both groups, and who of them is in the higher one."""
    background = split_dataset.background(settings.background, seed=settings.seed)
    n_players, macs = len(scorer.features.players), macs_of_a_pair(scorer)
    if settings.measure != NDCG:
        return _pair_shares(scorer, split_dataset, two, settings, reranker, progress)
    a_list = macs * max(scorer.n_items, 1)
    all_users = min(two.n_users, MOST_USERS)
    exact = 2**n_players * len(background) * a_list * all_users <= settings.budget
    affordable = settings.budget // (N_WALKS * (2 * n_players - 1) * a_list)
    most = settings.n_users or (all_users if exact else int(np.clip(affordable, LEAST_USERS, MOST_USERS)))
    lower, higher = two.sample(most, settings.seed)
    users = np.concatenate([lower, higher])
    order = np.concatenate([np.arange(len(lower)), np.arange(len(higher))])
    game = CatalogueGame(scorer, split_dataset.ranking_of(users), background, reranker)
    found = list_shares(game, order, exact=exact, n_walks=N_WALKS, seed=settings.seed, progress=progress)
    return found, np.arange(len(users)) >= len(lower)


def _pair_shares(
    scorer: Scorer,
    split_dataset: SplitDataset,
    two: _TwoGroups,
    settings: ReasonSettings,
    reranker: Reranker,
    progress: Progress,
) -> tuple[UserShares, np.ndarray]:
    background = split_dataset.background(settings.background, seed=settings.seed)
    n_players, macs = len(scorer.features.players), macs_of_a_pair(scorer)
    affordable = settings.budget // (2**n_players * len(background) * macs)
    exact = affordable >= LEAST_EXACT_PAIRS
    most = affordable if exact else max(LEAST_EXACT_PAIRS, settings.budget // (ORDERINGS * n_players * macs))
    n_a_user = max(1.0, len(split_dataset.split.test) / max(1, len(np.unique(split_dataset.histories.user))))
    n_users = settings.n_users or int(np.clip(most / n_a_user, LEAST_USERS, MOST_USERS))
    lower, higher = two.sample(n_users, settings.seed)
    pairs = split_dataset.labelled("test", users=np.concatenate([lower, higher])).pairs
    shares = pair_shares(
        scorer,
        pairs,
        background,
        selects=reranker if settings.measure == SELECTION_RATE else None,
        exact=exact,
        seed=settings.seed,
        progress=progress,
    )
    return shares, np.isin(np.unique(pairs.users), higher)
