"""Measuring: one variant beside the dense model, in stages, so that a page can show each figure when it is there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import numpy as np

from recsys_core.compare.comparison_sample import SEED, rank
from recsys_core.compare.drift import (
    auc_ends,
    auc_noise,
    explanation_drift,
    known,
    list_overlap,
    ndcg_noise,
    tie_shares,
)
from recsys_core.compare.groups import group_gaps, lost_most
from recsys_core.compare.machine import machine_name
from recsys_core.compare.reference import DenseReference, mean
from recsys_core.compare.report_store import load_report, save_report
from recsys_core.compress.build import is_trained, shape_only
from recsys_core.compress.cost import stored_cost
from recsys_core.compress.latency import LatencySettings, measure_latency, one_at_a_time
from recsys_core.metrics import list_overlap as shares_kept
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.scorer import Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.progress import Progress, silent
from recsys_core.rerankers import make_reranker
from recsys_core.results import (
    AucIntervals,
    BothTies,
    CompressionReport,
    Cost,
    Latency,
    Measurement,
    Noise,
    Quality,
    RankingResult,
    WatchedGap,
    measured,
)
from recsys_core.variant import ModelVariant

OnStage = Callable[[str, CompressionReport], None]
Result = TypeVar("Result")


def measure_variant(
    model: TrainedModel,
    variant: ModelVariant,
    *,
    reference: DenseReference | None = None,
    progress: Progress = silent,
    on_stage: OnStage | None = None,
    latency: LatencySettings | None = None,
) -> CompressionReport:
    """Report of size, speed, quality, lists, reasons and group gap of a variant, and of the dense model beside it.

    The report is also stored in the model's folder (where that can be written), for `load_report`.

    Parameters
    ----------
    reference
        The dense model's answers, and where variants are built; kept by the caller, it serves
        every variant of the model. A new one if None.
    progress
        Told the stage (one of ``STAGES``) and the share done.
    on_stage
        Told the stage and the report so far, with parts missing: the size comes before the
        network is trained, then AUC, then the rest.
    latency
        How long latency is measured.

    Notes
    -----
    AUC is that of ``evaluate``, on all test pairs. Lists are of all test users where that takes a few seconds, else
    of a seeded sample of them (`recsys_core.models.user_sample.UserLimit`, the reference's ``limit``); NDCG
    and recall are those of ``evaluate`` for the dense model either way. Reasons are of the
    explained pairs (`recsys_core.compare.reference.DenseReference`), exact. Only the latencies differ
    from call to call. ``before_training`` is measured at 32 bits, whatever the variant's width.
    """
    progress("queue", 0.0)
    with one_at_a_time(model.path.parent):
        run = _Run(model, variant, reference or DenseReference(model), latency or LatencySettings())
        for stage, share, measure in _STAGES:
            progress(stage, share)
            run.report = measure(run)
            if on_stage:
                on_stage(stage, run.report)
        report = run.finished()
    with contextlib.suppress(OSError):  # a folder that cannot be written to is slower, not broken
        save_report(model, report)
    return report


def in_thread(work: Callable[[], Result]) -> Future[Result]:
    """What work in a thread of its own will give, or raise."""
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as problem:
            outcome.set_exception(problem)

    threading.Thread(target=run, name="reclens-reasons", daemon=True).start()
    return outcome


class _Run:
    """One measurement: the report so far, and one method a stage that gives the report with its part filled."""

    def __init__(
        self, model: TrainedModel, variant: ModelVariant, dense: DenseReference, latency: LatencySettings
    ) -> None:
        self.model, self.variant, self.dense, self.latency = model, variant, dense, latency
        self.report = CompressionReport(variant)
        self.scorer: Scorer = model.dense
        self.early: Future[np.ndarray] | None = None  # reasons that are worked out while lists are
        self.ranking: RankingResult | None = None

    def size(self) -> CompressionReport:
        """From the shape of the network alone: nothing is trained for it."""
        dense = Measurement(cost=self._cost(self.model.dense))
        shape = shape_only(self.model.dense, self.variant.compression)
        return replace(self.report, dense=dense, compressed=Measurement(cost=self._cost(shape)))

    def _cost(self, scorer: Scorer) -> Cost:
        return Cost(**stored_cost(scorer, self.model.config["encoder"]["size_bytes"], self.dense.timed))

    def train(self) -> CompressionReport:
        self.scorer = self.dense.variants.scorer(self.variant.compression)
        return self._with_compressed(cost=self._cost(self.scorer))

    def _with_compressed(self, **parts: object) -> CompressionReport:
        return replace(self.report, compressed=replace(self.report.compressed, **parts))  # type: ignore[arg-type]

    def auc(self) -> CompressionReport:
        dense = self.dense
        own = dense.pairs if self.variant.compression.is_dense else evaluate_pairs(self.scorer, dense.labelled)
        both, draws = (dense.pairs.binary(), own.binary()), dense.pair_draws
        ends = (
            auc_ends(binary, pairs.auc, draws=draws) for binary, pairs in zip(both, (dense.pairs, own), strict=True)
        )
        return replace(
            self._with_compressed(auc=known(own.auc)),
            dense=replace(self.report.dense, auc=known(dense.pairs.auc)),
            auc_interval=AucIntervals(*ends),
            n_pairs=len(own.label),
            noise=Noise(auc=known(auc_noise(*both, draws=draws))),
        )

    def speed(self) -> CompressionReport:
        """All in turns; of the dense model alone they are one measurement."""
        is_quantised = self.variant.compression.is_quantised
        scorers = [self.model.dense] if self.variant.is_dense else [self.model.dense, self.scorer]
        if is_quantised:
            scorers.insert(1, self.dense.in_onnx)
        spent = [_latencies(milliseconds) for milliseconds in measure_latency(scorers, self.dense.timed, self.latency)]
        return replace(
            self._with_compressed(latency=spent[-1]),
            dense=replace(self.report.dense, latency=spent[0]),
            same_runtime=spent[1] if is_quantised else None,
        )

    def lists(self) -> CompressionReport:
        dense = self.dense
        if self.variant.compression.is_quantised:  # ONNX Runtime works on one core here: use the other one, too
            explained = dense.explained
            self.early = in_thread(lambda: explained.contributions(self.scorer))
        reranker = make_reranker(self.variant.reranking, self.model.split_dataset, self.scorer)
        own = self.ranking = dense.ranking if self.variant.is_dense else rank(self.scorer, dense.task, reranker)
        ndcg, recall = self._quality(own)
        return replace(
            self._with_compressed(ndcg=known(ndcg), recall=known(recall)),
            dense=replace(self.report.dense, ndcg=known(dense.quality[0]), recall=known(dense.quality[1])),
            noise=replace(self.report.noise, ndcg=known(ndcg_noise(dense.ranking, own, draws=dense.draws))),
            ties=BothTies(tie_shares(dense.ranking), tie_shares(own)),
            list_overlap=list_overlap(dense.ranking, own, draws=dense.draws),
            n_users=len(dense.task),
            n_test_users=dense.n_test_users,
            users_seed=dense.model.split_dataset.split.seed if dense.is_sample else None,
        )

    def reasons(self) -> CompressionReport:
        dense = self.dense
        if self.early:
            own = self.early.result()
        else:
            is_dense = self.variant.compression.is_dense  # whatever makes the lists: reasons are of scores
            own = dense.contributions if is_dense else dense.explained.contributions(self.scorer)
        n_background = len(dense.explained.background)
        drift = explanation_drift(dense.contributions, own, background=n_background, seed=SEED)
        return replace(self.report, explanation_drift=drift)

    def gap(self) -> CompressionReport:
        dense, own = self.dense, measured(self.ranking)
        gaps = group_gaps(dense.groups, dense.ranking.ndcg, own.ndcg, metric=f"ndcg@{own.k}", draws=dense.draws)
        lost = lost_most(dense.groups, shares_kept(dense.ranking.top, own.top))
        return replace(self.report, group_gaps=gaps, watched=self._watched(), lost_most=lost)

    def _watched(self) -> WatchedGap:
        """Which column's gap is watched and whether it is real: as in the dense model's report, where there is one."""
        stored = load_report(self.model, self.variant.dense)
        return self.dense.watched if stored is None or stored.watched is None else stored.watched

    def _quality(self, ranking: RankingResult) -> tuple[float, float]:
        """NDCG and recall of all test users: where only some were ranked, the dense model's plus their mean change."""
        dense = self.dense
        if not dense.is_sample:
            return mean(ranking.ndcg), mean(ranking.recall)
        change = mean(ranking.ndcg - dense.ranking.ndcg), mean(ranking.recall - dense.ranking.recall)
        return dense.quality[0] + change[0], dense.quality[1] + change[1]

    def finished(self) -> CompressionReport:
        return replace(
            self.report,
            before_training=self._before_training(),
            seed=SEED,
            measured_at=datetime.now().astimezone().isoformat(timespec="seconds"),
            machine=machine_name(),
        )

    def _before_training(self) -> Quality | None:
        """AUC and NDCG@10 as cutting left them; taken from the report at 32 bits where there is one."""
        weights = replace(self.variant, compression=self.variant.compression.weights)
        if not is_trained(weights.compression):
            return None
        stored = None if weights == self.variant else load_report(self.model, weights)
        if stored is not None:
            return stored.before_training
        scorer = self.dense.variants.untrained(weights.compression)
        auc = evaluate_pairs(scorer, self.dense.labelled).auc
        return Quality(known(auc), known(self._quality(rank(scorer, self.dense.task))[0]))


def _latencies(milliseconds: dict[str, dict[str, float]]) -> dict[str, Latency]:
    return {batch: Latency(**spent) for batch, spent in milliseconds.items()}


_STAGES = (  # name, share done before it, what it measures
    ("size", 0.0, _Run.size),
    ("train", 0.03, _Run.train),
    ("auc", 0.2, _Run.auc),
    ("latency", 0.3, _Run.speed),
    ("lists", 0.4, _Run.lists),
    ("reasons", 0.65, _Run.reasons),
    ("gap", 0.95, _Run.gap),
)
STAGES = tuple(name for name, _, _ in _STAGES)
