"""Measuring: one variant beside the dense model, in stages, so that a page can show each figure when it is there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime

from recsys_core.compare.answers import DenseSide, dense_side, evaluation_of, pair_auc, reasons
from recsys_core.compare.changes import auc_noise, explanation_drift, group_gap, lists_kept, ndcg_noise
from recsys_core.compare.sample import BACKGROUND, SEED
from recsys_core.compare.stored import load_report, report_from_json, save_report
from recsys_core.compress.measure import cost, latency_beside, machine_name
from recsys_core.compress.variants import VariantShelf
from recsys_core.models.encoder import Progress, silent
from recsys_core.models.evaluation import evaluate_pairs, rank_users
from recsys_core.models.scorer import Scorer
from recsys_core.models.workspace import Workspace
from recsys_core.results import CompressionReport, RankingResult
from recsys_core.variant import Variant

OnStage = Callable[[str, dict], None]
STAGES = {"size": 0.0, "train": 0.03, "auc": 0.25, "latency": 0.4, "lists": 0.5, "reasons": 0.7, "gap": 0.95}


def measure_variant(
    workspace: Workspace,
    variant: Variant,
    *,
    shelf: VariantShelf | None = None,
    progress: Progress = silent,
    on_stage: OnStage | None = None,
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

    Notes
    -----
    AUC is that of ``evaluate``, on all test pairs; lists are of the sample's users, reasons of
    its explained pairs (`recsys_core.compare.sample.Sample`), exact. Only the latencies differ
    from call to call. ``before_training`` is measured at 32 bits, whatever the variant's width.
    """
    run = _Run(workspace, variant, shelf or VariantShelf(workspace), progress, on_stage)
    for stage, share in STAGES.items():
        progress(stage, share)
        getattr(run, f"add_{stage}")()
        if on_stage:
            on_stage(stage, run.so_far())
    report = run.report()
    with contextlib.suppress(OSError):  # a workspace that cannot be written to is slower, not broken
        save_report(workspace, report)
    return report


class _Run:
    """One measurement: what is known so far, in the form of a report's JSON."""

    def __init__(
        self,
        workspace: Workspace,
        variant: Variant,
        shelf: VariantShelf,
        progress: Progress,
        on_stage: OnStage | None,
    ) -> None:
        self.workspace, self.variant, self.shelf = workspace, variant, shelf
        self.found: dict = {"dense": {}, "variant": {}, "noise": {}, "extra": {}}
        self.scorer: Scorer = workspace.dense
        self.ranking: RankingResult | None = None

    @property
    def dense(self) -> DenseSide:
        return dense_side(self.workspace)

    @property
    def is_dense(self) -> bool:
        return self.variant.is_dense

    def so_far(self) -> dict:
        return {k: dict(v) if isinstance(v, dict) else v for k, v in self.found.items()}

    def add_size(self) -> None:
        self.found["dense"] |= cost(self.workspace.dense)
        self.found["variant"] |= cost(self.shelf.sketch(self.variant))

    def add_train(self) -> None:
        self.scorer = self.shelf.scorer(self.variant)
        self.found["variant"] |= cost(self.scorer)
