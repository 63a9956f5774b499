"""Measuring: one variant beside the dense model, in stages, so that a page can show each figure when it is there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import numpy as np

from recsys_core.compare.comparison_sample import SEED, rank
from recsys_core.compare.drift import auc_ends, auc_noise, explanation_drift, lists_kept, ndcg_noise, tie_shares
from recsys_core.compare.groups import group_gaps, lost_most
from recsys_core.compare.machine import machine_name
from recsys_core.compare.reference import DenseReference, dense_reference, mean
from recsys_core.compare.report_store import load_report, report_from_json, save_report, settings_json
from recsys_core.compare.sketch import sketch, stored_cost
from recsys_core.compress.latency import LatencySettings, measure_latency, one_at_a_time
from recsys_core.compress.variants import VariantCache
from recsys_core.data.folder import without_nan
from recsys_core.metrics import list_overlap
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.scorer import Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.progress import Progress, silent
from recsys_core.rerank import make_reranker
from recsys_core.results import CompressionReport, RankingResult
from recsys_core.variant import DENSE, ModelVariant

OnStage = Callable[[str, dict], None]
STAGES = {"size": 0.0, "train": 0.03, "auc": 0.2, "latency": 0.3, "lists": 0.4, "reasons": 0.65, "gap": 0.95}


def measure_variant(
    model: TrainedModel,
    variant: ModelVariant,
    *,
    cache: VariantCache | None = None,
    progress: Progress = silent,
    on_stage: OnStage | None = None,
    latency: LatencySettings | None = None,
) -> CompressionReport:
    """Size, speed, quality, lists, reasons and group gap of a variant, and of the dense model in the same minute.

    The report is also stored in the model's folder (where that can be written), for `load_report`.

    Parameters
    ----------
    cache
        Where variants are built and kept; a new one if None.
    progress
        Told the stage (a key of ``STAGES``) and the share done.
    on_stage
        Told the stage and everything found so far, in the form of `report_to_json` with parts
        missing: the size comes before the network is trained, then AUC, then the rest.
    latency
        How long latency is measured.

    Notes
    -----
    AUC is that of ``evaluate``, on all test pairs. Lists are of all test users, where users times
    items stay below `recsys_core.compare.comparison_sample.MOST_CELLS`, else of a seeded sample of them; NDCG
    and recall are those of ``evaluate`` for the dense model either way. Reasons are of the
    explained pairs (`recsys_core.compare.reference.DenseReference`), exact. Only the latencies differ
    from call to call. ``before_training`` is measured at 32 bits, whatever the variant's width.
    """
    progress("queue", 0.0)
    with one_at_a_time(model.path.parent):
        run = _Run(model, variant, cache or VariantCache(model), latency or LatencySettings())
        for stage, share in STAGES.items():
            progress(stage, share)
            getattr(run, f"add_{stage}")()
            if on_stage:
                on_stage(stage, run.so_far())
        report = run.report()
    with contextlib.suppress(OSError):  # a folder that cannot be written to is slower, not broken
        save_report(model, report)
    return report


def _aside(work: Callable[[], np.ndarray]) -> Future:
    """The result of work in a thread of its own."""
    with_one = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reclens-reasons")
    found = with_one.submit(work)
    with_one.shutdown(wait=False)
    return found


class _Run:
    """One measurement: what is known so far, in the form of a report's JSON; one method a stage."""

    def __init__(
        self, model: TrainedModel, variant: ModelVariant, cache: VariantCache, latency: LatencySettings
    ) -> None:
        self.model, self.variant, self.cache, self.latency = model, variant, cache, latency
        self.found: dict = {"dense": {}, "variant": {}, "noise": {}, "auc_interval": {}, "extra": {}}
        self.scorer: Scorer = model.dense
        self.early: Future | None = None  # reasons that are worked out while lists are
        self.ranking: RankingResult | None = None

    @property
    def dense(self) -> DenseReference:
        return dense_reference(self.model)

    def so_far(self) -> dict:
        return without_nan(self.found)

    def add_size(self) -> None:
        """From the shape of the network alone: nothing is trained for it."""
        encoder = self.model.config["encoder"]["size_bytes"]
        self.found["dense"] |= stored_cost(self.model.dense, encoder)
        self.found["variant"] |= stored_cost(sketch(self.model.dense, self.variant.compression), encoder)

    def add_train(self) -> None:
        self.scorer = self.cache.scorer(self.variant.compression)
        self.found["variant"] |= stored_cost(self.scorer, self.model.config["encoder"]["size_bytes"])

    def add_auc(self) -> None:
        dense = self.dense
        own = dense.pairs if self.variant.is_dense else evaluate_pairs(self.scorer, dense.labelled)
        binary = {"dense": dense.pairs.binary(), "variant": own.binary()}
        for side, pairs in (("dense", dense.pairs), ("variant", own)):
            auc = self.found[side]["auc"] = pairs.auc
            self.found["auc_interval"][side] = list(auc_ends(binary[side], auc, draws=dense.pair_draws))
        self.found["extra"]["n_pairs"] = len(own.label)
        self.found["noise"]["auc"] = auc_noise(*binary.values(), draws=dense.pair_draws)

    def add_latency(self) -> None:
        """All in turns; of the dense model alone they are one measurement."""
        scorers = [self.model.dense] if self.variant.is_dense else [self.model.dense, self.scorer]
        if self.variant.compression.is_quantised:
            scorers.insert(1, self.dense.in_onnx)
        spent = measure_latency(scorers, self.dense.timed, self.latency)
        self.found["dense"]["latency_ms"], self.found["variant"]["latency_ms"] = spent[0], spent[-1]
        self.found["same_runtime_ms"] = spent[1] if self.variant.compression.is_quantised else None

    def add_lists(self) -> None:
        dense = self.dense
        if self.variant.compression.is_quantised:  # ONNX Runtime works on one core here: use the other one, too
            _ = dense.background  # whatever it rests on is there before two threads ask for it
            self.early = _aside(lambda: dense.reasons(self.scorer))
        reranker = make_reranker(self.variant.reranking, self.model.dataset)
        own = self.ranking = dense.ranking if self.variant.is_dense else rank(self.scorer, dense.task, reranker)
        self.found["dense"] |= dense.quality
        self.found["variant"] |= self._quality(own)
        self.found["noise"]["ndcg@10"] = ndcg_noise(dense.ranking, own, draws=dense.draws)
        self.found["ties"] = {"dense": tie_shares(dense.ranking), "variant": tie_shares(own)}
        kept = lists_kept(dense.ranking, own, draws=dense.draws)
        self.found["extra"]["top_10_kept"] = kept
        counts = {"n_users": len(dense.task), "n_test_users": dense.n_test_users}
        self.found |= {"top_10_overlap": kept["mean"], **counts}

    def add_reasons(self) -> None:
        dense = self.dense
        if self.early:
            own = self.early.result()
        else:
            own = dense.contributions if self.variant.is_dense else dense.reasons(self.scorer)
        self.found["explanation_drift"] = explanation_drift(
            dense.contributions, own, background=len(dense.background), seed=SEED
        )

    def add_gap(self) -> None:
        dense, own = self.dense, self.ranking
        metric = f"ndcg@{own.k}"
        gaps = group_gaps(dense.groups, dense.ranking.ndcg, own.ndcg, metric=metric, draws=dense.draws)
        self.found["group_gaps"] = gaps
        watched = self._watched()
        self.found["group_gap"] = watched | {"metric": metric} | gaps.get(watched["column"], {})
        self.found["extra"]["lost_most"] = lost_most(dense.groups, list_overlap(dense.ranking.top, own.top))

    def _watched(self) -> dict[str, object]:
        """Which column's gap is watched and whether it is real: as in the dense model's report, where there is one."""
        known = load_report(self.model, DENSE)
        if known is None:
            return self.dense.watched
        return {name: known.group_gap[name] for name in ("column", "is_real", "p_corrected", "n_tested")}

    def _quality(self, ranking: RankingResult) -> dict[str, float]:
        """NDCG and recall of all test users: where only some were ranked, the dense model's plus their mean change."""
        dense, own = self.dense, {"ndcg@10": ranking.ndcg, "recall@10": ranking.recall}
        if not dense.is_sample:
            return {name: mean(values) for name, values in own.items()}
        before = {"ndcg@10": dense.ranking.ndcg, "recall@10": dense.ranking.recall}
        return {name: dense.quality[name] + mean(values - before[name]) for name, values in own.items()}

    def report(self) -> CompressionReport:
        about = {
            "settings": settings_json(self.variant),
            "before_training": self._before_training(),
            "seed": SEED,
            "measured_at": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine_name(),
        }
        return report_from_json(self.found | about, model=self.variant.model)

    def _before_training(self) -> dict[str, float] | None:
        """AUC and NDCG@10 as cutting left them; taken from the report at 32 bits where there is one."""
        weights = replace(self.variant, compression=self.variant.compression.weights)
        if weights.compression.is_dense or weights.compression.pruning == "unstructured":
            return None
        known = None if weights == self.variant else load_report(self.model, weights)
        if known is not None:
            return known.before_training
        scorer = self.cache.untrained(weights.compression)
        auc = evaluate_pairs(scorer, self.dense.labelled).auc
        return {"auc": auc, "ndcg@10": self._quality(rank(scorer, self.dense.task))["ndcg@10"]}
