"""Contrasts as lines and tables: what two items hold, and what a list holds beside the rest."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard.presentation import units as written_in
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.tables.reasons import interval
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.wording import Reason, feature_label, feature_name, in_words, said, shorten
from recsys_core.data.dataset import Dataset
from recsys_core.explain.player_values import player_column
from recsys_core.results.contrast import CommonReason, CommonReasons, Contrast, Difference
from recsys_core.results.units import LOGIT, Units

LONGEST_VALUE = 40


@dataclass(frozen=True, slots=True)
class ContrastLine:
    """One reason of a contrast in words: its name, and what it holds for both items."""

    feature: str
    name: str
    value: str
    value_against: str
    contribution: float

    @property
    def reason(self) -> Reason:
        """The line as a reason, both values in one."""
        both = self.value if self.value == self.value_against else f"{self.value} · {self.value_against}"
        return Reason(self.name, both, self.contribution, self.feature)


def contrast_lines(data: Dataset, found: Contrast) -> list[ContrastLine]:
    """All reasons, the heaviest against the item first, what speaks for it last."""
    lines = [
        ContrastLine(
            c.feature,
            _name(data, c),
            shorten(in_words(data, c.player, c.value), LONGEST_VALUE),
            shorten(in_words(data, c.player, c.value_against), LONGEST_VALUE),
            c.contribution,
        )
        for c in found.contributions
    ]
    return sorted(lines, key=lambda line: line.contribution)


def _name(data: Dataset, difference: Difference) -> str:
    """The reason's name; with its value where both items have the same one (the user's age, a history's title)."""
    if difference.player.side == "item":
        return feature_name(data, difference.player)
    return feature_label(data, difference.player, difference.value)


def contrast_table(lines: list[ContrastLine], units: Units) -> pd.DataFrame:
    """Every reason with the value of both items."""
    decimals = 3 if units == LOGIT else None
    return pd.DataFrame(
        {
            "reason": [line.name for line in lines],
            "value": [line.value for line in lines],
            "against": [line.value_against for line in lines],
            "difference": [written_in.signed(line.contribution, units, decimals) for line in lines],
        }
    )


def contrast_columns(found: Contrast) -> dict[str, RowColumn]:
    """Names and sides of the table's columns: the values stand under the two titles."""
    return {
        "reason": RowColumn(plain("explain.reason"), wrap=True),
        "value": RowColumn(shorten(found.title, LONGEST_VALUE), wrap=True),
        "against": RowColumn(shorten(found.against_title, LONGEST_VALUE), wrap=True),
        "difference": RowColumn(written_in.titled("contrast.difference", found.units), right=True),
    }


@dataclass(frozen=True, slots=True)
class CommonLine:
    """One reason of a list against the rest, in words; texts are empty where there is nothing to share.

    ``unlike`` is by how much more of the listed items than of the others hold the value that they share.
    """

    reason: CommonReason
    name: str
    held: str
    of_others: str
    unlike: float


def common_lines(data: Dataset, found: CommonReasons) -> list[CommonLine]:
    """All reasons, what lifts the list most first."""
    lines = [
        CommonLine(c, feature_name(data, c.player), *_held(data, c, found.n_listed), _unlike(c, found.n_listed))
        for c in found.contributions
    ]
    return sorted(lines, key=lambda line: -line.reason.contribution)


def _unlike(reason: CommonReason, n_listed: int) -> float:
    shared = reason.shared
    if shared is None or shared.n_holding is None:
        return 0.0
    return shared.n_holding / n_listed - (shared.share_of_others or 0.0)


def _held(data: Dataset, reason: CommonReason, n_listed: int) -> tuple[str, str]:
    """ "8 of 10: shoes" and "20 %", of numbers the two medians with their unit."""
    shared = reason.shared
    if shared is None:
        return "", ""
    column = player_column(data, reason.player)
    value = shorten(said(shared.value, column))
    if shared.n_holding is None:
        return value, said(shared.of_others, column)
    held = plain("common.held", n=shared.n_holding, all=n_listed, value=value)
    return held, numbers.percent(shared.share_of_others)


def common_table(lines: list[CommonLine], found: CommonReasons) -> pd.DataFrame:
    """Every reason with its interval, how many of the list it holds for, and what they share."""
    return pd.DataFrame(
        {
            "reason": [line.name for line in lines],
            "interval": [_interval(line.reason, found.units) for line in lines],
            "lifted": [plain("common.n_of", n=line.reason.n_lifted, all=found.n_listed) for line in lines],
            "shared": [line.held for line in lines],
            "rest": [line.of_others for line in lines],
        }
    )


def _interval(reason: CommonReason, units: Units) -> str:
    low, high = (written_in.on_axis(end, units) for end in (reason.low, reason.high))
    return interval(low, high, written_in.decimals_for([reason.low, reason.high], units))


def common_columns(units: Units) -> dict[str, RowColumn]:
    """Names and sides of the table's columns."""
    return {
        "reason": RowColumn(plain("explain.reason"), wrap=True),
        "interval": RowColumn(written_in.titled("common.interval", units), right=True),
        "lifted": RowColumn(plain("common.lifted"), help=plain("common.lifted.help"), right=True),
        "shared": RowColumn(plain("common.shared"), help=plain("common.shared.help"), wrap=True),
        "rest": RowColumn(plain("common.rest"), help=plain("common.rest.help"), wrap=True),
    }
