"""Tables of the trust card: how far other methods agree, and what small changes leave as it is."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation import units as written_in
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.wording import feature_name, shorten
from recsys_core.data.dataset import Dataset
from recsys_core.player import Player
from recsys_core.results.trust import StableShare, Trust


def agreement_table(trust: Trust) -> pd.DataFrame:
    """Each other method's rank agreement, shared strongest reasons and signs, with its own doubt beside it."""
    return pd.DataFrame(
        {
            "method": [plain(f"method.{a.method}") for a in trust.agreements],
            "rank": [numbers.fixed(a.rank_correlation) for a in trust.agreements],
            "top": [numbers.percent(a.top_3_overlap) for a in trust.agreements],
            "signs": [numbers.percent(a.same_signs) for a in trust.agreements],
            "gap": [_gap(a.completeness_gap, trust) for a in trust.agreements],
            "fit": [numbers.fixed(a.fit) for a in trust.agreements],
        }
    )


def agreement_columns() -> dict[str, RowColumn]:
    """Names and sides of the columns."""
    figures = {
        name: RowColumn(plain(f"lab.trust.{name}"), right=True) for name in ("rank", "top", "signs", "gap", "fit")
    }
    return {"method": RowColumn(plain("explain.method.choice"), wrap=True)} | figures


def _gap(gap: float, trust: Trust) -> str:
    return numbers.number(abs(written_in.on_axis(gap, trust.units)), 2)


def stability_table(data: Dataset, trust: Trust) -> pd.DataFrame:
    """Each kind of small change: what was changed, how often, and how often the strongest reasons stayed."""
    return pd.DataFrame(
        {
            "changed": [changed(data, of) for of in trust.stability],
            "kept": [plain("lab.trust.kept.of", kept=of.n_kept, n=of.n) for of in trust.stability],
        }
    )


def stability_columns() -> dict[str, RowColumn]:
    """Names and sides of the columns."""
    return {
        "changed": RowColumn(plain("lab.trust.changed"), wrap=True),
        "kept": RowColumn(plain("lab.trust.kept"), right=True),
    }


def changed(data: Dataset, of: StableShare) -> str:
    """What was changed, by name: columns, titles, seeds."""
    if of.kind == "numbers":
        names = [feature_name(data, Player.parse(key)) for key in of.what]
    elif of.kind == "history":
        names = [shorten(data.titles[data.item_index(item)]) for item in of.what]
    else:
        names = list(of.what)
    share = numbers.percent(of.share_of_range)
    return plain(f"lab.trust.changed.{of.kind}", names=plain("list.join").join(names), share=share)
