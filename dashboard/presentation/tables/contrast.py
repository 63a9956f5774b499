"""Contrasts as lines and tables: what two items hold, and what a list holds beside the rest."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard.presentation.tables.reasons import interval
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.wording import Reason, feature_label, feature_name, in_words, said, shorten
from recsys_core.data.dataset import Dataset
from recsys_core.explain.player_values import player_column
from recsys_core.results.contrast import CommonReason, CommonReasons, Contrast, Difference

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


def contrast_table(lines: list[ContrastLine], titles: tuple[str, str]) -> pd.DataFrame:
    """Every reason with the value of both items."""
    first, second = (shorten(title) for title in titles)
    if first == second:
        second += " (2)"
    return pd.DataFrame(
        {
            plain("explain.reason"): [line.name for line in lines],
            first: [line.value for line in lines],
            second: [line.value_against for line in lines],
            plain("contrast.difference"): [numbers.signed(line.contribution, 3) for line in lines],
        }
    )


@dataclass(frozen=True, slots=True)
class CommonLine:
    """One reason of a list against the rest, in words; texts are empty where there is nothing to share."""

    reason: CommonReason
    name: str
    held: str
    of_others: str


def common_lines(data: Dataset, found: CommonReasons) -> list[CommonLine]:
    """All reasons, what lifts the list most first."""
    lines = [CommonLine(c, feature_name(data, c.player), *_held(data, c, found.n_listed)) for c in found.contributions]
    return sorted(lines, key=lambda line: -line.reason.contribution)


def _held(data: Dataset, reason: CommonReason, n_listed: int) -> tuple[str, str]:
    """ "8 of 10: shoes" and "20 %", of numbers the two medians."""
    shared = reason.shared
    if shared is None:
        return "", ""
    column = player_column(data, reason.player)
    value = shorten(said(shared.value, column))
    if shared.n_holding is None:
        return plain("common.median", value=value), plain("common.median", value=said(shared.of_others, column))
    held = plain("common.held", n=shared.n_holding, all=n_listed, value=value)
    return held, numbers.percent(shared.share_of_others)


def common_table(lines: list[CommonLine], found: CommonReasons) -> pd.DataFrame:
    """Every reason with its interval, how many of the list it lifts, and what they share."""
    return pd.DataFrame(
        {
            plain("explain.reason"): [line.name for line in lines],
            plain("common.mean"): [numbers.signed(line.reason.contribution, 3) for line in lines],
            plain("overview.interval"): [interval(line.reason.low, line.reason.high) for line in lines],
            plain("common.lifted"): [
                plain("common.n_of", n=line.reason.n_lifted, all=found.n_listed) for line in lines
            ],
            plain("common.shared"): [line.held for line in lines],
            plain("common.rest"): [line.of_others for line in lines],
        }
    )
