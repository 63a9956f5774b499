"""The designs as a table of texts."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from dashboard.presentation.sentences.architectures import design_name
from dashboard.presentation.texts import numbers, plain
from recsys_core.results.architectures import ArchitectureReport, OverSeeds


def designs(report: ArchitectureReport) -> pd.DataFrame:
    """A row a design, smallest mean gap first."""
    ordered = sorted(report.designs, key=lambda figures: (figures.gap.mean, figures.design))
    return pd.DataFrame(
        [
            {
                plain("designs.table.design"): design_name(figures.design),
                plain("designs.chart.y"): _with_ends(figures.ndcg),
                "AUC": numbers.fixed(figures.auc.mean, 3) if figures.auc else numbers.UNKNOWN,
                plain("designs.table.gap"): _with_ends(figures.gap),
                plain("designs.table.change"): numbers.signed(figures.gap_change, 3),
                plain("designs.table.p"): numbers.fixed(figures.p_gap, 3),
                plain("designs.table.worst"): Counter(figures.worst).most_common(1)[0][0],
                plain("designs.table.n"): numbers.count(figures.n_parameters),
            }
            for figures in ordered
        ]
    )


def _with_ends(figure: OverSeeds) -> str:
    value = numbers.fixed(figure.mean, 3)
    if figure.low is None:
        return value
    return plain("designs.interval", value=value, low=numbers.fixed(figure.low, 3), high=numbers.fixed(figure.high, 3))
