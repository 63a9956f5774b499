"""Permutation importance of every reason on AUC and NDCG@10, and where it disagrees with the size of contributions.

scikit-learn shuffles and repeats (``sklearn.inspection.permutation_importance``). What it shuffles are row numbers: a
cell says from which pair (user, item) a reason takes its value, so that ids, texts and histories are shuffled like any
other, and a row is scored from parts that are computed once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recsys_core.compare.drift import auc_parts
from recsys_core.compare.resampling import mean_ends, user_draws
from recsys_core.data.known import Known
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.metrics import ndcg_at_k
from recsys_core.metrics.intervals import LEAST_USERS as LEAST_TOLD
from recsys_core.models.evaluation import K
from recsys_core.models.scorer import BLOCK_FLOATS, BLOCK_USERS, Pairs, Scorer
from recsys_core.models.split_dataset import RankingTask, SplitDataset
from recsys_core.models.user_sample import QUICK_MACS, macs_of_a_pair
from recsys_core.progress import Progress, silent
from recsys_core.rerank import BY_SCORE, Candidates, Reranker
from recsys_core.results import PairResult
from recsys_core.results.global_parts import Disagreement, MetricDrops, PermutationImportance
from recsys_core.seeds import random_stream

N_REPEATS = 5
MOST_PAIRS = 2000
LEAST_USERS, MOST_USERS = 50, 300
STAGE = "shuffling reasons"
ALPHA = 0.05
ROUNDING = 1e-9  # a drop of less is none


def permutation_importance(
    scorer: Scorer,
    split_dataset: SplitDataset,
    *,
    users: np.ndarray | None = None,
    seed: int = 0,
    reranker: Reranker = BY_SCORE,
    progress: Progress = silent,
) -> PermutationImportance:
    """What AUC and NDCG@10 lose where one reason's values are shuffled, five times each, with intervals over users.

    Parameters
    ----------
    users
        Matrix rows of those whose test pairs and lists are looked at; everyone if None.
    seed
        Draws at most 2,000 test pairs, at most 300 ranked users (fewer where the catalogue is large, 50 at least), and
        the shuffles.

    Notes
    -----
    The reasons of users and their histories are shuffled among users, those of items among the items of the catalogue;
    items of a history keep their own attributes, as they belong to the reason *history*. With it go the positives that
    an item-item term reads; the item that the term is asked about stays.
    """
    start = time.perf_counter()
    steps = _Steps(progress, len(scorer.features.players))
    pairs, label = _pairs(split_dataset, users, seed)
    task = _ranked(scorer, split_dataset, users, seed)
    metrics = {}
    if len(np.unique(label)) == 2:
        metrics["auc"] = _auc_drops(scorer, pairs, label, seed, steps)
    if len(task):
        metrics["ndcg@10"] = _ndcg_drops(_Catalogue(scorer, task, reranker), seed, steps)
    return PermutationImportance(
        players=scorer.features.players,
        metrics=metrics,
        n_pairs=len(pairs),
        n_repeats=N_REPEATS,
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def disagreements(found: GlobalExplanation, shuffled: PermutationImportance) -> tuple[Disagreement, ...]:
    """Reasons that the model leans on and that bring no quality, and the reverse, in order of their share.

    It leans on a reason with an equal share of the summed sizes or more; a reason with less than half of that hardly
    moves scores. Shuffling costs quality where AUC or NDCG@10 loses more than chance would take from any of all that
    are looked at (normal quantile at 5 %, Bonferroni over reasons and figures). Of fewer than six users nothing is
    said.
    """
    told = [drops for drops in shuffled.metrics.values() if drops.n_users >= LEAST_TOLD]
    if not told:
        return ()
    costs = [_is_beyond_chance(drops, len(told) * len(drops.drop)) for drops in told]
    brings = {player: any(bool(of_metric[i]) for of_metric in costs) for i, player in enumerate(shuffled.players)}
    equal = 1 / max(len(found.players), 1)
    said = []
    for i in found.order:
        player, share = found.players[i], float(found.share[i])
        if share >= equal and not brings[player] and len(set(found.values[player])) == 1:
            said.append(Disagreement(player, "same", share))
        elif share >= equal and not brings[player]:
            said.append(Disagreement(player, "leans", share))
        elif share < equal / 2 and brings[player]:
            said.append(Disagreement(player, "brings", share))
    return tuple(said)


def _is_beyond_chance(drops: MetricDrops, n_tests: int) -> np.ndarray:
    from scipy.stats import norm

    return drops.drop > max(float(norm.ppf(1 - ALPHA / 2 / n_tests)), 0.0) * drops.standard_error + ROUNDING


class _Steps:
    """Progress over all the scores that scikit-learn asks for."""

    def __init__(self, progress: Progress, n_players: int) -> None:
        self.progress, self.n, self.done = progress, 2 * n_players * N_REPEATS + 3, 0

    def step(self) -> None:
        self.done += 1
        self.progress(STAGE, min(1.0, self.done / self.n))


def _pairs(split_dataset: SplitDataset, users: np.ndarray | None, seed: int) -> tuple[Pairs, np.ndarray]:
    """Test pairs with 0/1 labels, as an AUC is formed of."""
    labelled = split_dataset.labelled("test", users=users)
    pairs = labelled.pairs
    every = PairResult(pairs.users, np.arange(len(pairs)), labelled.label, np.zeros(len(pairs)), labelled.negatives)
    kept = every.binary()
    rows, label = kept.item_index, kept.label
    if len(rows) > MOST_PAIRS:
        random = random_stream(seed, "pairs of permutation importance")
        at = np.sort(random.choice(len(rows), MOST_PAIRS, replace=False))
        rows, label = rows[at], label[at]
    return pairs[rows], label


def _ranked(scorer: Scorer, split_dataset: SplitDataset, users: np.ndarray | None, seed: int) -> RankingTask:
    """Users with held-out items, as many as all the passes over the catalogue allow."""
    ranked = split_dataset.test_users
    if users is not None:
        ranked = ranked[np.isin(ranked, users)]
    passes = len(scorer.features.players) * N_REPEATS + 2
    allowed = 2 * QUICK_MACS // (macs_of_a_pair(scorer) * max(scorer.n_items, 1) * passes)
    most = int(np.clip(allowed, LEAST_USERS, MOST_USERS))
    if len(ranked) > most:
        ranked = np.sort(random_stream(seed, "users of permutation importance").choice(ranked, most, replace=False))
    return split_dataset.ranking_of(ranked)


@dataclass(eq=False)
class _Rows:
    """What scikit-learn takes for a fitted model: it hands over row numbers, a column a reason."""

    score: Any  # (sources) -> one figure a unit, or what an AUC is formed of

    def fit(self, *_: object) -> _Rows:
        return self


def _shuffled(model: _Rows, figure: Any, n_rows: int, n_columns: int, seed: int, steps: _Steps) -> list[Any]:
    """What ``model.score`` gives as it is, then for each column and repeat; ``figure`` makes one number of it."""
    from sklearn.inspection import permutation_importance as shuffle

    held: list[Any] = []

    def scoring(fitted: _Rows, sources: np.ndarray, _: np.ndarray) -> float:
        held.append(fitted.score(np.asarray(sources)))
        steps.step()
        return figure(held[-1])

    sources = np.repeat(np.arange(n_rows)[:, None], n_columns, axis=1)
    random = int(random_stream(seed, "shuffled reasons").integers(2**31))
    found = shuffle(model, sources, np.zeros(n_rows), scoring=scoring, n_repeats=N_REPEATS, random_state=random)
    expected = figure(held[0]) - found.importances
    own = np.array([figure(x) for x in held[1:]]).reshape(n_columns, N_REPEATS)
    if not np.allclose(expected, own, equal_nan=True):
        raise RuntimeError("scikit-learn scored in another order than it answers")
    return held


def _drops(base: float, parts: np.ndarray, means: np.ndarray) -> MetricDrops:
    """``parts`` (n_columns, n_users): each user's part of the drop, deviations from ``means`` or the drop itself."""
    draws = user_draws(parts.shape[1], seed=0)
    ends = np.array([mean_ends(part, draws) for part in parts]).reshape(-1, 2)
    n = parts.shape[1]
    error = parts.std(axis=1, ddof=1) / np.sqrt(n) if n > 1 else np.full(len(parts), np.inf)
    return MetricDrops(base, means, ends[:, 0], ends[:, 1], error, n)


def _auc_drops(scorer: Scorer, pairs: Pairs, label: np.ndarray, seed: int, steps: _Steps) -> MetricDrops:
    games = _PairParts(scorer, pairs)
    nobody = np.zeros(len(pairs), dtype=np.int64)

    def result(scores: np.ndarray) -> PairResult:
        return PairResult(pairs.users, nobody, label, scores, "logged")

    n_columns = len(scorer.features.players)
    held = _shuffled(_Rows(games.scores), lambda s: result(s).auc, len(pairs), n_columns, seed, steps)
    results = [result(scores) for scores in held]
    base, own = results[0].auc, auc_parts(results[0])
    of_column = [results[1 + c * N_REPEATS : 1 + (c + 1) * N_REPEATS] for c in range(n_columns)]
    drop = np.array([base - np.mean([r.auc for r in few]) for few in of_column])
    parts = np.stack([own - np.mean([auc_parts(r) for r in few], axis=0) for few in of_column])
    return _drops(base, parts + drop[:, None], drop)


def _ndcg_drops(catalogue: _Catalogue, seed: int, steps: _Steps) -> MetricDrops:
    n_user, n_item = len(catalogue.scorer.features.side("user")), len(catalogue.scorer.features.side("item"))
    of_users = _shuffled(_Rows(catalogue.of_users), np.mean, len(catalogue.task), n_user + 1, seed, steps)
    of_items = _shuffled(_Rows(catalogue.of_items), np.mean, catalogue.scorer.n_items, n_item, seed, steps)
    own = of_users[0]
    shuffled = np.array([*of_users[1:], *of_items[1:]]).reshape(-1, N_REPEATS, len(own))
    parts = own - shuffled.mean(axis=1)
    return _drops(float(own.mean()), parts, parts.mean(axis=1))


class _PairParts:
    """Scores of pairs whose reasons come from other pairs; columns are the players, in order."""

    def __init__(self, scorer: Scorer, pairs: Pairs) -> None:
        self.scorer, self.pairs = scorer, pairs
        self.first, self.query = scorer.group_parts(pairs.users, pairs.items)
        self.n_user = len(scorer.features.side("user"))
        self.base, self.asked = self.first.sum(1) + scorer.first_bias, self.query.sum(1) + scorer.query_bias

    @torch.inference_mode()
    def scores(self, sources: np.ndarray) -> np.ndarray:
        """Logits ``(n,)``; ``sources`` ``(n, n_players)`` say from which pair each reason's value is taken."""
        scorer, pairs, n_user = self.scorer, self.pairs, self.n_user
        groups = np.delete(sources, n_user, axis=1)
        pre = _exchanged(self.base, self.first, groups)
        asked = _exchanged(self.asked, self.query, groups[:, n_user:])
        histories = pairs.histories[sources[:, n_user]]
        out = np.empty(len(pairs))
        step = max(1, BLOCK_FLOATS // (2 * scorer.item_key.shape[1] * max(1, histories.shape[1])))
        for start in range(0, len(pairs), step):
            rows = slice(start, start + step)
            past = scorer.history_vectors(histories[rows])
            pooled = scorer.runtime.history_part(asked[rows].unsqueeze(1), past.keys, past.values, past.absent)
            out[rows] = scorer.runtime.tail(pre[rows] + pooled.squeeze(1)).numpy()
        if scorer.term is None or pairs.known is None:
            return out
        return out + scorer.term.pairs(pairs.items, pairs.known[sources[:, n_user]])


def _exchanged(base: Tensor, parts: Tensor, sources: np.ndarray) -> Tensor:
    """Sums over groups ``base`` (n, units) where group g of row r is that of row ``sources[r, g]``."""
    own = np.arange(len(sources))
    for group in range(sources.shape[1]):
        if not np.array_equal(sources[:, group], own):
            base = base + parts[torch.from_numpy(sources[:, group]), group] - parts[:, group]
    return base


class _Catalogue:
    """NDCG@10 of users over the whole catalogue, with reasons of users or of items taken from others."""

    def __init__(self, scorer: Scorer, task: RankingTask, reranker: Reranker) -> None:
        self.scorer, self.task, self.reranker = scorer, task, reranker
        items = np.arange(scorer.n_items)
        zeros = np.zeros(len(task), dtype=np.int64)
        self.n_user = len(scorer.features.side("user"))
        self.of_user = scorer.group_parts(task.users, zeros)[0][:, : self.n_user]
        first, self.query = scorer.group_parts(np.zeros_like(items), items)
        self.of_item = first[:, self.n_user :]
        self.histories = task.histories

    def of_users(self, sources: np.ndarray) -> np.ndarray:
        """Each user's NDCG; columns are the users' reasons and the history, rows the users."""
        base = _exchanged(self.of_user.sum(1) + self.scorer.first_bias, self.of_user, sources[:, :-1])
        return self._ndcg(base, sources[:, -1], self.scorer.item_base, self.scorer.item_query)

    def of_items(self, sources: np.ndarray) -> np.ndarray:
        """The same; columns are the items' reasons, rows the items of the catalogue."""
        item_base = _exchanged(self.of_item.sum(1), self.of_item, sources)
        item_query = _exchanged(self.query.sum(1) + self.scorer.query_bias, self.query, sources)
        base = self.of_user.sum(1) + self.scorer.first_bias
        return self._ndcg(base, np.arange(len(self.task)), item_base, item_query)

    @torch.inference_mode()
    def _ndcg(self, base: Tensor, past_of: np.ndarray, item_base: Tensor, item_query: Tensor) -> np.ndarray:
        task, out = self.task, np.empty(len(self.task))
        known: Known = task.known
        for start in range(0, len(task), BLOCK_USERS):
            rows = np.arange(start, min(start + BLOCK_USERS, len(task)))
            scores = self._scores(base[rows], self.histories[past_of[rows]], item_base, item_query)
            if self.scorer.term is not None:
                scores = scores + self.scorer.term.catalogue(known[past_of[rows]])
            top = self.reranker.lists(Candidates(task.users[rows], scores, task.seen[rows], task.tie_order), K)
            out[rows] = ndcg_at_k(top, task.held_out[rows])
        return out

    def _scores(self, base: Tensor, histories: np.ndarray, item_base: Tensor, item_query: Tensor) -> np.ndarray:
        """The network's logits of every item for a few users, a block of items at a time."""
        scorer, out = self.scorer, np.empty((len(base), len(item_base)), dtype=np.float32)
        past = scorer.history_vectors(histories)
        step = max(1, BLOCK_FLOATS // (len(base) * (item_base.shape[1] + 2 * histories.shape[1])))
        for start in range(0, len(item_base), step):
            few = slice(start, start + step)
            pooled = scorer.runtime.history_part(item_query[few], past.keys, past.values, past.absent)
            out[:, few] = scorer.runtime.tail(pooled + item_base[few] + base.unsqueeze(1)).numpy()
        return out
