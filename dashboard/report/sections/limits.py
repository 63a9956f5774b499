"""Section: how the figures came about, and what they cannot say."""

from __future__ import annotations

from dashboard.presentation.report.blocks import Said, Section
from dashboard.presentation.texts import plain, t
from dashboard.report.request import ReportRequest


def limits(asked: ReportRequest) -> Section:
    """The protocol in sentences, then its limits."""
    report = asked.report(asked.groupings[0])
    negatives = asked.evaluation.pairs.negatives
    about = {
        "n_bootstrap": report.n_bootstrap,
        "most_shuffles": report.most_shuffles,
        "least_size": report.least_size,
        "seed": report.seed,
        "n_tested": asked.scan.n_tested,
        "correction": "Holm",
        "negatives": negatives,
    }
    protocol = t(
        "report.protocol",
        draws=report.n_bootstrap,
        most=report.most_shuffles,
        least=report.least_size,
        seed=report.seed,
        n=max(report.n_tested, asked.scan.n_tested),
    )
    said = [
        t("report.protocol.lists", n=asked.dataset.n_items, k=asked.evaluation.ranking.k),
        protocol,
        t(f"report.limits.{negatives}"),
        *(t(f"report.limits.{name}") for name in ("unseen", "cause", "small", "extreme", "personal")),
    ]
    return Section("limits", plain("report.limits"), tuple(map(Said, said)), about)
