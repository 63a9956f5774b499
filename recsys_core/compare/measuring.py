"""Measuring: one variant beside the dense model, in stages, so that a page can show each figure when it is there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime

import numpy as np

from recsys_core.compare.answers import DenseSide, as_evaluation, binary_pairs, dense_side, pair_auc
from recsys_core.compare.changes import auc_noise, explanation_drift, group_gap, lists_kept, ndcg_noise
from recsys_core.compare.machine import machine_name
from recsys_core.compare.sample import SEED, rank
from recsys_core.compare.sketch import sketch, stored_cost
from recsys_core.compare.stored import load_report, report_from_json, save_report
from recsys_core.compress.measure import LatencySettings, measure_latency, one_at_a_time
from recsys_core.compress.variants import VariantShelf
from recsys_core.models.encoder import Progress, silent
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.scorer import Scorer
from recsys_core.models.workspace import Workspace
from recsys_core.results import CompressionReport, PairResult, RankingResult
from recsys_core.variant import Variant

OnStage = Callable[[str, dict], None]
STAGES = {"size": 0.0, "train": 0.03, "auc": 0.2, "latency": 0.3, "lists": 0.4, "reasons": 0.65, "gap": 0.95}


def measure_variant(
    workspace: Workspace,
    variant: Variant,
    *,
    shelf: VariantShelf | None = None,
    progress: Progress = silent,
    on_stage: OnStage | None = None,
    latency: LatencySettings | None = None,
) -> CompressionReport:
    """Size, speed, quality, lists, reasons and group gap of a variant, and of the dense model in the same minute.

    The report is also stored in the workspace (where that can be written), for `load_report`.

    Parameters
    ----------
    shelf
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
    AUC is that of ``evaluate``, on all test pairs; lists are of the sample's users, reasons of
    its explained pairs (`recsys_core.compare.answers.DenseSide`), exact. Only the latencies differ
    from call to call. ``before_training`` is measured at 32 bits, whatever the variant's width.
    """
    progress("queue", 0.0)
    with one_at_a_time(workspace.path / "measurements"):
        run = _Run(workspace, variant, shelf or VariantShelf(workspace), latency or LatencySettings())
        for stage, share in STAGES.items():
            progress(stage, share)
            getattr(run, f"add_{stage}")()
            if on_stage:
                on_stage(stage, run.so_far())
        report = run.report()
    with contextlib.suppress(OSError):  # a workspace that cannot be written to is slower, not broken
        save_report(workspace, report)
    return report


def _aside(work: Callable[[], np.ndarray]) -> Future:
    """The result of work in a thread of its own."""
    with_one = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reclens-reasons")
    found = with_one.submit(work)
    with_one.shutdown(wait=False)
    return found


class _Run:
    """One measurement: what is known so far, in the form of a report's JSON; one method a stage."""

    def __init__(self, workspace: Workspace, variant: Variant, shelf: VariantShelf, latency: LatencySettings) -> None:
        self.workspace, self.variant, self.shelf, self.latency = workspace, variant, shelf, latency
        self.found: dict = {"dense": {}, "variant": {}, "noise": {}, "extra": {}}
        self.scorer: Scorer = workspace.dense
        self.early: Future | None = None  # reasons that are worked out while lists are
        self.pairs: PairResult | None = None
        self.ranking: RankingResult | None = None

    @property
    def dense(self) -> DenseSide:
        return dense_side(self.workspace)

    def so_far(self) -> dict:
        return {k: dict(v) if isinstance(v, dict) else v for k, v in self.found.items()}

    def add_size(self) -> None:
        """From the shape of the network alone: nothing is trained for it."""
        encoder = self.workspace.config["encoder"]["size_bytes"]
        self.found["dense"] |= stored_cost(self.workspace.dense, encoder)
        self.found["variant"] |= stored_cost(sketch(self.workspace.dense, self.variant), encoder)

    def add_train(self) -> None:
        self.scorer = self.shelf.scorer(self.variant)
        self.found["variant"] |= stored_cost(self.scorer, self.workspace.config["encoder"]["size_bytes"])

    def add_auc(self) -> None:
        dense = self.dense
        self.pairs = dense.pairs if self.variant.is_dense else evaluate_pairs(self.scorer, dense.labelled)
        for side, pairs in (("dense", dense.pairs), ("variant", self.pairs)):
            self.found[side]["auc"] = pair_auc(pairs, self.workspace.material)
        self.found["extra"]["n_pairs"] = len(self.pairs.label)
        self.found["noise"]["auc"] = auc_noise(
            *(binary_pairs(p, self.workspace.material) for p in (dense.pairs, self.pairs)), seed=SEED
        )

    def add_latency(self) -> None:
        """Both in turns; of the dense model alone the two are one measurement."""
        scorers = [self.workspace.dense] if self.variant.is_dense else [self.workspace.dense, self.scorer]
        spent = measure_latency(scorers, self.dense.timed, self.latency)
        self.found["dense"]["latency_ms"], self.found["variant"]["latency_ms"] = spent[0], spent[-1]

    def add_lists(self) -> None:
        dense = self.dense
        if self.variant.is_quantised:  # ONNX Runtime works on one core here: use the other one, too
            _ = dense.background  # whatever it rests on is there before two threads ask for it
            self.early = _aside(lambda: dense.reasons(self.scorer))
        self.ranking = dense.ranking if self.variant.is_dense else rank(self.scorer, dense.task)
        for side, ranking in (("dense", dense.ranking), ("variant", self.ranking)):
            self.found[side] |= {"ndcg@10": float(ranking.ndcg.mean()), "recall@10": float(ranking.recall.mean())}
        self.found["noise"]["ndcg@10"] = ndcg_noise(dense.ranking, self.ranking, seed=SEED)
        kept = lists_kept(dense.ranking, self.ranking, seed=SEED)
        self.found["extra"]["top_10_kept"] = kept
        self.found |= {"top_10_overlap": kept["mean"], "n_users": len(dense.task)}

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
        material = self.workspace.material
        dense = as_evaluation(self.dense.ranking, self.dense.pairs, material)
        own = dense if self.variant.is_dense else as_evaluation(self.ranking, self.pairs, material)
        self.found["group_gap"] = group_gap(
            material.dataset, dense, own, column=self.dense.column, train=self.dense.train, seed=SEED
        )

    def report(self) -> CompressionReport:
        about = {
            "settings": asdict(self.variant),
            "before_training": self._before_training(),
            "seed": SEED,
            "measured_at": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine_name(),
        }
        return report_from_json(self.found | about)

    def _before_training(self) -> dict[str, float] | None:
        """AUC and NDCG@10 as cutting left them; taken from the report at 32 bits where there is one."""
        weights = self.variant.weights
        if weights.is_dense or weights.pruning == "unstructured":
            return None
        known = None if weights == self.variant else load_report(self.workspace, weights)
        if known is not None:
            return known.before_training
        scorer = self.shelf.untrained(weights)
        auc = pair_auc(evaluate_pairs(scorer, self.dense.labelled), self.workspace.material)
        return {"auc": auc, "ndcg@10": float(rank(scorer, self.dense.task).ndcg.mean())}
