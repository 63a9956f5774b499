"""Results as tables: what stands in a row, in words; and the same for downloads."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from dashboard.cached import Place, dataset
from dashboard.components.rows import RowColumn
from dashboard.reasons import Reason, feature_name, said, shorten, shown_value
from dashboard.texts import numbers, plain, word
from recsys_core.data.schema import Column
from recsys_core.explain.overall import GlobalExplanation
from recsys_core.explain.values import raw_value
from recsys_core.results import Explanation, Recommendation, probability

MATTERS_SHARE = 0.5  # the fewest items that carry half of all effects
MOST_MARKED = 5
MARK, LATER = "●", " ✓"


def top_list(recommendation: Recommendation, names: dict[str, str]) -> pd.DataFrame:
    """The list; items that were held out from training are marked as taken later."""
    return pd.DataFrame(
        {
            "rank": [i.rank for i in recommendation.items],
            "item": [f"{names[i.item_id]}{LATER if i.held_out else ''}" for i in recommendation.items],
            "probability": [numbers.fixed(i.probability) for i in recommendation.items],
        }
    )


def top_list_columns() -> dict[str, RowColumn]:
    """Names and sides of the list's columns."""
    return {
        "rank": RowColumn("#", help=plain("explain.top.rank"), right=True),
        "item": RowColumn(plain("explain.top.item"), wrap=True),
        "probability": RowColumn(plain("explain.top.probability"), right=True),
    }


def reasons_table(explanation: Explanation, found: list[Reason]) -> pd.DataFrame:
    """Every reason with the probability without it."""
    before = numbers.fixed(explanation.probability)
    return pd.DataFrame(
        {
            plain("explain.reason"): [r.label for r in found],
            plain("explain.value"): [r.value for r in found],
            plain("explain.contribution"): [numbers.signed(r.contribution, 3) for r in found],
            plain("explain.without"): [f"{before} → {numbers.fixed(r.probability_without)}" for r in found],
        }
    )


def history_table(
    place: Place,
    taken: pd.DataFrame,
    effects: dict[int, float],
    score: float,
    names: dict[str, str],
    shares: dict[str, float] | None = None,
) -> pd.DataFrame:
    """History, newest first: when, what, and what the score loses without it; ``shares`` adds Shapley values."""
    data = dataset(place)
    items = taken["item_index"].to_numpy()
    marked = mattering(effects)
    about = _telling_column(place)
    rows = {
        "mark": [MARK if int(i) in marked else "" for i in items],
        "without": [numbers.fixed(probability(score - effects[int(i)]), 3) for i in items],
    }
    ids = data.items["item_id"].iloc[items].tolist()
    if shares is not None:
        rows["contribution"] = [numbers.signed(shares.get(f"history:{i}", 0.0), 3) for i in ids]
    rows["item"] = [names[i] for i in ids]
    if about is not None:
        rows["about"] = [said(raw_value(cell, about), about) for cell in data.items[about.stored].iloc[items]]
    rows["when"] = [numbers.day(s) if s else "" for s in taken["time"]]
    return pd.DataFrame(rows)


def history_columns(place: Place, rows: pd.DataFrame) -> dict[str, RowColumn]:
    """Names and sides of the history table's columns; ``about`` stands for the telling column, whatever its name."""
    names = {
        "mark": RowColumn(MARK, help=plain("explain.history.mattered")),
        "when": RowColumn(plain("explain.history.when")),
        "item": RowColumn(plain("explain.top.item"), wrap=True),
        "without": RowColumn(plain("explain.history.without"), right=True),
        "contribution": RowColumn(plain("explain.history.contribution"), right=True),
    }
    if (about := _telling_column(place)) is not None:
        names["about"] = RowColumn(word("column", about.name).capitalize(), wrap=True)
    return {c: names[c] for c in rows.columns}


def contributions(explanation: Explanation) -> pd.DataFrame:
    """Every contribution as a number, for the download."""
    return pd.DataFrame([asdict(c) for c in explanation.contributions])


def mattering(effects: dict[int, float]) -> set[int]:
    """The fewest items, at most five, that carry half of the summed sizes of all effects.

    >>> sorted(mattering({1: 0.5, 2: -0.1, 3: 0.1, 4: 0.0}))
    [1]
    """
    total = sum(abs(e) for e in effects.values())
    found: set[int] = set()
    carried = 0.0
    for item in sorted(effects, key=lambda i: -abs(effects[i]))[:MOST_MARKED]:
        if total == 0 or carried >= MATTERS_SHARE * total:
            break
        found.add(item)
        carried += abs(effects[item])
    return found


def _telling_column(place: Place) -> Column | None:
    """The item column to show beside a title: the first category, else the first set."""
    columns = dataset(place).schema.items
    return next((c for kind in ("category", "set") for c in columns if c.kind == kind), None)


def profile_line(place: Place, user_index: int) -> str:
    """What is known of a user, in one line: "age 34 · region west · device phone"."""
    data = dataset(place)
    parts = []
    for column in data.schema.users:
        if column.stored == data.schema.user_name:
            continue
        value = raw_value(data.users[column.stored].iloc[user_index], column)
        parts.append(f"{word('column', column.name)} {shorten(shown_value(f'user.{column.name}', value, column))}")
    return " · ".join(parts) or plain("explain.profile.none")


def global_table(place: Place, found: GlobalExplanation) -> pd.DataFrame:
    """Mean size, interval, share and mean direction of each reason, largest first."""
    order = found.order
    return pd.DataFrame(
        {
            plain("explain.reason"): [feature_name(dataset(place), found.players[i]) for i in order],
            plain("global.axis"): np.round(found.mean_size[order], 4),
            plain("overview.interval"): [
                f"{numbers.fixed(found.low[i], 3)} – {numbers.fixed(found.high[i], 3)}" for i in order
            ],
            plain("global.share"): [numbers.percent(found.share[i]) for i in order],
            plain("global.table.mean"): [numbers.signed(float(found.mean[i]), 3) for i in order],
        }
    )


def explanation_json(explanation: Explanation, recommendation: Recommendation) -> dict:
    """Everything on the Explain page, raw: ids, logits, probabilities, seeds."""
    return {
        "user_id": explanation.user_id,
        "item_id": explanation.item_id,
        "title": explanation.title,
        "method": explanation.method,
        "variant": explanation.variant.key,
        "score": explanation.score,
        "probability": explanation.probability,
        "base_value": explanation.base_value,
        "completeness_gap": explanation.completeness_gap,
        "standard_error": explanation.standard_error,
        "background": explanation.background,
        "seed": explanation.seed,
        "history": explanation.history,
        "contributions": [asdict(c) for c in explanation.contributions],
        "recommendation": [asdict(i) | {"probability": i.probability} for i in recommendation.items],
    }


def global_json(found: GlobalExplanation) -> dict:
    """Everything on the Global page, raw."""
    return {
        "variant": found.variant.key,
        "n_pairs": found.n_pairs,
        "background": found.background,
        "seed": found.seed,
        "reasons": [
            {
                "feature": found.players[i],
                "mean_size": float(found.mean_size[i]),
                "low": float(found.low[i]),
                "high": float(found.high[i]),
                "share": float(found.share[i]),
                "mean": float(found.mean[i]),
            }
            for i in found.order
        ],
    }
