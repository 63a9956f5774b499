"""Flips of an attribute: how many scores, lists and explanations change where users are given another value of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from recsys_core.errors import SettingError, phrase
from recsys_core.explain.global_explanation import MAX_EXACT, ORDERINGS
from recsys_core.explain.shapley import EXACT_PLAYERS, Solution, solve_many
from recsys_core.fairness.columns import find_column
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.leakage import has_missing
from recsys_core.metrics import list_overlap, logistic, mean_interval
from recsys_core.models.evaluation import K
from recsys_core.models.scorer import BLOCK_USERS, Pairs, Scorer
from recsys_core.models.split_dataset import RankingTask, SplitDataset
from recsys_core.models.user_sample import QUICK_MACS, macs_of_a_pair
from recsys_core.player import Player
from recsys_core.progress import Progress, silent
from recsys_core.rerank import BY_SCORE, Candidates, Reranker
from recsys_core.results.attribute_audit import AttributeFlips, Share
from recsys_core.results.trust import STRONGEST
from recsys_core.seeds import random_stream

MOST_USERS, LEAST_USERS = 200, 50
TOLERANCE = 0.01
EXPLAINED_MACS, LEAST_EXPLAINED = 2 * QUICK_MACS, 30
STAGE = "flip an attribute"


@dataclass(frozen=True, slots=True)
class FlipSettings:
    """How an attribute is flipped: for at most ``most_users``; a score changes where its probability moves by more
    than ``tolerance``; ``background`` rows stand for "not this value" in explanations."""

    most_users: int = MOST_USERS
    tolerance: float = TOLERANCE
    background: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("most_users", 1), ("background", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise SettingError("setting.least", name=name, least=least, value=getattr(self, name))
        if not 0 <= self.tolerance < 1:
            raise SettingError("flips.tolerance", value=self.tolerance)


def attribute_flips(
    scorer: Scorer,
    split_dataset: SplitDataset,
    *,
    column: str,
    settings: FlipSettings | None = None,
    reranker: Reranker = BY_SCORE,
    progress: Progress = silent,
) -> AttributeFlips:
    """What changes where each of some users is given the value of a user of another group, all else as it was.

    Users with something held out are drawn by the seed (everyone where nobody has), their new values from users of the
    other groups of the column, so that values are as frequent as they are; rows are edited as What-if edits them,
    encoded as the tables are. A counterfactual of the model, not of the world (Kusner et al. 2017 ask the latter):
    whatever goes with the attribute, above all the history, stays.

    Raises
    ------
    SettingError
        ``setting.choice`` for an item column, ``flips.made`` for one that is made of the history or a segment,
        ``flips.one_value`` where all users with a value are in one group.
    RecLensError
        ``column.unknown``.
    """
    settings, start = settings or FlipSettings(), time.perf_counter()
    player, users, donors, n_all = _flipped_users(split_dataset, column, scorer, settings)
    group = next((g for g in scorer.features.side("user") if g.player == player), None)
    task = split_dataset.ranking_of(users)
    if group is None:
        nothing, all_kept = Share(0.0, 0.0, 0.0), Share(1.0, 1.0, 1.0)
        found, exact = dict.fromkeys(_NAMES, nothing) | {"overlap": all_kept}, True
        n_explained = len(users)
    else:
        cells = {group.key: scorer.features.tables[group.key][donors]}
        flipped = scorer.with_features(scorer.features.with_cells(users, cells), edited={"user": np.sort(users)})
        values, top = _scores_and_lists((scorer, flipped), task, reranker, settings.tolerance, progress)
        values["explanations"], exact = _explanations((scorer, flipped), split_dataset, task, top, settings)
        n_explained = int((~np.isnan(values["explanations"])).sum())
        found = {name: _share(of_users, settings.seed) for name, of_users in values.items()}
    progress(STAGE, 1.0)
    return AttributeFlips(
        column=player.key,
        scores=found["scores"],
        mean_change=found["mean_change"],
        mean_change_logit=found["mean_change_logit"],
        lists=found["lists"],
        overlap=found["overlap"],
        explanations=found["explanations"],
        tolerance=settings.tolerance,
        n_users=len(users),
        n_all_users=n_all,
        is_read=group is not None,
        n_pairs=len(users) * scorer.n_items,
        n_explained=n_explained,
        background=settings.background,
        exact=exact,
        seed=settings.seed,
        seconds=time.perf_counter() - start,
    )


_NAMES = ("scores", "mean_change", "mean_change_logit", "lists", "overlap", "explanations")


def _share(of_users: np.ndarray, seed: int) -> Share:
    known = of_users[~np.isnan(of_users)]
    if not len(known):
        return Share(*[float("nan")] * 3)
    return Share(float(known.mean()), *mean_interval(known, seed=seed))


def _flipped_users(
    split_dataset: SplitDataset, column: str, scorer: Scorer, settings: FlipSettings
) -> tuple[Player, np.ndarray, np.ndarray, int]:
    """The attribute, who is flipped, whose value each is given, and of how many users they were drawn."""
    dataset = split_dataset.dataset
    found = find_column(dataset, column)
    side, key, name = found.side, found.key, found.whole
    if side != "user":
        raise SettingError("setting.choice", name="by", choices=phrase("what.user_columns"), value=key)
    if not name.startswith("user."):
        raise SettingError("flips.made", column=key)
    grouping = make_grouping(dataset, (column,), train=split_dataset.sequences())
    code = grouping.code
    has_value = ~np.array([has_missing(group) for group in grouping.groups])[code]
    donors = np.flatnonzero(has_value)
    if len(np.unique(code[donors])) < 2:
        raise SettingError("flips.one_value", column=key)
    asked = split_dataset.test_users
    asked = asked[has_value[asked]] if has_value[asked].any() else donors
    affordable = QUICK_MACS // (2 * macs_of_a_pair(scorer) * max(scorer.n_items, 1))
    most = min(settings.most_users, max(LEAST_USERS, affordable))
    random = random_stream(settings.seed, "users whose attribute is flipped")
    users = np.sort(random.choice(asked, min(len(asked), most), replace=False))
    order = donors[np.argsort(code[donors], kind="stable")]  # the donors of a group side by side
    first, last = (np.searchsorted(code[order], code[users], side=end) for end in ("left", "right"))
    place = random.integers(0, len(order) - (last - first))  # among the donors of all other groups
    return Player.parse(name), users, order[np.where(place < first, place, place + last - first)], len(asked)


def _scores_and_lists(
    scorers: tuple[Scorer, Scorer], task: RankingTask, reranker: Reranker, tolerance: float, progress: Progress
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What changes for each user, and the first list."""
    found: list[tuple[np.ndarray, ...]] = []
    for start in range(0, len(task), BLOCK_USERS):
        some = task[np.arange(start, min(start + BLOCK_USERS, len(task)))]
        before, after = (s.score_catalogue(some.users, some.histories, some.known) for s in scorers)
        tops = [
            reranker.lists(Candidates(some.users, scores, some.seen, some.tie_order), K) for scores in (before, after)
        ]
        moved = np.abs(logistic(after) - logistic(before))
        overlap = list_overlap(*tops)
        changes = np.where(np.isnan(overlap), np.nan, overlap < 1)
        logits = np.abs(after.astype(float) - before).mean(1)
        found.append(((moved > tolerance).mean(1), moved.mean(1), logits, changes, overlap, tops[0]))
        progress(STAGE, 0.7 * (start + len(some)) / len(task))
    *columns, top = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return dict(zip(_NAMES, columns, strict=False)), top


def _explanations(
    scorers: tuple[Scorer, Scorer],
    split_dataset: SplitDataset,
    task: RankingTask,
    top: np.ndarray,
    settings: FlipSettings,
) -> tuple[np.ndarray, bool]:
    """For each user whether the three strongest reasons of the first recommendation change; NaN without one."""
    rows, out = np.flatnonzero(top[:, 0] >= 0), np.full(len(task), np.nan)
    if not len(rows):
        return out, True
    cost = 2 * settings.background * macs_of_a_pair(scorers[0]) * 2 ** len(scorers[0].features.players)
    is_affordable = EXPLAINED_MACS // cost >= LEAST_EXPLAINED
    if is_affordable:  # else orderings are drawn, and what is drawn differently moves reasons too
        rows = np.sort(random_stream(settings.seed, "explained flips").permutation(rows)[: EXPLAINED_MACS // cost])
    pairs = Pairs(task.users[rows], top[rows, 0], task.histories[rows], task.known[rows])
    background = split_dataset.background(settings.background, seed=settings.seed)
    max_exact = EXACT_PLAYERS if is_affordable else MAX_EXACT
    before, after = (
        solve_many(s, pairs, background, seed=settings.seed, max_exact=max_exact, orderings=ORDERINGS) for s in scorers
    )
    out[rows] = [len(set(a) ^ set(b)) > 0 for a, b in zip(_strongest(before), _strongest(after), strict=True)]
    return out, bool(before.exact.all() and after.exact.all())


def _strongest(found: Solution) -> np.ndarray:
    return np.argsort(-np.abs(found.contributions).round(9), axis=1, kind="stable")[:, :STRONGEST]
