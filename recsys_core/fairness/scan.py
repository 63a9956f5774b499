"""The scan: every column of users audited at once, so that the largest real gap is found and not hunted for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.fairness.audit import audit_grouping, gap_json, report_json
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings
from recsys_core.fairness.columns import groupable_columns
from recsys_core.fairness.gaps import corrected
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.metric import HIGHER_IS_BETTER, NEITHER
from recsys_core.fairness.metrics import find_metric
from recsys_core.fairness.permutation import most_shuffles
from recsys_core.fairness.resamples import Resamples
from recsys_core.fairness.user_statistics import user_statistics
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation, FairnessReport, Gap
from recsys_core.variant import DENSE, ModelVariant


@dataclass(frozen=True, slots=True, eq=False)
class ScanResult:
    """Every column's audit, verdicts corrected for all columns and measures together.

    Attributes
    ----------
    reports
        By the column's full name (``user.region``, ``training.activity``).
    gaps
        ``(column, gap)``: the real ones first; among them NDCG, other quality, other measures with a good end, then
        those where neither end is bad in itself (who is *served* worse); then by `relative_size`, largest first.
    n_tested
        Gaps that ``p_corrected`` is corrected for.
    """

    side: str
    reports: dict[str, FairnessReport]
    gaps: tuple[tuple[str, Gap], ...]
    n_tested: int
    seconds: float
    variant: ModelVariant = DENSE

    @property
    def largest_real(self) -> tuple[str, Gap] | None:
        """Column and gap of the largest difference that is more than noise; None where there is none."""
        return self.gaps[0] if self.gaps and not self.gaps[0][1].within_noise else None


def scan(
    dataset: Dataset,
    evaluation: Evaluation,
    *,
    train: csr_array,
    side: str = "user",
    variant: ModelVariant = DENSE,
    settings: AuditSettings = DEFAULT_SETTINGS,
    progress: Progress = silent,
) -> ScanResult:
    """Audit every column of ``side`` that can form groups, and rank the gaps.

    Other arguments as in `audit`; small p-values rest on 100 shuffles a test (`most_shuffles`). Empty where the
    test part holds no user.
    """
    start = time.perf_counter()
    columns = groupable_columns(dataset, side)
    statistics = user_statistics(dataset, evaluation, train, scanned=True)
    n_tests = len(columns) * len(statistics.metrics)
    n = statistics.n_users if side == "user" else dataset.n_items
    settings = replace(settings, most_shuffles=most_shuffles(n, n_tests, settings.most_shuffles))
    resamples = Resamples(statistics.n_users, settings.n_bootstrap, settings.seed)
    found = []
    for at, column in enumerate(columns if statistics.n_users else ()):
        progress("auditing", at / len(columns))
        grouping = make_grouping(dataset, (column,), train=train)
        found.append(audit_grouping(evaluation, statistics, grouping, variant, settings, resamples=resamples))
    return _ranked(corrected(found), ScanResult(side, {}, (), 0, time.perf_counter() - start, variant))


def with_report(found: ScanResult, report: FairnessReport) -> tuple[ScanResult, FairnessReport]:
    """A scan beside the whole audit of one column (or of several crossed): both corrected for all that either tested.

    What the scan tested of the column keeps its p-value, which rests on more shuffles.
    """
    scanned = found.reports.get(report.by[0]) if len(report.by) == 1 else None
    if scanned is not None and scanned.least_size != report.least_size:
        scanned = None  # other groups have figures
    if scanned is not None:
        known = {gap.metric: gap.p_value for gap in scanned.gaps}
        gaps = tuple(replace(gap, p_value=known.get(gap.metric, gap.p_value)) for gap in report.gaps)
        report = replace(report, gaps=gaps, most_shuffles=scanned.most_shuffles)
    others = [other for other in found.reports.values() if other is not scanned]
    *others, report = corrected([*others, report])
    by_column = {other.by[0]: other for other in others} | ({} if scanned is None else {report.by[0]: report})
    ordered = [by_column[column] for column in found.reports]
    return _ranked(ordered, replace(found, n_tested=report.n_tested)), report


def _ranked(reports: Sequence[FairnessReport], about: ScanResult) -> ScanResult:
    """Reports that are corrected together, with their gaps in order."""
    by_column = {report.by[0]: report for report in reports}
    gaps = [(column, gap) for column, report in by_column.items() for gap in report.gaps]
    gaps.sort(key=lambda c: (c[1].within_noise, _place(c[1].metric), -relative_size(c[1], by_column[c[0]])))
    n_tested = next((report.n_tested for report in reports), 0)
    return replace(about, reports=by_column, gaps=tuple(gaps), n_tested=n_tested)


def _place(metric: str) -> int:
    """NDCG first: it says who is *served* worse and does not grow with what a user took later, as precision does.

    Then other quality, then who is predicted worse, and last where neither end is bad in itself.
    """
    about = find_metric(metric)
    if about.direction == NEITHER:
        return 3
    if about.family != "quality" or about.direction != HIGHER_IS_BETTER:
        return 2
    return 0 if about.name == "ndcg" else 1


def scan_json(found: ScanResult) -> dict:
    """The scan as plain JSON: ``gaps`` in order, each with its column, and every column's report."""
    return {
        "side": found.side,
        "gaps": [{"by": column} | gap_json(gap) for column, gap in found.gaps],
        "n_tested": found.n_tested,
        "reports": [report_json(report) for report in found.reports.values()],
        "seconds": found.seconds,
    }


def relative_size(gap: Gap, report: FairnessReport) -> float:
    """A gap as a share of everyone's figure, so that gaps of different measures can be ranked; 0 for unknown.

    Measured from what no quality at all would give: AUC from one half, popularity lift from -1 (lists of
    items that nobody takes). A calibration gap is a difference of probabilities and stays as it is.
    """
    no_quality = find_metric(gap.metric).no_quality
    if no_quality is None:
        return gap.difference
    everyone = (report.overall.values[gap.metric] or 0.0) - no_quality
    return gap.difference / everyone if everyone > 0 else 0.0
