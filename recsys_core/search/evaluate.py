"""Evaluate: a variant's figures from a real measurement, which lands in the store that Compress reads."""

from __future__ import annotations

import time

import numpy as np

from recsys_core.compare import DenseReference, load_report, measure_variant
from recsys_core.compare.comparison_sample import SEED
from recsys_core.compare.drift import explanation_drift
from recsys_core.compare.grid import QUICK_LATENCY
from recsys_core.errors import SettingError, require
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import QUICK, UserLimit
from recsys_core.models.workspace import Workspace
from recsys_core.progress import Progress, silent
from recsys_core.results import CompressionReport
from recsys_core.results.search import Tried
from recsys_core.variant import Compression, ModelVariant


class Evaluator:
    """Figures of the variants of a workspace's models, beside one of these models, by one user column.

    A variant that is stored as measured is read. All are measured on as many of the test users.
    """

    def __init__(self, workspace: Workspace, model: TrainedModel, by: str) -> None:
        self.workspace, self.model, self.by = workspace, model, by
        self.limit: UserLimit = QUICK.resolved(model)
        self._references: dict[str, DenseReference] = {}
        self._kept: dict[tuple[str, Compression], float] = {}

    def full(self, progress: Progress = silent) -> Tried:
        """The full model itself.

        Raises ``SettingError``: ``search.nobody`` where no test user has a list, ``search.groups`` where fewer than two
        groups of the column are large enough.
        """
        reference = self._reference(self.model.variant.model)
        require(len(reference.task) > 0, SettingError, "search.nobody")
        columns = {groups.column for groups in reference.groups}
        if self.by not in columns:
            known = ", ".join(sorted(columns)) or "-"
            raise SettingError("search.groups", column=self.by, known=known)
        return self(self.model.variant, progress)

    @property
    def n_users(self) -> int:
        """Test users that lists are made for."""
        return len(self._reference(self.model.variant.model).task)

    def __call__(self, variant: ModelVariant, progress: Progress = silent) -> Tried:
        """Raises ``SettingError`` where a re-ranker cannot use its column, or a figure is without meaning."""
        began = time.monotonic()
        reference = self._reference(variant.model)
        report = self._stored(reference, variant)
        is_new = report is None
        if report is None:
            report = measure_variant(
                reference.model, variant, reference=reference, progress=progress, latency=QUICK_LATENCY
            )
        gap, kept, ndcg = report.group_gaps.get(self.by), self._reasons_kept(report, variant), report.compressed.ndcg
        if gap is None or gap.own is None or kept is None or ndcg is None or report.size_bytes is None:
            raise SettingError("search.no_figure", variant=variant.key)
        return Tried(
            variant, ndcg, gap.own, report.size_bytes, kept, round(time.monotonic() - began, 2) if is_new else 0.0
        )

    def _stored(self, reference: DenseReference, variant: ModelVariant) -> CompressionReport | None:
        """A report on at least as many users, whoever asked for it."""
        report = load_report(reference.model, variant)
        is_enough = report is not None and (report.n_users or 0) >= len(reference.task)
        return report if is_enough else None

    def _reference(self, model_id: str) -> DenseReference:
        if model_id not in self._references:
            own = model_id == self.model.variant.model
            model = self.model if own else self.workspace.model(model_id)
            self._references[model_id] = DenseReference(model, limit=self.limit)
        return self._references[model_id]

    def _reasons_kept(self, report: CompressionReport, variant: ModelVariant) -> float | None:
        """Of the searched model's reasons; another model's are compared over what both read, as models are."""
        if variant.model == self.model.variant.model:
            return report.top_3_overlap
        key = (variant.model, variant.compression)
        if key not in self._kept:
            first, second = self._reference(self.model.variant.model), self._reference(variant.model)
            explained = first.explained
            players = [reference.model.features.players for reference in (first, second)]
            shared = [p for p in players[0] if p in players[1]]
            if not shared or not len(explained.pairs):
                return None
            columns = [[own.index(p) for p in shared] for own in players]
            own = explained.contributions(second.variants.scorer(variant.compression))
            found = [c[:, at] for c, at in zip((first.contributions, own), columns, strict=True)]
            drift = explanation_drift(*found, background=len(explained.background), seed=SEED)
            self._kept[key] = np.nan if drift.top_3_overlap is None else drift.top_3_overlap
        kept = self._kept[key]
        return None if np.isnan(kept) else kept
