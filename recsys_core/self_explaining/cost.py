"""What being explainable costs: quality, faithfulness and time of the ranker's reasons and of models made of theirs.

All are measured on one split, the same users and pairs; those that are fitted here read one stated sample of the
training rows and the ranker's own feature groups.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from recsys_core.errors import SettingError, phrase, require
from recsys_core.models.evaluation import CanScore, evaluate, evaluate_pairs
from recsys_core.models.scorer import Pairs
from recsys_core.models.split_dataset import LabelledPairs, SplitDataset
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.training_report import list_differences, quality_of
from recsys_core.models.user_sample import QUICK, UserLimit, of_users
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation, UserSample
from recsys_core.results.self_explaining import CostOfExplaining, ExplainedModel, LeftOutModel
from recsys_core.seeds import random_stream
from recsys_core.self_explaining.contenders import CONTENDERS, Contender, contenders
from recsys_core.self_explaining.examples import draw_examples

BACKGROUND = 32


@dataclass(frozen=True, slots=True)
class CostSettings:
    """How much is looked at: what a comparison takes grows with it.

    Attributes
    ----------
    examples
        Training examples that are drawn at most.
    explained
        Test pairs that are explained for times and faithfulness, at most.
    rounds
        Most rounds of boosting of the EBM.

    Raises ``SettingError`` (``setting.least``) for fewer than 1 of any.
    """

    examples: int = 30_000
    explained: int = 100
    rounds: int = 2_000

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            require(value >= 1, SettingError, "setting.least", name=name, least=1, value=value)


USUAL = CostSettings()


def cost_of_explaining(
    model: TrainedModel,
    *,
    seed: int = 0,
    limit: UserLimit = QUICK,
    settings: CostSettings = USUAL,
    progress: Progress = silent,
) -> CostOfExplaining:
    """The ranker beside models that explain themselves, see `CostOfExplaining`.

    Parameters
    ----------
    seed
        Draws examples, background, the pairs that are explained, and what the EBM draws.
    limit
        Test users that lists are made for; the pairs are theirs, too.
    """
    began = time.perf_counter()
    split_dataset, drawn = model.split_dataset, draw_examples(model.split_dataset, most=settings.examples, seed=seed)
    users = limit.users_of(model, progress=progress)
    own = of_users(model, users, progress=progress)
    pairs = _explained_pairs(split_dataset, users, settings.explained, seed)
    background = split_dataset.background(BACKGROUND, seed=seed)
    measured: list[ExplainedModel] = []
    left_out: list[LeftOutModel] = []
    for contender in contenders(model, drawn, background, seed=seed, rounds=settings.rounds, progress=progress):
        if isinstance(contender, LeftOutModel):
            left_out.append(contender)
            continue
        tell = _told(progress, contender.name)
        found = _evaluation(contender, split_dataset, users, tell) if measured else own
        tell("explain")
        measured.append(_measured(contender, found, own, pairs, split_dataset.split.seed))
        del contender  # EASE alone is as large as the catalogue squared
    sample = own.sample or UserSample(*[len(own.ranking.user_index)] * 2)
    about = (len(own.pairs.label), drawn.n_logged, drawn.n_all, len(background), seed)
    return CostOfExplaining(
        model.task, tuple(measured), tuple(left_out), sample, *about, seconds=time.perf_counter() - began
    )


def _told(progress: Progress, name: str) -> Callable[[str], None]:
    """Says what is done with a contender (``rank``, ``explain``)."""
    share = (CONTENDERS.index(name) + 0.5) / len(CONTENDERS)
    return lambda stage: progress(phrase(f"stage.cost.{stage}", model=phrase(f"contender.{name}")), share)


def _explained_pairs(split_dataset: SplitDataset, users: np.ndarray | None, n: int, seed: int) -> Pairs:
    """At most ``n`` of the test pairs of these users (all, if None)."""
    pairs = split_dataset.labelled("test", users=users).pairs
    draw = random_stream(seed, "pairs explained by self-explaining models")
    return pairs[np.sort(draw.choice(len(pairs), min(n, len(pairs)), replace=False))]


def _evaluation(
    contender: Contender, split_dataset: SplitDataset, users: np.ndarray | None, tell: Callable[[str], None]
) -> Evaluation:
    tell("rank")
    return evaluate(contender.scorer, split_dataset, users=users, calibrated=contender.has_probabilities)


def _measured(contender: Contender, found: Evaluation, ranker: Evaluation, pairs: Pairs, seed: int) -> ExplainedModel:
    quality = quality_of(found, seed)
    ahead = list_differences(ranker, found, seed)["ndcg@10"] if found is not ranker else (math.nan,) * 3
    sums, n_reasons, seconds = _explained(contender, pairs)
    low, high = map(known, quality.intervals["ndcg@10"])
    auc_low, auc_high = map(known, quality.intervals["auc"])
    by, by_low, by_high = map(known, ahead)
    return ExplainedModel(
        name=contender.name,
        ndcg=known(quality["ndcg@10"]),
        low=low,
        high=high,
        auc=known(quality["auc"]),
        auc_low=auc_low,
        auc_high=auc_high,
        logloss=known(quality["logloss"]),
        rmse=known(quality["rmse"]),
        ranker_ahead=by,
        ranker_ahead_low=by_low,
        ranker_ahead_high=by_high,
        faithfulness=known(_r_squared(_scores(contender.target, pairs), sums)),
        agreement=known(_agreement(found, ranker)),
        n_reasons=known(n_reasons),
        seconds_a_reason=known(seconds / n_reasons) if n_reasons else None,
        seconds_an_explanation=known(seconds),
        n_explained=len(pairs),
        n_rows=contender.n_rows,
        fit_seconds=contender.fit_seconds,
    )


def known(value: float) -> float | None:
    """None for a figure without a meaning."""
    return float(value) if math.isfinite(value) else None


def _explained(contender: Contender, pairs: Pairs) -> tuple[np.ndarray, float, float]:
    """Base value plus reasons of each pair ``(n,)``, the mean number of reasons, and the median seconds of one pair."""
    sums, counts, seconds = [], [], []
    for at in range(len(pairs)):
        began = time.perf_counter()
        base, contributions = contender.explain(pairs[at : at + 1])
        seconds.append(time.perf_counter() - began)
        sums.append(base + float(contributions.sum()))
        counts.append(len(contributions))
    if not sums:
        return np.zeros(0), math.nan, math.nan
    return np.array(sums), statistics.fmean(counts), statistics.median(seconds)


def _scores(scorer: CanScore, pairs: Pairs) -> np.ndarray:
    if not len(pairs):
        return np.zeros(0)
    labelled = LabelledPairs(pairs, np.zeros(len(pairs)), "")
    return evaluate_pairs(scorer, labelled).score.astype(float)


def _r_squared(target: np.ndarray, found: np.ndarray) -> float:
    """Share of the target's variance that ``found`` gives back, NaN where the target does not vary.

    >>> _r_squared(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    1.0
    """
    spread = float(((target - target.mean()) ** 2).sum()) if len(target) else 0.0
    return 1 - float(((target - found) ** 2).sum()) / spread if spread > 0 else math.nan


def _agreement(found: Evaluation, ranker: Evaluation) -> float:
    """Squared correlation of two models' scores on the same pairs."""
    scores = [evaluation.pairs.score.astype(float) for evaluation in (found, ranker)]
    if len(scores[0]) < 2 or min(np.ptp(x) for x in scores) == 0:
        return math.nan
    return float(np.corrcoef(scores[0], scores[1])[0, 1] ** 2)
