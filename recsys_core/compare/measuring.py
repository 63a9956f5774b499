"""Measuring: one variant beside the dense model, in stages, so that a page can show each figure when it is there."""

from __future__ import annotations

import platform
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import torch

from recsys_core.compare.answers import DenseSide, dense_side, pair_auc, reasons
from recsys_core.compare.changes import auc_noise, explanation_drift, group_gap, lists_kept, ndcg_noise
from recsys_core.compare.sample import BACKGROUND, SEED
from recsys_core.compare.stored import load_report, report_from_json, save_report
from recsys_core.compress.measure import measure_cost, measure_latency
from recsys_core.compress.prune import cut_units, prune_unstructured, units_left
from recsys_core.compress.variants import VariantShelf, store_at
from recsys_core.models.encoder import Progress, silent
from recsys_core.models.evaluation import evaluate_pairs, rank_users
from recsys_core.models.scorer import Scorer
from recsys_core.models.workspace import Workspace
from recsys_core.results import CompressionReport, Evaluation, PairResult, RankingResult
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
        Told the stage's name (a key of ``STAGES``) and the share done.
    on_stage
        Told the stage's name and everything found so far, in the form of `report_to_json` with
        parts missing: the size comes before the network is trained, then AUC, then the rest.

    Notes
    -----
    AUC is that of ``evaluate`` on all test pairs; lists are of the sample's users
    (`recsys_core.compare.sample.Sample`), reasons of its explained pairs, exact. Only the
    latencies differ from call to call. ``before_training`` is measured at 32 bits, whatever the
    variant's width.
    """
    shelf = shelf or VariantShelf(workspace)
    progress("size", STAGES["size"])
    found = _Found(on_stage)
    _add_cost(found, "variant", sketch(workspace.dense, variant))
    _add_cost(found, "dense", workspace.dense)
    found.say("size")
    progress("train", STAGES["train"])
    scorer = shelf.scorer(variant)
    found.say("train")
    _measure_quality(found, workspace, scorer, progress)
    return _finish(found, workspace, variant, shelf)


class _Found(dict):
    """What is known so far, in the form of a report's JSON."""

    def __init__(self, on_stage: OnStage | None) -> None:
        super().__init__(dense={}, variant={}, noise={}, extra={})
        self.on_stage = on_stage

    def say(self, stage: str) -> None:
        if self.on_stage:
            self.on_stage(stage, {k: dict(v) if isinstance(v, dict) else v for k, v in self.items()})


def _add_cost(found: _Found, side: str, scorer: Scorer) -> None:
    found[side] |= measure_cost(scorer)


def _measure_quality(found: _Found, workspace: Workspace, scorer: Scorer, progress: Progress) -> None:
    progress("auc", STAGES["auc"])
    dense, is_dense = dense_side(workspace), scorer is workspace.dense
    pairs = dense.pairs if is_dense else evaluate_pairs(scorer, dense.sample.labelled)
    for side, scored in (("dense", dense.pairs), ("variant", pairs)):
        found[side]["auc"] = pair_auc(scored, workspace.material)
    found.say("auc")
    progress("latency", STAGES["latency"])
    _add_latency(found, workspace, scorer)
    found.say("latency")
    progress("lists", STAGES["lists"])
    ranking = dense.ranking if is_dense else rank_users(scorer.score_catalogue, dense.sample.ranking)
    _add_lists(found, dense, ranking)
    found.say("lists")
    progress("reasons", STAGES["reasons"])
    contributions = dense.contributions if is_dense else reasons(scorer, dense.sample)
    found["explanation_drift"] = explanation_drift(dense.contributions, contributions, background=BACKGROUND, seed=SEED)
    found.say("reasons")
    progress("gap", STAGES["gap"])
