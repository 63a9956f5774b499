"""Results as tables: what stands in a row, in words; and the same for downloads."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation import units as written_in
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain, word
from dashboard.presentation.wording import Reason, feature_name, shorten, shown_value
from recsys_core.data.dataset import Dataset
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.explain.player_values import raw_value
from recsys_core.player import Player
from recsys_core.results import Contribution, Explanation, Recommendation
from recsys_core.results.units import LOGIT

NORMAL = 1.96  # standard errors of a 95 % interval
LATER = " ✓"


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
    """Every reason with what the score and the probability are without it.

    Near 0 or 1 the probability hardly moves whatever is left out; the logit says what the reason does there.
    """
    units, chance = explanation.units, explanation.probability
    decimals = max(3 if units == LOGIT else 1, written_in.decimals_for((r.contribution for r in found), units))
    return pd.DataFrame(
        {
            plain("explain.reason"): [r.label for r in found],
            written_in.titled("explain.contribution", units): [
                written_in.signed(r.contribution, units, decimals) for r in found
            ],
            plain("explain.without"): [written_in.chances(chance, r.probability_without) for r in found],
            plain("explain.without.logit"): [written_in.logits(explanation.logit, r.logit_without) for r in found],
            plain("explain.value"): [r.value for r in found],
        }
    )


def contributions(explanation: Explanation) -> pd.DataFrame:
    """Every contribution as a number, for the download; a sampled one with its 95 % interval."""
    about = {name: getattr(explanation, name) for name in ("user_id", "item_id", "method", "units", "compared_with")}
    return pd.DataFrame([about | contribution_json(c) for c in explanation.contributions])


def contribution_json(c: Contribution) -> dict:
    """One reason, raw; ``low`` and ``high`` are None where nothing was sampled."""
    half = None if c.standard_error is None else NORMAL * c.standard_error
    return {
        "feature": c.feature,
        "value": c.value,
        "unit": c.unit,
        "contribution": c.contribution,
        "low": None if half is None else c.contribution - half,
        "high": None if half is None else c.contribution + half,
        "standard_error": c.standard_error,
        "probability_without": c.probability_without,
        "logit_without": c.logit_without,
    }


def profile_line(data: Dataset, user_index: int) -> str:
    """What is known of a user, in one line: "age 34 · region west · device phone"."""
    parts = []
    for column in data.schema.users:
        if column.stored == data.schema.user_name:
            continue
        value = raw_value(data.users[column.stored].iloc[user_index], column)
        parts.append(
            f"{word('column', column.name)} {shorten(shown_value(Player('user', column.name), value, column))}"
        )
    return " · ".join(parts) or plain("explain.profile.none")


def global_table(data: Dataset, found: GlobalExplanation) -> pd.DataFrame:
    """Mean size, interval, share and mean direction of each reason, largest first, as they are read."""
    order, units = found.order, found.units

    def on_axis(value: float) -> float:
        return written_in.on_axis(float(value), units)

    return pd.DataFrame(
        {
            plain("explain.reason"): [feature_name(data, found.players[i]) for i in order],
            written_in.titled("global.axis", units): [
                numbers.fixed(on_axis(found.mean_abs_contribution[i]), 3) for i in order
            ],
            plain("overview.interval"): [interval(on_axis(found.low[i]), on_axis(found.high[i])) for i in order],
            plain("global.share"): [numbers.percent(found.share[i]) for i in order],
            plain("global.table.mean"): [numbers.signed(on_axis(found.mean[i]), 3) for i in order],
        }
    )


def interval(low: float, high: float, decimals: int = 3) -> str:
    """ "0.31 to 0.42": no dash, which reads as a minus."""
    return plain("global.interval", low=numbers.fixed(low, decimals), high=numbers.fixed(high, decimals))


def global_rows(found: GlobalExplanation) -> pd.DataFrame:
    """Every reason raw, for the download."""
    return pd.DataFrame(global_json(found)["reasons"])


def explanation_json(explanation: Explanation) -> dict:
    """One method's answer, raw: ids, scores in its units, probabilities, seeds."""
    names = ("user_id", "item_id", "title", "method", "history", "units", "score", "logit", "probability", "base_value")
    doubt = ("completeness_gap", "exact", "standard_error", "fit", "background", "compared_with", "seed")
    caveats = (*doubt, "n_evaluations")
    return {name: getattr(explanation, name) for name in (*names, *caveats)} | {
        "variant": explanation.variant.key,
        "contributions": [contribution_json(c) for c in explanation.contributions],
    }


def recommendation_json(recommendation: Recommendation) -> list[dict]:
    """The list, raw."""
    names = ("rank", "item_id", "title", "score", "probability", "held_out")
    return [{name: getattr(i, name) for name in names} for i in recommendation.items]


def global_json(found: GlobalExplanation) -> dict:
    """Everything on the Global page, raw; what each value does to the score below its reason."""
    reasons = []
    for rank, i in enumerate(found.order):
        reasons.append(
            {
                "feature": found.players[i].key,
                "mean_abs_contribution": float(found.mean_abs_contribution[i]),
                "low": float(found.low[i]),
                "high": float(found.high[i]),
                "tied_with_next": bool(found.tied_with_next[rank]),
                "standard_error": float(found.standard_error[i]),
                "share": float(found.share[i]),
                "mean": float(found.mean[i]),
                "n_pairs": found.n_pairs,
            }
        )
    return {
        "variant": found.variant.key,
        "units": found.units,
        "n_pairs": found.n_pairs,
        "background": found.background,
        "seed": found.seed,
        "reasons": reasons,
    }
