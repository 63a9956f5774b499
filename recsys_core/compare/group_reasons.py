"""Explanations between groups: do the reasons differ, are they less faithful for some, what does a mending change."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recsys_core.errors import RecLensError, SettingError, phrase
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.global_explanation import MAX_EXACT, ORDERINGS
from recsys_core.explain.shapley import solve_many
from recsys_core.fairness import DEFAULT_SETTINGS, make_grouping
from recsys_core.fairness.cohort import reportable_groups
from recsys_core.fairness.gaps import holm
from recsys_core.fairness.groups import Grouping
from recsys_core.fairness.resamples import ROUNDING, Resamples
from recsys_core.models.scorer import BLOCK_USERS, Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent
from recsys_core.rerank import BY_SCORE, Candidates, Reranker
from recsys_core.results import Group
from recsys_core.results.attribute_audit import Share
from recsys_core.results.group_reasons import GroupFigure, GroupReasons
from recsys_core.seeds import random_stream

MOST_USERS = 300
RANDOM_ORDERS = 6
TAILS = (0.025, 0.975)
STAGE = "explain groups"


@dataclass(frozen=True, slots=True)
class GroupReasonSettings:
    """How explanations of groups are compared: at most ``most_users`` of all groups, one recommendation each."""

    most_users: int = MOST_USERS
    background: int = 8
    seed: int = 0
    n_bootstrap: int = DEFAULT_SETTINGS.n_bootstrap
    least_size: int = DEFAULT_SETTINGS.least_size

    def __post_init__(self) -> None:
        for name, least in (("most_users", 2), ("background", 1), ("seed", 0), ("n_bootstrap", 1), ("least_size", 2)):
            if getattr(self, name) < least:
                raise SettingError("setting.least", name=name, least=least, value=getattr(self, name))


@dataclass(frozen=True, slots=True, eq=False)
class _Explained:
    """Sizes of contributions ``(n_users, n_players)`` and what removal says ``(n_users, 2)`` of one model."""

    sizes: np.ndarray
    removal: np.ndarray
    exact: bool

    @property
    def tables(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Numerators ``(n_users, n_figures)`` and denominators ``(n_users,)`` of the two kinds of figures."""
        return (self.sizes, np.ones(len(self.sizes))), (self.removal, self.sizes.sum(1))


def group_reasons(
    scorer: Scorer,
    split_dataset: SplitDataset,
    *,
    by: tuple[str, ...],
    base: Scorer | None = None,
    settings: GroupReasonSettings | None = None,
    reranker: Reranker = BY_SCORE,
    progress: Progress = silent,
) -> GroupReasons:
    r"""Mean size of every reason and faithfulness of the explanations by group of users, with intervals and tests.

    Every user's first recommendation is explained by Shapley values (logits; exact where up to nine reasons differ from
    a background row, else from sampled orderings). Faithfulness is the area between the curve of removal and that of
    random orders (Samek et al. 2017), summed over the group's users by the summed size of their reasons. With a
    ``base`` (the model before a mending) the same pairs are explained by it too.

    Raises
    ------
    SettingError
        ``setting.choice`` for item columns.
    RecLensError
        ``group_reasons.one_group`` where fewer than two groups are large enough; as `make_grouping`.
    """
    settings, start = settings or GroupReasonSettings(), time.perf_counter()
    grouping = make_grouping(split_dataset.dataset, by, train=split_dataset.sequences())
    if grouping.side != "user":
        raise SettingError("setting.choice", name="by", choices=phrase("what.user_columns"), value=", ".join(by))
    pairs, code, groups, n_small = _first_recommendations(scorer, split_dataset, grouping, settings, reranker)
    background = split_dataset.background(settings.background, seed=settings.seed)
    share = 1.0 if base is None else 0.5
    found = _explained(scorer, pairs, background, settings.seed, lambda p: progress(STAGE, share * p))
    before = None
    if base is not None:
        before = _explained(base, pairs, background, settings.seed, lambda p: progress(STAGE, 0.5 + 0.5 * p))
        before = _same_players(before, base, scorer)
    resamples = Resamples(len(pairs), settings.n_bootstrap, settings.seed)
    names = [player.key for player in scorer.features.players], ["deletion", "insertion"]
    kinds = [
        _figures(names[kind], found.tables[kind], None if before is None else before.tables[kind], code, resamples)
        for kind in (0, 1)
    ]
    players = scorer.features.players
    return GroupReasons(
        by=grouping.by,
        groups=groups,
        n=tuple(np.bincount(code).tolist()),
        n_small=n_small,
        n_all_users=len(_asked(split_dataset)),
        reasons=tuple(replace(f, player=player) for f, player in zip(kinds[0], players, strict=True)),
        faithfulness=kinds[1],
        exact=found.exact and (before is None or before.exact),
        background=len(background),
        n_bootstrap=settings.n_bootstrap,
        n_shuffles=settings.n_bootstrap,
        seed=settings.seed,
        seconds=time.perf_counter() - start,
        variant=replace(scorer.variant, reranking=reranker.settings),
        base=None if base is None else base.variant,
    )


def _asked(split_dataset: SplitDataset) -> np.ndarray:
    """Users with something held out, or all where nobody has."""
    users = split_dataset.test_users
    return users if len(users) else np.arange(split_dataset.dataset.n_users)


def _first_recommendations(
    scorer: Scorer,
    split_dataset: SplitDataset,
    grouping: Grouping,
    settings: GroupReasonSettings,
    reranker: Reranker,
) -> tuple[Pairs, np.ndarray, tuple[Group, ...], int]:
    """Sampled users of large enough groups with the first item of their lists, and who is in which group."""
    asked = _asked(split_dataset)
    random = random_stream(settings.seed, "users whose reasons are compared")
    users = np.sort(random.choice(asked, min(len(asked), settings.most_users), replace=False))
    task, first = split_dataset.ranking_of(users), np.empty(len(users), dtype=np.int64)
    for start in range(0, len(users), BLOCK_USERS):
        some = task[np.arange(start, min(start + BLOCK_USERS, len(users)))]
        scores = scorer.score_catalogue(some.users, some.histories, some.known)
        lists = reranker.lists(Candidates(some.users, scores, some.seen, some.tie_order), 10)
        first[start : start + len(some)] = lists[:, 0]
    group = grouping.code[users]
    size = np.bincount(group[first >= 0], minlength=len(grouping.groups))
    shown, code = reportable_groups(size, group, least_size=settings.least_size)
    if len(shown) < 2:
        raise RecLensError("group_reasons.one_group", column=", ".join(grouping.by), least=settings.least_size)
    rows = np.flatnonzero((code < len(shown)) & (first >= 0))
    pairs = Pairs(users[rows], first[rows], task.histories[rows], task.known[rows])
    return pairs, code[rows], tuple(grouping.groups[g] for g in shown), len(users) - len(rows)


def _explained(
    scorer: Scorer, pairs: Pairs, background: Pairs, seed: int, progress: Callable[[float], None]
) -> _Explained:
    solved = solve_many(
        scorer,
        pairs,
        background,
        seed=seed,
        max_exact=MAX_EXACT,
        orderings=ORDERINGS,
        progress=lambda _, part: progress(0.6 * part),
    )
    removal = np.empty((len(pairs), 2))
    for at in range(len(pairs)):
        removal[at] = _removal(scorer, pairs[np.array([at])], background, solved.contributions[at], seed)
        progress(0.6 + 0.4 * (at + 1) / len(pairs))
    return _Explained(np.abs(solved.contributions), removal, bool(solved.exact.all()))


def _removal(scorer: Scorer, pair: Pairs, background: Pairs, contributions: np.ndarray, seed: int) -> np.ndarray:
    """How far below random orders the score falls, and how far above them it rises, mean over the steps."""
    games, n = FactorisedGames(scorer, pair, background), len(contributions)
    random = random_stream(seed, "orders of removal")
    orders = [np.argsort(-contributions, kind="stable"), *(random.permutation(n) for _ in range(RANDOM_ORDERS))]
    steps = np.arange(n + 1)[:, None]
    inside = np.stack([np.argsort(order)[None] < steps for order in orders])  # (orders, n + 1, n): first k are in
    values = games.mean_values(np.concatenate([inside, ~inside]).reshape(-1, n)).reshape(2, len(orders), n + 1)
    area = values.mean(-1)
    return np.array([area[1, 1:].mean() - area[1, 0], area[0, 0] - area[0, 1:].mean()])


def _same_players(before: _Explained, base: Scorer, scorer: Scorer) -> _Explained:
    """The base's sizes in the order of the variant's players; 0 for what the base does not read."""
    place = {player: i for i, player in enumerate(base.features.players)}
    columns = [place.get(player) for player in scorer.features.players]
    sizes = [np.zeros(len(before.sizes)) if at is None else before.sizes[:, at] for at in columns]
    return replace(before, sizes=np.stack(sizes, axis=1))


Table = tuple[np.ndarray, np.ndarray]


def _figures(
    names: list[str], found: Table, before: Table | None, code: np.ndarray, resamples: Resamples
) -> tuple[GroupFigure, ...]:
    """Ratios of sums by group: intervals from resampled users, p-values from users shuffled among the groups."""
    members = (code[:, None] == np.arange(int(code.max()) + 1)).astype(float)
    weights = np.concatenate(list(resamples.weights())).astype(float)

    def of(table: Table) -> tuple[np.ndarray, np.ndarray]:
        """Figures ``(n_groups, n_figures)``, and those of all resamples ``(n_draws, n_groups, n_figures)``."""
        return _ratios(members.T, table), np.stack([_ratios(weights * member, table) for member in members.T], 1)

    value, drawn = of(found)
    change = None
    if before is not None:
        value_before, drawn_before = of(before)
        change = value - value_before, drawn - drawn_before
    p_values = _permutation_p(value, found, code, resamples)
    corrected = holm(p_values)
    return tuple(
        GroupFigure(
            name=name,
            player=None,
            of_groups=_shares(value[:, i], drawn[..., i]),
            p_value=float(p_values[i]),
            p_corrected=float(corrected[i]),
            change=None if change is None else _shares(change[0][:, i], change[1][..., i]),
        )
        for i, name in enumerate(names)
    )


def _ratios(weights: np.ndarray, table: Table) -> np.ndarray:
    """Sums of the numerators by those of the denominators under weights ``(b, n_users)``: ``(b, n_figures)``."""
    over, under = weights @ table[0], (weights @ table[1])[:, None]
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)


def _shares(values: np.ndarray, drawn: np.ndarray) -> tuple[Share, ...]:
    """``values`` (n_groups,), ``drawn`` (n_draws, n_groups)."""
    low, high = np.nanquantile(drawn, TAILS, axis=0)
    ends = zip(values, np.minimum(low, values), np.maximum(high, values), strict=True)
    return tuple(Share(*map(float, share)) for share in ends)


def _permutation_p(value: np.ndarray, table: Table, code: np.ndarray, resamples: Resamples) -> np.ndarray:
    observed = value.max(0) - value.min(0)
    reached, n_groups = np.zeros(value.shape[1]), len(value)
    for orders in resamples.orders(0, resamples.n_draws):
        codes = code[orders]
        of_groups = np.stack([_ratios((codes == g).astype(float), table) for g in range(n_groups)])
        reached += (of_groups.max(0) - of_groups.min(0) >= observed - ROUNDING).sum(0)
    return (1 + reached) / (1 + resamples.n_draws)
